import { readFile } from 'node:fs/promises';
import { Client } from 'ldapts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startLdapProxy } from '../support/ldap-proxy.ts';
import type { LdapBehaviour, LdapProxy } from '../support/ldap-proxy.ts';
import { makeCertificates } from '../support/services/certificates.ts';
import { generatePeople, inetOrgPerson, personAt, writePeopleLdif } from '../support/services/people.ts';
import { addUsers, asAdmin, createOu, directoryUser } from '../support/services/samba-directory.ts';
import { startSlapd } from '../support/services/slapd.ts';
import type { TestSlapd } from '../support/services/slapd.ts';
import { freePort } from '../support/services/port.ts';
import { createTempDir } from '../support/services/temp.ts';
import { rowVersions, serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { without } from './support/rows.ts';
import type { AccountRow, EventRow, SourceRow, UserRow } from './support/rows.ts';
import { createSite } from './support/rosterd.ts';
import type { RunRow, Site, Synced } from './support/rosterd.ts';
import { activeDirectory, csvOf, ldap, secretFile } from './support/sources.ts';

const samba = inject('samba');

let site: Site;
let database: Database;

async function open(label: string): Promise<void> {
  site = await createSite(label);
  database = await serverDatabase();
}
async function close(): Promise<void> {
  await site.remove();
  await database.drop();
}

const configure = (source: object): Promise<void> =>
  site.configure({ database: database.setting, sources: [{ ...source, createsUsers: true }] });

const gone = async (): Promise<number> => (await site.rows('account', 'list', '--state', 'gone')).length;

type Expected = { readonly exit: number; readonly code: string; readonly advice: RegExp };

/** A sync of the only source that fails: exit code, run list and the run itself say the same, and nothing is gone. */
async function expectFailed(synced: Synced, { exit, code, advice }: Expected): Promise<RunRow> {
  const [run] = synced.runs;
  expect({ exit: synced.code, code: run?.error?.code, state: run?.state }).toEqual({ exit, code, state: 'failed' });
  expect(run?.error?.message).toMatch(advice);
  const [listed] = await site.rows<RunRow>('run', 'list');
  if (listed === undefined) throw new Error('the failed run is not listed');
  expect(listed.error).toEqual(run?.error);
  expect(await gone()).toBe(0);
  expect(await site.rows('worklist')).toEqual([]);
  return listed;
}

async function expectClean(counts: Readonly<Record<string, number>>): Promise<void> {
  const { code, runs, stderr } = await site.sync('--full');
  expect({ code, stderr, states: runs.map(({ state }) => state) }).toMatchObject({ code: 0, stderr: '' });
  expect(runs[0]).toMatchObject({ state: 'completed', counts });
}

const incomplete = { exit: 1, code: 'incomplete-read', advice: /not read to its end.*sync again/s };

/** Ends connections behind so many pages: the first one only, or each, in the middle of the next page. */
function cutBehindPages(pages: number, which: 'first' | 'each'): LdapBehaviour {
  const seen = new Map<number, number>();
  return {
    refuse: ({ kind, connection }) => {
      if (kind !== 'page' || (which === 'first' && connection > 0)) return undefined;
      const page = (seen.get(connection) ?? 0) + 1;
      seen.set(connection, page);
      if (page <= pages) return undefined;
      return which === 'first' ? { cut: true } : { cut: true, afterEntries: 10 };
    },
  };
}

describe('3.2 Active Directory, pages of 50', () => {
  const PEOPLE = 130;
  const certificates = createTempDir('incomplete');
  let proxy: LdapProxy;
  let caFile: string;
  let dns: string[];

  beforeAll(async () => {
    const ou = await createOu(samba, 'e2e-incomplete');
    const people = Array.from({ length: PEOPLE }, (_, index) => personAt(index + 1));
    dns = await addUsers(
      samba,
      ou,
      people.map((person) => directoryUser(person, 'ei')),
    );
    const made = await makeCertificates(certificates.path, { hostNames: ['localhost'], addresses: ['127.0.0.1'] });
    ({ caFile } = made);
    proxy = await startLdapProxy(samba, made);
    await open('incomplete-ad');
    await secretFile(site, samba.adminPassword);
    await configure({ ...activeDirectory('corp-ad', samba, ou, { url: proxy.url, caFile }), pageSize: 50 });
    expect((await site.sync()).code).toBe(0);
  }, 180_000);
  afterAll(async () => {
    await close();
    await proxy.stop();
    await certificates.remove();
  });

  test('3.1, 3.2, 3.4 the connection cut after page 2, at each attempt: incomplete, nothing gone', async () => {
    await asAdmin(samba, async (client) => {
      for (const dn of dns.slice(0, 3)) await client.del(dn);
    });
    // Two pages are looked at before, for what the account may read.
    proxy.behave(cutBehindPages(4, 'each'));
    const run = await expectFailed(await site.sync('--full'), incomplete);
    expect(run.counts['read']).toBeGreaterThanOrEqual(100);
    expect(run.counts['read']).toBeLessThan(PEOPLE - 3);
    // A lost connection is tried again, with patience (spec 3.4).
    expect(proxy.connections()).toBeGreaterThan(1);
    expect(await site.rows('user', 'list')).toHaveLength(PEOPLE);
  }, 120_000);

  test('3.1, 3.4, 9.1 cut once only: the next attempt reads everything, and who is missing in it is gone but stays a user', async () => {
    proxy.behave(cutBehindPages(2, 'first'));
    await expectClean({ read: PEOPLE - 3, gone: 3 });
    expect(proxy.connections()).toBe(2);
    expect(await gone()).toBe(3);
    expect(await site.rows('user', 'list')).toHaveLength(PEOPLE);
  }, 120_000);

  /** The pause itself is an event, of the source and of nobody else. */
  async function ofPeople(): Promise<Record<string, string>> {
    return without(await database.query(rowVersions), 'event');
  }

  test('3.4 a wrong password: tried once, the source is paused, and everything stays', async () => {
    const users = await site.rows<UserRow>('user', 'list', '--all');
    const before = await ofPeople();
    await secretFile(site, 'not-the-password');
    proxy.behave({});
    const { code, runs } = await site.sync();
    expect(code).toBe(4);
    expect(runs).toMatchObject([{ state: 'failed', error: { code: 'login-refused' }, counts: { read: 0, gone: 0 } }]);
    expect(runs[0]?.error?.message).toMatch(/bindPassword/);
    expect(proxy.counts().bind).toBe(1);
    const [source] = await site.rows<SourceRow>('source', 'list');
    expect(source?.state).toBe('paused');
    expect(source?.pauseReason).toMatch(/bindPassword|log-in/);
    expect(await ofPeople()).toEqual(before);
    expect((await site.rows<EventRow>('log')).at(-1)).toMatchObject({ source: 'corp-ad', userId: null });
    expect((await site.rows<UserRow>('user', 'list', '--all')).map(({ version }) => version)).toEqual(
      users.map(({ version }) => version),
    );
  }, 120_000);

  test('3.4 a paused source: refused by name with what to do, left out otherwise, never logged in to', async () => {
    const named = await site.sync('corp-ad');
    expect([named.code, named.runs]).toEqual([1, []]);
    expect(named.stderr).toContain('source-paused');
    expect(named.stderr).toContain('rosterd source resume corp-ad');
    const all = await site.sync();
    expect([all.code, all.runs]).toEqual([0, []]);
    const daemon = await site.start();
    await daemon.stop();
    expect(proxy.counts().bind).toBe(1);
  }, 120_000);

  test('3.4 a changed secret resumes it by itself, in a command', async () => {
    await secretFile(site, samba.adminPassword);
    const { code, runs } = await site.sync('corp-ad');
    expect({ code, states: runs.map(({ state }) => state) }).toEqual({ code: 0, states: ['completed'] });
    expect((await site.rows<SourceRow>('source', 'list'))[0]?.state).toBe('ok');
    expect(proxy.counts().bind).toBe(2);
  }, 120_000);

  test('3.4 still wrong after a person says try again: refused and paused anew, one more log-in', async () => {
    await secretFile(site, 'not-the-password-either');
    expect((await site.sync()).code).toBe(4);
    proxy.behave({});
    expect((await site.run('source', 'resume', 'corp-ad')).code).toBe(0);
    expect((await site.sync('corp-ad')).code).toBe(4);
    expect(proxy.counts().bind).toBe(1);
    expect((await site.rows<SourceRow>('source', 'list'))[0]?.state).toBe('paused');
    await secretFile(site, samba.adminPassword);
    await expectClean({ read: PEOPLE - 3, gone: 0 });
  }, 180_000);

  test('3.2 no connection, and a certificate of somebody else: exit code 7, nothing gone', async () => {
    const before = await gone();
    const ou = `OU=e2e-incomplete,${samba.domainDn}`;
    const nobody = { url: `ldaps://127.0.0.1:${await freePort()}`, caFile };
    await configure(activeDirectory('corp-ad', samba, ou, nobody));
    const unreachable = await site.sync();
    expect([unreachable.code, unreachable.runs[0]?.error?.code]).toEqual([7, 'unreachable']);
    await configure(activeDirectory('corp-ad', samba, ou, { url: proxy.url, caFile: samba.caFile }));
    proxy.behave({});
    const stranger = await site.sync();
    expect([stranger.code, stranger.runs[0]?.error?.code]).toEqual([7, 'tls']);
    expect(proxy.counts().bind).toBeUndefined();
    expect(await gone()).toBe(before);
  }, 180_000);
});

describe('3.2 a size limit in slapd', () => {
  const SUFFIX = 'dc=limit,dc=example';
  const LIMIT = 60;
  let slapd: TestSlapd;

  beforeAll(async () => {
    const entries = [...generatePeople(50)].map((person) => inetOrgPerson(person, `ou=people,${SUFFIX}`));
    slapd = await startSlapd({ suffix: SUFFIX, entries, sizeLimit: LIMIT });
    await open('incomplete-slapd');
    await secretFile(site, slapd.bindPassword);
    await configure({ ...ldap('directory', slapd), pageSize: 20 });
    expect((await site.sync()).code).toBe(0);
  }, 120_000);
  afterAll(async () => {
    await close();
    await slapd.stop();
  });

  const asSlapdAdmin = async (work: (client: Client) => Promise<void>): Promise<void> => {
    const client = new Client({ url: slapd.url });
    await client.bind(slapd.adminDn, slapd.adminPassword);
    await work(client);
    await client.unbind();
  };

  test('3.1, 3.2 incomplete: who came is used, nobody is gone; below the limit it recovers', async () => {
    await asSlapdAdmin(async (client) => {
      for (const index of [1, 2]) await client.del(`uid=${personAt(index).uid},${slapd.peopleDn}`);
      for (let index = 51; index <= 80; index += 1) {
        const { dn, attributes } = inetOrgPerson(personAt(index), slapd.peopleDn);
        await client.add(dn, attributes as Record<string, string>);
      }
    });
    const run = await expectFailed(await site.sync(), { ...incomplete, advice: /(size|limit).*sync again/is });
    expect(run.counts['read']).toBeLessThanOrEqual(LIMIT);
    expect(await site.rows('user', 'list')).toHaveLength(50 + (run.counts['created'] ?? 0));

    await asSlapdAdmin(async (client) => {
      for (let index = 56; index <= 80; index += 1) await client.del(`uid=${personAt(index).uid},${slapd.peopleDn}`);
    });
    const { code, runs } = await site.sync();
    expect([code, runs[0]?.counts['read']]).toEqual([0, 53]);
    const state = (await site.rows<AccountRow>('account', 'list')).filter((row) => row.state === 'present').length;
    expect(state).toBe(53);
  }, 120_000);
});

/** Offsets inside the record that begins at `start` and ends before `end`: its first byte, its middle, its last ones. */
function cutsInside(start: number, end: number): number[] {
  return [start + 1, Math.floor((start + end) / 2), end - 3, end - 1];
}

describe('3.2 a CSV file cut inside a record', () => {
  const COLUMNS = ['ACD ID', 'Login', 'First Name', 'Last Name', 'Email', 'Team'];
  const rows = [...generatePeople(30)].map(({ index, uid, givenName, sn, mail }) => {
    return [`0${100 + index}`, uid, givenName, index === 30 ? 'Nguyễn, "the last"' : sn, mail, 'Care Centre'];
  });
  const whole = Buffer.from(csvOf(COLUMNS, rows));
  let users: UserRow[];

  beforeAll(async () => {
    await open('incomplete-csv');
    await site.write('agents.csv', whole);
    await configure({ id: 'acd', kind: 'csv-file', connection: { path: 'agents.csv' } });
    expect((await site.sync()).code).toBe(0);
    users = await site.rows<UserRow>('user', 'list');
    expect(users).toHaveLength(30);
  }, 120_000);
  afterAll(close);

  const last = whole.lastIndexOf('\n0130,') + 1;
  const quote = whole.indexOf('"', last);
  const middle = whole.lastIndexOf('\n0120,') + 1;
  const cuts = [...cutsInside(last, whole.length - 2), quote + 4, quote + 12, middle + 20];

  test.each(cuts)(
    '3.1, 3.2 at byte %i: incomplete, nothing applied of the half record, nothing gone',
    async (cut) => {
      await site.write('agents.csv', whole.subarray(0, cut));
      const before = await database.query(rowVersions);
      await expectFailed(await site.sync(), incomplete);
      expect(await database.query(rowVersions)).toEqual(before);
    },
    60_000,
  );

  test('3.2 the whole file again: as before', async () => {
    await site.write('agents.csv', whole);
    await expectClean({ read: 30, unchanged: 30, gone: 0 });
    expect((await site.rows<UserRow>('user', 'list')).map(({ version }) => version)).toEqual(
      users.map(({ version }) => version),
    );
  }, 60_000);
});

describe('3.2 an LDIF file cut inside a record', () => {
  let whole: Buffer;
  let cuts: number[];

  beforeAll(async () => {
    await open('incomplete-ldif');
    const path = await site.write('people.ldif', '');
    await writePeopleLdif(path, 30, 'ou=people,dc=ldif,dc=example');
    whole = await readFile(path);
    // An export of OpenLDAP has entryUUID; without it there is no stable id.
    let index = 0;
    const withIds = whole.toString('utf8').replaceAll('objectClass: inetOrgPerson\n', (line) => {
      index += 1;
      return `${line}entryUUID: 00000000-0000-4000-8000-${String(index).padStart(12, '0')}\n`;
    });
    whole = Buffer.from(`version: 1\n\n${withIds}`);
    await site.write('people.ldif', whole);
    await configure({ id: 'directory', kind: 'ldif-file', connection: { path: 'people.ldif' } });
    expect((await site.sync()).code).toBe(0);
    const last = whole.lastIndexOf('\ndn') + 1;
    const middle = whole.lastIndexOf('\ndn', last - 400) + 1;
    cuts = [...cutsInside(last, whole.length - 2), middle + 60];
  }, 120_000);
  afterAll(close);

  test('3.1, 3.2 at several bytes: incomplete, nothing applied of the half record, nothing gone', async () => {
    const before = await database.query(rowVersions);
    for (const cut of cuts) {
      await site.write('people.ldif', whole.subarray(0, cut));
      const run = await expectFailed(await site.sync(), incomplete);
      expect({ cut, read: run.counts['read'] }).toEqual({
        cut,
        read: expect.toSatisfy((n: number) => n < 30) as number,
      });
      expect({ cut, rows: await database.query(rowVersions) }).toEqual({ cut, rows: before });
    }
    await site.write('people.ldif', whole);
    await expectClean({ read: 30, unchanged: 30, gone: 0 });
    expect(await database.query(rowVersions)).toEqual(before);
  }, 180_000);
});
