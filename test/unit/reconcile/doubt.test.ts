import { describe, expect, it } from 'vitest';
import { noWords, type Snapshot, type Words } from '../../../src/domain/user.ts';
import { keysOnlyOf } from '../../../src/reconcile/doubt.ts';
import { ruleName } from '../../../src/reconcile/match-keys.ts';
import type { Subject } from '../../../src/reconcile/decide.ts';
import { folded, policy, slot, user } from '../domain/builders.ts';

interface Row {
  readonly situation: string;
  readonly snapshots: readonly Snapshot[];
  readonly words?: Partial<Words>;
  readonly linked?: readonly string[];
  /** Rules by which the user is found only because of `acd`. */
  readonly only: readonly string[];
}

const rules = [['employeeId'], ['email'], ['employeeId', 'lastName']] as const;
const of4711 = { employeeId: '4711', lastName: 'Novák' };

const table: Row[] = [
  {
    situation: 'whatever nobody else says',
    snapshots: [slot('acd', { values: of4711 }), slot('ad', { values: { email: 'jan@x' } })],
    only: ['employeeId', 'employeeId+lastName'],
  },
  {
    situation: 'nothing that another linked account says as well',
    snapshots: [slot('acd', { values: of4711 }), slot('ad', { values: of4711 })],
    only: [],
  },
  {
    situation: 'a key of which another one says a part only',
    snapshots: [slot('acd', { values: of4711 }), slot('ad', { values: { lastName: 'Novák', email: 'jan@x' } })],
    only: ['employeeId', 'employeeId+lastName'],
  },
  {
    situation: 'nothing that a person has said',
    snapshots: [slot('acd', { values: of4711 })],
    words: { overrides: { employeeId: '4711', lastName: 'Novák' } },
    only: [],
  },
  {
    situation: 'nothing that stays from an ended link of another source',
    snapshots: [slot('acd', { values: of4711 }), slot('ad', { values: of4711 })],
    linked: ['acd'],
    only: [],
  },
  {
    situation: 'what its link says beside a value of higher rank',
    snapshots: [slot('acd', { values: { email: 'desk4711@x' } }), slot('ad', { values: { email: 'jan@x' } })],
    only: ['email'],
  },
];

describe('the keys under which only an account in doubt lets a user be found', () => {
  for (const { situation, snapshots, words = {}, linked, only } of table)
    it(`8.3 are ${situation}`, () => {
      const state = user({ origin: 'acd' });
      const value = folded({ origin: 'acd', words, snapshots });
      const subject: Subject = { user: { ...state, value }, words: { ...noWords, ...words }, snapshots, policy };
      const linkedSources = linked ?? snapshots.map(({ source }) => source);
      const keys = keysOnlyOf(new Set(['acd']), { subject, linkedSources }, { match: rules, placeholders: [] });
      const found = rules.map(ruleName).filter((name) => keys.some((key) => key.startsWith(`${name}\u001f`)));
      expect(found).toEqual(only);
    });

  it('8.3 are none where no account is in doubt', () => {
    const snapshots = [slot('acd', { values: of4711 })];
    const value = folded({ origin: 'acd', snapshots });
    const subject: Subject = { user: { ...user(), value }, words: noWords, snapshots, policy };
    expect(keysOnlyOf(new Set(), { subject, linkedSources: ['acd'] }, { match: rules, placeholders: [] })).toEqual([]);
  });
});
