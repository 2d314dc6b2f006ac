import type { Policy } from '../domain/user.ts';
import type { World } from '../reconcile/decide.ts';
import type { GuardLimits } from '../reconcile/guard.ts';
import type { Matching } from '../reconcile/match-keys.ts';
import type { SourceRules } from '../reconcile/rules.ts';
import type { Lease } from '../domain/lease.ts';
import type { Counted } from './counted.ts';
import type { ReconcileStore } from './ports.ts';

/** What a reconcile did, as the run shows it (architecture 9). */
export interface PassCounts {
  gone: number;
  returned: number;
  created: number;
  linked: number;
  updated: number;
  skipped: number;
  review: number;
  /** Accounts that were decided on, whatever the decision. */
  decided: number;
}

export function noCounts(): PassCounts {
  return { gone: 0, returned: 0, created: 0, linked: 0, updated: 0, skipped: 0, review: 0, decided: 0 };
}

/** The guard's settings for one pass. */
interface PassGuard {
  readonly limits: GuardLimits;
  /**
   * Nothing is limited, and nothing of it counts against the limits of later runs (spec 13.1): a person has approved it, the
   * store is being filled for the first time, or this is a source's first reconcile under `firstImport: apply` (spec 13.3).
   */
  readonly letThrough: boolean;
  /** This source has not been reconciled since users exist: what links or changes somebody is held (spec 13.3). */
  readonly firstReconcile: boolean;
}

/** Everything that one reconcile of one source works with. */
export interface Pass {
  readonly store: ReconcileStore;
  readonly lease: Lease;
  readonly runId: number;
  readonly rules: SourceRules;
  /** The rules of every source, each once: users are found by all of them. */
  readonly allMatchRules: Matching;
  readonly policy: { readonly id: number; readonly content: Policy };
  readonly guard: PassGuard;
  /** A person has approved what the run showed: nothing else is applied, and nothing is limited (spec 13.2). */
  readonly approved: boolean;
  /**
   * Whether observed absences may become *gone*: only in the run of a complete import, or what one import held back would pass
   * with the next run of any kind (spec 20.7).
   */
  readonly decidesAbsences: boolean;
  /** Users or accounts per transaction. */
  readonly batchSize: number;
  /** Whether two transactions may be under way at once: not on the embedded database, which has one session. */
  readonly overlap: boolean;
  readonly signal: AbortSignal;
  readonly counts: PassCounts;
  /**
   * Tells how far the pass is, batch by batch in every phase, and throws where a person has cancelled the run (spec 14.3).
   * `phase` names the part.
   */
  readonly progress: (phase: PassPhase, done: number) => Promise<void>;
  world: World;
  /** What the guard has let through; null where it limits nothing. */
  counted: Counted | null;
}

/**
 * What deciding on one source's accounts and writing it needs of a pass. What a person does to one user has it too, without
 * a run and a lease: what they have previewed passes without the guard (spec 13.5).
 */
export type Writing = Pick<Pass, 'rules' | 'allMatchRules' | 'world' | 'counts'> & {
  readonly runId: number | null;
  readonly guard: Pick<PassGuard, 'letThrough'>;
  readonly counted?: Counted | null;
};

/** `counting` and `showing` take decisions and write none, `policy` moves users. */
export type PassPhase = 'counting' | 'showing' | 'gone' | 'values' | 'planning' | 'identity' | 'policy';

/** Ends the pass between two batches when the run was cancelled or its lease is lost. */
export function stopIfAborted(pass: Pick<Pass, 'signal'>): void {
  pass.signal.throwIfAborted();
}
