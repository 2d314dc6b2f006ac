import { compareText } from '../domain/text.ts';
import type { Policy } from '../domain/user.ts';
import type { Lease } from '../domain/lease.ts';
import type { ReconcileStore } from '../apply/ports.ts';
import { noCounts, type Pass } from '../apply/pass.ts';
import { reconcileSource, type ReconcileEnd } from '../apply/reconcile-source.ts';
import { reconcilePolicy, type PolicyPass } from '../apply/reconcile-policy.ts';
import { settleSharedValues } from '../apply/shared-values.ts';
import type { Matching } from '../reconcile/match-keys.ts';
import { missingHalf, type Exceeded, type GuardLimits } from '../reconcile/guard.ts';
import { progressOf } from './progress.ts';
import type { PolicyInForce, RunFailure, RunnableSource, RunRecord, RunStore, SourceStore } from './ports.ts';

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
  readonly allMatchRules: Matching;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly batchSize: number;
  readonly overlap: boolean;
}

export interface ReconcileOutcome {
  readonly failure: RunFailure | null;
  /** Nothing was applied: what the run showed waits for a person (spec 13.1). */
  readonly held: boolean;
  /** Of everything that a held run shows. */
  readonly shownDigest: string | null;
  readonly skipped: number;
  readonly waitingFor: readonly string[];
  /** What people are told of it. */
  readonly notes: readonly string[];
  /** False where it failed, or decided nothing although something is due: trying again would not help. */
  readonly gotOn: boolean;
}

/** Reconciles one source for one run: decides, guards, applies. Throws when cancelled, without the lease or the database. */
export async function reconcileRun(input: ReconcileRunInput): Promise<ReconcileOutcome> {
  const { run, source, store, sources } = input;
  const anybody = await store.read.hasUsers();
  if (!anybody && input.waitingFor.length > 0) return { ...nothingDone, waitingFor: input.waitingFor };
  const seen = await store.read.missing(source.id, run.id);
  const missing = missingHalf(run, seen);
  const pass = await passOf(input, run.approved || run.complete === true || missing !== null);
  const resumeIdentity = run.phase === 'identity';
  const end = await reconcileSource(pass, { resumeIdentity, holdAnyway: missing !== null });
  const shownDigest = end.kind === 'held' ? await store.read.shownDigest(run.id) : null;
  const failure =
    shownDigest === null || end.kind === 'done'
      ? null
      : heldBecause(run, missing === null ? tooMuch(source.id, end) : tooFew(run, missing, seen.before), shownDigest);
  if (failure === null) await sources.recordReconciled(input.lease, source.id);
  const due = await store.read.countDue(source.id);
  // What a run did before a crash is not known any more: a resumed one is no standstill.
  const left = pass.counted?.left.size ?? 0;
  const moved = resumeIdentity || pass.counts.decided + left > 0 || due.linked + due.unlinked === 0;
  return {
    failure,
    held: end.kind === 'held',
    shownDigest,
    skipped: pass.counts.skipped,
    waitingFor: [],
    gotOn: failure === null && moved,
    notes: notesOf(pass),
  };
}

const nothingDone: ReconcileOutcome = {
  failure: null,
  held: false,
  shownDigest: null,
  skipped: 0,
  waitingFor: [],
  gotOn: true,
  notes: [],
};

/** So many are named of those that a run left to the next one. */
const mostNamed = 20;

/** What became due while the run was under way, and is not what it had counted (spec 13.5). */
function notesOf({ counted }: Pick<Pass, 'counted'>): string[] {
  const left = [...(counted?.left ?? [])].sort(compareText);
  if (left.length === 0) return [];
  const more = left.length > mostNamed ? ` and ${String(left.length - mostNamed)} more` : '';
  return [
    `left to the next run, since it came up after this one had counted: ${left.slice(0, mostNamed).join(', ')}${more}`,
  ];
}

/** Why the run waits, and how a person goes on (spec 13.2). */
function heldBecause(run: RunRecord, reason: string, digest: string): RunFailure {
  const id = String(run.id);
  const until =
    run.source === null ? 'until the configuration says another policy' : 'the next import asks again with the whole';
  const message =
    `${reason}: nothing was applied. See it with: rosterd run show ${id}. Then: rosterd run approve ${id} --digest ` +
    `${digest.slice(0, 12)} applies it, rosterd run discard ${id} refuses it; ${until}`;
  return { code: 'held', message };
}

async function passOf(input: ReconcileRunInput, decidesAbsences: Pass['decidesAbsences']): Promise<Pass> {
  const { run, source, store } = input;
  const sharedKeys = await settleSharedValues(store, { lease: input.lease, runId: run.id, rules: source.rules });
  const rules = { ...source.rules, roleMeanings: await store.read.roleMeanings(source.id), sharedKeys };
  const filling = await input.sources.filling(input.allSources.map((each) => each.id));
  const passesFirst = !input.firstReconciled && source.guard.firstImport === 'apply';
  const letThrough = run.approved || filling || passesFirst;
  const counts = noCounts();
  return {
    store,
    lease: input.lease,
    runId: run.id,
    rules,
    allMatchRules: input.allMatchRules,
    policy: input.policy,
    guard: {
      limits: source.guard,
      letThrough,
      firstReconcile: !letThrough && !input.firstReconciled,
    },
    approved: run.approved,
    decidesAbsences,
    batchSize: input.batchSize,
    overlap: input.overlap,
    signal: input.signal,
    counts,
    progress: progressOf(input, counts),
    world: { rules, teamNames: new Map(), bindings: new Map(), now: await store.read.now() },
    counted: null,
  };
}

export interface PolicyRunInput {
  readonly run: RunRecord;
  readonly sources: readonly RunnableSource[];
  readonly policy: PolicyInForce;
  readonly allMatchRules: Matching;
  readonly guard: GuardLimits;
  readonly reconcileStore: ReconcileStore;
  readonly sourceStore: SourceStore;
  readonly runStore: RunStore;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly batchSize: number;
  readonly overlap: boolean;
}

/** Moves every user to the policy in force (spec 14.4). */
export async function policyRun(input: PolicyRunInput): Promise<ReconcileOutcome> {
  const { reconcileStore: store, run, policy } = input;
  // Approved, or left by a process that died, before the configuration moved on.
  if (run.policyId !== policy.id)
    return { ...nothingDone, failure: { code: 'superseded', message: 'the configuration says another policy now' } };
  const counts = noCounts();
  const pass: PolicyPass = {
    store,
    lease: input.lease,
    runId: run.id,
    allMatchRules: input.allMatchRules,
    policy,
    guard: {
      limits: input.guard,
      letThrough:
        run.approved ||
        policy.inPlaceOfRefused ||
        (await input.sourceStore.filling(input.sources.map((each) => each.id))),
      firstReconcile: false,
    },
    approved: run.approved,
    decidesAbsences: false,
    batchSize: input.batchSize,
    overlap: input.overlap,
    signal: input.signal,
    counts,
    progress: progressOf({ run, runs: input.runStore, lease: input.lease }, counts),
    teamNames: new Map((await store.read.teams()).map((team) => [team.id, team.name])),
    reason: policy.inPlaceOfRefused
      ? 'a person has refused the configured policy'
      : 'the policy is another one: by the configuration, or by the sources that are retired',
    counted: null,
  };
  const end = await reconcilePolicy(pass);
  const left = pass.counted?.left.size ?? 0;
  if (end.kind === 'done') return { ...nothingDone, skipped: counts.skipped + left, notes: notesOf(pass) };
  const shownDigest = await store.read.shownDigest(run.id);
  const failure = heldBecause(run, tooMuch('the users', end), shownDigest);
  return { ...nothingDone, failure, held: true, shownDigest };
}

/** Why a run asks whatever the limits (spec 3.3), also where it is not the one that found it. */
function tooFew({ source, mode, complete }: RunRecord, missing: number, present: number): string {
  const since =
    mode === 'full' && complete === true ? 'are missing from this import' : 'are missing since an import before';
  return `${String(missing)} of ${String(present)} accounts of ${String(source)} ${since}, more than half`;
}

function tooMuch(of: string, end: Extract<ReconcileEnd, { kind: 'held' }>): string {
  const classes = end.exceeded.map(overLimit);
  const reasons = end.first
    ? [`this is the first reconcile of ${of} that would link or change users of an existing store`, ...classes]
    : classes;
  const tooMuchChanges = reasons.length === 0 ? [] : [`the run would change too much: ${reasons.join('; ')}`];
  return [...formatOfNames(of, end.suspicions), ...tooMuchChanges].join('; ');
}

/** Spec 8.3: approving says that the names are the same people's, written in another way. */
function formatOfNames(of: string, suspicions: number): string[] {
  if (suspicions === 0) return [];
  return [`${String(suspicions)} accounts of ${of} have other people's names now: did the format of names change?`];
}

/** How many a class has, how many of them this run adds, and what it is over (spec 13.1). */
function overLimit({ class: name, count, before, percent, limit }: Exceeded): string {
  const added = before === 0 ? '' : `: ${String(count - before)} now, ${String(before)} in the 24 hours before`;
  const over =
    limit === null
      ? 'is more than half of a small source'
      : `is over ${String(limit.number)} and ${String(limit.percent)} %`;
  return `${name} ${String(count)} (${percent.toFixed(1)} %${added}) ${over}`;
}
