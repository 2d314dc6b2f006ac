import type { Field } from './fields.ts';

export type SourceId = string;
export type UserId = number;
export type TeamId = number;
export type GroupId = number;
export type RoleName = string;

export type FieldValues = Readonly<Partial<Record<Field, string>>>;

/** The agent role: given with the first applied ACD account or at creation, and never taken by the sync (spec 10.1, 10.3). */
export const agentRole: RoleName = 'agent';

/**
 * The applied snapshot: what of one source's account has been applied to one user, as results. One slot per user and
 * source; the end of a link leaves it, the next link of that source takes it over (spec section 1).
 */
export interface Snapshot {
  readonly source: SourceId;
  readonly values: FieldValues;
  /** Fields that the source now says are empty while their applied value stands, with the time of the silence (spec 5.2). */
  readonly silentSince: FieldValues;
  readonly roles: readonly RoleName[];
  readonly teams: readonly TeamId[];
  readonly supervises: readonly TeamId[];
  /** How the slot speaks beside the user's other ACDs; missing where it is `living`. */
  readonly voice?: Voice;
}

/**
 * What has become of the account of a slot, as it was last applied (spec 5.8): of several ACDs the living come first, and one
 * that has `ended` (the account is gone, or the link has ended) has no voice as soon as a living one supplies the part.
 */
export type Voice = 'living' | 'disabled' | 'ended';

export function voiceOf(slot: Pick<Snapshot, 'voice'>): Voice {
  return slot.voice ?? 'living';
}

export function withVoice(slot: Snapshot, voice: Voice): Snapshot {
  const { source, values, silentSince, roles, teams, supervises } = slot;
  const silent = { source, values, silentSince, roles, teams, supervises };
  return voice === 'living' ? silent : { ...silent, voice };
}

/** What people have said about a user, apart from the toggle and the active state. Given and taken are disjoint. */
export interface Words {
  readonly overrides: FieldValues;
  /** Values of fields that no source supplies (spec 5.4), attributes included. */
  readonly localValues: FieldValues;
  readonly rolesGiven: readonly RoleName[];
  readonly rolesTaken: readonly RoleName[];
  readonly teamsGiven: readonly TeamId[];
  readonly teamsTaken: readonly TeamId[];
  readonly supervisesGiven: readonly TeamId[];
  readonly supervisesTaken: readonly TeamId[];
  readonly mainTeam: TeamId | null;
  /** The group chosen instead of the main team's (spec 11.5). */
  readonly memberGroup: GroupId | null;
  /** The scope beside the user's own group and teams (spec 11.5). */
  readonly fullScope: boolean;
  readonly scopeGroups: readonly GroupId[];
  readonly scopeTeams: readonly TeamId[];
}

export const noWords: Words = {
  overrides: {},
  localValues: {},
  rolesGiven: [],
  rolesTaken: [],
  teamsGiven: [],
  teamsTaken: [],
  supervisesGiven: [],
  supervisesTaken: [],
  mainTeam: null,
  memberGroup: null,
  fullScope: false,
  scopeGroups: [],
  scopeTeams: [],
};

/** The part of the configuration that the fold depends on; applied to each user by a guarded reconcile (spec 14.4). */
export interface Policy {
  /** Every source ever configured that may have a slot, highest rank first: directories, then ACDs (spec 5.1). */
  readonly rank: readonly { readonly id: SourceId; readonly as: 'acd' | 'directory' }[];
  /** Fields with a ranking of their own; sources that it does not name follow in the default order. */
  readonly fieldRank: Readonly<Partial<Record<Field, readonly SourceId[]>>>;
  readonly defaultTeam: TeamId;
  /** The organisation's values of fields that nobody else supplies: time zones and locale (spec 4.6). */
  readonly defaults: FieldValues;
  /** Sources that people have retired, sorted: their slots speak as those of ended links do (spec 5.8, 14.1). */
  readonly retired?: readonly SourceId[];
  /** The vendor's behaviour: the agent role comes back at each sync although a person took it (spec 10.3). */
  readonly reassertAgentRole: boolean;
}

/** Who put a role on a user: a person, or the source of the highest rank that supplies it. */
export interface HeldRole {
  readonly role: RoleName;
  readonly givenBy: 'operator' | SourceId;
}

/** The value of the function of words, snapshots and policy: what is stored, shown and queried (spec, the model). */
export interface UserValue {
  readonly fields: FieldValues;
  /** The source whose agent id `acdId` is. */
  readonly acdSource: SourceId | null;
  /** Ordered by name. */
  readonly roles: readonly HeldRole[];
  /** Ordered by id. */
  readonly teams: readonly TeamId[];
  readonly mainTeam: TeamId | null;
  readonly supervises: readonly TeamId[];
}

/** The value of a user before anything is known of them. */
export const emptyValue: UserValue = {
  fields: {},
  acdSource: null,
  roles: [],
  teams: [],
  mainTeam: null,
  supervises: [],
};

/** What the fold needs to know of the user beside words and snapshots. */
export interface UserState {
  readonly id: UserId;
  /** `local`, or the source that created the user. */
  readonly origin: 'local' | SourceId;
  readonly active: boolean;
  readonly syncEnabled: boolean;
  /** Sources for which the sync of this user alone is off (spec 6.4). */
  readonly syncOffSources: readonly SourceId[];
  readonly mergedInto: UserId | null;
  readonly value: UserValue;
}

/** Whether the sync may move this user's snapshot of `source` and make or end links of it (spec 6.2, 9.5). */
export function mayMove(user: Pick<UserState, 'active' | 'syncEnabled' | 'syncOffSources'>, source: SourceId): boolean {
  return user.active && user.syncEnabled && !user.syncOffSources.includes(source);
}
