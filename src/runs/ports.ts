import type { Session } from '../connector-kit/contract.ts';
import type { RejectedRecord } from '../domain/account.ts';
import type { RunState } from '../domain/run-state.ts';
import type { Policy, SourceId } from '../domain/user.ts';
import type { Lease } from '../domain/lease.ts';
import type { GuardLimits } from '../reconcile/guard.ts';
import type { SourceRules } from '../reconcile/rules.ts';

type RunMode = 'full' | 'delta' | 'reconcile';

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
  /** The external id of the one account that it reads (spec 2.8); null where it reads the source. */
  readonly account: string | null;
  /** Of everybody who asked for it, the first one first; none for what no sync asked for. */
  readonly syncIds: readonly string[];
  readonly phase: string | null;
  readonly counts: Partial<RunCounts>;
  readonly complete: boolean | null;
  /** A person has approved what it showed while it was held (spec 13.2). */
  readonly approved: boolean;
  /** A person wants it to stop (spec 14.3). */
  readonly cancelAsked: boolean;
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
  /** Only this account is to be read. */
  readonly account?: string;
}

export interface RunFailure {
  readonly code: string;
  readonly message: string;
}

export interface RunStore {
  /** Queues a run, or joins the one that is queued already for that source, or that account of it; null for a slot that had its run. */
  enqueue(request: RunRequest): Promise<number | null>;
  get(runId: number): Promise<RunRecord | null>;
  /**
   * Queued runs that could begin and have been in nobody's hands for so many seconds; noted as handed over by this call, so
   * that only one process hands each over.
   */
  takeQueued(seconds: number): Promise<number[]>;
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
  /**
   * The import is over; what was read is to be reconciled. `showsTooFew`: since it began, or an earlier one that did too, fewer
   * than half appear of the accounts that were present before (spec 3.3). `nameMapping`: by which a whole full import has
   * read names; by another than the one before, all linked accounts become due, to be known by their new names (spec 8.3).
   */
  endImport(
    lease: Lease,
    runId: number,
    end: ImportOutcome & { readonly showsTooFew: boolean; readonly nameMapping: string | null },
  ): Promise<void>;
  /** Takes up a reconcile; false where a person has cancelled it before, or it is none any more. */
  beginReconcile(lease: Lease, runId: number): Promise<boolean>;
  /** Ends a run without a reconcile, or in the middle of one. `stuck`: what its source has due is not begun again by itself. */
  fail(
    runId: number,
    failure: RunFailure,
    end?: { readonly state?: 'failed' | 'cancelled'; readonly stuck?: Stuck },
  ): Promise<void>;
  /** Whether a run of the source waits for a person. */
  isHeld(source: SourceId): Promise<boolean>;
  /** A source's held run gives way to a later one, which asks again with the whole (spec 13.2). */
  supersedeHeld(source: SourceId, by: number): Promise<void>;
  /** Ends a run after its reconcile; counts what the history says of it, and what an approval has left (spec 13.2). */
  finish(lease: Lease, runId: number, end: RunEnd): Promise<void>;
  /** Runs whose import is over, none of whose sync is still importing. */
  reconcilable(): Promise<RunRecord[]>;
  /** Sources that are queued or importing. */
  importing(): Promise<SourceId[]>;
  /** Sources with accounts to decide on, no unfinished run and nothing that keeps them from being reconciled by themselves. */
  sourcesWithDue(): Promise<SourceId[]>;
  hasDue(source: SourceId): Promise<boolean>;
  /** A reconcile for what another run woke; null where a run of the source has become active meanwhile, which sees to it. */
  startWoken(source: SourceId, syncIds: readonly string[]): Promise<number | null>;
  sourcesWithoutRun(): Promise<SourceId[]>;
  unfinishedOf(syncId: string): Promise<number>;
  /** Runs that say they are importing while nobody holds their source's lease. */
  orphans(): Promise<number[]>;
  askCancel(runId: number, operator: string): Promise<'asked' | 'finished' | 'unknown'>;
  /** The last slot that had its run; for a source that never had one, when it was first started (spec 14.1). */
  lastSlot(source: SourceId, mode: RunMode): Promise<Date | null>;
}

/**
 * Why a source with something due is not reconciled again by itself: the last reconcile failed, or decided nothing, until an
 * import or a person's word brings something new; or a person cancelled it, until a run is asked for (spec 14.3).
 */
type Stuck = 'failed' | 'standstill' | 'cancelled';

interface RunEnd {
  readonly state: RunState;
  readonly skipped: number;
  /** Of everything that a held run shows. */
  readonly shownDigest: string | null;
  /** Why it failed, or is held. */
  readonly failure: RunFailure | null;
  readonly waitingFor: readonly SourceId[];
  /** What people are told beside the import's own notes. */
  readonly notes: readonly string[];
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
  /** A delta that has left it to the next one to show everybody: that one is asked for when this run ends. */
  readonly unlisted: boolean;
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
  /** Nothing that its last run left is begun by itself (see {@link Stuck}), or its reconciles wake each other without end. */
  readonly stuck: boolean;
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
  /** A run of this source begins that somebody asked for: it is looked at anew, and the others' rounds begin anew. */
  wake(source: SourceId): Promise<void>;
  /** After a person's word all sources are looked at anew, but for those whose run a person has cancelled. */
  wakeAll(): Promise<void>;
  /** Notes how a reconcile ended: one that got nowhere is not repeated by itself, and none without end. */
  noteRound(lease: Lease, source: SourceId, gotOn: boolean): Promise<void>;
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
   * Whether the store is being filled for the first time: nothing is limited (spec 13.3). Until the first user exists, each of
   * these sources that no person has paused takes part in that.
   */
  filling(sources: readonly SourceId[]): Promise<boolean>;
  /** The first fill is over where none of these sources has anything due, of those that take part and are neither paused nor held. */
  endFill(lease: Lease, sources: readonly SourceId[]): Promise<void>;
  /** This source has been reconciled: for the first time, where users exist; what its imports showed of absences is decided on. */
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
  /** A run that moves all users to a policy, where none is under way, and none was cancelled since a run was last asked for. */
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
