import type { AccountContent } from '../domain/account.ts';
import type { Change, GuardClass } from '../domain/change.ts';
import type { SyncAct } from '../domain/event-types.ts';
import type { Claim } from '../domain/claim.ts';
import type { Snapshot, SourceId, TeamId, UserId, UserValue, Voice } from '../domain/user.ts';
import type { Lease } from '../domain/lease.ts';
import type { KnownTeam, ObservedTeam } from '../reconcile/bind-teams.ts';
import type { CandidateUser, UnlinkedAccount } from '../reconcile/correlate.ts';
import type { NamesSeen, ObservedAccount, Subject } from '../reconcile/decide.ts';
import type { FormerSlot } from '../reconcile/former-slot.ts';

/** A linked user with the account of the run's source. */
export interface LinkedSubject {
  readonly subject: Subject;
  readonly account: ObservedAccount & {
    readonly contentHash: string;
    readonly wakes: number;
    readonly heldDigest: string | null;
    /** Since it was last decided on. */
    readonly changed: boolean;
  };
  /** Sources of all current links; their snapshots speak in correlation. */
  readonly linkedSources: readonly SourceId[];
}

/** An account that nobody is linked to. */
export interface UnlinkedRow extends UnlinkedAccount {
  /** A person wants to be asked about this account by itself (spec 4.12). */
  readonly askedAlone: boolean;
  readonly content: AccountContent;
  readonly contentHash: string;
  readonly wakes: number;
  readonly absent: boolean;
  readonly ignored: boolean;
  /** The person's reason, or the rule of the configuration (spec 2.7). */
  readonly ignoredFor: string | null;
}

/** An account whose absence, or return, has been observed and not yet decided on (spec 13.1, gone). */
export interface AbsenceRow {
  readonly accountId: number;
  readonly externalId: string;
  readonly absent: boolean;
  /** How the absence was proven. */
  readonly proof: string | null;
  readonly userId: UserId | null;
}

/** What reconcile decided on last for an account: it is due again when its content or its wakes move on. */
export interface Decided {
  readonly accountId: number;
  readonly contentHash: string;
  readonly wakes: number;
  readonly standing: Standing;
  readonly reason: string | null;
  readonly userId: UserId | null;
  readonly heldDigest: string | null;
}

type Standing = 'linked' | 'unmatched' | 'waiting' | 'question' | 'ignored' | 'unlinked';

export interface EventRow {
  readonly type: SyncAct;
  readonly userId: UserId | null;
  readonly accountId: number | null;
  readonly externalId: string | null;
  readonly changes: readonly Change[];
  readonly reason: string | null;
  /** Null where the guard lets through (spec 13.1, 13.3). */
  readonly guardClasses: readonly GuardClass[] | null;
  /** What of the slot these changes replaced, for undoing them (spec 15.3). */
  readonly former?: FormerSlot;
}

interface UserWrite {
  readonly userId: UserId;
  readonly value: UserValue;
}

export interface SnapshotWrite {
  readonly userId: UserId;
  readonly accountId: number;
  readonly snapshot: Snapshot;
  /** The names that the account carried when this was applied (spec 8.3). */
  readonly namesSeen: NamesSeen;
}

/** A slot of which nothing but its voice moves (spec 5.8). */
export interface VoiceWrite {
  readonly userId: UserId;
  readonly source: SourceId;
  readonly voice: Voice;
}

/** Names of an account that are noted where its slot does not move (spec 8.3). */
export type NamesWrite = Pick<SnapshotWrite, 'userId' | 'accountId' | 'namesSeen'>;

export interface ClaimWrite {
  readonly userId: UserId;
  readonly take: readonly Claim[];
  readonly release: readonly Claim[];
}

export interface MatchKeysWrite {
  readonly userId: UserId;
  readonly keys: readonly string[];
  /** Keys that stand now; none for a user who is being created. */
  readonly before: readonly string[];
}

export interface AccountKeysWrite {
  readonly accountId: number;
  /** Null where a rule has no key. */
  readonly keys: readonly (string | null)[];
}

interface LinkWrite {
  readonly accountId: number;
  readonly userId: UserId;
  readonly origin: 'correlated' | 'created' | 'manual';
  readonly rule: string | null;
}

interface NewUser {
  readonly userId: UserId;
  readonly origin: SourceId;
  readonly active: boolean;
  readonly value: UserValue;
}

/** What a decision on an unlinked account rests on: it is carried out only while all of this is still so (architecture 1). */
interface Grounds {
  readonly accountId: number;
  readonly externalId: string;
  readonly contentHash: string;
  /** One that was woken since is asked again (spec 13.5). */
  readonly wakes: number;
  /** For a creation the id that the user gets. */
  readonly userId: UserId;
}

/** A unique name (`claimKey`) with who has it, or gets it by the same plan. */
interface LostName {
  readonly name: string;
  readonly holder: UserId | null;
}

/** A link that identity has decided on and not yet written. */
export interface PlannedLink extends Grounds {
  readonly kind: 'link';
  readonly rule: string | null;
  /** Unique names that the link loses to others of the plan (spec 4.7). */
  readonly lost: readonly LostName[];
}

/** A creation that loses a unique name: it becomes a question. */
export interface LosingCreation extends Grounds {
  readonly kind: 'create';
  readonly lost: readonly LostName[];
}

/** What a planned decision takes and gives up of unique names. */
export interface NamesMoved {
  readonly wants: readonly Claim[];
  readonly gives: readonly Claim[];
}

/** A user who is to be created, with everything that is to be stored. */
export interface PlannedCreation extends Grounds {
  readonly kind: 'create';
  readonly wants: readonly Claim[];
  readonly active: boolean;
  readonly value: UserValue;
  readonly snapshot: Snapshot;
  readonly namesSeen: NamesSeen;
  /** Every key under which the user is found. */
  readonly userKeys: readonly string[];
  /** Keys of what the account says and is not applied. */
  readonly accountKeys: readonly string[];
  readonly changes: readonly Change[];
  readonly standingReason: string | null;
  readonly unknownRoles: readonly string[];
}

/** Decisions of one batch, as the plan takes them in. */
interface PlanRows {
  readonly creations: readonly PlannedCreation[];
  readonly links: readonly (PlannedLink & NamesMoved)[];
}

/** A row of the plan that wants, or gives up, a name that somebody has or that others want too. */
export interface Rival extends Grounds {
  readonly kind: 'link' | 'create';
  /** The names that it wants and gives up, as texts (`claimKey`). */
  readonly names: readonly string[];
  readonly gives: readonly string[];
}

/** Users who may be the same person as some that have just been created: they are found under one key. */
interface NearPlanned {
  readonly found: readonly { readonly key: string; readonly userId: UserId }[];
  readonly planned: readonly {
    readonly userId: UserId;
    readonly own: readonly string[];
    readonly keys: readonly string[];
  }[];
}

/** `question`: a creation whose unique name somebody has. */
export type ShownKind = 'gone' | 'values' | 'link' | 'create' | 'question' | 'unmatched' | 'policy';

/** A decision as a held run shows it (spec 13.2): what would become of one account and its user, or of a user by a policy. */
export interface Shown {
  readonly kind: ShownKind;
  /** Null, as what identifies and what it says, where a policy moves the user and no account. */
  readonly accountId: number | null;
  readonly externalId: string | null;
  /** Null for a user who would be created, and where nobody is concerned. */
  readonly userId: UserId | null;
  readonly contentHash: string | null;
  readonly changes: readonly Change[];
  readonly classes: readonly GuardClass[];
  /** Of all of it: a decision that comes out with another digest is not the one that was shown. */
  readonly digest: string;
}

/** The keys of a linked account by its source's rules, in their order, with the names of those. */
export interface LinkedKeys {
  readonly userId: UserId;
  readonly keys: readonly (string | null)[];
  readonly ruleNames: readonly string[];
  readonly trustedRules: readonly string[];
}

/** A question as a pass derives it. `subject` identifies it among those of its kind. */
export interface ItemDraft {
  readonly kind: string;
  readonly subject: string;
  readonly accountIds: readonly number[];
  readonly userIds: readonly UserId[];
  readonly part: string | null;
  /** Names that would settle it when they become free (spec 4.7). */
  readonly waitKeys: readonly string[];
  readonly evidence: object;
}

export interface OpenItem {
  readonly id: number;
  readonly kind: string;
  readonly subject: string;
  readonly accountIds: readonly number[];
  readonly userIds: readonly UserId[];
  readonly evidenceDigest: string;
}

/** A source's team with its binding, and whether its absence or return has still to be told (spec 11.1). */
export interface SourceTeamRow extends ObservedTeam {
  readonly undecided: boolean;
  readonly turned: 'gone' | 'returned' | null;
}

/** A value that too many accounts of a source share to identify anybody, unless a person wants to be asked (spec 4.11). */
export interface SharedValue {
  readonly key: string;
  readonly accounts: number;
  readonly answer: 'nobody' | 'each' | null;
}

/** Reads that a pass needs; each is a fixed number of statements, whatever the number of ids. */
export interface ReconcileReads {
  now(): Promise<string>;
  hasUsers(): Promise<boolean>;
  presentAccounts(source: SourceId): Promise<number>;
  /**
   * Accounts that were present before the source's import of this run began, or before the first of those that showed too few of
   * them, and how many of these are absent; what such an import itself brings does not count (spec 3.3).
   */
  missing(source: SourceId, runId: number): Promise<{ before: number; absent: number; reported: number }>;
  /** The keys that identify nobody now (spec 4.11): nobody is found by them. */
  sharedKeys(): Promise<ReadonlySet<string>>;
  sharedValues(source: SourceId): Promise<SharedValue[]>;
  /** Of the keys of due accounts and their users, those that more than so many have. */
  keysHeldByMany(source: SourceId, more: number): Promise<string[]>;
  /** Living accounts of the source, by id, that have one of these keys or whose user has; `last` is null at the end. */
  sharers(
    source: SourceId,
    keys: readonly string[],
    after: number,
    limit: number,
  ): Promise<{
    readonly accounts: readonly {
      readonly id: number;
      readonly externalId: string;
      readonly content: AccountContent;
    }[];
    readonly last: number | null;
  }>;
  teams(): Promise<KnownTeam[]>;
  sourceTeams(source: SourceId): Promise<SourceTeamRow[]>;
  /** What people have answered that roles mean which the catalogue does not have. */
  roleMeanings(source: SourceId): Promise<ReadonlyMap<string, string | null>>;
  /** Which of these roles the source's present accounts state themselves. */
  rolesStated(source: SourceId, roles: readonly string[]): Promise<ReadonlySet<string>>;
  /** Open questions of a kind that belong to a source and to no account. */
  openItemsOfSource(kind: string, source: SourceId): Promise<OpenItem[]>;
  absences(source: SourceId, after: number, limit: number): Promise<AbsenceRow[]>;
  /** `reported` are those of the absent ones of which the source itself told that they are: no mere silence (spec 3.1). */
  countAbsences(source: SourceId): Promise<{ absent: number; reported: number; returned: number }>;
  countDue(source: SourceId): Promise<{ linked: number; unlinked: number }>;
  /** Linked users whose account is due, by account id. */
  dueUsers(source: SourceId, after: number, limit: number): Promise<{ accountId: number; userId: UserId }[]>;
  dueUnlinked(source: SourceId, after: number, limit: number): Promise<number[]>;
  subjects(source: SourceId, userIds: readonly UserId[], lock: boolean): Promise<LinkedSubject[]>;
  unlinked(accountIds: readonly number[], lock: boolean): Promise<UnlinkedRow[]>;
  /** Words and slots of users, without an account: for links about to be made. */
  users(userIds: readonly UserId[], lock: boolean): Promise<{ subject: Subject; linkedSources: readonly SourceId[] }[]>;
  claimHolders(claims: readonly Claim[]): Promise<Map<string, UserId>>;
  /** `except`: users whose keys the caller knows. */
  usersByKeys(keys: readonly string[], except?: readonly UserId[]): Promise<{ key: string; userId: UserId }[]>;
  /** Users, and unlinked accounts of any source, under these keys. `except`: users whose keys the caller knows. */
  holdersOfKeys(
    keys: readonly string[],
    except: readonly UserId[],
  ): Promise<{ key: string; userId: UserId | null; accountId: number | null }[]>;
  /** Unlinked, present, not ignored accounts of the source under these keys, beside those that the caller knows. */
  accountsByKeys(source: SourceId, keys: readonly string[], except: readonly number[]): Promise<number[]>;
  /** The keys of the users' linked, not ignored accounts, by the rules of their sources. */
  keysOfLinkedAccounts(userIds: readonly UserId[]): Promise<LinkedKeys[]>;
  /** Pairs of which a person has said that an account of one is not the other's, as `lower:higher`. */
  barredPairs(userIds: readonly UserId[]): Promise<ReadonlySet<string>>;
  keysOfUsers(userIds: readonly UserId[]): Promise<{ key: string; userId: UserId }[]>;
  candidates(source: SourceId, userIds: readonly UserId[]): Promise<CandidateUser[]>;
  /** Accounts of the source that wait because their match was in doubt, and is no longer (spec 8.3). */
  doubtsOver(source: SourceId): Promise<number[]>;
  /** Ids for users about to be created; those that are not used leave a gap. */
  allocateUserIds(count: number): Promise<UserId[]>;
  /** Planned links, the lowest external id first, from behind one: those that lose a unique name, or those that lose none. */
  plannedLinks(
    runId: number,
    which: { readonly after: string; readonly limit: number; readonly losing: boolean },
  ): Promise<PlannedLink[]>;
  /** Planned creations that lose a unique name, from behind an account. */
  losingCreations(runId: number, after: number, limit: number): Promise<LosingCreation[]>;
  /** Which of these ids are users'. */
  whichExist(userIds: readonly UserId[]): Promise<ReadonlySet<UserId>>;
  /** The next planned creations from behind an account; null where there are none. */
  plannedCreations(runId: number, after: number, limit: number): Promise<PlanRange | null>;
  /** Every row of the plan that a unique name depends on which is not free for it alone. */
  contestedNames(runId: number): Promise<Rival[]>;
  /** The digests of what a held run showed of these accounts, by account; of a policy by user. */
  shownDigests(runId: number, kind: ShownKind, subjects: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** One digest of everything that a held run showed; does not depend on batches. */
  shownDigest(runId: number): Promise<string>;
  /** Subjects that earlier guarded decisions of the last 24 hours touched, per class; null for those of policies. */
  guardedSince(source: SourceId | null): Promise<{ class: GuardClass; subject: number }[]>;
  /** Users whom another policy was last applied to. */
  outdatedUsers(policyId: number, after: UserId, limit: number): Promise<UserId[]>;
  /** The source's accounts whose match is contradicted and about which nobody is asked one by one, the lowest ids first (spec 4.12). */
  contradictedTogether(source: SourceId): Promise<{
    readonly count: number;
    readonly accounts: readonly { readonly id: number; readonly externalId: string }[];
  }>;
  openItems(kinds: readonly string[], accountIds: readonly number[], userIds: readonly UserId[]): Promise<OpenItem[]>;
  /** Which of these questions are open, as `kind subject`. */
  openItemsOf(items: readonly { kind: string; subject: string }[]): Promise<ReadonlySet<string>>;
  separateUserAnswers(subjects: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Writes of one batch; each is one statement for all its rows. */
export interface ReconcileWrites {
  insertUsers(users: readonly NewUser[], policyId: number): Promise<void>;
  insertLinks(links: readonly LinkWrite[], source: SourceId, runId: number | null): Promise<void>;
  saveSnapshots(snapshots: readonly SnapshotWrite[]): Promise<void>;
  saveVoices(voices: readonly VoiceWrite[]): Promise<void>;
  saveNamesSeen(names: readonly NamesWrite[]): Promise<void>;
  saveUsers(users: readonly UserWrite[]): Promise<void>;
  /** What people said of these users' supervision ends (spec 11.4). */
  endSupervisionWords(userIds: readonly UserId[]): Promise<void>;
  /** The policy last applied, where it changes nothing of the value. */
  savePolicy(userIds: readonly UserId[], policyId: number): Promise<void>;
  saveClaims(claims: readonly ClaimWrite[]): Promise<void>;
  saveUserKeys(keys: readonly MatchKeysWrite[]): Promise<void>;
  /** Replaces the keys of accounts themselves: all of an unlinked one, of a linked one those that are not applied. */
  saveAccountKeys(accounts: readonly AccountKeysWrite[]): Promise<void>;
  saveDecided(rows: readonly Decided[]): Promise<void>;
  saveGone(rows: readonly AbsenceRow[], runId: number): Promise<void>;
  /** Puts renamed accounts before people (spec 9.1). */
  saveRenames(
    rows: readonly { readonly accountId: number; readonly changes: readonly Change[] }[],
    runId: number | null,
  ): Promise<void>;
  endRefusals(rows: readonly { accountId: number; part: string }[]): Promise<void>;
  appendEvents(events: readonly EventRow[], context: { source: SourceId | null; runId: number | null }): Promise<void>;
  closeItems(ids: readonly number[]): Promise<void>;
  /** Brings what open questions name and tell up to date; what they ask stays. */
  refreshItems(items: readonly ItemDraft[]): Promise<void>;
  saveShared(source: SourceId, values: readonly Pick<SharedValue, 'key' | 'accounts'>[]): Promise<void>;
  dropShared(source: SourceId, keys: readonly string[]): Promise<void>;
  openNewItems(items: readonly ItemDraft[], source: SourceId | null, runId: number | null): Promise<void>;
  savePlan(runId: number, rows: PlanRows): Promise<void>;
  /** Notes the unique names that rows of the plan lose. */
  loseNames(
    runId: number,
    losses: readonly { readonly accountId: number; readonly lost: readonly LostName[] }[],
  ): Promise<void>;
  dropPlan(runId: number): Promise<void>;
  setPhase(runId: number, phase: string): Promise<void>;
  saveShown(runId: number, rows: readonly Shown[]): Promise<void>;
  dropShown(runId: number): Promise<void>;
  createTeams(teams: readonly { source: SourceId; externalId: string; name: string }[]): Promise<void>;
  bindTeams(teams: readonly { source: SourceId; externalId: string; teamId: TeamId }[]): Promise<void>;
  renameTeams(teams: readonly { teamId: TeamId; name: string }[]): Promise<void>;
  /** Marks teams as decided on, and makes the accounts due that waited for one. */
  settleSourceTeams(source: SourceId, decided: readonly string[]): Promise<void>;
  /** Makes the accounts due that name one of these teams. */
  wakeTeams(source: SourceId, externalIds: readonly string[]): Promise<void>;
  /** Takes note of teams that are gone or have returned; the team itself is kept. */
  turnSourceTeams(source: SourceId): Promise<void>;
  /** Makes accounts of any source due that are found under these keys: unlinked ones, and those of which something is held back. */
  wakeByKeys(keys: readonly string[]): Promise<void>;
  /** Makes every account due that has one of these keys, linked or not: what identified somebody does no longer, or does again. */
  wakeSharers(keys: readonly string[]): Promise<void>;
  /** Makes these accounts due. `plannedBy`: not those that this run has planned and not carried out, which were decided on together. */
  wakeAccounts(accountIds: readonly number[], plannedBy?: number): Promise<void>;
  /** Makes accounts due whose open question names one of these users, or waits for one of these names. */
  wakeByItems(userIds: readonly UserId[], freedNames: readonly string[], plannedBy?: number): Promise<void>;
  /**
   * Where a due, linked user is named in an open question about a unique name, makes every linked account of the source due
   * that waits for one: only decided together do they see that they can exchange their names (spec 4.7).
   */
  wakeTaken(source: SourceId): Promise<void>;
  /** Makes every account of a source's open questions due that shares one with a due account. */
  wakeQuestions(source: SourceId): Promise<void>;
}

/** The creations of a plan that one transaction carries out: those of its accounts from one id to another. */
export interface PlanRange {
  readonly runId: number;
  readonly first: number;
  readonly last: number;
}

/** Carries creations of a plan out inside the database; each is a fixed number of statements for all its rows. */
interface CreationWrites {
  /**
   * Takes the accounts of planned creations and notes the decision: of each whose grounds hold still and whose unique names are free.
   * They are locked. The others leave the plan.
   */
  takePlanned(range: PlanRange): Promise<readonly { readonly id: number; readonly unknownRoles: readonly string[] }[]>;
  /** Makes the users of taken accounts, with name, link, slot, keys and event. */
  createPlanned(
    range: PlanRange,
    common: {
      readonly source: SourceId;
      readonly policyId: number;
      readonly guardClasses: readonly GuardClass[] | null;
      readonly reason: string;
    },
  ): Promise<void>;
  /** Makes accounts due that match the new users, but for those of the plan, which were decided on together with them. */
  wakeMatching(range: PlanRange): Promise<void>;
  usersNearPlanned(range: PlanRange): Promise<NearPlanned>;
  /**
   * Waits for the transactions of the lease that have come here before, and makes those behind wait for the end of this one: what
   * comes after it sees everything that they have written. Comes late in a transaction, for the lease cannot be renewed meanwhile.
   */
  inTurn(): Promise<void>;
}

export type ReconcileTx = ReconcileReads & ReconcileWrites;

/** A transaction of a run, which carries plans out beside what people's acts do too. */
export type RunTx = ReconcileTx & CreationWrites;

/** What applying needs of the database; src/store implements it. */
export interface ReconcileStore {
  readonly read: ReconcileReads;
  /** One transaction under the lease; throws LeaseLost where the lease is no longer held. */
  inLease<T>(lease: Lease, work: (tx: RunTx) => Promise<T>): Promise<T>;
  /** Tells the database's planner that much has been decided on, which it would go on taking for due. */
  analyse(): Promise<void>;
}
