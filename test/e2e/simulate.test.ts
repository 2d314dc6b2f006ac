import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { createSite, until } from './support/rosterd.ts';
import type { Configuration } from './support/rosterd.ts';
import type { UserRow } from './support/rows.ts';

/** `npm run simulate` as the README promises it: what it prints works, and it leaves nothing behind. */

const program = join(import.meta.dirname, '../support/simulators/simulate.ts');

test('a newcomer reads the living ACD with the configuration that is printed', async () => {
  const child = spawn(process.execPath, [program, '--every', '0.5', '--seed', '4'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const configFile = await until('the configuration', () => Promise.resolve(/--config (\S+)/.exec(printed)?.[1]));
  const site = await createSite('simulate');
  onTestFinished(site.remove);
  const { sources } = parse(await readFile(configFile, 'utf8')) as Configuration;
  await site.configure({ sources });

  const first = await site.sync();
  expect([first.code, first.runs[0]?.state]).toEqual([0, 'completed']);
  const users = await site.rows<UserRow>('user', 'list');
  // Those of the beginning, and who joined or left meanwhile; no automatic system.
  expect(users.length).toBeGreaterThan(55);
  expect(users.length).toBeLessThan(65);
  expect(users.every(({ acdId }) => acdId?.startsWith('0'))).toBe(true);

  await until(
    'an agent has left',
    async () => {
      expect((await site.sync()).code).toBe(0);
      return (await site.rows('worklist')).length > 0;
    },
    120_000,
  );

  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(existsSync(dirname(configFile))).toBe(false);
}, 180_000);
