import { describe, expect, it } from 'vitest';
import { emptyValue, noWords, type Policy } from '../../../src/domain/user.ts';
import { fold } from '../../../src/domain/fold.ts';
import type { ObservedAccount, Subject } from '../../../src/reconcile/decide.ts';
import { changesWhenOn } from '../../../src/reconcile/waiting.ts';
import { acdRules, adRules } from './rules.ts';

const policy: Policy = {
  rank: [
    { id: 'ad', as: 'directory' },
    { id: 'acd', as: 'acd' },
  ],
  ...{ fieldRank: {}, defaultTeam: 1, defaults: {}, reassertAgentRole: false },
};
const teamNames = new Map([[1, 'Default']]);
const slot = (source: string, values: Readonly<Record<string, string>>) => ({
  ...{ source, values, silentSince: {}, roles: [], teams: [], supervises: [] },
});
const snapshots = [
  { ...slot('acd', { username: 'jn', firstName: 'Jan' }), roles: ['agent'] },
  slot('ad', { department: 'Sales' }),
];

function subject(user: Partial<Subject['user']>): Subject {
  const value = fold({ origin: 'acd', words: noWords, snapshots, policy, teamNames, present: emptyValue });
  return {
    user: {
      id: 1,
      origin: 'acd',
      active: true,
      syncEnabled: false,
      syncOffSources: [],
      mergedInto: null,
      value,
      ...user,
    },
    ...{ words: noWords, snapshots, policy },
  };
}

const account = (
  source: string,
  values: ObservedAccount['content']['values'],
  more: Partial<ObservedAccount> = {},
) => ({
  account: {
    ...{ id: 1, externalId: 'x', content: { values }, disabled: false, absent: false, ignored: false },
    refusals: new Map<string, string>(),
    ...more,
  },
  world: {
    rules: source === 'acd' ? acdRules : adRules,
    teamNames,
    bindings: new Map<string, number | null>(),
    now: '2026-03-01',
  },
});

const news = [account('acd', { firstName: 'Johann' }), account('ad', { department: 'Claims' })];
const fields = (changes: readonly { readonly field: string }[]): string[] => changes.map(({ field }) => field);

describe('6.5 what waits for a user whose sync is off', () => {
  it('6.5 is what all held-back accounts together would change', () => {
    const changes = changesWhenOn(subject({}), news, teamNames);
    expect(changes).toContainEqual({ field: 'firstName', before: 'Jan', after: 'Johann' });
    expect(changes).toContainEqual({ field: 'department', before: 'Sales', after: 'Claims' });
  });

  it('6.5 is nothing else: what the accounts say nothing of stays', () => {
    const more = snapshots.map((each) => ({ ...each, values: { ...each.values, company: each.source } }));
    const value = fold({ origin: 'acd', words: noWords, snapshots: more, policy, teamNames, present: emptyValue });
    const changes = changesWhenOn({ ...subject({ value }), snapshots: more }, news, teamNames);
    expect(fields(changes).sort()).toEqual(['department', 'firstName']);
  });

  it('6.5 leaves out sources for which the sync is on', () => {
    const off = subject({ syncEnabled: true, syncOffSources: ['ad'] });
    expect(fields(changesWhenOn(off, news, teamNames))).toEqual(['department']);
    expect(changesWhenOn(subject({ syncEnabled: true }), news, teamNames)).toEqual([]);
  });

  it.each([{ absent: true }, { disabled: true }, { ignored: true }, { refusals: new Map([['department', 'Claims']]) }])(
    '6.3 leaves out what something else holds back: %j',
    (more) => {
      const held = account('ad', { department: 'Claims' }, more);
      expect(changesWhenOn(subject({}), [held], teamNames)).toEqual([]);
    },
  );

  it('9.5 is nothing for who is inactive', () => {
    expect(changesWhenOn(subject({ active: false }), news, teamNames)).toEqual([]);
  });
});
