import type { Session } from '../connector-kit/contract.ts';
import type { RejectedRecord } from '../domain/account.ts';
import type { Policy, SourceId } from '../domain/user.ts';
import type { Lease } from '../domain/lease.ts';
import type { GuardLimits } from '../reconcile/guard.ts';
import type { SourceRules } from '../reconcile/rules.ts';

type RunMode = 'full' | 'delta' | 'reconcile';
export type RunState =
  'queued' | 'importing' | 'reconciling' | 'held' | 'completed' | 'completed-with-rejects' | 'failed' | 'cancelled';

/** Counts that the history does not hold; the others are counted from it when a run ends. */
export interface RunCounts {
  read: number;
  new: number;
  changed: number;
  unchanged: number;
  rejected: number;
  skipped: number;
}

export interface RunRecord {
  readonly id: number;
  /** Null for a reconcile that moves users' policies only (spec 14.4). */
  readonly source: SourceId | null;
  readonly mode: RunMode;
  readonly state: RunState;
  readonly syncId: string | null;
  readonly phase: string | null;
  readonly counts: Partial<RunCounts>;
  readonly complete: boolean | null;
  /** A person has approved what it showed while it was held (spec 13.2). */
  readonly approved: boolean;
  /** The policy that users are moved to; null for a source's run. */
  readonly policyId: number | null;
  readonly cursorAfter: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

interface RunRequest {
  readonly source: SourceId;
  readonly mode: 'full' | 'delta';
  readonly askedBy: string;
  readonly syncId: string | null;
  /** The schedule's instant; one run per source and slot (spec 14.1). */
  readonly slot?: Date;
}

export interface RunFailure {
  readonly code: string;
  readonly message: string;
}

export interface RunStore {
  /** Queues a run, or gives the one of that source that is queued already; null for a slot that had its run. */
  enqueue(request: RunRequest): Promise<number | null>;
  get(runId: number): Promise<RunRecord | null>;
  /** Runs that have been queued for at least so many seconds. */
  queuedRuns(seconds: number): Promise<number[]>;
  /** Moves a queued (or orphaned) run to importing; false when another run of the source is active. */
  startImport(
    runId: number,
    start: { mode: RunMode; configDigest: string; cursorBefore: string | null },
  ): Promise<boolean>;
  /** Throws LeaseLost where the run is somebody else's by now. */
  saveProgress(
    lease: Lease,
    runId: number,
    phase: string,
    counts: Partial<RunCounts>,
    progress: object,
  ): Promise<{ cancelAsked: boolean }>;
  /** The import is over; what was read is to be reconciled. */
  endImport(lease: Lease, runId: number, end: ImportOutcome): Promise<void>;
  /** Ends a run without a reconcile. */
  fail(runId: number, failure: RunFailure, state?: 'failed' | 'cancelled'): Promise<void>;
  /** A source's held run gives way to a later one, which asks again with the whole (spec 13.2). */
  supersedeHeld(source: SourceId, by: number): Promise<void>;
  /** Ends a run after its reconcile; counts what the history says of it. */
  finish(lease: Lease, runId: number, end: RunEnd): Promise<void>;
  /** Runs whose import is over, none of whose sync is still importing. */
  reconcilable(): Promise<RunRecord[]>;
  /** Sources that are queued or importing. */
  importing(): Promise<SourceId[]>;
  /** Sources with accounts to decide on and no unfinished run. */
  sourcesWithDue(): Promise<SourceId[]>;
  hasDue(source: SourceId): Promise<boolean>;
  /** A reconcile for what another run woke; null where a run of the source has become active meanwhile, which sees to it. */
  startWoken(source: SourceId, syncId: string | null): Promise<number | null>;
  sourcesWithoutRun(): Promise<SourceId[]>;
  unfinishedOf(syncId: string): Promise<number>;
  /** Runs that say they are importing while nobody holds their source's lease. */
  orphans(): Promise<number[]>;
  askCancel(runId: number, operator: string): Promise<'asked' | 'finished' | 'unknown'>;
  lastSlot(source: SourceId, mode: RunMode): Promise<Date | null>;
}

interface RunEnd {
  readonly state: RunState;
  readonly skipped: number;
  /** Of everything that a held run shows. */
  readonly shownDigest: string | null;
  /** Why it failed, or is held. */
  readonly failure: RunFailure | null;
  readonly waitingFor: readonly SourceId[];
  /** The source has woken itself: its next reconcile starts with the end of this one. */
  readonly again: boolean;
}

export interface ImportOutcome {
  /** What was done in the end: a delta whose cursor cannot be used any more becomes a full import. */
  readonly mode: 'full' | 'delta';
  readonly counts: Partial<RunCounts>;
  /** Everything that the source has was read (spec 2.2). */
  readonly whole: boolean;
  /** Whole, and what it did not show is absent (spec 3.1). */
  readonly complete: boolean;
  readonly failure: RunFailure | null;
  readonly rejects: readonly RejectedRecord[];
  readonly notes: readonly string[];
  readonly cursorAfter: string | null;
}

export interface SourceState {
  readonly systemId: string | null;
  readonly cursor: string | null;
  readonly configDigest: string | null;
  readonly paused: boolean;
  /** By a person, and not by a refused log-in. */
  readonly pausedByPerson: boolean;
  readonly retired: boolean;
  readonly firstReconciled: boolean;
  readonly secretFingerprint: string | null;
}

export interface SourceStore {
  states(): Promise<ReadonlyMap<SourceId, SourceState>>;
  rememberSystem(source: SourceId, systemId: string): Promise<void>;
  /** Another system was found in the place of the known one; a person may confirm it (spec 2.6). */
  noteOtherSystem(source: SourceId, systemId: string): Promise<void>;
  /** A refused log-in pauses the source until its configuration or secret changes, or a person resumes it (spec 3.4). */
  pauseAfterRefusal(source: SourceId, reason: string, fingerprint: string): Promise<void>;
  resumeAfterChange(source: SourceId): Promise<void>;
  countFailure(lease: Lease, source: SourceId): Promise<void>;
  /** After a whole and applied import. */
  recordSuccess(
    lease: Lease,
    source: SourceId,
    success: { cursor: string | null; configDigest: string; complete: boolean; full: boolean },
  ): Promise<void>;
  /** Sources whose first whole import the creation of users waits for (spec 4.8), of these. */
  awaitingFirstImport(sources: readonly SourceId[]): Promise<SourceId[]>;
  /**
   * After a whole full import, before it is reconciled. Where it has read names by another mapping than the one before,
   * all its linked accounts become due, to be known by their new names (spec 8.3).
   */
  recordWhole(lease: Lease, source: SourceId, nameMapping: string | null): Promise<void>;
  /** Whether the store is being filled for the first time: nothing is limited (spec 13.3). */
  filling(sources: readonly SourceId[]): Promise<boolean>;
  /** Users exist and this source has been reconciled. */
  recordReconciled(lease: Lease, source: SourceId): Promise<void>;
}

/** The policy that decisions are taken under. */
interface ConfiguredPolicy {
  readonly id: number;
  readonly content: Policy;
}

/** The policy that users have, or are moved to. */
export interface PolicyInForce extends ConfiguredPolicy {
  /** A person has refused the configured one: users go back to this without asking again (spec 14.4). */
  readonly inPlaceOfRefused: boolean;
}

/** What a changed policy does to the store (spec 14.4). */
export interface PolicyStore {
  /** The policy that the configuration and the retired sources make together (spec 5.8, 14.1). */
  configured(policy: ConfiguredPolicy): Promise<ConfiguredPolicy>;
  /** The configured policy; the former one while that is held, and after it was refused. */
  inForce(configured: number): Promise<PolicyInForce>;
  /** A run that moves all users to a policy, where none is under way. */
  startRun(policy: number): Promise<void>;
  /** Held runs of policies that the configuration no longer says give way. */
  supersedeOthers(configured: number): Promise<void>;
}

export interface Leases {
  take(name: string, holder: string, seconds: number): Promise<Lease | null>;
  renew(lease: Lease, seconds: number): Promise<void>;
  release(lease: Lease): Promise<void>;
}

/** One configured, enabled source, as the engine runs it. */
export interface RunnableSource {
  readonly id: SourceId;
  readonly as: 'acd' | 'directory';
  readonly rules: SourceRules;
  readonly guard: GuardLimits & { readonly firstImport: 'hold' | 'apply' };
  /** Of everything whose change forces a full import (spec 14.4). */
  readonly configDigest: string;
  readonly delta: boolean;
  open(signal: AbortSignal): Promise<Session>;
  /** Changes when a secret changes; tells nothing about it. */
  secretFingerprint(): Promise<string>;
}
