import { Attribute, Change, Control } from 'ldapts';
import type { Client } from 'ldapts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connector } from '../../../connectors/active-directory/connector.ts';
import type { Kit, Session } from '../../../src/connector-kit/contract.ts';
import { SecretRef } from '../../../src/connector-kit/secret.ts';
import { AccountMirror } from '../../support/account-mirror.ts';
import type { MirrorChange } from '../../support/account-mirror.ts';
import { refuseDirSync, startLdapProxy } from '../../support/ldap-proxy.ts';
import type { LdapBehaviour, LdapProxy, RequestKind } from '../../support/ldap-proxy.ts';
import { testKit } from '../../support/read-source.ts';
import { generatePeople } from '../../support/services/people.ts';
import { addGroup, addUsers, asAdmin, createOu, directoryUser } from '../../support/services/samba-directory.ts';

const samba = inject('samba');
const MEMBERS = 200;
const OTHERS = 20;
const costs: string[] = [];

let proxy: LdapProxy;
beforeAll(async () => {
  proxy = await startLdapProxy(samba);
});
afterAll(async () => {
  await proxy.stop();
  process.stdout.write(`\nLDAP requests of a delta, log-in included\n${costs.join('\n')}\n`);
});

const ways: readonly { way: 'dirsync' | 'usn'; prefix: string; behaviour: LdapBehaviour }[] = [
  { way: 'dirsync', prefix: 'dd', behaviour: {} },
  { way: 'usn', prefix: 'du', behaviour: refuseDirSync(12) },
];

describe.each(ways)('changes by $way', ({ way, prefix, behaviour }) => {
  let inside: string;
  let outside: string;
  let users: string[];
  let supervisors: string;
  let others: string;
  const mirror = new AccountMirror();
  const kit = testKit({ roleGroups: [`${prefix}-supervisors`, `${prefix}-agents`] });

  beforeAll(async () => {
    proxy.behave(behaviour);
    inside = await createOu(samba, `${prefix}-inside`);
    outside = await createOu(samba, `${prefix}-outside`);
    const people = [...generatePeople(MEMBERS + OTHERS)].map((person) => directoryUser(person, prefix));
    users = await addUsers(samba, inside, people);
    supervisors = await addGroup(samba, outside, `${prefix}-supervisors`, users.slice(0, MEMBERS));
    others = await addGroup(samba, outside, `${prefix}-others`, [users[MEMBERS] ?? '', users[MEMBERS + 1] ?? '']);
    const { end } = await withSession((session) => mirror.readAll(session, kit.signal));
    expect(end.whole).toBe(true);
    expect(mirror.accounts.size).toBe(MEMBERS + OTHERS);
  });

  const configOf = (source: object = {}) => {
    const connection = { url: proxy.url, bindDn: samba.adminDn, bindPassword: { env: 'UNUSED' }, timeoutMs: 20_000 };
    const config = connector.configSchema.parse({ connection, baseDn: inside, ...source });
    const bindPassword = SecretRef.fixed(samba.adminPassword, 'test');
    return { ...config, connection: { ...config.connection, bindPassword } };
  };

  async function withSession<T>(work: (session: Session) => Promise<T>, as: Kit = kit, source = {}): Promise<T> {
    const session = await connector.open(configOf(source), as);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  /** Changes something, reads the changes, and makes sure that a full read would say the same. */
  async function deltaAfter(
    what: string,
    change: (client: Client) => Promise<void>,
    source = {},
    mine = mirror,
  ): Promise<MirrorChange & { counts: Partial<Record<RequestKind, number>> }> {
    // What was known counts, for what is not read is kept (spec 2.3).
    const full = mine.copy();
    await asAdmin(samba, change);
    proxy.behave(behaviour);
    const delta = await withSession((session) => mine.readChanges(session, kit.signal), kit, source);
    const counts = proxy.counts();
    costs.push(`${way.padEnd(8)} ${what.padEnd(34)} ${JSON.stringify(counts)}`);
    expect(delta.end.whole).toBe(true);
    await withSession((session) => full.readAll(session, kit.signal), kit, source);
    expect(Object.fromEntries(mine.accounts)).toEqual(Object.fromEntries(full.accounts));
    return { ...delta, counts };
  }

  const idOf = (username: string): string =>
    [...mirror.accounts].find(([, { values }]) => values.username === username)?.[0] ?? `nobody is ${username}`;
  const replace = (dn: string, type: string, values: string[]) => async (client: Client) => {
    await client.modify(dn, new Change({ operation: 'replace', modification: new Attribute({ type, values }) }));
  };
  const member = (operation: 'add' | 'delete', group: string, dn: string) => async (client: Client) => {
    await client.modify(
      group,
      new Change({ operation, modification: new Attribute({ type: 'member', values: [dn] }) }),
    );
  };
  const untouched = { gone: [], missing: [] };

  test('nothing has changed', async () => {
    expect(await deltaAfter('nothing', () => Promise.resolve())).toMatchObject({ changed: [], ...untouched });
  });

  test('2.4 an attribute that is not mapped changes nothing', async () => {
    const delta = await deltaAfter('an attribute not mapped', replace(users[0] ?? '', 'description', ['x']));
    expect(delta).toMatchObject({ changed: [], ...untouched });
  });

  test('a change of e-mail', async () => {
    const delta = await deltaAfter('e-mail', replace(users[0] ?? '', 'mail', ['new@example.com']));
    expect(delta).toMatchObject({ changed: [idOf(`${prefix}1`)], ...untouched });
    expect(mirror.accounts.get(idOf(`${prefix}1`))?.values.email).toBe('new@example.com');
  });

  test('a value that was cleared is empty', async () => {
    const delta = await deltaAfter('e-mail cleared', replace(users[2] ?? '', 'mail', []));
    expect(delta).toMatchObject({ changed: [idOf(`${prefix}3`)], ...untouched });
    expect(mirror.accounts.get(idOf(`${prefix}3`))?.values.email).toBeNull();
  });

  test('a renamed entry, with another log-on name', async () => {
    const before = idOf(`${prefix}2`);
    const delta = await deltaAfter('rename', async (client) => {
      await client.modifyDN(users[1] ?? '', `CN=Müller\\, Renamed,${inside}`);
      await replace(`CN=Müller\\, Renamed,${inside}`, 'sAMAccountName', [`${prefix}renamed`])(client);
    });
    expect(delta).toMatchObject({ changed: [before], ...untouched });
    expect(idOf(`${prefix}renamed`)).toBe(before);
  });

  test('a disabled account', async () => {
    const delta = await deltaAfter('disable', replace(users[3] ?? '', 'userAccountControl', ['546']));
    expect(delta).toMatchObject({ changed: [idOf(`${prefix}4`)], ...untouched });
    expect(mirror.accounts.get(idOf(`${prefix}4`))?.disabled).toBe(true);
  });

  test('3.1 a deleted account, and its return', async () => {
    const id = idOf(`${prefix}5`);
    const delta = await deltaAfter('delete', (client) => client.del(users[4] ?? ''));
    expect(delta).toMatchObject({ changed: [], gone: [{ externalId: id, how: 'deleted' }], missing: [] });
    const undelete = await deltaAfter('undelete', async (client) => {
      const changes = [
        new Change({ operation: 'delete', modification: new Attribute({ type: 'isDeleted', values: [] }) }),
        new Change({
          operation: 'replace',
          modification: new Attribute({ type: 'distinguishedName', values: [users[4] ?? ''] }),
        }),
      ];
      const showDeleted = new Control('1.2.840.113556.1.4.417', { critical: true });
      const search = { filter: `(lastKnownParent=${inside})`, attributes: ['1.1'] };
      const { searchEntries } = await client.search(`CN=Deleted Objects,${samba.domainDn}`, search, showDeleted);
      await client.modify(searchEntries[0]?.dn ?? '', changes, showDeleted);
    });
    expect(undelete).toMatchObject({ changed: [id], ...untouched });
  });

  test('an account that was moved out of the base, and back', async () => {
    const id = idOf(`${prefix}6`);
    const out = await deltaAfter('move out', (client) => client.modifyDN(users[5] ?? '', `CN=${prefix}6,${outside}`));
    expect(out.changed).toEqual([]);
    if (way === 'dirsync') expect(out.gone).toEqual([{ externalId: id, how: 'out-of-scope' }]);
    else expect(out.missing).toEqual([id]);
    const back = await deltaAfter('move back', (client) => client.modifyDN(`CN=${prefix}6,${outside}`, users[5] ?? ''));
    expect(back).toMatchObject({ changed: [id], ...untouched });
  });

  test('people in a container that was moved in, and out again', async () => {
    await asAdmin(samba, (client) => client.add(`OU=part,${outside}`, { objectClass: 'organizationalUnit' }));
    await addUsers(samba, `OU=part,${outside}`, [
      { sAMAccountName: `${prefix}part1` },
      { sAMAccountName: `${prefix}part2` },
    ]);
    await deltaAfter('two new users elsewhere', () => Promise.resolve());
    const into = await deltaAfter('OU moved in', (client) =>
      client.modifyDN(`OU=part,${outside}`, `OU=part,${inside}`),
    );
    expect(into.changed.toSorted()).toEqual([idOf(`${prefix}part1`), idOf(`${prefix}part2`)].toSorted());
    const out = await deltaAfter('OU moved out', (client) =>
      client.modifyDN(`OU=part,${inside}`, `OU=part,${outside}`),
    );
    expect([...out.missing, ...out.gone.map((each) => each.externalId)]).toHaveLength(2);
  });

  test('a new user', async () => {
    await addUsers(samba, inside, [{ sAMAccountName: `${prefix}new`, mail: 'n@example.com', sn: 'New' }]);
    const delta = await deltaAfter('new user', () => Promise.resolve());
    expect(delta).toMatchObject({ changed: [idOf(`${prefix}new`)], ...untouched });
  });

  test('10.2 who left a group of the table, and who came into it', async () => {
    const left = await deltaAfter('member removed', member('delete', supervisors, users[9] ?? ''));
    expect(left).toMatchObject({ changed: [idOf(`${prefix}10`)], ...untouched });
    // DirSync names who has changed; otherwise everybody's groups are looked at.
    expect(left.end.showsEverybody).toBe(way === 'usn');
    const newcomer = users[MEMBERS + 5] ?? '';
    const came = await deltaAfter('member added', member('add', supervisors, newcomer));
    expect(came).toMatchObject({ changed: [idOf(`${prefix}${MEMBERS + 6}`)], ...untouched });
    const both = await deltaAfter('the same member out and in', async (client) => {
      await member('delete', supervisors, newcomer)(client);
      await member('add', supervisors, newcomer)(client);
    });
    expect(both).toMatchObject({ changed: [], ...untouched });
  });

  test('3.5 what changes while a full read is under way comes with the next delta', async () => {
    const own = new AccountMirror();
    proxy.behave(behaviour);
    await withSession(
      async (session) => {
        let pages = 0;
        const read = session.readAll(kit.signal);
        const slowly = async function* () {
          for (;;) {
            const step = await read.next();
            if (step.done === true) return step.value;
            pages += 1;
            if (pages === 2) await asAdmin(samba, replace(users[20] ?? '', 'mail', ['meanwhile@example.com']));
            yield step.value;
          }
        };
        await own.readAll({ ...session, readAll: slowly }, kit.signal);
      },
      kit,
      { pageSize: 50 },
    );
    const delta = await withSession((session) => own.readChanges(session, kit.signal));
    expect(delta.end.whole).toBe(true);
    expect(own.accounts.get(idOf(`${prefix}21`))?.values.email).toBe('meanwhile@example.com');
    await deltaAfter('e-mail', () => Promise.resolve());
  });

  test('10.2 a group that was put into one of the table, a change within it, and its removal', async () => {
    const nested = [idOf(`${prefix}${MEMBERS + 1}`), idOf(`${prefix}${MEMBERS + 2}`)];
    const put = await deltaAfter('group put into the group', member('add', supervisors, others));
    expect(put.changed.toSorted()).toEqual(nested.toSorted());
    const third = await deltaAfter('member of the nested group', member('add', others, users[MEMBERS + 2] ?? ''));
    expect(third.changed).toEqual([idOf(`${prefix}${MEMBERS + 3}`)]);
    const taken = await deltaAfter('nested member and group removed', async (client) => {
      await member('delete', supervisors, others)(client);
      await member('delete', others, users[MEMBERS + 2] ?? '')(client);
    });
    expect(taken.changed.toSorted()).toEqual([...nested, idOf(`${prefix}${MEMBERS + 3}`)].toSorted());
  });

  test('10.2 the primary group', async () => {
    const agents = await addGroup(samba, outside, `${prefix}-agents`, [users[11] ?? '']);
    await deltaAfter('new group of the table', () => Promise.resolve());
    const { searchEntries } = await asAdmin(samba, (client) =>
      client.search(agents, { scope: 'base', attributes: ['primaryGroupToken'] }),
    );
    const delta = await deltaAfter(
      'primary group',
      replace(users[11] ?? '', 'primaryGroupID', [String(searchEntries[0]?.['primaryGroupToken'])]),
    );
    expect(delta).toMatchObject({ ...untouched });
    expect(mirror.accounts.get(idOf(`${prefix}12`))?.roleFacts?.groups).toContain(`${prefix}-agents`);
  });

  test('2.3 a group of the table that is renamed is not read: who was in it stays', async () => {
    const renamed = await deltaAfter('group renamed', async (client) => {
      await replace(others, 'sAMAccountName', [`${prefix}-agents2`])(client);
      await client.modifyDN(`CN=${prefix}-agents,${outside}`, `CN=${prefix}-elsewhere,${outside}`);
      await replace(`CN=${prefix}-elsewhere,${outside}`, 'sAMAccountName', [`${prefix}-elsewhere`])(client);
    });
    expect(renamed.changed).toEqual([]);
    expect(mirror.accounts.get(idOf(`${prefix}12`))?.roleFacts?.groups).toContain(`${prefix}-agents`);
  });

  test('2.3 a group of the table that is deleted is not read: who was in it stays', async () => {
    const inIt = () => [...mirror.accounts.values()].filter((each) => (each.roleFacts?.groups?.length ?? 0) > 0).length;
    const before = inIt();
    const delta = await deltaAfter('group deleted', (client) => client.del(supervisors));
    expect(delta).toMatchObject({ ...untouched, changed: [] });
    expect(delta.end.notes?.join()).toMatch(/does not exist, or may not be seen \(not read/);
    expect(inIt()).toBe(before);
  });
});
