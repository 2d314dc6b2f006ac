import type { Asker } from '../domain/permissions.ts';
import type { ReconcileTx } from '../apply/ports.ts';
import type { AccountContent } from '../domain/account.ts';
import type { Change } from '../domain/change.ts';
import type { Policy, SourceId, UserId, UserValue } from '../domain/user.ts';
import type { SightReads } from './own-scope.ts';
import type { FormerSlot } from '../reconcile/former-slot.ts';
import type { KeptChange, UndoDecision } from '../reconcile/undo.ts';
import type { ShownChange } from './events.ts';

/** What is undone: everything since a moment (of one source); a run; what a run, or else the sync last, did to one user; one decision. `field`: that field alone. */
export type UndoTarget =
  | { readonly since: Date; readonly source?: SourceId | undefined }
  | { readonly run: number }
  | { readonly userId: UserId; readonly run?: number | undefined; readonly field?: string | undefined }
  | { readonly event: number; readonly field?: string | undefined };

/** `undo` (spec 15.3). */
export interface UndoRequest extends Asker {
  readonly target: UndoTarget;
  readonly reason?: string | undefined;
  /** Shows what would go back and keeps nothing of it. */
  readonly preview: boolean;
}

/** What became of one user. */
export interface UndoneUser {
  readonly userId: UserId;
  readonly username: string | null;
  /** `already`: it is as it was before. */
  readonly outcome: 'back' | 'partly' | 'untouched' | 'already';
  readonly changes: readonly ShownChange[];
  readonly kept: readonly KeptChange[];
}

export interface Undone {
  readonly counts: Readonly<Record<UndoneUser['outcome'] | 'linksEnded' | 'deactivated', number>>;
  /** Everybody who is not wholly back; of a single user or decision that one. At most {@link mostNamed}. */
  readonly named: readonly UndoneUser[];
  /** What else goes back, in sentences: of an act on a team. */
  readonly told: readonly string[];
}

/** A decision of the sync that can be undone, as the history has it, with what stands of it now. */
export interface UndoableEvent {
  readonly id: number;
  readonly type: 'user-changed' | 'link-made' | 'user-created';
  readonly runId: number | null;
  readonly source: SourceId;
  readonly userId: UserId;
  readonly accountId: number;
  readonly externalId: string;
  readonly changes: readonly Change[];
  readonly former: FormerSlot | null;
  /** A person has changed the user since. */
  readonly editedSince: boolean;
  /** The slot of the source is still that of the account. */
  readonly ownsSlot: boolean;
  /** What the account says; null where it is not linked to the user any more. */
  readonly content: AccountContent | null;
}

/** A link that ends because what made it is undone. */
export interface UndoneLink {
  readonly userId: UserId;
  readonly source: SourceId;
  readonly accountId: number;
  readonly externalId: string;
}

/** One user's undo, as it is written. */
export interface UndoWrite {
  readonly event: UndoableEvent;
  readonly value: UserValue;
  readonly decision: UndoDecision;
  readonly ended: readonly UndoneLink[];
  readonly deactivates: boolean;
  /** Of the new event. */
  readonly type: 'user-changed' | 'link-ended' | 'deactivated';
  readonly changes: readonly ShownChange[];
}

/** A run that moved users to another policy (spec 14.4). */
export interface PolicyMoved {
  readonly run: number;
  /** What most of them had before; null where there was nobody to move. */
  readonly former: { readonly id: number; readonly content: Policy } | null;
  /** No later run has moved users, and its policy is not refused. */
  readonly standing: boolean;
}

/** What undoing needs of one transaction; each is a fixed number of statements for all its rows. */
export interface UndoTransaction extends ReconcileTx, SightReads {
  /** Decisions of the sync by id, users already locked. */
  undoable(eventIds: readonly number[]): Promise<readonly UndoableEvent[]>;
  currentLinks(userIds: readonly UserId[]): Promise<readonly UndoneLink[]>;
  /** Slots, links, bars, refusals, active states and events; and makes the accounts due. */
  saveUndone(writes: readonly UndoWrite[], request: UndoRequest): Promise<void>;
  /** Refuses the run's policy, has a run go back to the former one, and tells of it. */
  refusePolicy(moved: PolicyMoved, request: UndoRequest): Promise<void>;
}

/** A decision to undo, and whose it is. */
export interface UndoStep {
  readonly id: number;
  readonly userId: UserId;
}

export interface UndoStore {
  /** What is known of a run; null where there is none. */
  run(id: number): Promise<{ readonly source: SourceId | null; readonly finished: boolean } | null>;
  policyMoved(run: number): Promise<PolicyMoved>;
  /** Decisions of the sync that changed users in a run, or since a moment, the latest first, from before `before`. */
  ofMany(target: ManyDecisions, before: number | null, limit: number): Promise<readonly UndoStep[]>;
  sourceExists(source: SourceId): Promise<boolean>;
  /** The latest decision of the sync that changed a user (in that run, in that field). */
  latestOf(userId: UserId, run: number | null, field: string | null): Promise<UndoStep | null>;
  /** An event by id, and whether it can be undone; null where there is none. */
  event(id: number): Promise<(UndoStep & { readonly undoable: boolean }) | null>;
  /** Whether nothing is out of the operator's scope. */
  seesEverybody(operator: string): Promise<boolean>;
  transaction<T>(operator: string, keep: boolean, work: (tx: UndoTransaction) => Promise<T>): Promise<T>;
  /** A store whose transactions are all parts of one, which is dropped at its end: a preview of what builds on each other. */
  dropping<T>(operator: string, work: (store: UndoStore) => Promise<T>): Promise<T>;
}

/** A target of many decisions, as they are listed. */
export type ManyDecisions = { readonly run: number } | { readonly since: Date; readonly source?: SourceId | undefined };

/** Who watches an undo of many. */
export interface UndoWatch {
  /** Aborted where it is to stop before the next batch. */
  readonly signal: AbortSignal;
  /** Told of each batch: how many decisions it had. */
  wentThrough(decisions: number): void;
}

/** Puts back what the sync did. @throws ActionRefusedError */
export type Undo = (request: UndoRequest, watch?: UndoWatch) => Promise<Undone>;

/** Users whom an answer names. */
export const mostNamed = 10_000;
