import { Attribute, Change, Client } from 'ldapts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connector } from '../../../connectors/ldap/connector.ts';
import type { Kit, Session } from '../../../src/connector-kit/contract.ts';
import { SecretRef } from '../../../src/connector-kit/secret.ts';
import { AccountMirror } from '../../support/account-mirror.ts';
import type { MirrorChange } from '../../support/account-mirror.ts';
import { testKit } from '../../support/read-source.ts';
import { generatePeople, inetOrgPerson } from '../../support/services/people.ts';
import type { DirectoryEntry } from '../../support/services/people.ts';
import { startSlapd } from '../../support/services/slapd.ts';
import type { TestSlapd } from '../../support/services/slapd.ts';

const SUFFIX = 'dc=example,dc=com';
const PEOPLE = 700;
const people = `ou=people,${SUFFIX}`;
const outside = `ou=outside,${SUFFIX}`;
const leads = `cn=leads,${SUFFIX}`;
const staff = `cn=staff,${SUFFIX}`;
const dn = (index: number): string => `uid=agent${String(index).padStart(6, '0')},${people}`;

function* entries(): Generator<DirectoryEntry> {
  for (const person of generatePeople(PEOPLE)) yield inetOrgPerson(person, people);
  const unit = { objectClass: 'organizationalUnit' };
  yield { dn: outside, attributes: { ...unit, ou: 'outside' } };
  yield { dn: `ou=site,${outside}`, attributes: { ...unit, ou: 'site' } };
  for (const uid of ['far1', 'far2'])
    yield {
      dn: `uid=${uid},ou=site,${outside}`,
      attributes: { objectClass: 'inetOrgPerson', uid, cn: uid, sn: 'Far' },
    };
  yield { dn: leads, attributes: { objectClass: 'groupOfNames', cn: 'leads', member: [dn(1), dn(2)] } };
  yield {
    dn: staff,
    attributes: { objectClass: 'groupOfNames', cn: 'staff', member: dn(PEOPLE + 1) },
  };
}

const ways = [
  { by: 'entryCSN', hidden: [] },
  { by: 'modifyTimestamp', hidden: ['entryCSN'] },
] as const;

describe.each(ways)('changes by $by', ({ by, hidden }) => {
  let slapd: TestSlapd;
  const kit = testKit({ roleGroups: [leads] });
  const mirror = new AccountMirror();

  beforeAll(async () => {
    slapd = await startSlapd({ suffix: SUFFIX, entries: entries(), hidden, overlays: ['memberof'] });
    await withSession((session) => mirror.readAll(session, kit.signal));
    expect(mirror.accounts.size).toBe(PEOPLE);
  });
  afterAll(() => slapd.stop());

  async function withSession<T>(work: (session: Session) => Promise<T>, source = {}, as: Kit = kit): Promise<T> {
    const connection = { url: slapd.url, bindDn: slapd.bindDn, bindPassword: { env: 'UNUSED' } };
    const config = connector.configSchema.parse({ connection, baseDn: people, ...source });
    const bindPassword = SecretRef.fixed(slapd.bindPassword, 'test');
    const session = await connector.open({ ...config, connection: { ...config.connection, bindPassword } }, as);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  async function asAdmin(work: (client: Client) => Promise<unknown>): Promise<void> {
    const client = new Client({ url: slapd.url });
    await client.bind(slapd.adminDn, slapd.adminPassword);
    await work(client);
    await client.unbind();
  }

  /** Changes something, reads the changes, and makes sure that a full read would say the same. */
  async function deltaAfter(change: (client: Client) => Promise<unknown>): Promise<MirrorChange> {
    const full = mirror.copy();
    await asAdmin(change);
    const delta = await withSession((session) => mirror.readChanges(session, kit.signal));
    expect(delta.end).toMatchObject({ whole: true, showsEverybody: true });
    await withSession((session) => full.readAll(session, kit.signal));
    expect(Object.fromEntries(mirror.accounts)).toEqual(Object.fromEntries(full.accounts));
    return delta;
  }

  const replace = (of: string, type: string, values: string[]) => (client: Client) =>
    client.modify(of, new Change({ operation: 'replace', modification: new Attribute({ type, values }) }));
  const member = (operation: 'add' | 'delete', group: string, value: string) => (client: Client) =>
    client.modify(group, new Change({ operation, modification: new Attribute({ type: 'member', values: [value] }) }));
  const namesOf = (ids: readonly string[]) => ids.map((id) => mirror.accounts.get(id)?.values.username ?? id);
  const nobodyGone = { gone: [], missing: [] };

  test('3.5 nothing has changed: after a bulk load only the last few hundred are read again', async () => {
    const delta = await deltaAfter(() => Promise.resolve());
    expect(delta).toMatchObject({ changed: [], ...nobodyGone });
    const again = Number(/^(\d+) people read for /.exec(delta.end.notes?.[0] ?? '')?.[1]);
    // Whole seconds cannot be told apart further.
    expect(again).toBeLessThanOrEqual(by === 'entryCSN' ? 500 : PEOPLE);
    expect(delta.end.notes?.[0]).toContain(by);
  });

  test('3.5 changes within the second of the last read are not missed', async () => {
    for (const text of ['1', '2', '3']) {
      const delta = await deltaAfter(replace(dn(1), 'mail', [text]));
      expect(namesOf(delta.changed)).toContain('agent000001');
      expect(delta).toMatchObject(nobodyGone);
    }
  });

  test('2.3 a value that was cleared is empty', async () => {
    expect(namesOf((await deltaAfter(replace(dn(5), 'mail', []))).changed)).toEqual(['agent000005']);
  });

  test('3.1 who was deleted or moved out is not shown; who came is read', async () => {
    const delta = await deltaAfter(async (client) => {
      await client.del(dn(10));
      await client.modifyDN(dn(11), `uid=agent000011,${outside}`);
      await client.add(`uid=new,${people}`, { objectClass: 'inetOrgPerson', uid: 'new', cn: 'New', sn: 'New' });
    });
    expect(namesOf(delta.changed)).toEqual(['new']);
    expect(delta.missing).toHaveLength(2);
    const back = await deltaAfter((client) => client.modifyDN(`uid=agent000011,${outside}`, dn(11)));
    expect([namesOf(back.changed), back.missing]).toEqual([['agent000011'], []]);
  });

  test('people who come or go with the container that they are in are found, without a change of their own', async () => {
    const came = await deltaAfter((client) => client.modifyDN(`ou=site,${outside}`, `ou=site,${people}`));
    expect(namesOf(came.changed).sort()).toEqual(['far1', 'far2']);
    expect((await deltaAfter(() => Promise.resolve())).changed).toEqual([]);
    const left = await deltaAfter((client) => client.modifyDN(`ou=site,${people}`, `ou=site,${outside}`));
    expect(left.missing).toHaveLength(2);
  });

  test('10.2 whoever comes into a group of the table of roles, or leaves it, is told, although only the group has changed', async () => {
    const came = await deltaAfter(member('add', leads, dn(20)));
    expect(namesOf(came.changed)).toEqual(['agent000020']);
    expect(mirror.accounts.get(came.changed[0] ?? '')?.roleFacts).toEqual({ groups: [leads] });
    const left = await deltaAfter(member('delete', leads, dn(2)));
    expect(namesOf(left.changed)).toEqual(['agent000002']);
    expect(mirror.accounts.get(left.changed[0] ?? '')?.roleFacts).toEqual({ groups: [] });
  });

  test('14.4 where the filter asks for a group whose members have changed, only a full read can tell', async () => {
    const source = { filter: `(&(objectClass=inetOrgPerson)(memberOf=${staff}))` };
    const mine = new AccountMirror();
    for (const index of [21, 22]) await asAdmin(member('add', staff, dn(index)));
    await withSession((session) => mine.readAll(session, kit.signal), source);
    expect(mine.accounts.size).toBe(2);
    await withSession((session) => mine.readChanges(session, kit.signal), source);
    await asAdmin(member('add', staff, dn(30)));
    const delta = withSession((session) => mine.readChanges(session, kit.signal), source);
    await expect(delta).rejects.toMatchObject({ code: 'cursor-unusable' });
  });

  test('14.4 what the server does not date makes every import a full one, and says so', async () => {
    const as = testKit({ mapping: { team: 'memberOf' } });
    const { end } = await withSession((session) => new AccountMirror().readAll(session, as.signal), {}, as);
    expect(end.cursor).toBeUndefined();
    expect(end.notes?.join()).toContain('does not date changes of memberof');
  });
});

test('14.4 a reader who sees no time of change reads in full, with the grant that is missing', async () => {
  const slapd = await startSlapd({
    suffix: SUFFIX,
    entries: [inetOrgPerson([...generatePeople(1)][0] ?? expect.fail(), people)],
    hidden: ['entryCSN', 'modifyTimestamp'],
  });
  const connection = { url: slapd.url, bindDn: slapd.bindDn, bindPassword: { env: 'UNUSED' } };
  const parsed = connector.configSchema.parse({ connection, baseDn: people });
  const bindPassword = SecretRef.fixed(slapd.bindPassword, 'test');
  const config = { ...parsed, connection: { ...parsed.connection, bindPassword } };
  const kit = testKit();
  const session = await connector.open(config, kit);
  const { end } = await new AccountMirror().readAll(session, kit.signal);
  await session.close();
  expect(end).toMatchObject({ whole: true });
  expect(end.cursor).toBeUndefined();
  const step = (await connector.check(config, kit)).find(({ name }) => name === 'changes');
  expect(step).toMatchObject({
    outcome: 'warning',
    remedy: 'grant connection.bindDn read access to entryCSN or modifyTimestamp',
  });
  await slapd.stop();
});
