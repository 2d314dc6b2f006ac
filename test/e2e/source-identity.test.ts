import { Client } from 'ldapts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startLdapProxy } from '../support/ldap-proxy.ts';
import type { LdapProxy } from '../support/ldap-proxy.ts';
import { generatePeople, inetOrgPerson } from '../support/services/people.ts';
import { addUsers, createOu, directoryUser } from '../support/services/samba-directory.ts';
import { startSlapd } from '../support/services/slapd.ts';
import type { TestSlapd } from '../support/services/slapd.ts';
import { startAvayaSms } from '../support/simulators/avaya-sms/server.ts';
import type { AvayaSms } from '../support/simulators/avaya-sms/server.ts';
import { rowVersions, serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import type { SourceRow } from './support/rows.ts';
import { createSite } from './support/rosterd.ts';
import type { Site } from './support/rosterd.ts';
import { activeDirectory, csvOf, ldap, secretFile } from './support/sources.ts';

/** S-1-5-21-1-2-3 (MS-DTYP 2.4.2.2). */
const OTHER_DOMAIN = Buffer.from('010400000000000515000000010000000200000003000000', 'hex');
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
  expect(runs[0]).toMatchObject({ mode: 'full', counts: { read: 29, new: 29 }, error: { code: 'held' } });
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

type Elsewhere = {
  readonly name: string;
  readonly source: () => object;
  readonly moveAway: () => void;
  readonly otherSystem: RegExp;
};

describe('2.6 another domain, another Communication Manager', () => {
  const samba = inject('samba');
  let proxy: LdapProxy;
  let sms: AvayaSms;
  let cm: string;
  let ou: string;

  beforeAll(async () => {
    [proxy, sms] = await Promise.all([
      startLdapProxy(samba),
      startAvayaSms({ cmHosts: ['cm-prague.example', 'cm-brno.example'] }),
    ]);
    ou = await createOu(samba, 'e2e-identity');
    await addUsers(
      samba,
      ou,
      [...generatePeople(12)].map((person) => directoryUser(person, 'sid')),
    );
    for (const { employeeNumber, sn, givenName } of generatePeople(12))
      sms.cm.agents.set(employeeNumber, { Name: `${sn}, ${givenName}` });
    cm = 'cm-prague.example';
  }, 60_000);
  afterAll(() => Promise.all([proxy.stop(), sms.close()]));

  const cases: readonly Elsewhere[] = [
    {
      name: 'domain',
      source: () => ({ ...activeDirectory('moved', samba, ou), connection: { ...adminOf(proxy.url) } }),
      moveAway: () => proxy.behave({ domainSid: OTHER_DOMAIN }),
      otherSystem: /S-1-5-21-1-2-3/,
    },
    {
      name: 'Communication Manager',
      source: () => ({ id: 'moved', kind: 'avaya-cm', connection: loginAt(cm) }),
      moveAway: () => void (cm = 'cm-brno.example'),
      otherSystem: /cm-brno\.example/,
    },
  ];
  const adminOf = (url: string): object => ({ url, bindDn: samba.adminDn, bindPassword: { file: 'secrets/bind' } });
  const loginAt = (host: string): object => ({
    ...{ url: sms.url, tls: { caFile: sms.caFile } },
    ...{ username: `rosterd@${host}`, password: { file: 'secrets/avaya' } },
  });

  test.each(cases)(
    '2.6 another $name behind the same source id: nothing is read into accounts until a person confirms',
    async ({ source, moveAway, otherSystem }) => {
      const [here, own] = await Promise.all([createSite('moved'), serverDatabase()]);
      try {
        await secretFile(here, samba.adminPassword);
        await here.write('secrets/avaya', sms.password);
        const configure = (): Promise<void> =>
          here.configure({ database: own.setting, sources: [{ ...source(), createsUsers: true }] });
        await configure();
        expect((await here.sync()).runs).toMatchObject([{ state: 'completed', counts: { created: 12 } }]);
        const before = await own.query(rowVersions);

        moveAway();
        await configure();
        const refused = await here.sync();
        expect(refused).toMatchObject({
          code: 1,
          runs: [{ state: 'failed', counts: { read: 0 }, error: { code: 'source-identity-changed' } }],
        });
        expect(refused.runs[0]?.error?.message).toMatch(otherSystem);
        expect(await own.query(rowVersions)).toEqual(before);

        expect((await here.run('source', 'confirm', 'moved', '--yes', '--reason', 'migrated')).code).toBe(0);
        const goesOn = await here.sync();
        expect(goesOn).toMatchObject({ code: 0, runs: [{ mode: 'full', counts: { read: 12, gone: 0, created: 0 } }] });
        const [known] = await here.rows<SourceRow>('source', 'list');
        expect(known).toMatchObject({ systemId: expect.stringMatching(otherSystem) as unknown, newSystemId: null });
      } finally {
        await here.remove();
        await own.drop();
      }
    },
    120_000,
  );
});

/** So that reading it would show. */
async function renameOneIn(slapd: TestSlapd): Promise<void> {
  const client = new Client({ url: slapd.url });
  await client.bind(slapd.adminDn, slapd.adminPassword);
  await client.del(`uid=agent000001,${slapd.peopleDn}`);
  await client.unbind();
}
