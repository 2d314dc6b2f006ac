import type { ReconcileTx } from '../apply/ports.ts';
import type { AccountContent } from '../domain/account.ts';
import type { Field } from '../domain/fields.ts';
import type { SourceId, UserId, Words } from '../domain/user.ts';
import type { Matching } from '../reconcile/match-keys.ts';
import type { SourceRules } from '../reconcile/rules.ts';
import type { PersonsEvent } from './events.ts';
import type { ScopeReads, SightReads } from './own-scope.ts';
import type { TeamBindingWrites } from './team-ports.ts';

/** The sync switched off for a user: for everything (`source` null) or for one source, until when. */
export interface SyncOff {
  readonly source: SourceId | null;
  readonly until: Date | null;
  readonly reason: string | null;
}

/** A link of a user with its account, as far as people's acts depend on it. */
export interface UserLink {
  readonly accountId: number;
  readonly externalId: string;
  readonly source: SourceId;
  /** Of the source. */
  readonly kind: string;
  readonly as: 'acd' | 'directory';
  readonly retired: boolean;
  readonly origin: 'correlated' | 'created' | 'manual';
  /** Of the account: `gone` once a run has decided so, until then it counts as present (spec 13.1). */
  readonly state: 'present' | 'disabled' | 'gone';
  /** It is missing from its source, and a person has refused to call it gone (spec 13.2). */
  readonly goneRefused: boolean;
}

/** An account that a person names. */
export interface NamedAccount {
  readonly id: number;
  /** Who is linked to it now. */
  readonly userId: UserId | null;
  readonly gone: boolean;
  readonly ignored: boolean;
}

/** A review item, as far as answering it depends on it. */
export interface LockedItem {
  readonly id: number;
  readonly kind: string;
  readonly source: SourceId | null;
  readonly subject: string;
  readonly part: string | null;
  readonly userIds: readonly UserId[];
  readonly accounts: readonly ItemAccount[];
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly evidenceDigest: string;
  readonly open: boolean;
  /** By whom and when, where a person has answered it. */
  readonly answered: { readonly answer: string; readonly by: string; readonly at: string } | null;
  /** Of the open question that has taken the place of a closed one. */
  readonly successor: { readonly id: number; readonly evidence: Readonly<Record<string, unknown>> } | null;
}

interface ItemAccount {
  readonly id: number;
  readonly source: SourceId;
  readonly externalId: string;
  readonly content: AccountContent;
  /** What the source says now is not what the question was asked about. */
  readonly changed: boolean;
}

/** The sync switch of a user. */
export interface UserSync {
  /** Whether an account is or was ever linked (spec 6.1). */
  readonly everLinked: boolean;
  readonly off: readonly SyncOff[];
  /** The database's clock. */
  readonly now: Date;
}

/** What people say of a user before and after an act. */
export interface WordsWrite {
  readonly userId: UserId;
  readonly before: Words;
  readonly after: Words;
}

/** Who says something, and why. */
export interface Said {
  readonly operator: string;
  readonly reason: string | null;
}

/** What people's acts need inside one transaction, beside what the sync's own writing needs. */
export interface UserWrites {
  /** Locks the users' rows, in the order of their ids; their versions. */
  lockUsers(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, number>>;
  /** A user as messages name them: id, username and name; nobody in particular where they are out of the operator's scope. */
  nameOfUser(userId: UserId): Promise<string>;
  linksOf(userId: UserId): Promise<readonly UserLink[]>;
  linksOfAll(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, readonly UserLink[]>>;
  /** Locks the account; null where the source has none of that id, or it is linked to somebody out of the operator's scope. */
  lockAccount(source: SourceId, externalId: string): Promise<NamedAccount | null>;
  /** Writes the words that differ; the others keep who said them and when. */
  saveWordsOf(users: readonly WordsWrite[], by: Said): Promise<void>;
  /** Takes one value out of the user's slot of a source. */
  dropSlotValue(userId: UserId, source: SourceId, field: Field): Promise<void>;
  setActive(userId: UserId, active: boolean): Promise<void>;
  setActiveOf(users: ReadonlyMap<UserId, boolean>): Promise<void>;
  /** Ends the user's link to a source, dated by observation too (spec 8.1); the account is found under its keys again. */
  endLink(userId: UserId, source: SourceId, endReason: string): Promise<void>;
  /** `wait`: neither links to anybody of that side until a person says so; `release`: only this pair never links again. */
  bar(accountId: number, userId: UserId, kind: 'wait' | 'release', by: Said): Promise<void>;
  /** Ends the bar of the pair and every refusal of the account (spec 7.2). */
  liftHolds(accountId: number, userId: UserId): Promise<void>;
  syncOf(userId: UserId): Promise<UserSync>;
  syncOfAll(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, UserSync>>;
  sourceExists(source: SourceId): Promise<boolean>;
  /** Unlinked accounts that wait for the user's sync to be on (spec 4.2), of one source, or of all. */
  waitingFor(
    userId: UserId,
    source: SourceId | null,
  ): Promise<readonly { readonly source: SourceId; readonly externalId: string }[]>;
  waitingForAll(
    userIds: readonly UserId[],
  ): Promise<readonly { readonly userId: UserId; readonly source: SourceId; readonly externalId: string }[]>;
  /** Replaces the user's whole set of switched-off sources; those that stay as they are keep who switched them and when. */
  saveSyncOff(userId: UserId, off: readonly SyncOff[], operator: string): Promise<void>;
  saveSyncOffOf(users: ReadonlyMap<UserId, readonly SyncOff[]>, operator: string): Promise<void>;
  /** Locks a review item; null where there is none, or it is about somebody out of the operator's scope. */
  lockItem(item: number, operator: string): Promise<LockedItem | null>;
  /** Closes the item with its answer, remembers that, and makes its accounts due; answers their sources. */
  answerItem(item: LockedItem, answer: string, operator: string): Promise<readonly SourceId[]>;
  /** The names that the account has now are this user's too, as a person says (spec 8.3). */
  acceptNames(accountId: number, userId: UserId): Promise<void>;
  /** It makes no user, no link and no question any more (spec 2.7); answers the sources whose accounts are due by that. */
  ignoreAccount(accountId: number, by: Said): Promise<readonly SourceId[]>;
  /** A role that the source says and the catalogue does not have means this one, or nothing; its accounts are due. */
  meanRole(source: SourceId, said: string, role: string | null, by: Said): Promise<void>;
  /** The users whose present accounts of a source name a team of it (by its id), or a role; only those whom the operator sees. */
  concernedBy(
    source: SourceId,
    named: { readonly team: string } | { readonly role: string },
    operator: string,
  ): Promise<{ readonly count: number; readonly first: readonly string[] }>;
  /** What the source says now for a part is not applied as long as it says so. */
  /** An account is none of those that it matches (spec 4.10). */
  sayOfItsOwn(accountId: number, by: Said): Promise<void>;
  /** All contradicted matches of a source about which nobody is asked one by one: the same people, or to be asked about each. */
  sayTogether(source: SourceId, said: 'same' | 'each', by: Said): Promise<void>;
  /** Whether a value that many accounts of a source share identifies anybody (spec 4.11). */
  answerShared(
    value: { readonly source: SourceId; readonly key: string },
    answer: 'nobody' | 'each',
    by: Said,
  ): Promise<void>;
  refusePart(accountId: number, part: string, cause: string, by: Said): Promise<void>;
  /** Makes everything due that bears on the users, or waits for one of these names; answers its sources. */
  wakeUsers(userIds: readonly UserId[], freedNames: readonly string[]): Promise<readonly SourceId[]>;
  appendEvent(event: PersonsEvent): Promise<void>;
  /** The same of many acts. @throws PermissionMissingError */
  appendActs(events: readonly PersonsEvent[]): Promise<void>;
}

export type UserTx = ReconcileTx &
  UserWrites &
  TeamBindingWrites &
  Pick<ScopeReads, 'groupTree' | 'operatorScope'> &
  SightReads;

export interface UserStore {
  /**
   * Runs work in one transaction in the operator's name, again from the start where a concurrent writer was in the way.
   * `drop`: nothing of it is kept, for previews.
   */
  transaction<T>(operator: string, end: 'keep' | 'drop', work: (tx: UserTx) => Promise<T>): Promise<T>;
}

/** What the configuration says that people's acts depend on. */
export interface ActionRules {
  /** Undefined where the source is not configured. */
  rulesOf(source: SourceId): SourceRules | undefined;
  /** The correlation rules of every source, each once. */
  readonly allMatchRules: Matching;
  /** The roles that exist (spec 10.2). */
  readonly roleCatalogue: readonly string[];
  /** Those of them with which somebody can manage teams (spec 10.6). */
  readonly managingRoles: readonly string[];
  /** The agent role comes back at the next sync although a person takes it (spec 10.3). */
  readonly reassertsAgentRole: boolean;
  /** Its external ids are given to other people after a deletion (spec 8). */
  hasReusableIds(source: SourceId): boolean;
  /** What people say of supervision is lost at its next sync (spec 11.4). */
  ownsSupervision(source: SourceId): boolean;
}
