import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { product } from '../../../src/telemetry/product.ts';
import { startApi } from './http-api.ts';
import { sampleEvent, sampleUser } from './samples.ts';

const main = resolve(import.meta.dirname, '../../../src/main.ts');

/** Runs a pipeline of bash; its last line is the exit code of its first command. */
async function pipeline(command: string, env: Readonly<Record<string, string>>): Promise<{ out: string; err: string }> {
  const shell = spawn('bash', ['-c', `${command}; echo "$\{PIPESTATUS[0]}"`], { env: { ...process.env, ...env } });
  let [out, err] = ['', ''];
  shell.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  shell.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  await new Promise((done) => shell.on('close', done));
  return { out, err };
}

describe('the binary', () => {
  it.each(['user list', 'user list --json', 'log', 'log --json'])('%s | head -1 is no failure', async (line) => {
    let page = 0;
    const server = await startApi(({ path }) => {
      page += 1;
      const items = Array.from({ length: 1000 }, (_, index) =>
        path.endsWith('/users') ? { ...sampleUser, id: index + 1 } : { ...sampleEvent, id: index + 1 },
      );
      return { items, next: String(page), atEnd: page === 100 };
    });
    const env = { ROSTERD_URL: server.address, ROSTERD_TOKEN: 'token-of-the-test' };
    const { out, err } = await pipeline(`'${process.execPath}' '${main}' ${line} | head -1`, env);
    await server.close();
    expect(err).toBe('');
    expect(out.trimEnd().split('\n')).toHaveLength(2);
    expect(out.trimEnd().split('\n')[1]).toBe('0');
    // It stops asking, too.
    expect(page).toBeLessThan(20);
  });

  it('says that the disk is full', async () => {
    const { err, out } = await pipeline(`'${process.execPath}' '${main}' version > /dev/full`, {});
    expect(err).toContain('the output could not be written');
    expect(out).toBe('7\n');
  });

  it('answers --version', async () => {
    const { out, err } = await pipeline(`'${process.execPath}' '${main}' --version`, {});
    expect([out, err]).toEqual([`${product.version}\n0\n`, '']);
  });
});
