import { fold, type FoldInput } from '../../../src/domain/fold.ts';
import {
  emptyValue,
  noWords,
  type Policy,
  type Snapshot,
  type SourceId,
  type TeamId,
  type UserState,
  type UserValue,
  type Words,
} from '../../../src/domain/user.ts';

/** Two directories rank before two ACDs, as the configuration's order has them (spec 5.1). */
export const policy: Policy = {
  rank: [
    { id: 'ad', as: 'directory' },
    { id: 'ldap', as: 'directory' },
    { id: 'acd', as: 'acd' },
    { id: 'acd2', as: 'acd' },
  ],
  fieldRank: {},
  defaultTeam: 1,
  reassertAgentRole: false,
  defaults: {},
};

export const [defaultTeam, sales, billing, claims, zebra]: [TeamId, TeamId, TeamId, TeamId, TeamId] = [1, 2, 3, 4, 5];

/** The alphabet goes Billing, claims, Default, Sales, Zebra; the ids do not. */
export const teamNames: ReadonlyMap<TeamId, string> = new Map([
  [defaultTeam, 'Default'],
  [sales, 'Sales'],
  [billing, 'Billing'],
  [claims, 'claims'],
  [zebra, 'Zebra'],
]);

/** What has been applied of one source. */
export function slot(source: SourceId, more: Partial<Snapshot> = {}): Snapshot {
  return { source, values: {}, silentSince: {}, roles: [], teams: [], supervises: [], ...more };
}

export interface Known extends Partial<Omit<FoldInput, 'words' | 'policy'>> {
  readonly words?: Partial<Words>;
  readonly policy?: Partial<Policy>;
}

/** The value of a user of whom only this is known. */
export function folded(known: Known): UserValue {
  return fold({
    origin: 'local',
    snapshots: [],
    teamNames,
    present: emptyValue,
    ...known,
    words: { ...noWords, ...known.words },
    policy: { ...policy, ...known.policy },
  });
}

export function user(more: Partial<UserState> = {}): UserState {
  return {
    id: 1,
    origin: 'acd',
    active: true,
    syncEnabled: true,
    syncOffSources: [],
    mergedInto: null,
    value: emptyValue,
    ...more,
  };
}
