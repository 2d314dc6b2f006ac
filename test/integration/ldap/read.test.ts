import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connector } from '../../../connectors/ldap/connector.ts';
import type { Config } from '../../../connectors/ldap/config.ts';
import { directoryConnection } from '../../../src/connector-kit/ldap/connection-config.ts';
import { SecretRef } from '../../../src/connector-kit/secret.ts';
import type { Kit } from '../../../src/connector-kit/contract.ts';
import { readWhole, testKit } from '../../support/read-source.ts';
import type { WholeRead } from '../../support/read-source.ts';
import { generatePeople, inetOrgPerson, personAt } from '../../support/services/people.ts';
import type { DirectoryEntry } from '../../support/services/people.ts';
import { startSlapd } from '../../support/services/slapd.ts';
import type { TestSlapd } from '../../support/services/slapd.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';

const PEOPLE = 2_500;
const SUFFIX = 'dc=example,dc=com';
const PEOPLE_DN = `ou=people,${SUFFIX}`;

function* entries(): Generator<DirectoryEntry> {
  for (const person of generatePeople(PEOPLE)) yield inetOrgPerson(person, PEOPLE_DN);
  const inet = { objectClass: 'inetOrgPerson', sn: 'Odd' };
  yield {
    dn: `uid=many,${PEOPLE_DN}`,
    attributes: { ...inet, uid: 'many', cn: 'Many', mail: ['z@example.com', 'a@example.com'] },
  };
  yield { dn: `uid=ctrl,${PEOPLE_DN}`, attributes: { ...inet, uid: 'ctrl', cn: 'Ctrl', displayName: 'bad\u0007bell' } };
  yield {
    dn: `uid=long,${PEOPLE_DN}`,
    attributes: { ...inet, uid: 'long', cn: 'Long', mobile: '1', title: 'x'.repeat(2_000) },
  };
  yield { dn: `uid=bare,${PEOPLE_DN}`, attributes: { ...inet, uid: 'bare', cn: 'Bare' } };
  const posix = { ...inet, objectClass: ['inetOrgPerson', 'posixAccount'], homeDirectory: '/', gidNumber: '7' };
  yield {
    dn: `uid=px1,${PEOPLE_DN}`,
    attributes: { ...posix, uid: ['px1', 'px1.second'], cn: 'P1', uidNumber: '1' },
  };
  yield { dn: `uid=px2,${PEOPLE_DN}`, attributes: { ...posix, uid: 'px2', cn: 'P2', uidNumber: '2' } };
  yield { dn: `uid=px3,${PEOPLE_DN}`, attributes: { ...posix, uid: 'px3', cn: 'P3', uidNumber: '3', gidNumber: '99' } };
  yield { dn: `uid=px4,${PEOPLE_DN}`, attributes: { ...posix, uid: 'px4', cn: 'P4', uidNumber: '4' } };
  yield {
    dn: `cn=posix,${SUFFIX}`,
    attributes: { objectClass: 'posixGroup', cn: 'posix', gidNumber: '99', memberUid: ['PX2', 'px1.second'] },
  };
  const group = { objectClass: 'groupOfNames' };
  yield { dn: `cn=leads,${SUFFIX}`, attributes: { ...group, cn: 'leads', member: `UID=agent000007, ${PEOPLE_DN}` } };
  yield {
    dn: `cn=all-leads,${SUFFIX}`,
    attributes: { ...group, cn: 'all-leads', member: [`cn=leads,${SUFFIX}`, `uid=agent000008,${PEOPLE_DN}`] },
  };
}

let slapd: TestSlapd;
beforeAll(async () => {
  slapd = await startSlapd({ suffix: SUFFIX, entries: entries() });
});
afterAll(() => slapd.stop());

function configOf(
  server: TestSlapd,
  changes: Partial<Config> & { url?: string; password?: string; timeoutMs?: number } = {},
): Config {
  const { url = server.url, password = server.bindPassword, timeoutMs = 10_000, ...rest } = changes;
  const connection = {
    ...connectionTo(url),
    bindDn: server.bindDn,
    bindPassword: SecretRef.fixed(password, 'test'),
    timeoutMs,
  };
  return { connection, baseDn: PEOPLE_DN, filter: '(objectClass=inetOrgPerson)', pageSize: 1_000, ...rest };
}

function connectionTo(url: string): Config['connection'] {
  return directoryConnection.parse({ url, bindDn: 'x', bindPassword: { env: 'UNUSED' } });
}

async function readWith(config: Config, overrides: Partial<Kit> = {}): Promise<WholeRead> {
  const kit = testKit(overrides);
  const session = await connector.open(config, kit);
  try {
    return await readWhole(session.readAll(kit.signal));
  } finally {
    await session.close();
  }
}

function portOf(server: TestSlapd): number {
  return Number(new URL(server.url).port);
}

describe('a whole read', () => {
  let whole: WholeRead;
  beforeAll(async () => {
    whole = await readWith(configOf(slapd, { pageSize: 50 }));
  });

  test('brings every person once, in pages of the size asked for', () => {
    expect(new Set(whole.records.map((record) => record.values.username)).size).toBe(PEOPLE + 8);
    expect(new Set(whole.records.map((record) => record.externalId)).size).toBe(PEOPLE + 8);
    expect(whole.pages).toBe(51);
    expect(whole.end.whole).toBe(true);
  });

  test('maps the attributes, with names and leading zeros as they are', () => {
    const person = personAt(21);
    expect(whole.records.find((record) => record.values.username === person.uid)).toEqual({
      externalId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      values: {
        username: person.uid,
        firstName: person.givenName,
        lastName: 'Nguyễn',
        displayName: person.displayName,
        email: person.mail,
        employeeId: '0000021',
        department: person.department,
        mobileNumber: null,
        jobTitle: null,
      },
    });
  });

  test('what no entry shows is not read, what others show is empty', () => {
    const bare = whole.records.find((record) => record.values.username === 'bare');
    expect(bare?.values).toMatchObject({ email: null, employeeId: null, displayName: 'Bare' });
    expect(bare?.values).not.toHaveProperty('language');
    expect(whole.end.notes?.join(' ')).toContain('preferredlanguage');
  });

  test('of several values the first by code units is taken', () => {
    const many = whole.records.find((record) => record.values.username === 'many');
    expect(many?.values.email).toBe('a@example.com');
  });

  test('2.2 unusable texts are not read, and named by DN, without their contents', () => {
    expect(whole.rejected).toEqual([]);
    const unread = whole.records.flatMap((record) => record.unread ?? []);
    expect(unread.map(({ reasons }) => reasons)).toEqual([
      ['displayname holds control characters or is not UTF-8'],
      ['title is longer than 1024 characters'],
    ]);
    expect(unread.every(({ position }) => position.startsWith('uid='))).toBe(true);
  });
});

describe('a read that cannot be whole', () => {
  test('a connection cut behind page 2: what came is given, and it is incomplete', async () => {
    const proxy = await startTcpProxy({ port: portOf(slapd), cutAfterPages: { pages: 2 } });
    const whole = await readWith(configOf(slapd, { url: `ldap://127.0.0.1:${proxy.port}`, pageSize: 50 }));
    await proxy.stop();
    expect(whole.records).toHaveLength(100);
    expect(whole.end.whole).toBe(false);
    expect(whole.end.reason).toMatch(/ended early after 100 entries.*(reset|closed)/);
  });

  test('a connection cut within page 3 loses nothing of what came before the cut', async () => {
    const proxy = await startTcpProxy({ port: portOf(slapd), cutAfterPages: { pages: 2, thenBytes: 8_000 } });
    const whole = await readWith(configOf(slapd, { url: `ldap://127.0.0.1:${proxy.port}`, pageSize: 50 }));
    await proxy.stop();
    expect(whole.records.length).toBeGreaterThan(100);
    expect(whole.records.length).toBeLessThan(150);
    expect(whole.end.whole).toBe(false);
  });

  test('a size limit of the server, below and above the page size', async () => {
    const limited = await startSlapd({ suffix: SUFFIX, entries: entries(), sizeLimit: 120 });
    const [paged, atOnce] = [await readWith(configOf(limited, { pageSize: 50 })), await readWith(configOf(limited))];
    await limited.stop();
    for (const whole of [paged, atOnce]) {
      expect(whole.end.whole).toBe(false);
      expect(whole.end.reason).toMatch(/size or administrative limit.*result (4|11).*limits dn/);
    }
    expect(paged.records.length).toBeGreaterThanOrEqual(100);
    expect(atOnce.records).toHaveLength(120);
  });

  test('an abort ends it within a page', async () => {
    const stop = new AbortController();
    const kit = testKit();
    const session = await connector.open(configOf(slapd, { pageSize: 50 }), kit);
    const read = session.readAll(stop.signal);
    await read.next();
    stop.abort(new Error('cancelled by a person'));
    await expect(readWhole(read)).rejects.toThrow('cancelled by a person');
    await session.close();
  });
});

describe('the log-in', () => {
  test('a wrong password is fatal, explained, tried once, and not in the error', async () => {
    const proxy = await startTcpProxy({ port: portOf(slapd) });
    const config = configOf(slapd, { url: `ldap://127.0.0.1:${proxy.port}`, password: 'Tr0ub4dor' });
    const error: unknown = await connector.open(config, testKit()).catch((refusal: unknown) => refusal);
    await proxy.stop();
    expect(error).toMatchObject({ class: 'fatal', code: 'login-refused' });
    expect(proxy.seen.binds).toBe(1);
    expect(String(error) + JSON.stringify(error)).not.toContain('Tr0ub4dor');
  });

  test('nobody listens: retryable', async () => {
    const proxy = await startTcpProxy({ port: portOf(slapd) });
    await proxy.stop();
    const config = configOf(slapd, { url: `ldap://127.0.0.1:${proxy.port}` });
    await expect(connector.open(config, testKit())).rejects.toMatchObject({ class: 'retryable', code: 'unreachable' });
  });

  test('a base that does not exist names baseDn', async () => {
    const config = configOf(slapd, { baseDn: `ou=nowhere,${SUFFIX}` });
    await expect(readWith(config)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('baseDn') as string,
    });
  });
});

describe('lookup and groups', () => {
  test('one account is present or absent, also outside the filter', async () => {
    const kit = testKit();
    const config = configOf(slapd, { filter: '(uid=agent000001)' });
    const { records } = await readWith(configOf(slapd, { filter: '(uid=agent000002)' }));
    const session = await connector.open(config, kit);
    expect(await session.lookup(records[0]?.externalId ?? '', kit.signal)).toBe('present');
    expect(await session.lookup('00000000-0000-4000-8000-000000000000', kit.signal)).toBe('absent');
    expect(session.systemId).toMatch(/^dc=example,dc=com [0-9a-f-]{36}$/);
    await session.close();
  });

  test('2.8 one account is read alone as in a full read; outside the filter it is out of what is read', async () => {
    const kit = testKit();
    const { records } = await readWith(configOf(slapd, { filter: '(|(uid=agent000001)(uid=agent000002))' }));
    const [first, second] = records;
    const session = await connector.open(configOf(slapd, { filter: '(uid=agent000001)' }), kit);
    expect(await session.readOne?.(first?.externalId ?? '', kit.signal)).toEqual({ record: first });
    expect(await session.readOne?.(second?.externalId ?? '', kit.signal)).toEqual({ gone: 'out-of-scope' });
    expect(await session.readOne?.('00000000-0000-4000-8000-000000000000', kit.signal)).toEqual({ gone: 'deleted' });
    await session.close();
  });

  test('where nobody at all can be seen, nobody counts as absent', async () => {
    const kit = testKit();
    const session = await connector.open(configOf(slapd, { filter: '(uid=nobody)' }), kit);
    const asked = session.lookup('00000000-0000-4000-8000-000000000000', kit.signal);
    await expect(asked).rejects.toMatchObject({ code: 'right-missing' });
    await session.close();
  });

  test('groups are reported as the table names them, with their subgroups', async () => {
    const roleGroups = [`CN=leads, ${SUFFIX}`, 'all-leads', 'no-such-group'];
    const { records, end } = await readWith(configOf(slapd, { filter: '(employeeNumber=000000*)' }), { roleGroups });
    const groupsOf = (uid: string): unknown =>
      records.find((record) => record.values.username === uid)?.roleFacts?.groups;
    expect(groupsOf('agent000007')).toEqual([`CN=leads, ${SUFFIX}`, 'all-leads']);
    expect(groupsOf('agent000008')).toEqual(['all-leads']);
    expect(groupsOf('agent000009')).toEqual([]);
    expect(end.notes).toContainEqual(expect.stringContaining('the group "no-such-group" does not exist'));
  });

  test('2.3 a POSIX group has whom it names by any uid, in any case, and whose primary group it is', async () => {
    const { records } = await readWith(configOf(slapd, { filter: '(uid=px*)' }), { roleGroups: ['posix', 'gone'] });
    const inGroup = records.filter(({ roleFacts }) => roleFacts?.groups?.includes('posix') === true);
    expect(inGroup.map(({ values }) => values.displayName).sort()).toEqual(['P1', 'P2', 'P3']);
    expect(records.map(({ groupsNotRead }) => groupsNotRead)).toEqual(records.map(() => ['gone']));
  });

  test('the mapping changes single fields and names the team', async () => {
    const mapping = { team: 'departmentNumber', username: 'mail', externalId: 'uid' };
    const { records } = await readWith(configOf(slapd, { filter: '(uid=agent000003)' }), { mapping });
    const { uid, mail, department } = personAt(3);
    expect(records).toEqual([
      expect.objectContaining({ externalId: uid, teams: [{ id: department.toLowerCase(), name: department }] }),
    ]);
    expect(records[0]?.values.username).toBe(mail);
  });

  test('a mapping that this kind cannot take is named', async () => {
    const opening = connector.open(configOf(slapd), testKit({ mapping: { supervises: 'manager' } }));
    await expect(opening).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('mapping.supervises') as string,
    });
  });
});
