import { describe, expect, it } from 'vitest';
import { noWords, type Words } from '../../../src/domain/user.ts';
import { decideValues, type ObservedAccount, type Subject, type World } from '../../../src/reconcile/decide.ts';
import { decideUndo } from '../../../src/reconcile/undo.ts';
import { changesWhenOn } from '../../../src/reconcile/waiting.ts';
import { billing, folded, policy, sales, slot, teamNames, user } from '../domain/builders.ts';
import { acdRules } from './rules.ts';

const snapshots = [slot('acd', { roles: ['agent'], supervises: [sales] })];
const account: ObservedAccount = {
  ...{ id: 7, externalId: 'a7', disabled: false, absent: false, ignored: false, refusals: new Map() },
  content: { values: {}, supervises: [{ id: 't', name: 'Sales' }] },
};
const world = (ownsSupervision = true): World => ({
  rules: { ...acdRules, ownsSupervision },
  ...{ teamNames, bindings: new Map([['t', sales]]), now: '2026-05-01T00:00:00.000Z' },
});

function subject(words: Partial<Words>, state: Partial<Subject['user']> = {}): Subject {
  const value = folded({ origin: 'acd', words, snapshots, policy: {} });
  return { user: { ...user(state), value }, words: { ...noWords, ...words }, snapshots, policy };
}

const said = { supervisesGiven: [billing], supervisesTaken: [sales] };

describe('supervision that a source owns', () => {
  it('11.4, 20.9 what a person said ends when the source is applied, and the event tells both', () => {
    const decision = decideValues(subject({ ...said, teamsGiven: [billing] }), account, world());
    expect(decision.after.supervises).toEqual([sales]);
    expect(decision.words).toEqual({ ...noWords, teamsGiven: [billing] });
    expect(decision.changes).toEqual([
      { field: 'supervises', before: ['Billing'], after: ['Sales'] },
      { field: 'supervisesGiven', before: ['Billing'], after: [] },
      { field: 'supervisesTaken', before: ['Sales'], after: [] },
    ]);
    expect(decision.classes).toEqual(['teamMoved']);
  });

  it('11.4, 13.1 a word that changed nothing ends with an event, and counts as nothing', () => {
    const decision = decideValues(subject({ supervisesGiven: [sales] }), account, world());
    expect(decision).toMatchObject({ words: noWords, moved: true, classes: [] });
    expect(decision.changes).toEqual([{ field: 'supervisesGiven', before: ['Sales'], after: [] }]);
  });

  it.each<[string, Subject, ObservedAccount, World]>([
    ['with supervision: merge, or of another kind', subject(said), account, world(false)],
    ['where sync is off for that user', subject(said, { syncEnabled: false }), account, world()],
    ['where supervision was not read', subject(said), { ...account, content: { values: {} } }, world()],
    [
      'where a person refused what the source says of it',
      subject(said),
      { ...account, refusals: new Map([['supervises', '["t"]']]) },
      world(),
    ],
  ])('11.4 what a person said stays %s', (_when, before, observed, of) => {
    const decision = decideValues(before, observed, of);
    expect(decision).toMatchObject({ words: null, after: before.user.value, changes: [], moved: false });
  });

  it('6.5, 11.4 switching on shows that it would end', () => {
    const off = subject(said, { syncEnabled: false });
    expect(changesWhenOn(off, [{ account, world: world() }], teamNames)).toEqual([
      { field: 'supervises', before: ['Billing'], after: ['Sales'] },
      { field: 'supervisesGiven', before: ['Billing'], after: [] },
      { field: 'supervisesTaken', before: ['Sales'], after: [] },
    ]);
  });

  it('15.3, 11.4 undoing does not say it again, and names it', () => {
    const { rules, bindings, now } = world();
    const change = { field: 'supervisesGiven', before: ['Billing'], after: [] } as const;
    const undone = decideUndo({
      ...{
        subject: subject({}),
        source: 'acd',
        changes: [change],
        former: { values: {}, silentSince: {} },
        leave: false,
      },
      ...{ ownsSlot: true, ends: [], content: account.content, rules, bindings, teamNames, lost: new Set(), now },
    });
    expect(undone).toMatchObject({ slot: null, changes: [], refusals: [] });
    expect(undone.kept).toEqual([{ field: 'supervisesGiven', undone: [], now: [], why: 'changed-since' }]);
  });
});
