import { Attribute, Change } from 'ldapts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connector } from '../../../connectors/active-directory/connector.ts';
import type { Session } from '../../../src/connector-kit/contract.ts';
import { SecretRef } from '../../../src/connector-kit/secret.ts';
import { AccountMirror } from '../../support/account-mirror.ts';
import { refuseDirSync, startLdapProxy } from '../../support/ldap-proxy.ts';
import type { LdapProxy } from '../../support/ldap-proxy.ts';
import { testKit } from '../../support/read-source.ts';
import { generatePeople } from '../../support/services/people.ts';
import { addGroup, addUsers, asAdmin, createOu, directoryUser } from '../../support/services/samba-directory.ts';

const samba = inject('samba');
const { signal } = new AbortController();
let proxy: LdapProxy;
let ou: string;
let users: string[];

beforeAll(async () => {
  proxy = await startLdapProxy(samba);
  ou = await createOu(samba, 'delta-limits');
  users = await addUsers(
    samba,
    ou,
    [...generatePeople(12)].map((person) => directoryUser(person, 'dl')),
  );
});
afterAll(() => proxy.stop());

interface Given {
  readonly url?: string | readonly string[];
  readonly bindDn?: string;
  readonly password?: string;
  readonly source?: object;
  readonly roleGroups?: readonly string[];
}

async function withSession<T>(given: Given, work: (session: Session) => Promise<T>): Promise<T> {
  const { url = proxy.url, bindDn = samba.adminDn, password = samba.adminPassword } = given;
  const connection = { url, bindDn, bindPassword: { env: 'UNUSED' }, timeoutMs: 20_000 };
  const config = connector.configSchema.parse({ connection, baseDn: ou, ...given.source });
  const secret = SecretRef.fixed(password, 'test');
  const session = await connector.open(
    { ...config, connection: { ...config.connection, bindPassword: secret } },
    testKit({ roleGroups: given.roleGroups ?? [] }),
  );
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

const readAll = (mirror: AccountMirror, given: Given = {}) =>
  withSession(given, (session) => mirror.readAll(session, signal));
const readChanges = (mirror: AccountMirror, given: Given = {}) =>
  withSession(given, (session) => mirror.readChanges(session, signal));

const setMail = (dn: string, mail: string) =>
  asAdmin(samba, (client) =>
    client.modify(
      dn,
      new Change({ operation: 'replace', modification: new Attribute({ type: 'mail', values: [mail] }) }),
    ),
  );

async function addService(name: string): Promise<{ bindDn: string; password: string; dn: string }> {
  const [dn = ''] = await addUsers(samba, samba.domainDn, [{ sAMAccountName: name, enabled: false }]);
  const password = 'S3rvice-Passw0rd';
  await asAdmin(samba, async (client) => {
    const quoted = new Attribute({ type: 'unicodePwd', values: [Buffer.from(`"${password}"`, 'utf16le')] });
    await client.modify(dn, new Change({ operation: 'replace', modification: quoted }));
    const enabled = new Attribute({ type: 'userAccountControl', values: ['512'] });
    await client.modify(dn, new Change({ operation: 'replace', modification: enabled }));
  });
  return { bindDn: `CORP\\${name}`, password, dn };
}

describe('14.4 only a full read can go on', () => {
  const cases: readonly { what: string; reason: RegExp; behave: () => void; change?: (cursor: string) => string }[] = [
    {
      what: 'after a restore from a backup',
      reason: /restored from a backup/,
      behave: () => {
        proxy.behave({ invocationId: Buffer.alloc(16, 7) });
      },
    },
    {
      what: 'with another domain controller',
      reason: /dc1\.corp\.example\.com.*dc2\.corp\.example\.com/,
      behave: () => {
        proxy.behave({ rootDse: { dnsHostName: 'dc2.corp.example.com' } });
      },
    },
    {
      what: 'after a month',
      reason: /30 days/,
      behave: () => {
        proxy.behave({ clockShiftMs: 31 * 86_400_000 });
      },
    },
    {
      what: 'where DirSync is refused all of a sudden',
      reason: /DirSync is refused now/,
      behave: () => {
        proxy.behave(refuseDirSync(50));
      },
    },
    {
      what: 'with a cursor of another version',
      reason: /no place to go on from/,
      behave: () => {
        proxy.behave({});
      },
      change: () => '{"v":0}',
    },
    {
      what: 'with a cookie that the server does not understand',
      reason: /DirSync is refused now/,
      behave: () => {
        proxy.behave({});
      },
      change: (cursor) =>
        cursor.replace(/"cookie":"[^"]*"/, `"cookie":"${Buffer.from('nonsense').toString('base64')}"`),
    },
  ];

  test.each(cases)('14.4 $what', async ({ reason, behave, change }) => {
    proxy.behave({});
    const mirror = new AccountMirror();
    await readAll(mirror);
    mirror.cursor = change?.(mirror.cursor) ?? mirror.cursor;
    behave();
    await expect(readChanges(mirror)).rejects.toMatchObject({
      code: 'cursor-unusable',
      message: expect.stringMatching(reason) as string,
    });
  });

  test('14.4 a busy domain controller is no reason for a full read', async () => {
    proxy.behave({});
    const mirror = new AccountMirror();
    await readAll(mirror);
    proxy.behave({ refuse: ({ kind }) => (kind === 'dirsync' ? { code: 51 } : undefined) });
    await expect(readChanges(mirror)).rejects.toMatchObject({ code: 'busy', class: 'retryable' });
  });
});

describe('an ordinary account', () => {
  test('3.1 that may not read deleted objects: a delta says so, and concludes nothing from a deletion', async () => {
    proxy.behave({});
    const service = await addService('dl-blind');
    const [dn = ''] = await addUsers(samba, ou, [{ sAMAccountName: 'dl-doomed', mail: 'd@example.com' }]);
    const mirror = new AccountMirror();
    await readAll(mirror, service);
    await asAdmin(samba, (client) => client.del(dn));
    await setMail(users[0] ?? '', 'blind@example.com');
    const delta = await readChanges(mirror, service);
    expect(delta).toMatchObject({ gone: [], missing: [], end: { whole: true } });
    expect(delta.changed).toHaveLength(1);
    expect(delta.end.notes?.join('\n')).toMatch(/may not read deleted objects/);
    expect((await readAll(mirror, service)).missing).toHaveLength(1);
    await asAdmin(samba, (client) => client.del(service.dn));
  });

  test('sees changes of members, and those who were moved away', async () => {
    const service = await addService('dl-plain');
    const outside = await createOu(samba, 'delta-limits-outside');
    const group = await addGroup(samba, outside, 'dl-group', [users[1] ?? '']);
    const given = { ...service, roleGroups: ['dl-group'] };
    const mirror = new AccountMirror();
    await readAll(mirror, given);
    await asAdmin(samba, async (client) => {
      const removed = new Attribute({ type: 'member', values: [users[1] ?? ''] });
      await client.modify(group, new Change({ operation: 'delete', modification: removed }));
      await client.modifyDN(users[2] ?? '', `CN=dl3,${outside}`);
    });
    const delta = await readChanges(mirror, given);
    expect(delta.changed).toHaveLength(1);
    expect(delta.gone).toMatchObject([{ how: 'out-of-scope' }]);
    await asAdmin(samba, async (client) => {
      await client.modifyDN(`CN=dl3,${outside}`, users[2] ?? '');
      await client.del(service.dn);
      await client.del(group);
    });
  });
});

describe('a filter', () => {
  test('by a group: who comes in is read, who leaves is out of scope', async () => {
    proxy.behave({});
    const group = await addGroup(samba, ou, 'dl-filter', [users[3] ?? '']);
    const given = { source: { filter: `(memberOf=${group})` } };
    const mirror = new AccountMirror();
    await readAll(mirror, given);
    const modify = (operation: 'add' | 'delete', dn: string) =>
      asAdmin(samba, (client) =>
        client.modify(group, new Change({ operation, modification: new Attribute({ type: 'member', values: [dn] }) })),
      );
    await modify('add', users[4] ?? '');
    expect((await readChanges(mirror, given)).changed).toHaveLength(1);
    await modify('delete', users[3] ?? '');
    expect((await readChanges(mirror, given)).gone).toMatchObject([{ how: 'out-of-scope' }]);
    expect(mirror.accounts.size).toBe(1);
    proxy.behave(refuseDirSync(12));
    await readAll(mirror, given);
    await modify('add', users[5] ?? '');
    await expect(readChanges(mirror, given)).rejects.toMatchObject({ code: 'cursor-unusable' });
    await asAdmin(samba, (client) => client.del(group));
  });

  test('by an attribute that no field is made of: a change of it brings in, and takes out', async () => {
    proxy.behave({});
    const given = { source: { filter: '(description=agent)' } };
    const mirror = new AccountMirror();
    const describe = (values: string[]) =>
      asAdmin(samba, (client) =>
        client.modify(
          users[6] ?? '',
          new Change({ operation: 'replace', modification: new Attribute({ type: 'description', values }) }),
        ),
      );
    await describe(['agent']);
    await readAll(mirror, given);
    await describe(['manager']);
    expect((await readChanges(mirror, given)).gone).toMatchObject([{ how: 'out-of-scope' }]);
    await describe(['agent']);
    expect((await readChanges(mirror, given)).changed).toHaveLength(1);
  });
});

describe('values that come in ranges, as Windows sends them', () => {
  test('all groups of one user are read, full and in a delta', async () => {
    const groups: string[] = [];
    for (let each = 0; each < 7; each += 1) groups.push(await addGroup(samba, ou, `dl-range${each}`, [users[7] ?? '']));
    const roleGroups = groups.map((_, index) => `dl-range${index}`);
    proxy.behave({ mostValues: 3 });
    const mirror = new AccountMirror();
    await readAll(mirror, { roleGroups });
    const groupsOfUser = () =>
      [...mirror.accounts.values()].find(({ values }) => values.username === 'dl8')?.roleFacts?.groups;
    expect(groupsOfUser()).toEqual(roleGroups);
    expect(proxy.counts().range).toBe(2);
    await asAdmin(samba, (client) => client.del(groups[0] ?? ''));
    await setMail(users[7] ?? '', 'ranges@example.com');
    await readChanges(mirror, { roleGroups });
    // What was deleted is not read, and so is kept (spec 2.3).
    expect(groupsOfUser()).toEqual(roleGroups);
    await asAdmin(samba, async (client) => {
      for (const dn of groups.slice(1)) await client.del(dn);
    });
  });

  test('a group that tells its members and not the change makes the delta look at everybody', async () => {
    const group = await addGroup(samba, ou, 'dl-whole', users.slice(0, 4));
    const roleGroups = ['dl-whole'];
    proxy.behave({});
    const mirror = new AccountMirror();
    await readAll(mirror, { roleGroups });
    await asAdmin(samba, async (client) => {
      await client.modify(
        group,
        new Change({
          operation: 'replace',
          modification: new Attribute({ type: 'member', values: users.slice(2, 8) }),
        }),
      );
    });
    // What is neither an increment nor all of it, such as the first values of a longer list.
    proxy.behave({ mostValues: 2 });
    const delta = await readChanges(mirror, { roleGroups });
    expect(delta.changed).toHaveLength(6);
    expect(delta.end.notes?.join('\n')).toMatch(/does not tell whom it has lost/);
    await asAdmin(samba, (client) => client.del(group));
  });
});

describe('several domain controllers', () => {
  const nowhere = 'ldap://127.0.0.1:9';

  test('the next one is asked where the first is down', async () => {
    proxy.behave({});
    const mirror = new AccountMirror();
    expect((await readAll(mirror, { url: [nowhere, proxy.url] })).end.whole).toBe(true);
    expect(proxy.connections()).toBe(1);
  });

  test('3.4 a refused log-in is not tried at the next one', async () => {
    proxy.behave({});
    const wrong = readAll(new AccountMirror(), { url: [proxy.url, proxy.url], password: 'wrong' });
    await expect(wrong).rejects.toMatchObject({ code: 'login-refused' });
    expect(proxy.counts().bind).toBe(1);
  });

  test('all of them down: each is named', async () => {
    const none = readAll(new AccountMirror(), { url: [nowhere, 'ldap://127.0.0.1:10'] });
    await expect(none).rejects.toMatchObject({ code: 'unreachable', message: /127\.0\.0\.1:9.*127\.0\.0\.1:10/ });
  });
});

test('the cost of a delta does not grow with the directory', async () => {
  const mirror = new AccountMirror();
  const costOf = async (behaviour: Parameters<LdapProxy['behave']>[0], mail: string): Promise<number> => {
    proxy.behave(behaviour);
    await readAll(mirror);
    await setMail(users[8] ?? '', mail);
    proxy.behave(behaviour);
    expect((await readChanges(mirror)).changed).toHaveLength(1);
    return proxy.requests().length;
  };
  const before = [await costOf({}, '1@example.com'), await costOf(refuseDirSync(12), '2@example.com')];
  await addUsers(
    samba,
    ou,
    Array.from({ length: 300 }, (_, index) => ({ sAMAccountName: `dlmore${index}` })),
  );
  const after = [await costOf({}, '3@example.com'), await costOf(refuseDirSync(12), '4@example.com')];
  // Other test files change the same domain meanwhile, and what they changed costs a request or two; 300 people would cost more.
  for (const [way, cost] of after.entries()) expect(cost).toBeLessThanOrEqual((before[way] ?? 0) + 3);
});
