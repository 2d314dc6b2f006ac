import { describe, expect, it } from 'vitest';
import { bidderOf, duplicateItem, takenItems } from '../../../src/apply/decisions.ts';
import { claimKey, type Claim } from '../../../src/domain/claim.ts';
import { emptyValue, type FieldValues, type UserValue } from '../../../src/domain/user.ts';

const account = { id: 7, externalId: 'a7' };
const value = (fields: FieldValues, acdSource: string | null = null): UserValue => ({
  ...emptyValue,
  fields,
  acdSource,
});

describe('4.7 what a decision wants and gives up', () => {
  for (const row of [
    { situation: 'nothing unique changes', before: { email: 'a' }, after: { email: 'b' }, wants: [], gives: [] },
    { situation: 'a first value', before: {}, after: { username: 'X' }, wants: ['username=x'], gives: [] },
    {
      situation: 'another value',
      before: { username: 'x' },
      after: { username: 'y' },
      wants: ['username=y'],
      gives: ['username=x'],
    },
    { situation: 'only another case', before: { username: 'x' }, after: { username: 'X' }, wants: [], gives: [] },
    { situation: 'a blanked value', before: { employeeId: '1' }, after: {}, wants: [], gives: ['employeeId=1'] },
  ] satisfies {
    situation: string;
    before: FieldValues;
    after: FieldValues;
    wants: readonly string[];
    gives: readonly string[];
  }[])
    it(`4.7 ${row.situation}`, () => {
      const { wants, gives } = bidderOf(account, 1, value(row.before), value(row.after));
      expect({ wants: wants.map(claimKey), gives: gives.map(claimKey) }).toEqual({
        wants: row.wants,
        gives: row.gives,
      });
    });

  it('4.7 the same ACD id of another ACD is another name', () => {
    const { wants, gives } = bidderOf(account, 1, value({ acdId: '4' }, 'acd'), value({ acdId: '4' }, 'acd2'));
    expect({ wants: wants.map(claimKey), gives: gives.map(claimKey) }).toEqual({
      wants: ['acdId:acd2=4'],
      gives: ['acdId:acd=4'],
    });
  });
});

describe('4.10 questions', () => {
  it('4.7 a taken name is one question per field that names both users and holds that part', () => {
    const claims: Claim[] = [
      { field: 'username', kind: 'username', value: 'x' },
      { field: 'employeeId', kind: 'employeeId', value: '5' },
    ];
    const items = takenItems(
      account,
      9,
      claims.map((claim) => ({ claim, holder: 3 })),
    );
    expect(items.map(({ kind, part, userIds }) => ({ kind, part, userIds }))).toEqual([
      { kind: 'unique-taken', part: 'username', userIds: [3, 9] },
      { kind: 'unique-taken', part: 'employeeId', userIds: [3, 9] },
    ]);
    expect(new Set(items.map((item) => item.subject)).size).toBe(2);
  });

  it('4.9 a possible duplicate is one question per pair of users', () => {
    const { kind, subject, userIds, part } = duplicateItem([3, 9]);
    expect({ kind, subject, userIds, part }).toEqual({
      kind: 'possible-duplicate',
      subject: '3:9',
      userIds: [3, 9],
      part: null,
    });
  });
});
