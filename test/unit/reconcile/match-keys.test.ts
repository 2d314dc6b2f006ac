import { describe, expect, it } from 'vitest';
import { connectors } from '../../../connectors/registry.ts';
import type { Field } from '../../../src/domain/fields.ts';
import type { FieldValues } from '../../../src/domain/user.ts';
import { accountKeys, distinctRules, ruleName, userKeys, type Matching } from '../../../src/reconcile/match-keys.ts';

type Rule = readonly Field[];
const byId: Rule = ['employeeId'];
const byMail: Rule = ['email'];
const byName: Rule = ['firstName', 'lastName'];

const by = (...match: Rule[]): Matching => ({ match, placeholders: ['n/a'] });

interface Row {
  readonly situation: string;
  readonly rule: Rule;
  readonly account: Readonly<Partial<Record<Field, string | null>>>;
  readonly user?: FieldValues;
  /** Applied snapshots of the user's current links. */
  readonly snapshots?: readonly FieldValues[];
  readonly matches: boolean;
}

const rows: Row[] = [
  { situation: 'equal values', rule: byId, account: { employeeId: '7' }, user: { employeeId: '7' }, matches: true },
  { situation: 'another value', rule: byId, account: { employeeId: '7' }, user: { employeeId: '8' }, matches: false },
  {
    situation: 'another case',
    rule: byMail,
    account: { email: 'Jan@X.test' },
    user: { email: 'jan@x.TEST' },
    matches: true,
  },
  {
    situation: 'composed and decomposed accents',
    rule: byMail,
    account: { email: 'mu\u0308ller@x' },
    user: { email: 'müller@x' },
    matches: true,
  },
  { situation: 'leading zeros', rule: byId, account: { employeeId: '007' }, user: { employeeId: '7' }, matches: false },
  { situation: 'an empty value on both sides', rule: byId, account: { employeeId: null }, user: {}, matches: false },
  {
    situation: 'a value of spaces on both sides',
    rule: byId,
    account: { employeeId: ' ' },
    user: { employeeId: ' ' },
    matches: false,
  },
  { situation: 'a value that was not read', rule: byId, account: {}, user: { employeeId: '7' }, matches: false },
  {
    situation: 'the same text in another field',
    rule: byId,
    account: { employeeId: '7' },
    user: { acdId: '7' },
    matches: false,
  },
  {
    situation: 'a value that only an applied snapshot of a link has',
    rule: byMail,
    account: { email: 'jan@x' },
    user: { email: 'pinned@x' },
    snapshots: [{ email: 'jan@x' }],
    matches: true,
  },
  {
    situation: 'all fields of a rule equal',
    rule: byName,
    account: { firstName: 'Jan', lastName: 'Novák' },
    user: { firstName: 'jan', lastName: 'novák' },
    matches: true,
  },
  {
    situation: 'one of two fields equal',
    rule: byName,
    account: { firstName: 'Jan', lastName: 'Novák' },
    user: { firstName: 'Jan', lastName: 'Dvořák' },
    matches: false,
  },
  {
    situation: 'one of two fields empty',
    rule: byName,
    account: { firstName: 'Jan', lastName: null },
    user: { firstName: 'Jan' },
    matches: false,
  },
  {
    situation: 'fields that are equal in different places: one of the user’s, one of a snapshot',
    rule: byName,
    account: { firstName: 'Jan', lastName: 'Novák' },
    user: { firstName: 'Honza', lastName: 'Novák' },
    snapshots: [{ firstName: 'Jan', lastName: 'Jiný' }],
    matches: true,
  },
  {
    situation: 'two fields whose texts are the same only when joined',
    rule: byName,
    account: { firstName: 'Jan N', lastName: 'ovák' },
    user: { firstName: 'Jan', lastName: 'Novák' },
    matches: false,
  },
];

describe('4.2 what a rule of correlation compares', () => {
  for (const row of rows)
    it(`4.2 ${row.situation} → ${row.matches ? 'matches' : 'no match'}`, () => {
      const [key] = accountKeys(row.account, by(row.rule));
      const found = userKeys(
        row.user ?? {},
        (row.snapshots ?? []).map((values) => ({ values })),
        by(row.rule),
      );
      expect(key !== null && key !== undefined && found.includes(key)).toBe(row.matches);
    });

  it('4.2 an account has one key per rule, in the order of the rules', () => {
    const keys = accountKeys({ employeeId: '7', lastName: 'Novák' }, by(byId, byMail, byName));
    expect(keys.map((key) => key !== null)).toEqual([true, false, false]);
  });

  for (const nothing of ['N/A', ' n/a ', 'N\u200b/A', '-', '--', '0', '0000', '?!', '–', ' '])
    it(`4.11 "${nothing}" identifies nobody: there is no key of it, also as a part of one`, () => {
      const values = { employeeId: nothing, firstName: 'Jan', lastName: nothing };

      expect(accountKeys(values, by(byId, byName))).toEqual([null, null]);
      expect(userKeys(values, [{ values }], by(byId, byName))).toEqual([]);
    });

  it('4.11 a number with zeros is a number', () => {
    expect(accountKeys({ employeeId: '0010' }, by(byId))).toEqual(['employeeId\u001f0010']);
  });

  it('4.2 keys of different rules never meet, though their texts are the same', () => {
    const [id] = accountKeys({ employeeId: 'x' }, by(byId));
    const [mail] = accountKeys({ email: 'x' }, by(byMail));
    expect(id).not.toBe(mail);
  });

  it('4.2 a user has no key of a rule that one of its values is missing for', () => {
    expect(userKeys({ firstName: 'Jan' }, [{ values: { email: 'jan@x' } }], by(byId, byName))).toEqual([]);
  });

  it('4.2 a user’s keys come in one order, whichever slot is first, so that they can be compared', () => {
    const slots = ['jan@x', 'adam@x', 'novak@x'].map((email) => ({ values: { email } }));
    const keys = userKeys({}, slots, by(byMail));
    expect(keys).toHaveLength(3);
    expect(userKeys({}, [...slots].reverse(), by(byMail))).toEqual(keys);
  });

  it('4.2 rules of several sources are each kept once', () => {
    expect(distinctRules([by(byId, byMail), by(byMail, byName), by(byName)]).match).toEqual([byId, byMail, byName]);
  });
});

describe('4.3 the default rules', () => {
  const ofActiveDirectory: readonly Rule[] = [['windowsLogin'], byId, byMail];
  const ofTheOthers: readonly Rule[] = [byId, byMail];
  for (const [kind, rules] of [
    ['active-directory', ofActiveDirectory],
    // An export of a directory: mostly of Active Directory, and without its logins the first rule names nobody.
    ['ldif-file', ofActiveDirectory],
    ['ldap', ofTheOthers],
    ['csv-file', ofTheOthers],
  ] as const)
    it(`4.3 ${kind}: ${rules.map((rule) => rule.join(' and ')).join(', then ')}; never by name`, () => {
      expect(connectors.get(kind)?.defaultMatch).toEqual(rules);
    });
});

it('4.2 a rule is named by its fields, as the configuration has them', () => {
  expect([ruleName(byId), ruleName(byName)]).toEqual(['employeeId', 'firstName+lastName']);
});
