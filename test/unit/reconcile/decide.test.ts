import { describe, expect, it } from 'vitest';
import { noWords, type Policy, type Snapshot, type UserState, type Words } from '../../../src/domain/user.ts';
import {
  decideValues,
  type HoldReason,
  type ObservedAccount,
  type Subject,
  type ValueDecision,
  type World,
} from '../../../src/reconcile/decide.ts';
import type { SourceRules } from '../../../src/reconcile/rules.ts';
import { billing, folded, policy, sales, slot, teamNames, user, zebra } from '../domain/builders.ts';
import { acdRules, adRules } from './rules.ts';

interface Given {
  readonly user?: Partial<UserState>;
  readonly words?: Partial<Words>;
  readonly snapshots?: readonly Snapshot[];
  readonly policy?: Partial<Policy>;
}

/** A user whose stored value is the function of the rest, as it always is (spec 20.1). */
function subject(given: Given): Subject {
  const { snapshots = [], words = {} } = given;
  const state = user(given.user);
  const value = folded({ origin: state.origin, words, snapshots, policy: given.policy ?? {} });
  return {
    user: { ...state, value },
    words: { ...noWords, ...words },
    snapshots,
    policy: { ...policy, ...given.policy },
  };
}

function account(more: Partial<ObservedAccount> = {}): ObservedAccount {
  return {
    id: 7,
    externalId: 'a7',
    content: { values: { firstName: 'Jana' }, teams: [{ id: 't', name: 'Sales' }], roleFacts: { roles: [] } },
    disabled: false,
    absent: false,
    ignored: false,
    refusals: new Map(),
    ...more,
  };
}

const world = (rules: SourceRules = acdRules): World => ({
  rules,
  teamNames,
  bindings: new Map([['t', sales]]),
  now: '2026-05-01T00:00:00.000Z',
});

const applied = slot('acd', {
  values: { firstName: 'Jan', lastName: 'Novák' },
  roles: ['agent', 'supervisor'],
  teams: [billing],
});

const shown = (changes: ValueDecision['changes']): string[] =>
  changes.map((change) => `${change.field}: ${String(change.before ?? 'none')} → ${String(change.after ?? 'none')}`);

const everyChange = [
  'firstName: Jan → Jana',
  'roles: agent,supervisor → agent',
  'teams: Billing → Sales',
  'mainTeam: Billing → Sales',
];

interface HoldRow {
  readonly rule: string;
  readonly situation: string;
  readonly user?: Partial<UserState>;
  readonly account?: Partial<ObservedAccount>;
  readonly held: HoldReason | null;
}

const holds: HoldRow[] = [
  { rule: '5.3', situation: 'nothing holds a living account of an active user', held: null },
  { rule: '6.2', situation: 'sync is off', user: { syncEnabled: false }, held: 'sync-off' },
  { rule: '6.4', situation: 'sync is off for this source', user: { syncOffSources: ['acd'] }, held: 'sync-off' },
  { rule: '6.4', situation: 'sync is off for another source only', user: { syncOffSources: ['ad'] }, held: null },
  { rule: '9.5', situation: 'the user is inactive', user: { active: false }, held: 'inactive' },
  {
    rule: '9.5',
    situation: 'the user is inactive and sync is off',
    user: { active: false, syncEnabled: false },
    held: 'inactive',
  },
  { rule: '5.3', situation: 'the account is gone', account: { absent: true }, held: 'gone' },
  { rule: '5.3', situation: 'the account is disabled', account: { disabled: true }, held: 'disabled' },
  { rule: '2.7', situation: 'the account is ignored', account: { ignored: true }, held: 'ignored' },
];

describe('what holds a linked account back', () => {
  for (const row of holds)
    it(`${row.rule} ${row.situation} → ${row.held === null ? 'applied' : 'nothing moves: no field, role or team'}`, () => {
      const before = subject({ snapshots: [applied], ...(row.user === undefined ? {} : { user: row.user }) });
      const decision = decideValues(before, account(row.account), world());
      if (row.held === null) {
        expect(decision.heldBack).toBeNull();
        expect(shown(decision.changes)).toEqual(everyChange);
        expect(decision.moved).toBe(true);
        return;
      }
      expect(decision).toMatchObject({
        snapshot: null,
        after: before.user.value,
        changes: [],
        classes: [],
        moved: false,
      });
      expect(decision.heldBack?.reason).toBe(row.held);
    });

  it('5.7 what is held back is told with what would change if the hold were lifted', () => {
    const decision = decideValues(subject({ snapshots: [applied], user: { syncEnabled: false } }), account(), world());
    expect(shown(decision.heldBack?.changes ?? [])).toEqual(everyChange);
  });

  it('9.1 a decision has no word on the active state', () => {
    for (const active of [true, false]) {
      const decision = decideValues(subject({ user: { active } }), account({ disabled: active }), world());
      expect(Object.keys(decision.after)).not.toContain('active');
    }
  });
});

const directory = slot('ad', { values: { firstName: 'Johann' }, teams: [zebra] });

interface Row extends Given {
  readonly rule: string;
  readonly situation: string;
  readonly rules?: SourceRules;
  readonly account?: Partial<ObservedAccount>;
  readonly lost?: readonly 'employeeId'[];
  readonly changes: readonly string[];
  readonly classes?: readonly string[];
}

const rows: Row[] = [
  {
    rule: '5.1',
    situation: 'a lower source’s news is applied to its snapshot and shows nowhere',
    snapshots: [directory, slot('acd', { roles: ['agent'], values: { firstName: 'Jan' }, teams: [sales] })],
    changes: [],
  },
  {
    rule: '5.3',
    situation: 'a source that fell silent (unlinked, gone) keeps its rank: no lower source moves up',
    snapshots: [directory],
    account: { content: { values: { firstName: 'Jana' }, teams: [] } },
    changes: ['roles:  → agent'],
  },
  {
    rule: '5.4',
    situation: 'an override hides the source’s news',
    words: { overrides: { firstName: 'Honza' } },
    snapshots: [slot('acd', { roles: ['agent'], values: { firstName: 'Jan' }, teams: [sales] })],
    changes: [],
  },
  {
    rule: '5.2',
    situation: 'an authoritative blank of the higher source lets the next in rank supply the field',
    rules: { ...adRules, blanks: ['firstName'] },
    snapshots: [slot('ad', { values: { firstName: 'Johann' } }), slot('acd', { values: { firstName: 'Jan' } })],
    account: { content: { values: { firstName: null } } },
    changes: ['firstName: Johann → Jan'],
    classes: ['fieldChanged'],
  },
  {
    rule: '5.2',
    situation: 'an authoritative blank of the only source blanks the field',
    rules: { ...adRules, blanks: ['firstName'] },
    snapshots: [slot('ad', { values: { firstName: 'Johann' } })],
    account: { content: { values: { firstName: null } } },
    changes: ['firstName: Johann → none'],
    classes: ['fieldBlanked'],
  },
  {
    rule: '5.2',
    situation: 'an empty value without that changes nothing',
    rules: adRules,
    snapshots: [slot('ad', { values: { firstName: 'Johann' } })],
    account: { content: { values: { firstName: null } } },
    changes: [],
  },
  {
    rule: '4.7',
    situation: 'a losing field waits while the others go on',
    rules: adRules,
    snapshots: [slot('ad', { values: { employeeId: '1', firstName: 'Jan' } })],
    account: { content: { values: { employeeId: '2', firstName: 'Jana' } } },
    lost: ['employeeId'],
    changes: ['firstName: Jan → Jana'],
    classes: ['fieldChanged'],
  },
  {
    rule: '10.3',
    situation: 'a role that the source no longer supplies is counted as taken',
    snapshots: [slot('acd', { roles: ['agent', 'supervisor'], teams: [sales], values: { firstName: 'Jana' } })],
    changes: ['roles: agent,supervisor → agent'],
    classes: ['roleTaken'],
  },
  {
    rule: '10.3',
    situation: 'a role that a person gave too is not taken',
    words: { rolesGiven: ['supervisor'] },
    snapshots: [slot('acd', { roles: ['agent', 'supervisor'], teams: [sales], values: { firstName: 'Jana' } })],
    changes: [],
  },
];

describe('what changes when an account is applied', () => {
  for (const row of rows)
    it(`${row.rule} ${row.situation}`, () => {
      const decision = decideValues(subject(row), account(row.account), world(row.rules), new Set(row.lost));
      expect(shown(decision.changes)).toEqual(row.changes);
      expect(decision.classes).toEqual(row.classes ?? []);
    });

  it('20.5 an account that has been applied moves nothing when it is decided on again', () => {
    const before = subject({ snapshots: [applied] });
    const first = decideValues(before, account(), world());
    const after: Subject = {
      ...before,
      user: { ...before.user, value: first.after },
      snapshots: first.snapshot === null ? before.snapshots : [first.snapshot],
    };
    expect(decideValues(after, account(), world())).toMatchObject({
      snapshot: null,
      changes: [],
      classes: [],
      moved: false,
    });
  });

  describe('5.3 what of an account moves its slot', () => {
    const before = slot('acd', { roles: ['agent'], teams: [billing], values: { firstName: 'Jan', lastName: 'Novák' } });
    const said = { firstName: 'Jan', lastName: 'Novák' };
    it.each<[string, ObservedAccount['content'], Partial<Snapshot> | null]>([
      ['the same values, whichever comes first', { values: { lastName: 'Novák', firstName: 'Jan' } }, null],
      ['a value', { values: { ...said, email: 'jan@x' } }, { values: { ...said, email: 'jan@x' } }],
      ['a silence', { values: { lastName: null } }, { silentSince: { lastName: world().now } }],
      ['a role', { values: said, roleFacts: { roles: ['analyst'] } }, { roles: ['agent', 'analyst'] }],
      ['a team', { values: said, teams: [{ id: 't', name: 'Sales' }] }, { teams: [sales] }],
      ['supervision', { values: said, supervises: [{ id: 't', name: 'Sales' }] }, { supervises: [sales] }],
    ])('%s', (_what, content, moved) => {
      const decision = decideValues(subject({ snapshots: [before] }), account({ content }), world());
      expect(decision.snapshot).toEqual(moved === null ? null : { ...before, ...moved });
    });

    it('the first account of its source, though it says nothing', () => {
      const decision = decideValues(subject({}), account({ content: { values: {} } }), world(adRules));
      expect(decision).toMatchObject({ snapshot: slot('ad'), changes: [], moved: false });
    });
  });

  it('20.2 only the snapshot of the run’s own source moves', () => {
    const before = subject({ snapshots: [directory, applied] });
    expect(decideValues(before, account(), world()).snapshot?.source).toBe('acd');
    expect(decideValues(before, account(), world(adRules)).snapshot?.source).toBe('ad');
  });
});
