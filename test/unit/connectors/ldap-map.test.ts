import { expect, test } from 'vitest';
import { defaultFields, idOf, mapEntry, mappable, whyNoId } from '../../../connectors/ldap/map.ts';
import { planFields } from '../../../src/connector-kit/ldap/field-plan.ts';
import type { FieldPlan } from '../../../src/connector-kit/ldap/field-plan.ts';
import type { Entry } from '../../../src/connector-kit/ldap/messages.ts';

function entry(texts: Readonly<Record<string, readonly string[]>>): Entry {
  return { dn: 'uid=jdoe,dc=x', texts: new Map(Object.entries(texts)), octets: new Map() };
}

function planOf(mapping: Readonly<Record<string, string>> = {}): FieldPlan {
  return planFields(defaultFields, mapping, mappable);
}

function accountOf(
  texts: Readonly<Record<string, readonly string[]>>,
  mapping = {},
  proven: readonly string[] = [],
): unknown {
  return mapEntry(entry(texts), 'id', { plan: planOf(mapping), proven: new Set(proven), groups: undefined });
}

test('the display name falls back to cn', () => {
  expect(accountOf({ cn: ['J. Doe'] })).toEqual({ externalId: 'id', values: { displayName: 'J. Doe' } });
  expect(accountOf({ cn: ['J. Doe'], displayname: ['Jane'] })).toEqual({
    externalId: 'id',
    values: { displayName: 'Jane' },
  });
});

test('several values: the order of the server changes nothing', () => {
  const one = accountOf({ mail: ['b@x', 'a@x', ' '] });
  expect(one).toEqual(accountOf({ mail: [' ', 'a@x', 'b@x'] }));
  expect(one).toMatchObject({ values: { email: 'a@x' } });
});

test.each([
  ['TRUE', ['TRUE'], true],
  ['false', ['false'], false],
  ['000001010000Z', ['000001010000Z'], true],
  ['that is missing', undefined, false],
])('a flag %s says whether the account is disabled', (_what, value, disabled) => {
  const texts = value === undefined ? {} : { nsaccountlock: value };
  expect(accountOf(texts, { disabled: 'nsAccountLock' }, ['nsaccountlock'])).toMatchObject({ disabled });
});

test('2.3 a flag that no entry shows is not read; another text is no flag', () => {
  expect(accountOf({}, { disabled: 'nsAccountLock' })).not.toHaveProperty('disabled');
  expect(() => accountOf({ nsaccountlock: ['perhaps'] }, { disabled: 'nsAccountLock' })).toThrow('nsaccountlock');
});

test('5.5 a mapped Windows login must be one', () => {
  expect(accountOf({ ntlogin: ['CORP\\jdoe'] }, { windowsLogin: 'ntLogin' })).toMatchObject({
    values: { windowsLogin: 'CORP\\jdoe' },
  });
  const other = accountOf({ ntlogin: ['jdoe@corp'] }, { windowsLogin: 'ntLogin' });
  expect(other).not.toHaveProperty('values.windowsLogin');
  expect(other).toHaveProperty('unread.reasons', ['windowsLogin is not of the form DOMAIN\\login']);
});

test.each([
  ['active', false],
  ['Inactive', true],
  ['DISABLED', true],
  ['20200101000000Z', true],
  ['20991231000000Z', false],
])('a state may be a word or a time: %s, disabled %s', (text, disabled) => {
  expect(accountOf({ inetuserstatus: [text] }, { disabled: 'inetUserStatus' })).toMatchObject({ disabled });
});

test('2.2 an id that is no text is none, with the attribute and what to use', () => {
  const plan = planOf({ externalId: 'audio' });
  const binary = entry({ audio: ['ABCDEFGH\ufffd\ufffd'] });
  expect(idOf(binary, plan)).toBeUndefined();
  expect(whyNoId(binary, plan)).toMatch(/audio.*no text.*mapping\.externalId.*entryUUID/);
  expect(() => planOf({ externalId: 'GUID' })).toThrow(/GUID holds bytes/);
});

test('2.4 of several values all are handed over, that of the entry’s own name in front, else the first', () => {
  const several = { uid: ['azora', 'jdoe'], mail: ['z@x', 'a@x'] };
  expect(accountOf(several)).toMatchObject({
    values: { username: 'jdoe', email: 'a@x' },
    several: { username: ['azora', 'jdoe'], email: ['a@x', 'z@x'] },
  });
});

test('the id comes from entryUUID, or from the attribute that the mapping names', () => {
  const both = entry({ entryuuid: ['u-1'], nsuniqueid: ['n-1'] });
  expect(idOf(both, planOf())).toBe('u-1');
  expect(idOf(both, planOf({ externalId: 'nsUniqueId' }))).toBe('n-1');
  expect(idOf(entry({}), planOf())).toBeUndefined();
});

test('a mapping with something else than an attribute name is refused', () => {
  expect(() => planOf({ email: '(mail=*)' })).toThrow('mapping.email');
});

test.each(['userPassword', 'UNICODEPWD', 'userPassword;lang-cs'])('12.6 %s is never read', (attribute) => {
  expect(() => planFields(defaultFields, { jobTitle: attribute }, mappable)).toThrow(
    `mapping.jobTitle: ${attribute} holds a password, which is never read`,
  );
});

test.each([
  [{ externalId: 'uid' }, 'anowak'],
  [{ externalId: 'mail', username: 'mail' }, 'alba@x.example'],
  [{ externalId: 'mail' }, 'Alba@X.example'],
])('2.4 the case of an id that is the log-in name does not count: %j → %s', (mapping, id) => {
  expect(idOf(entry({ uid: ['ANowak'], mail: ['Alba@X.example'] }), planOf(mapping))).toBe(id);
});
