import { expect, test } from 'vitest';
import type { MapContext } from '../../../connectors/active-directory/map.ts';
import { defaultFields, hasExpired, idOf, mapEntry, mappable } from '../../../connectors/active-directory/map.ts';
import { planFields } from '../../../src/connector-kit/ldap/field-plan.ts';
import type { Entry } from '../../../src/connector-kit/ldap/messages.ts';

const GUID = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

function entry(texts: Readonly<Record<string, string | readonly string[]>>): Entry {
  const withName = { samaccountname: 'jdoe', ...texts };
  const list = Object.entries(withName).map(
    ([name, value]) => [name, typeof value === 'string' ? [value] : value] as const,
  );
  return { dn: 'CN=x', texts: new Map(list), octets: new Map([['objectguid', [GUID]]]) };
}

function context(changes: Partial<MapContext> = {}, mapping = {}): MapContext {
  const plan = planFields(defaultFields, mapping, mappable);
  return {
    plan,
    netbiosName: 'CORP',
    proven: new Set(['mail', 'memberof', 'department']),
    groups: undefined,
    ...changes,
  };
}

test('the GUID has its canonical form', () => {
  expect(idOf(entry({}))).toBe('03020100-0504-0706-0809-0a0b0c0d0e0f');
});

test.each([
  ['512', false],
  ['514', true],
  ['66050', true],
  ['-2147483646', true],
  ['-2147483136', false],
])('userAccountControl %s: disabled %s', (userAccountControl, disabled) => {
  expect(mapEntry(entry({ useraccountcontrol: userAccountControl }), 'id', context())?.disabled).toBe(disabled);
});

test('2.3 without userAccountControl the state is not read', () => {
  expect(mapEntry(entry({}), 'id', context())).not.toHaveProperty('disabled');
});

test.each(['2080', '4128', '8224'])('userAccountControl %s is a trust account, no person', (userAccountControl) => {
  expect(mapEntry(entry({ useraccountcontrol: userAccountControl }), 'id', context())).toBeUndefined();
});

test('2.2 an unusable userAccountControl is no default', () => {
  expect(() => mapEntry(entry({ useraccountcontrol: 'x' }), 'id', context())).toThrow('userAccountControl');
});

test('2.3 empty where it is proven, not read where it is not', () => {
  const values = mapEntry(entry({ sn: ' ' }), 'id', context())?.values;
  expect(values).toEqual({ username: 'jdoe', windowsLogin: 'CORP\\jdoe', email: null, department: null });
});

test.each([
  ['133497216000000000', 'true'],
  ['0', null],
  [undefined, undefined],
])('12.3 lockoutTime %s: blocked %s', (since, blocked) => {
  const locked = entry(since === undefined ? {} : { lockouttime: since });
  expect(mapEntry(locked, 'id', context())?.values.blocked).toBe(blocked);
  expect(mapEntry(locked, 'id', context({}, { blocked: 'pager' }))?.values).not.toHaveProperty('blocked');
});

test.each(['bad/name', 'x'.repeat(21), '', 'a\tb'])('5.5 the log-on name %j makes no Windows login', (name) => {
  const record = mapEntry(entry({ samaccountname: name }), 'id', context());
  expect(record?.values).not.toHaveProperty('windowsLogin');
  expect(record?.unread?.reasons.join()).toMatch(/samaccountname/i);
});

test.each([
  ['0', false],
  ['9223372036854775807', false],
  ['126227808000000000', true],
  ['150000000000000000', false],
  ['', false],
])('accountExpires %s: expired %s in 2026', (accountExpires, expired) => {
  expect(hasExpired(entry({ accountexpires: accountExpires }), Date.UTC(2026, 0, 1))).toBe(expired);
});

const groups = {
  named: ['Leads', 'Everybody'],
  problems: [],
  notRead: [],
  byDn: new Map([['cn=leads,dc=x', [0]]]),
  byRid: new Map([['513', [1]]]),
  byGuid: new Map(),
};

test('groups come from memberOf and the primary group, whatever the spelling of the DN', () => {
  const account = mapEntry(
    entry({ memberof: ['CN=Leads, DC=X', 'CN=Other,DC=x'], primarygroupid: '513' }),
    'id',
    context({ groups }),
  );
  expect(account?.roleFacts).toEqual({ groups: ['Leads', 'Everybody'] });
});

test('2.3 of a group that could not be found nothing is said, and of the others everything', () => {
  const partly = { ...groups, notRead: ['Leads'] };
  const account = mapEntry(
    entry({ memberof: ['CN=Other,DC=x'], primarygroupid: '513' }),
    'id',
    context({ groups: partly }),
  );
  expect(account).toMatchObject({ roleFacts: { groups: ['Everybody'] }, groupsNotRead: ['Leads'] });
  const none = { ...groups, notRead: groups.named };
  expect(mapEntry(entry({ memberof: ['CN=Other,DC=x'] }), 'id', context({ groups: none }))).not.toHaveProperty(
    'roleFacts',
  );
});

test('2.3 groups that nothing shows to be readable, or that came in part, are not read', () => {
  expect(mapEntry(entry({}), 'id', context({ groups, proven: new Set() }))).not.toHaveProperty('roleFacts');
  expect(mapEntry(entry({ 'memberof;range=0-1499': ['CN=Leads,DC=x'] }), 'id', context({ groups }))).not.toHaveProperty(
    'roleFacts',
  );
});

test('the team is taken from the attribute that the mapping names', () => {
  const teams = mapEntry(entry({ department: 'Qualität' }), 'id', context({}, { team: 'department' }))?.teams;
  expect(teams).toEqual([{ id: 'qualität', name: 'Qualität' }]);
  expect(mapEntry(entry({}), 'id', context({}, { team: 'department' }))?.teams).toEqual([]);
  expect(mapEntry(entry({}), 'id', context({}, { team: 'ou' }))).not.toHaveProperty('teams');
});

test('the Windows login cannot be mapped', () => {
  expect(() => planFields(defaultFields, { windowsLogin: 'mail' }, mappable)).toThrow('mapping.windowsLogin');
});
