import type { Asker } from '../domain/permissions.ts';
import type { ReconcileTx } from '../apply/ports.ts';
import type { PersonsAct } from '../domain/permitted.ts';
import type { Snapshot, SourceId, UserId, UserValue, Words } from '../domain/user.ts';
import type { Subject } from '../reconcile/decide.ts';
import type { Choice, MergeDecision } from '../reconcile/merge.ts';
import type { MergeLink, MergeRefusalCode } from '../reconcile/merge-refusal.ts';
import type { UndoMergeDecision } from '../reconcile/undo-merge.ts';
import type { ActionRefusalCode } from './errors.ts';
import type { ShownChange } from './events.ts';
import type { ScopeReads, SightReads } from './own-scope.ts';

/** Two users who are the same person, and of what differs whose counts. */
export interface MergePair {
  /** Who stays. */
  readonly primary: UserId;
  readonly other: UserId;
  readonly choices: Readonly<Record<string, Choice>>;
}

export interface MergeRequest extends Asker {
  /** For fields whose value would not stay the primary's and that nobody has chosen; null: such pairs are refused. */
  readonly prefer: Choice | null;
  readonly reason?: string | undefined;
}

/** What became, or would become, of one pair. */
export interface MergeOutcome {
  readonly primary: UserId;
  readonly other: UserId;
  readonly outcome: 'changed' | 'unchanged' | 'refused';
  /** Why not, of a refused one. */
  readonly refusal: {
    readonly code: MergeRefusalCode | ActionRefusalCode | 'permission-missing';
    readonly message: string;
  } | null;
  readonly differing: MergeDecision['differing'];
  /** Of the primary and of the other, field by field. */
  readonly changes: readonly ShownChange[];
  readonly otherChanges: readonly ShownChange[];
  readonly warnings: readonly string[];
  /** The entry of the history by which it is undone; null where nothing was kept. */
  readonly event: number | null;
}

/** The four things that a user's value depends on, as a record of a merge keeps them. */
export interface KeptUser {
  readonly words: Words;
  readonly snapshots: readonly Snapshot[];
  readonly value: UserValue;
  readonly active: boolean;
}

/** One merge as it is written. */
export interface MergeWrite {
  readonly primary: UserId;
  readonly other: UserId;
  readonly decision: MergeDecision;
  readonly before: { readonly primary: KeptUser; readonly other: KeptUser };
}

/** An event of a merge, or of its undo, of one of the two. */
export interface MergeEvent extends Asker {
  readonly type: PersonsAct;
  readonly userId: UserId;
  readonly changes: readonly ShownChange[];
  readonly reason: string | null;
  /** The event that this one takes back. */
  readonly undoes: number | null;
}

/** What merging needs of one transaction; each is a fixed number of statements for all its rows. */
export interface MergeTx extends ReconcileTx, SightReads, Pick<ScopeReads, 'groupTree' | 'operatorScope'> {
  /** The current links of these users. */
  mergeLinks(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, readonly MergeLink[]>>;
  versionOf(userId: UserId): Promise<number>;
  /** A user as messages name them; nobody in particular where they are out of the operator's scope. */
  nameOfUser(userId: UserId): Promise<string>;
  /**
   * Moves links with their periods of ownership, slots, words and bars, ends the links that the primary has too, deactivates
   * and marks the others, closes the questions that name them, and keeps what undoing it takes.
   */
  saveMerges(writes: readonly MergeWrite[], by: { operator: string; reason: string | null }): Promise<void>;
  /** By which entries of the history these merges are undone; and whom they merged away is still found by their former names. */
  finishMerges(
    merges: readonly {
      readonly other: UserId;
      readonly events: readonly number[];
      readonly former: KeptUser['value']['fields'];
    }[],
  ): Promise<void>;
  /** Gives the ids of the events, in their order. */
  appendMergeEvents(events: readonly MergeEvent[]): Promise<readonly number[]>;
  /** Makes everything due that bears on the users, or waits for one of these names; answers its sources. */
  wakeUsers(userIds: readonly UserId[], freedNames: readonly string[]): Promise<readonly SourceId[]>;
}

export interface MergeStore {
  transaction<T>(operator: string, end: 'keep' | 'drop', work: (tx: MergeTx) => Promise<T>): Promise<T>;
}

/** A link of the other before a merge, and where it is now. */
export interface LinkBefore extends MergeLink {
  readonly linkId: number;
  /** It was a current one. */
  readonly current: boolean;
  /** The merge ended it, since the primary had one to that source. */
  readonly ended: boolean;
  /** It is as the merge left it: with the primary, and of an ended one the account still linked to nobody. */
  readonly asLeft: boolean;
}

/** A merge as its record has it, with what stands of it now. */
export interface KeptMerge {
  readonly id: number;
  readonly primary: UserId;
  readonly other: UserId;
  readonly undone: boolean;
  /** Null once one of them was purged. */
  readonly kept: {
    readonly before: MergeWrite['before'];
    readonly after: Pick<MergeDecision, 'primary' | 'other' | 'movedSlots'>;
  } | null;
  readonly links: readonly LinkBefore[];
}

/** What of a merge goes back, as it is written. */
export interface MergeUndoWrite {
  readonly merge: KeptMerge;
  /** Both as they are, and as they become. */
  readonly now: { readonly primary: Subject; readonly other: Subject };
  readonly decision: UndoMergeDecision;
  readonly activates: boolean;
}

export interface MergeUndoTx extends MergeTx {
  /** The merge of which this event tells, under lock; null where it tells of none. */
  mergeOf(event: number): Promise<KeptMerge | null>;
  /** Links with their periods, slots, words, bars and the active state; and nobody is merged any more. */
  saveMergeUndone(write: MergeUndoWrite, by: { operator: string; reason: string | null }): Promise<void>;
}

export interface MergeUndoStore {
  /** Whether an event tells of a merge. */
  isMerge(event: number): Promise<boolean>;
  transaction<T>(operator: string, end: 'keep' | 'drop', work: (tx: MergeUndoTx) => Promise<T>): Promise<T>;
}
