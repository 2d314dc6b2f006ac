import { describe, expect, it } from 'vitest';
import { claimKey, claimsOf, namesOfCreation } from '../../../src/domain/claim.ts';
import { isField, isUniqueField, type NamedField } from '../../../src/domain/fields.ts';
import type { FieldValues } from '../../../src/domain/user.ts';

const keys = (fields: FieldValues, acdSource: string | null = null): string[] =>
  claimsOf({ fields, acdSource }).map(claimKey).sort();

interface Collision {
  readonly situation: string;
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly collide: boolean;
}

const collisions: readonly Collision[] = [
  { situation: 'the same name', a: keys({ username: 'jan' }), b: keys({ username: 'jan' }), collide: true },
  { situation: 'case', a: keys({ username: 'Müller' }), b: keys({ username: 'MÜLLER' }), collide: true },
  { situation: 'one text in two fields', a: keys({ username: 'x' }), b: keys({ employeeId: 'x' }), collide: false },
  {
    situation: 'one ACD id at one source',
    a: keys({ acdId: '42' }, 'acd'),
    b: keys({ acdId: '42' }, 'acd'),
    collide: true,
  },
  {
    situation: 'one ACD id at two sources',
    a: keys({ acdId: '42' }, 'acd'),
    b: keys({ acdId: '42' }, 'acd2'),
    collide: false,
  },
  { situation: 'leading zeros', a: keys({ acdId: '042' }, 'acd'), b: keys({ acdId: '42' }, 'acd'), collide: false },
];

describe('4.7 what is unique', () => {
  it.each<{ field: NamedField; unique: boolean }>([
    { field: 'username', unique: true },
    { field: 'numericId', unique: true },
    { field: 'windowsLogin', unique: true },
    { field: 'employeeId', unique: true },
    { field: 'acdId', unique: true },
    { field: 'email', unique: false },
    { field: 'displayName', unique: false },
  ])('4.7 $field: unique $unique', ({ field, unique }) => {
    expect(isUniqueField(field)).toBe(unique);
    expect(keys({ [field]: 'x' }, 'acd')).toHaveLength(unique ? 1 : 0);
  });

  for (const row of collisions)
    it(`4.7 ${row.situation}: taken ${String(row.collide)}`, () => {
      const { a, b, collide } = row;

      expect(a.some((key) => b.includes(key))).toBe(collide);
    });

  it('4.7 an ACD id without a source is unique among those of users made by hand', () => {
    expect(keys({ acdId: '42' })).toEqual(['acdId:local=42']);
  });

  it('4.6 an ACD id that is shown as employee id claims no employee id', () => {
    expect(keys({ acdId: '42' }, 'acd')).toEqual(['acdId:acd=42']);
  });
});

describe('the unique names that a user who is created could want', () => {
  for (const { says, values, names } of [
    { says: 'a login', values: { username: 'Jan' }, names: ['username=jan'] },
    { says: 'only an agent id', values: { acdId: '0042' }, names: ['acdId=0042', 'username=0042'] },
    { says: 'the agent id as login too', values: { acdId: 'a1', username: 'A1' }, names: ['acdId=a1', 'username=a1'] },
    {
      says: 'everything',
      values: { username: 'jan', numericId: '7', windowsLogin: 'CORP\\Jan', employeeId: 'E1', email: 'jan@corp.test' },
      names: ['employeeId=e1', 'numericId=7', 'username=jan', 'windowsLogin=corp\\jan'],
    },
    { says: 'an empty login', values: { username: null, email: 'jan@corp.test' }, names: [] },
  ])
    it(`4.7 of an account that says ${says}`, () => {
      expect(namesOfCreation(values).sort()).toEqual(names);
    });
});

describe('12.1 fields and attributes', () => {
  for (const row of [
    { name: 'email', field: true },
    { name: 'attribute.phoneExtension', field: true },
    { name: 'attribute.my-own_1', field: true },
    { name: 'attribute.', field: false },
    { name: 'attribute.with space', field: false },
    { name: 'attribute.1st', field: false },
    { name: 'e-mail', field: false },
    { name: 'toString', field: false },
  ])
    it(`12.1 ${row.name} is a field: ${String(row.field)}`, () => {
      const { name, field } = row;

      expect(isField(name)).toBe(field);
    });
});
