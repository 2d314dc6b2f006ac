import { describe, expect, it } from 'vitest';
import type { AccountContent } from '../../../src/domain/account.ts';
import type { Field, UniqueField } from '../../../src/domain/fields.ts';
import type { FieldValues, UserState } from '../../../src/domain/user.ts';
import { project, type ProjectInput, type Projection } from '../../../src/reconcile/project.ts';
import { slot } from '../domain/builders.ts';
import { acdRules, adRules } from './rules.ts';

const now = '2026-05-01T00:00:00.000Z';
const before = '2026-04-01T00:00:00.000Z';

interface Row {
  readonly situation: string;
  readonly prior?: FieldValues;
  readonly silent?: FieldValues;
  readonly said: AccountContent['values'];
  readonly blanks?: readonly Field[];
  readonly lost?: readonly UniqueField[];
  readonly refused?: Readonly<Record<string, string>>;
  readonly origin?: UserState['origin'];
  readonly values: FieldValues;
  readonly silentSince?: FieldValues;
}

function projected(row: Omit<Row, 'situation' | 'values'>): Projection {
  const input: ProjectInput = {
    content: { values: row.said },
    prior: row.prior === undefined ? undefined : slot('acd', { values: row.prior, silentSince: row.silent ?? {} }),
    rules: { ...acdRules, blanks: row.blanks ?? [] },
    origin: row.origin ?? 'local',
    bindings: new Map(),
    refusals: new Map(Object.entries(row.refused ?? {})),
    lost: new Set(row.lost),
    now,
  };
  return project(input);
}

const rows: Record<string, Row[]> = {
  '5.2': [
    { situation: 'a value is applied', said: { email: 'new' }, values: { email: 'new' } },
    {
      situation: 'another value replaces it',
      prior: { email: 'old' },
      said: { email: 'new' },
      values: { email: 'new' },
    },
    {
      situation: 'an empty value leaves the applied one standing, marked as silent since now',
      prior: { email: 'old' },
      said: { email: null },
      values: { email: 'old' },
      silentSince: { email: now },
    },
    {
      situation: 'a silence that goes on keeps its beginning',
      prior: { email: 'old' },
      silent: { email: before },
      said: { email: null },
      values: { email: 'old' },
      silentSince: { email: before },
    },
    {
      situation: 'a silence ends with a value, also with the same one',
      prior: { email: 'old' },
      silent: { email: before },
      said: { email: 'old' },
      values: { email: 'old' },
    },
    { situation: 'an empty value where there was none is no silence', prior: {}, said: { email: null }, values: {} },
    {
      situation: 'an empty value goes where the source’s blanks are authoritative',
      prior: { email: 'old' },
      silent: { email: before },
      blanks: ['email'],
      said: { email: null },
      values: {},
    },
    {
      situation: 'authoritative blanks of one field say nothing of another',
      prior: { email: 'old', firstName: 'Jan' },
      blanks: ['email'],
      said: { email: null, firstName: null },
      values: { firstName: 'Jan' },
      silentSince: { firstName: now },
    },
  ],
  '2.3': [
    {
      situation: 'what was not read keeps what was known, and is no silence',
      prior: { email: 'old' },
      said: { firstName: 'Jan' },
      values: { email: 'old', firstName: 'Jan' },
    },
    {
      situation: 'what was not read keeps what was known, also where blanks are authoritative',
      prior: { email: 'old' },
      blanks: ['email'],
      said: {},
      values: { email: 'old' },
    },
  ],
  '4.7': [
    {
      situation: 'a losing field waits in its snapshot while the others are applied',
      prior: { employeeId: '1', firstName: 'Jan' },
      said: { employeeId: '2', firstName: 'Jana' },
      lost: ['employeeId'],
      values: { employeeId: '1', firstName: 'Jana' },
    },
    {
      situation: 'a losing field without a former value stays without one',
      prior: {},
      said: { employeeId: '2' },
      lost: ['employeeId'],
      values: {},
    },
  ],
  '5.3': [
    {
      situation: 'a refused value is not applied while the others are',
      prior: { email: 'old', firstName: 'Jan' },
      said: { email: 'bad', firstName: 'Jana' },
      refused: { email: 'bad' },
      values: { email: 'old', firstName: 'Jana' },
    },
    {
      situation: 'a refusal ends when the source says another value',
      prior: { email: 'old' },
      said: { email: 'good' },
      refused: { email: 'bad' },
      values: { email: 'good' },
    },
    {
      situation: 'a refused blank is not applied',
      prior: { email: 'old' },
      blanks: ['email'],
      said: { email: null },
      refused: { email: '' },
      values: { email: 'old' },
    },
  ],
  '4.6': [
    {
      situation: 'the username of a user whom this ACD created is its login',
      origin: 'acd',
      said: { acdId: '42', username: 'jnovak' },
      values: { acdId: '42', username: 'jnovak' },
    },
    {
      situation: 'an ACD whose agents log in with their id gives the id as username',
      origin: 'acd',
      said: { acdId: '42' },
      values: { acdId: '42', username: '42' },
    },
    {
      situation: 'a user whom this ACD did not create gets no username from an id',
      origin: 'ad',
      said: { acdId: '42' },
      values: { acdId: '42' },
    },
    {
      situation: 'a login that is not the id falls silent like every field',
      origin: 'acd',
      prior: { acdId: '42', username: 'jnovak', email: 'a' },
      said: { acdId: '42', username: null },
      values: { acdId: '42', username: 'jnovak', email: 'a' },
      silentSince: { username: now },
    },
    {
      situation: 'a login that is the id says nothing by itself, and does not fall silent',
      origin: 'acd',
      prior: { acdId: '42', username: '42', email: 'a' },
      said: { acdId: '42', username: null, email: null },
      values: { acdId: '42', username: '42', email: 'a' },
      silentSince: { email: now },
    },
    {
      situation: 'of a user whom another source created, a username that is the id falls silent',
      origin: 'ad',
      prior: { acdId: '42', username: '42' },
      said: { acdId: '42', username: null },
      values: { acdId: '42', username: '42' },
      silentSince: { username: now },
    },
    {
      situation: 'a username that was lost to somebody else is not taken from the id in another way',
      origin: 'acd',
      said: { acdId: '42' },
      lost: ['username'],
      values: { acdId: '42' },
    },
  ],
};

describe('what becomes of an applied snapshot: fields', () => {
  for (const [rule, table] of Object.entries(rows))
    for (const row of table)
      it(`${rule} ${row.situation}`, () => {
        const { snapshot } = projected(row);
        expect(snapshot.values).toEqual(row.values);
        expect(snapshot.silentSince).toEqual(row.silentSince ?? {});
      });

  it('5.3 a standing refusal and one that has ended are told apart', () => {
    const { refused, spentRefusals } = projected({
      prior: { email: 'old', lastName: 'Old' },
      said: { email: 'bad', lastName: 'Good' },
      refused: { email: 'bad', lastName: 'Bad' },
    });
    expect({ refused, spentRefusals }).toEqual({ refused: ['email'], spentRefusals: ['lastName'] });
  });

  it('4.6 a directory gives nobody an agent id as username, also whom it has created', () => {
    const { snapshot } = project({
      ...{ content: { values: { acdId: '42' } }, prior: undefined, rules: adRules, origin: 'ad', bindings: new Map() },
      ...{ refusals: new Map(), lost: new Set<UniqueField>(), now },
    });
    expect(snapshot.values).toEqual({ acdId: '42' });
  });

  it('20.5 applying what has been applied leaves the snapshot as it is', () => {
    const once = projected({ prior: { email: 'old' }, said: { email: null, firstName: 'Jan' } }).snapshot;
    const again = projected({
      prior: once.values,
      silent: once.silentSince,
      said: { email: null, firstName: 'Jan' },
    }).snapshot;
    expect(again).toEqual(once);
  });
});

it('2.4 of several values the applied one stays while it is among them', () => {
  const said = (all: readonly string[]) =>
    project({
      content: { values: { email: 'a@x' }, several: { email: all } },
      prior: slot('acd', { values: { email: 'z@x' } }),
      rules: acdRules,
      origin: 'local',
      bindings: new Map(),
      refusals: new Map(),
      lost: new Set(),
      now,
    }).snapshot.values.email;
  expect(said(['a@x', 'z@x'])).toBe('z@x');
  expect(said(['a@x', 'b@x'])).toBe('a@x');
});
