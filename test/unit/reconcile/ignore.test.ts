import { describe, expect, it } from 'vitest';
import { ignoringRule, type IgnoreRule } from '../../../src/reconcile/ignore.ts';

const account = { externalId: '9001', content: { values: { username: 'SVC-Backup', email: null } } };

const table: readonly (readonly [situation: string, rule: IgnoreRule, ignored: boolean])[] = [
  ['the whole value', { field: 'username', matches: 'svc-backup' }, true],
  ['a part of the value', { field: 'username', matches: 'svc' }, false],
  ['a beginning', { field: 'username', matches: 'svc-*' }, true],
  ['an end', { field: 'username', matches: '*-BACKUP' }, true],
  ['the middle', { field: 'username', matches: '*c-b*' }, true],
  ['the middle, found at the very beginning', { field: 'username', matches: '*svc*' }, true],
  ['a beginning and an end with nothing between', { field: 'externalId', matches: '90*01' }, true],
  ['several parts in their order', { field: 'username', matches: 's*-*up' }, true],
  ['parts in another order', { field: 'username', matches: '*backup*svc*' }, false],
  ['a beginning and an end that would have to overlap', { field: 'externalId', matches: '900*001' }, false],
  ['the external id', { field: 'externalId', matches: '9*' }, true],
  ['any text where there is none', { field: 'email', matches: '*' }, false],
  ['any text of a field that was not read', { field: 'employeeId', matches: '*' }, false],
  ['what would be a regular expression', { field: 'username', matches: 'svc.backup' }, false],
];

describe('2.7 a rule ignores by', () => {
  it.each(table)('%s', (_situation, rule, ignored) => {
    expect(ignoringRule([rule], account)).toBe(ignored ? `${rule.field} matches ${rule.matches}` : null);
  });

  it('the first of several that holds, and none where there are none', () => {
    const rules: IgnoreRule[] = [
      { field: 'username', matches: 'ivr*' },
      { field: 'externalId', matches: '9*' },
    ];
    expect(ignoringRule(rules, account)).toBe('externalId matches 9*');
    expect(ignoringRule([], account)).toBeNull();
  });

  it('many stars without going back and forth: with that this test would not end', () => {
    const long = { externalId: 'a'.repeat(20_000), content: { values: {} } };
    expect(ignoringRule([{ field: 'externalId', matches: `${'*a'.repeat(2_000)}*b` }], long)).toBeNull();
  });
});
