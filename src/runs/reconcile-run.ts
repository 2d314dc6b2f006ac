import type { Field } from '../domain/fields.ts';
import type { Policy } from '../domain/user.ts';
import type { Lease } from '../domain/lease.ts';
import type { ReconcileStore } from '../apply/ports.ts';
import { noCounts, type Pass } from '../apply/pass.ts';
import { reconcileSource, type ReconcileEnd } from '../apply/reconcile-source.ts';
import { reconcilePolicy } from '../apply/reconcile-policy.ts';
import { halfIsMissing, type GuardLimits } from '../reconcile/guard.ts';
import type { RunFailure, RunnableSource, RunRecord, RunStore, SourceStore } from './ports.ts';

export interface ReconcileRunInput {
  readonly run: RunRecord;
  readonly source: RunnableSource;
  readonly allSources: readonly RunnableSource[];
  /** Sources that keep others from creating the first users (spec 4.8). */
  readonly waitingFor: readonly string[];
  readonly policy: { readonly id: number; readonly content: Policy };
  readonly store: ReconcileStore;
  readonly runs: RunStore;
  readonly sources: SourceStore;
  readonly firstReconciled: boolean;
  readonly allMatchRules: readonly (readonly Field[])[];
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly batchSize: number;
}

export interface ReconcileOutcome {
  readonly failure: RunFailure | null;
  readonly skipped: number;
  readonly waitingFor: readonly string[];
  /** False where it failed, or decided nothing although something is due: trying again would not help. */
  readonly gotOn: boolean;
}

/** Reconciles one source for one run: decides, guards, applies. Throws when cancelled, without the lease or the database. */
export async function reconcileRun(input: ReconcileRunInput): Promise<ReconcileOutcome> {
  const { run, source, store, sources } = input;
  const anybody = await store.read.hasUsers();
  if (!anybody && input.waitingFor.length > 0)
    return { failure: null, skipped: 0, waitingFor: input.waitingFor, gotOn: false };
  const half = await missingHalf(input);
  const conclusive = run.mode !== 'reconcile' && run.complete === true;
  const pass = await passOf(input, conclusive && half === null);
  const missing = run.mode === 'full' && conclusive ? half : null;
  const end: ReconcileEnd | null = missing === null ? await reconcileSource(pass, run.phase === 'identity') : null;
  const failure = missing ?? (end?.kind === 'suspicious' ? suspicious(source.id, end) : null);
  if (failure === null && (anybody || (await store.read.hasUsers())))
    await sources.recordReconciled(input.lease, source.id);
  const due = await store.read.countDue(source.id);
  // What a run did before a crash is not known any more: a resumed one is no standstill.
  const resumed = run.phase === 'identity';
  const gotOn = failure === null && (resumed || pass.counts.decided > 0 || due.linked + due.unlinked === 0);
  return { failure, skipped: pass.counts.skipped, waitingFor: [], gotOn };
}

async function passOf(input: ReconcileRunInput, decidesAbsences: boolean): Promise<Pass> {
  const { run, source, store, runs } = input;
  const letThrough = await input.sources.filling(input.allSources.map((each) => each.id));
  const counts = noCounts();
  let saved = 0;
  return {
    store,
    lease: input.lease,
    runId: run.id,
    rules: source.rules,
    allMatchRules: input.allMatchRules,
    policy: input.policy,
    guard: {
      limits: source.guard,
      letThrough,
      firstReconcile: letThrough || input.firstReconciled ? 'done' : source.guard.firstImport,
    },
    decidesAbsences,
    batchSize: input.batchSize,
    signal: input.signal,
    counts,
    async progress(phase, done) {
      const now = performance.now();
      if (now - saved < 300 && done !== 0) return;
      saved = now;
      const { cancelAsked } = await runs.saveProgress(
        input.lease,
        run.id,
        phase,
        { ...run.counts, skipped: counts.skipped },
        { done },
      );
      if (cancelAsked) throw new Cancelled();
    },
    world: { rules: source.rules, teamNames: new Map(), bindings: new Map(), now: await store.read.now() },
  };
}

export interface PolicyRunInput {
  readonly run: RunRecord;
  readonly sources: readonly RunnableSource[];
  readonly policy: { readonly id: number; readonly content: Policy };
  readonly guard: GuardLimits;
  readonly reconcileStore: ReconcileStore;
  readonly runStore: RunStore;
  readonly sourceStore: SourceStore;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly batchSize: number;
}

/** Moves every user to the policy in force (spec 14.4). */
export async function policyRun(input: PolicyRunInput): Promise<ReconcileOutcome> {
  const { reconcileStore: store, run } = input;
  const end = await reconcilePolicy({
    store,
    lease: input.lease,
    runId: run.id,
    allMatchRules: [],
    policy: input.policy,
    guard: {
      limits: input.guard,
      letThrough: await input.sourceStore.filling(input.sources.map((each) => each.id)),
      firstReconcile: 'done',
    },
    decidesAbsences: false,
    batchSize: input.batchSize,
    signal: input.signal,
    counts: noCounts(),
    progress: () => Promise.resolve(),
    teamNames: new Map((await store.read.teams()).map((team) => [team.id, team.name])),
  });
  return {
    failure: end.kind === 'suspicious' ? suspicious('the users', end) : null,
    skipped: 0,
    waitingFor: [],
    gotOn: true,
  };
}

/** A person asked for the run to stop (spec 14.3). */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** Spec 3.3: held whatever the limits; until holding exists the run fails with nothing applied. */
async function missingHalf({ store, source }: ReconcileRunInput): Promise<RunFailure | null> {
  const present = await store.read.presentAccounts(source.id);
  const { absent } = await store.read.countAbsences(source.id);
  if (!halfIsMissing(present, absent)) return null;
  return {
    code: 'suspicious-import',
    message:
      `${String(absent)} of ${String(present)} accounts of ${source.id} are missing from this import, more than half: nothing was applied. ` +
      'Check the source; the next import with them in it goes on as if nothing had happened',
  };
}

function suspicious(of: string, end: Extract<ReconcileEnd, { kind: 'suspicious' }>): RunFailure {
  const classes = end.exceeded.map(
    (each) =>
      `${each.class} ${String(each.count)} (${each.percent.toFixed(1)} %) is over ${String(each.limit.number)} and ${String(each.limit.percent)} %`,
  );
  const reasons = end.first
    ? [`this is the first reconcile of ${of} that would link or change users of an existing store`, ...classes]
    : classes;
  return {
    code: 'suspicious-import',
    message:
      `nothing was applied, because the run would change too much: ${reasons.join('; ')}. ` +
      `Check the source; if it is right, raise guard (or set guard.firstImport: apply) for ${of} and sync again`,
  };
}
