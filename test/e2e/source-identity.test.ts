import { Client } from 'ldapts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generatePeople, inetOrgPerson } from '../support/services/people.ts';
import { startSlapd } from '../support/services/slapd.ts';
import type { TestSlapd } from '../support/services/slapd.ts';
import { rowVersions, serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import type { SourceRow } from './support/rows.ts';
import { createSite } from './support/rosterd.ts';
import type { Site } from './support/rosterd.ts';
import { csvOf, ldap, secretFile } from './support/sources.ts';

const SUFFIX = 'dc=first,dc=example';
let first: TestSlapd;
/** Another directory with the same suffix, people and passwords, as a copy for tests would be. */
let second: TestSlapd;
let site: Site;
let database: Database;

beforeAll(async () => {
  const entries = (): ReturnType<typeof inetOrgPerson>[] =>
    [...generatePeople(30)].map((person) => inetOrgPerson(person, `ou=people,${SUFFIX}`));
  [first, second] = await Promise.all([
    startSlapd({ suffix: SUFFIX, entries: entries() }),
    startSlapd({ suffix: SUFFIX, entries: entries() }),
  ]);
  site = await createSite('identity');
  database = await serverDatabase();
  await secretFile(site, first.bindPassword);
}, 120_000);
afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
  await site.remove();
  await database.drop();
});

const pointAt = (slapd: TestSlapd): Promise<void> =>
  site.configure({
    database: database.setting,
    sources: [{ ...ldap('directory', slapd), createsUsers: true }],
  });

test('2.6 another directory behind the same source id: an error, and nothing is read', async () => {
  await pointAt(first);
  expect((await site.sync()).code).toBe(0);
  const [known] = await site.rows<SourceRow>('source', 'list');
  const before = await database.query(rowVersions);

  await pointAt(second);
  await renameOneIn(second);
  for (const attempt of [1, 2]) {
    const { code, runs } = await site.sync();
    expect({ attempt, code }).toEqual({ attempt, code: 1 });
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({
      state: 'failed',
      counts: { read: 0, new: 0, changed: 0, gone: 0 },
      error: { code: 'source-identity-changed' },
    });
    expect(runs[0]?.error?.message).toMatch(/Nothing was read; .*source id of its own/);
  }
  expect(await database.query(rowVersions)).toEqual(before);
  const [failing] = await site.rows<SourceRow>('source', 'list');
  expect(failing).toMatchObject({ state: 'failing', systemId: known?.systemId });
}, 120_000);

test('2.6 pointing the source back at the old directory goes on as before', async () => {
  const before = await database.query(rowVersions);
  await pointAt(first);
  expect((await site.sync()).code).toBe(0);
  expect(await database.query(rowVersions)).toEqual(before);
}, 120_000);

test('2.6 a person confirms the new system: it is read in full, and the guard judges what it does not show', async () => {
  await pointAt(second);
  const check = await site.run('source', 'check', 'directory', '--json');
  expect(check.code).toBe(1);
  expect(JSON.parse(check.stdout)).toMatchObject({
    steps: expect.arrayContaining([
      expect.objectContaining({
        ...{ name: 'identity', outcome: 'failed' },
        remedy: expect.stringContaining('rosterd source confirm directory') as unknown,
      }),
    ]) as unknown,
  });
  expect((await site.run('source', 'confirm', 'directory', '--yes')).stderr).toContain('nothing-to-confirm');
  expect((await site.sync()).code).toBe(1);
  const [{ systemId, newSystemId } = { systemId: null, newSystemId: null }] = await site.rows<SourceRow>(
    'source',
    'list',
  );
  expect(newSystemId).not.toBe(systemId);

  const unasked = await site.run('source', 'confirm', 'directory');
  expect([unasked.code, unasked.stderr]).toEqual([
    1,
    expect.stringContaining(`is ${String(newSystemId)} now`) as unknown,
  ]);
  expect((await site.run('source', 'confirm', 'directory', '--yes', '--reason', 'migrated')).code).toBe(0);
  const { runs } = await site.sync();
  expect(runs[0]).toMatchObject({ mode: 'full', counts: { read: 29, new: 29 }, error: { code: 'suspicious-import' } });
  const [confirmed] = await site.rows<SourceRow>('source', 'list');
  expect(confirmed).toMatchObject({ systemId: newSystemId, newSystemId: null });
  expect(await site.rows('user', 'list')).toHaveLength(30);
  expect((await site.run('source', 'check', 'directory')).stdout).toContain('the same system as before');
}, 120_000);

test('2.6 a file whose ids are in another column now is another system', async () => {
  const files = await createSite('identity-csv');
  const own = await serverDatabase();
  try {
    const columns = ['Login ID', 'Badge', 'Login', 'Last Name'];
    const rows = Array.from({ length: 12 }, (_, index) => [
      `00${index}`,
      `B-${index}`,
      `agent${index}`,
      `Name ${index}`,
    ]);
    await files.write('agents.csv', csvOf(columns, rows));
    const withIdsIn = (column: string): Promise<void> =>
      files.configure({
        database: own.setting,
        sources: [{ id: 'acd', kind: 'csv-file', connection: { path: 'agents.csv' }, mapping: { externalId: column } }],
      });
    await withIdsIn('Login ID');
    expect((await files.sync()).code).toBe(0);
    await withIdsIn('Badge');
    const { code, runs } = await files.sync();
    expect([code, runs[0]?.error?.code]).toEqual([1, 'source-identity-changed']);
    expect(await files.rows('user', 'list')).toHaveLength(12);
    expect(await files.rows('account', 'list')).toHaveLength(12);
  } finally {
    await files.remove();
    await own.drop();
  }
}, 120_000);

/** So that reading it would show. */
async function renameOneIn(slapd: TestSlapd): Promise<void> {
  const client = new Client({ url: slapd.url });
  await client.bind(slapd.adminDn, slapd.adminPassword);
  await client.del(`uid=agent000001,${slapd.peopleDn}`);
  await client.unbind();
}
