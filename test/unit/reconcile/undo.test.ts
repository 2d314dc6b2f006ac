import { describe, expect, it } from 'vitest';
import type { AccountContent } from '../../../src/domain/account.ts';
import type { Change } from '../../../src/domain/change.ts';
import { fold } from '../../../src/domain/fold.ts';
import { emptyValue, noWords, type Policy, type Snapshot, type UserState } from '../../../src/domain/user.ts';
import { formerSlot, withFormer } from '../../../src/reconcile/former-slot.ts';
import { decideUndo, type UndoInput } from '../../../src/reconcile/undo.ts';
import { adRules } from './rules.ts';

const slot: Snapshot = {
  ...{ source: 'ad', silentSince: {}, roles: ['agent'], teams: [2], supervises: [] },
  values: { email: 'old@corp.test', lastName: 'Old' },
};
const now: Snapshot = { ...slot, values: { email: 'new@corp.test', lastName: 'New', rank: '3' } };
const changes: readonly Change[] = [
  { field: 'lastName', before: 'Old', after: 'New' },
  { field: 'email', before: 'old@corp.test', after: 'new@corp.test' },
  { field: 'rank', before: null, after: '3' },
];
const policy: Policy = {
  ...{ rank: [{ id: 'ad', as: 'directory' }], fieldRank: {}, defaultTeam: 1, defaults: {}, reassertAgentRole: false },
};
const teamNames = new Map([
  [1, 'Default'],
  [2, 'Sales'],
  [3, 'Zeta'],
  [4, 'Beta'],
]);

function input(changed: Partial<UndoInput> = {}, words = noWords, present = now): UndoInput {
  const value = fold({ origin: 'local', words, snapshots: [present], policy, teamNames, present: emptyValue });
  const user: UserState = {
    ...{ id: 1, origin: 'local', active: true, syncEnabled: true, syncOffSources: [], mergedInto: null, value },
  };
  return {
    ...{
      subject: { user, words, snapshots: [present], policy },
      source: 'ad',
      changes,
      ownsSlot: true,
      leave: false,
      ends: [],
    },
    former: formerSlot(slot, emptyValue, changes),
    content: { values: { email: 'new@corp.test', lastName: 'New', rank: '3' } },
    ...{ rules: adRules, bindings: new Map(), teamNames, lost: new Set(), now: '2026-01-01T00:00:00.000Z' },
    ...changed,
  };
}

describe('a slot as it was', () => {
  it('15.3 puts back exactly the parts that are asked for, a value that was not there included', () => {
    const former = formerSlot(slot, emptyValue, changes);
    expect(withFormer(now, former, new Set(['email', 'lastName', 'rank']))).toEqual(slot);
    expect(withFormer(now, former, new Set(['email'])).values).toEqual({ ...now.values, email: 'old@corp.test' });
  });

  it('15.3 keeps what a decision replaced, part by part, and nothing else', () => {
    const prior: Snapshot = { ...slot, supervises: [4], silentSince: { lastName: '2025-01-01' } };
    const replaced: Change[] = [
      { field: 'rank', before: null, after: '3' },
      { field: 'lastName', before: 'Old', after: 'New' },
      ...(['roles', 'teams', 'supervises'] as const).map((field) => ({ field, before: [], after: [] })),
    ];
    expect(formerSlot(prior, { mainTeam: 2 }, replaced)).toEqual({
      ...{ values: { rank: null, lastName: 'Old' }, silentSince: { lastName: '2025-01-01' } },
      ...{ roles: ['agent'], teams: [2], mainTeam: 2, supervises: [4] },
    });
    expect(formerSlot(undefined, { mainTeam: null }, replaced)).toEqual({
      ...{ values: { rank: null, lastName: null }, silentSince: {} },
      ...{ roles: [], teams: [], mainTeam: null, supervises: [] },
    });
  });

  it('15.3 leaves the silence of fields that do not go back', () => {
    const silent: Snapshot = { ...now, silentSince: { lastName: '2025-06-01' } };
    const back = withFormer(silent, formerSlot(slot, emptyValue, changes), new Set(['email']));
    expect(back.silentSince).toEqual({ lastName: '2025-06-01' });
  });

  it('15.3 puts back the silence of a field, roles, teams and supervision', () => {
    const silent: Snapshot = { ...slot, silentSince: { email: '2025-01-01' } };
    const all: Change[] = [
      { field: 'email', before: 'old@corp.test', after: 'new@corp.test' },
      ...(['roles', 'teams', 'supervises'] as const).map((field) => ({ field, before: [], after: [] })),
    ];
    const moved: Snapshot = { ...now, roles: ['trainer'], teams: [], supervises: [2], values: { ...slot.values } };
    const parts = new Set(['email', 'roles', 'teams', 'supervises'] as const);
    expect(withFormer(moved, formerSlot(silent, emptyValue, all), parts)).toEqual(silent);
  });
});

describe('undoing a decision', () => {
  it('15.3 puts every part back and refuses what the source says of it', () => {
    const { slot: back, changes: undone, refusals, kept } = decideUndo(input());
    expect(back).toEqual(slot);
    expect(undone).toEqual(changes.map(({ field, before, after }) => ({ field, before: after, after: before })));
    expect(refusals).toEqual([
      { part: 'lastName', said: 'New' },
      { part: 'email', said: 'new@corp.test' },
      { part: 'rank', said: '3' },
    ]);
    expect(kept).toEqual([]);
  });

  it('15.3 refuses nothing of a part of which the source says something else by now', () => {
    const content = { values: { email: 'newer@corp.test', lastName: 'New', rank: '3' } };
    expect(decideUndo(input({ content })).refusals.map(({ part }) => part)).toEqual(['lastName', 'rank']);
  });

  describe('15.3 of roles, teams and supervision', () => {
    const moved: Change[] = [
      { field: 'roles', before: ['agent'], after: ['agent', 'analyst'] },
      { field: 'teams', before: ['Sales'], after: ['Zeta'] },
      { field: 'supervises', before: [], after: ['Beta'] },
    ];
    const present: Snapshot = { ...slot, roles: ['agent', 'analyst'], teams: [3], supervises: [4] };
    const bindings = new Map([
      ['t2', 2],
      ['t3', 3],
      ['t4', 4],
    ]);
    const undo = (content: AccountContent | null, changed: Partial<UndoInput> = {}) => {
      const former = formerSlot(slot, emptyValue, moved);
      return decideUndo(input({ changes: moved, former, bindings, content, ...changed }, noWords, present));
    };
    const team = (id: string) => ({ id, name: id });
    const said: AccountContent = {
      ...{ values: {}, roleFacts: { roles: ['analyst'] }, teams: [team('t3')], supervises: [team('t4')] },
    };
    const refusals = [
      { part: 'roles', said: '{"roles":["analyst"]}' },
      { part: 'teams', said: '["t3"]' },
      { part: 'supervises', said: '["t4"]' },
    ];

    it('15.3 what the source still says is refused', () => {
      expect(undo(said)).toMatchObject({ slot, refusals, kept: [] });
    });

    it.each<[string, AccountContent]>([
      ['roles', { ...said, roleFacts: { roles: [] } }],
      ['teams', { ...said, teams: [team('t2')] }],
      ['supervises', { ...said, supervises: [] }],
    ])('15.3 %s of which it says others by now are not', (part, content) => {
      expect(undo(content).refusals).toEqual(refusals.filter((each) => each.part !== part));
    });

    it('15.3 of a source that is configured no longer, all that its account said', () => {
      expect(undo({ ...said, teams: [team('t2')] }, { rules: null }).refusals.map((each) => each.part)).toEqual([
        ...['roles', 'teams', 'supervises'],
      ]);
    });
  });

  it('15.3 refuses nothing where the account belongs to nobody or to somebody else', () => {
    expect(decideUndo(input({ content: null })).refusals).toEqual([]);
  });

  it('15.3 keeps what has changed since, what is overridden and what somebody else has, and names why', () => {
    const since = { ...now, values: { ...now.values, lastName: 'Newer' } };
    const words = { ...noWords, overrides: { rank: '3' } };
    const { slot: back, kept } = decideUndo(input({}, words, since));
    expect(back?.values).toEqual({ email: 'old@corp.test', lastName: 'Newer', rank: '3' });
    expect(kept).toEqual([
      { field: 'lastName', undone: 'New', now: 'Newer', why: 'changed-since' },
      { field: 'rank', undone: '3', now: '3', why: 'changed-since' },
    ]);
    const taken: Change[] = [{ field: 'employeeId', before: 'E1', after: 'E2' }];
    const ids = { ...slot, values: { employeeId: 'E2' } };
    const former = formerSlot({ ...slot, values: { employeeId: 'E1' } }, emptyValue, taken);
    const lost = new Set(['employeeId'] as const);
    expect(decideUndo(input({ changes: taken, former, lost }, noWords, ids)).kept).toMatchObject([
      { field: 'employeeId', why: 'unique-taken' },
    ]);
  });

  it('15.3 does nothing to a slot that another account has taken over, nor to a user who is left', () => {
    expect(decideUndo(input({ ownsSlot: false }))).toMatchObject({ slot: null, changes: [], refusals: [] });
    const left = decideUndo(input({ leave: true }));
    expect(left.slot).toBeNull();
    expect(left.kept.map(({ why }) => why)).toEqual(['edited-since', 'edited-since', 'edited-since']);
  });

  it('15.3 puts the main team back with the teams, but not where a person has chosen another since', () => {
    const moved: Change[] = [
      { field: 'teams', before: ['Sales', 'Zeta'], after: ['Beta'] },
      { field: 'mainTeam', before: 'Zeta', after: 'Beta' },
    ];
    const former = formerSlot({ ...slot, teams: [2, 3] }, { mainTeam: 3 }, moved);
    const present = { ...slot, teams: [4] };
    expect(decideUndo(input({ changes: moved, former }, noWords, present)).after).toMatchObject({
      ...{ teams: [2, 3], mainTeam: 3 },
    });
    const words = { ...noWords, teamsGiven: [1], mainTeam: 1 };
    const { after, kept } = decideUndo(input({ changes: moved.slice(1), former }, words, present));
    expect(after.mainTeam).toBe(1);
    expect(kept).toEqual([{ field: 'mainTeam', undone: 'Beta', now: 'Default', why: 'changed-since' }]);
  });

  it('15.3 leaves a main team that has changed since, while the teams go back', () => {
    const moved: Change[] = [
      { field: 'teams', before: ['Sales', 'Zeta'], after: ['Beta', 'Sales'] },
      { field: 'mainTeam', before: 'Zeta', after: 'Beta' },
    ];
    const former = formerSlot({ ...slot, teams: [2, 3] }, { mainTeam: 3 }, moved);
    const given = input({ changes: moved, former }, noWords, { ...slot, teams: [2, 4] });
    const user = { ...given.subject.user, value: { ...given.subject.user.value, mainTeam: 2 } };
    const { after, kept } = decideUndo({ ...given, subject: { ...given.subject, user } });
    expect(after).toMatchObject({ teams: [2, 3], mainTeam: 2 });
    expect(kept).toEqual([{ field: 'mainTeam', undone: 'Beta', now: 'Sales', why: 'changed-since' }]);
  });

  it('15.3 finds what is back already, and says nothing of it', () => {
    expect(decideUndo(input({}, noWords, slot))).toMatchObject({ slot: null, kept: [], refusals: [] });
  });
});
