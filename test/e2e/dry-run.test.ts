import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { personAt } from '../support/services/people.ts';
import { embeddedDatabase, rowVersions, serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { createSite } from './support/rosterd.ts';
import type { Ended, RunRow, Site } from './support/rosterd.ts';
import { csvOf } from './support/sources.ts';

const COLUMNS = ['ACD ID', 'Login', 'First Name', 'Last Name', 'Email', 'Employee ID', 'Team'];
const AGENTS = 40;

function agents(lastName: (index: number) => string | undefined): string {
  const rows = Array.from({ length: AGENTS }, (_, position) => {
    const { uid, givenName, sn, mail, employeeNumber } = personAt(position + 1);
    return [`0${1001 + position}`, uid, givenName, lastName(position + 1) ?? sn, mail, employeeNumber, 'Care'];
  });
  return csvOf(COLUMNS, rows);
}

const acd = { id: 'acd', kind: 'csv-file', connection: { path: 'agents.csv' }, schedule: { full: '0 3 1 1 *' } };

describe.each(['embedded', 'server'] as const)('13.4 sync --dry-run on the %s database', (size) => {
  let site: Site;
  let database: Database;

  beforeEach(async () => {
    site = await createSite('dry-run');
    database = size === 'embedded' ? embeddedDatabase(site) : await serverDatabase();
    await configure();
    await site.write(
      'agents.csv',
      agents(() => undefined),
    );
  });
  afterEach(async () => {
    await site.remove();
    await database.drop();
  });

  const configure = (more: object = {}): Promise<void> =>
    site.configure({ database: database.setting, sources: [acd], ...more });
  const decisionsOf = ({ stdout }: Ended): Record<string, unknown>[] =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['is'] === 'decision');

  test('13.4 says before the first sync, before a change and before a new configuration what would come of it', async () => {
    const first = await site.run('sync', '--dry-run', '--json');
    expect(first.code, first.stderr).toBe(0);
    expect(decisionsOf(first).map(({ kind }) => kind)).toEqual(Array.from({ length: AGENTS }, () => 'create'));
    expect((await site.sync()).code).toBe(0);
    const before = await database.query(rowVersions);

    await site.write(
      'agents.csv',
      agents((index) => (index === 1 ? 'Married' : undefined)),
    );
    const one = await site.run('sync', '--dry-run');
    expect(one.code, one.stderr).toBe(0);
    const { uid, sn } = personAt(1);
    expect(one.stdout).toMatch(new RegExp(`fieldChanged +${uid} +lastName +${sn} +Married`));
    expect(one.stderr).toContain('Nothing of this was done.');

    await site.write(
      'agents.csv',
      agents((index) => (index <= 24 ? `Renamed-${index}` : undefined)),
    );
    await configure({ guard: { fieldChanged: { number: 100 } } });
    const raised = await site.run('sync', 'acd', '--dry-run', '--json');
    expect([raised.code, decisionsOf(raised).filter(({ held }) => held).length]).toEqual([0, 0]);
    await configure();
    const held = await site.run('sync', '--dry-run');
    expect([held.code, held.stderr]).toEqual([6, expect.stringContaining('acd would be held: the run would change')]);
    expect(held.stderr).not.toContain('run approve');
    expect(await database.query(rowVersions)).toEqual(before);
    expect(existsSync(join(site.dataDir, 'dry-run'))).toBe(false);
  }, 300_000);

  test('13.4 is played by the daemon where one runs, which goes on meanwhile', async () => {
    expect((await site.sync()).code).toBe(0);
    const runs = await site.rows<RunRow>('run', 'list');
    const left = join(site.dataDir, 'dry-run', 'rows.ndjson');
    mkdirSync(dirname(left), { recursive: true, mode: 0o700 });
    writeFileSync(left, 'of a dry run that was killed');
    const daemon = await site.start();
    expect(existsSync(left), 'a start removes it (issue 10, point 12)').toBe(false);
    await site.write(
      'agents.csv',
      agents((index) => (index <= 24 ? `Renamed-${index}` : undefined)),
    );
    const playing = site.run('sync', '--dry-run', '--json');
    // A person's word does not wait for it, and it does not see what is said after it began.
    expect((await site.run('user', 'set', personAt(1).uid, 'department=Meanwhile', '--reason', 'test')).code).toBe(0);
    const dry = await playing;
    expect([dry.code, decisionsOf(dry).filter(({ held }) => held).length]).toEqual([6, 24]);
    // What the person did is reconciled, and nothing else.
    const imports = (await site.rows<RunRow>('run', 'list')).filter(({ mode }) => mode !== 'reconcile');
    expect(imports).toEqual(runs);
    // The file has changed since the daemon read it.
    await configure({ guard: { fieldChanged: { number: 100 } } });
    const raised = await site.run('sync', '--dry-run', '--json');
    expect([raised.code, decisionsOf(raised).length]).toEqual([0, 24]);
    const unknown = await site.run('sync', 'nowhere', '--dry-run');
    expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringContaining('source-unknown')]);
    await site.write('rosterd.yaml', 'sources: 7\n');
    const broken = await site.run('sync', '--dry-run');
    expect(broken.code).not.toBe(0);
    expect(await daemon.stop()).toMatchObject({ code: 0 });
  }, 300_000);
});
