import { describe, expect, it } from 'vitest';
import { noWords } from '../../../src/domain/user.ts';
import { decideValues, namesOf, type KnownBefore, type ObservedAccount } from '../../../src/reconcile/decide.ts';
import type { SourceRules } from '../../../src/reconcile/rules.ts';
import { policy, teamNames, user } from '../domain/builders.ts';
import { acdRules } from './rules.ts';

const reusable: SourceRules = { ...acdRules, reusableIds: { nameMapping: 'm1' } };
const jan = { firstName: 'Jan', lastName: 'Novák', displayName: null };
const before: KnownBefore = { namesSeen: jan, seenBy: 'm1', readBy: 'm1', suspected: false };
const petr: ObservedAccount = {
  id: 7,
  externalId: 'a7',
  content: { values: { firstName: 'Petr', lastName: 'Novák' } },
  disabled: false,
  absent: false,
  ignored: false,
  refusals: new Map(),
  before,
};

const decided = (account: Partial<ObservedAccount>, rules = reusable, active = true) =>
  decideValues(
    { user: user({ active }), words: noWords, snapshots: [], policy },
    { ...petr, ...account },
    { rules, teamNames, bindings: new Map(), now: '2026-05-01T00:00:00.000Z' },
  );

describe('8.3 when other names make a suspicion', () => {
  it('8.3 it holds the account, and tells the names of then and now', () => {
    const decision = decided({});
    expect(decision.heldBack?.reason).toBe('possible-id-reuse');
    expect(decision.suspicion).toEqual({
      before: jan,
      now: { firstName: 'Petr', lastName: 'Novák', displayName: null },
      wasGone: false,
    });
  });

  it('8.3 it is told before anything else that holds the account', () => {
    expect(decided({ absent: true }, reusable, false).heldBack?.reason).toBe('possible-id-reuse');
  });

  it('8.3 that the account was gone is told, and makes a new family name suspicious', () => {
    const wasGone = { ...before, namesSeen: { ...jan, wasGone: true } };
    const renamed = { content: { values: { firstName: 'Jan', lastName: 'Malý' } } };
    expect(decided({ ...renamed, before: wasGone }).suspicion).toMatchObject({ before: jan, wasGone: true });
    expect(decided(renamed).suspicion).toBeNull();
  });

  it('8.3 names that it no longer says are none, not those of before', () => {
    expect(decided({ content: { values: {} } }).suspicion).toBeNull();
    const shown = { ...before, namesSeen: { firstName: null, lastName: null, displayName: 'Jan Novák' } };
    const now = decided({ content: { values: { displayName: 'Petr Novák' } }, before: shown }).suspicion?.now;
    expect(now).toEqual({ firstName: null, lastName: null, displayName: 'Petr Novák' });
  });

  it.each<[string, Partial<ObservedAccount>, SourceRules?]>([
    ['the same names', { content: { values: { firstName: 'JAN', lastName: 'Novak' } } }],
    ['ids that stay with their person', {}, acdRules],
    ['nothing applied before', { before: undefined }],
    ['an ignored account', { ignored: true }],
    ['names seen by another mapping', { before: { ...before, seenBy: 'm0' } }],
    ['a mapping by which nothing was read in full yet', { before: { ...before, seenBy: 'm0', readBy: 'm0' } }],
    ['names read by another mapping', { before: { ...before, readBy: 'm0' } }],
    [
      'names that a person has called the same person’s',
      { before: { ...before, namesSeen: { ...jan, alike: [{ ...jan, firstName: 'Petr' }] } } },
    ],
  ])('8.3 none with %s', (_what, account, rules) => {
    const { suspicion, heldBack } = decided(account, rules);
    expect([suspicion, heldBack?.reason ?? null]).toEqual([null, account.ignored === true ? 'ignored' : null]);
  });

  it('8.3 names that are like neither those seen nor their equals are suspicious', () => {
    const alike = { ...before, namesSeen: { ...jan, alike: [{ ...jan, firstName: 'Ota' }] } };
    expect(decided({ before: alike }).suspicion?.before).toEqual(jan);
  });

  it('8.3 the names last seen suffice, although equals of theirs are others', () => {
    const alike = { ...before, namesSeen: { ...jan, alike: [{ ...jan, firstName: 'Ota' }] } };
    expect(decided({ before: alike, content: { values: { firstName: 'Jan' } } }).suspicion).toBeNull();
  });

  it('8.3 a question that is open stays, whatever mapping reads the names', () => {
    const open = { ...before, seenBy: 'm0', suspected: true };
    expect(decided({ before: open }).heldBack?.reason).toBe('possible-id-reuse');
    expect(decided({ before: open, content: { values: { firstName: 'Jan' } } }).suspicion).toBeNull();
  });
});

describe('8.3 the names that an account has now', () => {
  const known = { firstName: 'Jan', lastName: 'Novák', displayName: 'Jan Novák' };
  it.each([
    ['what it says', { firstName: 'Petr', lastName: 'Malý', displayName: 'PM' }, ['Petr', 'Malý', 'PM']],
    ['what was known, of what it says nothing of', { firstName: 'Petr' }, ['Petr', 'Novák', 'Jan Novák']],
    ['also where it says empty', { firstName: null, lastName: 'Malý' }, ['Jan', 'Malý', 'Jan Novák']],
  ])('8.3 %s', (_what, values, expected) => {
    const names = namesOf({ content: { values }, before: { ...before, namesSeen: known } });
    expect([names.firstName, names.lastName, names.displayName]).toEqual(expected);
  });

  it('8.3 none where nothing is known', () => {
    expect(namesOf({ content: { values: {} }, before: undefined })).toEqual({
      ...{ firstName: null, lastName: null, displayName: null },
    });
  });
});
