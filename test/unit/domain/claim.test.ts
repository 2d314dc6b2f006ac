import { describe, expect, it } from 'vitest';
import { claimKey, claimOf, claimsOf } from '../../../src/domain/claim.ts';
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

describe('a unique name as one text', () => {
  for (const claim of [
    { field: 'username', kind: 'username', value: 'jan=novak' },
    { field: 'acdId', kind: 'acdId:acd-prague', value: '42' },
  ] as const)
    it(`4.7 ${claimKey(claim)} gives the claim back`, () => {
      expect(claimOf(claimKey(claim))).toEqual(claim);
    });

  it('4.7 another text is a mistake of ours', () => {
    expect(() => claimOf('email=jan@corp.test')).toThrow('not a unique name');
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
