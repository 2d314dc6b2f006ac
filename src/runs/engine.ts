import { randomUUID } from 'node:crypto';
import type { RunState } from '../domain/run-state.ts';
import type { Policy } from '../domain/user.ts';
import { LeaseLost, type Lease } from '../domain/lease.ts';
import type { ReconcileStore } from '../apply/ports.ts';
import type { ImportStore } from '../import/ports.ts';
import { distinctRules, type Matching } from '../reconcile/match-keys.ts';
import { Due, isIdle } from './due.ts';
import { failureOf } from './failures.ts';
import { underLease } from './heartbeat.ts';
import { importRun } from './import-run.ts';
import { missingHalf, type GuardLimits } from '../reconcile/guard.ts';
import { Cancelled, importProgress } from './progress.ts';
import { policyRun, reconcileRun, type ReconcileOutcome } from './reconcile-run.ts';
import { askForAccounts, refusalOf, untilTrue } from './requests.ts';
import type { AccountAsked, RefreshAnswer, SyncAnswer } from './requests.ts';
import type {
  Leases,
  PolicyInForce,
  PolicyStore,
  RunFailure,
  RunnableSource,
  RunRecord,
  RunStore,
  SourceStore,
} from './ports.ts';

interface EngineLog {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

export interface EngineOptions {
  readonly sources: readonly RunnableSource[];
  /** Ids of sources that are configured with `enabled: false`. */
  readonly disabledSources: readonly string[];
  /** Whether this process's configuration is the one that the store is set up for (architecture 8). */
  readonly mayRun: () => Promise<boolean>;
  /** The configured one. */
  readonly policy: () => { readonly id: number; readonly content: Policy };
  readonly policies: PolicyStore;
  /** The limits of what belongs to no single source. */
  readonly guard: GuardLimits;
  readonly runStore: RunStore;
  readonly sourceStore: SourceStore;
  readonly leases: Leases;
  readonly reconcileStore: ReconcileStore;
  readonly importStore: ImportStore;
  /** Ends the switched-off syncs whose end date has passed, and makes due what waited (spec 6.4); gives the number of users. */
  readonly endPassedSwitches: () => Promise<number>;
  /** Hands a run's id to the workers. */
  readonly queueRun: (runId: number) => Promise<void>;
  readonly log: EngineLog;
  /** Who holds leases, for people: host and process. */
  readonly holder: string;
  readonly batchSize: number;
  readonly overlap: boolean;
  /** Told of every run that has ended in this process. */
  readonly runEnded?: (run: { readonly source: string; readonly mode: string; readonly state: string }) => void;
  /** The worker's end: runs stop at the next page or batch and go on elsewhere. */
  readonly signal: AbortSignal;
}

export interface SyncRequest {
  readonly sources?: readonly string[];
  readonly mode: 'full' | 'delta';
  readonly askedBy: string;
}

/** A run that has been queued for longer may have been lost by the queue, in seconds. */
const waitsTooLong = 30;

/**
 * The state machine around observe, decide and apply. What is to be done stands in the database; this class only finds it
 * and does it, so any process may take over at any time (architecture 1, spec 14.3).
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #byId: ReadonlyMap<string, RunnableSource>;
  readonly #allMatchRules: Matching;
  #reconciling: Promise<void> | null = null;
  #again = false;
  /** The policy that was compared with those of the users last. */
  #checkedPolicy: number | null = null;
  readonly #due: Due;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#due = new Due({ ...options, reads: options.reconcileStore.read });
    this.#byId = new Map(options.sources.map((source) => [source.id, source]));
    this.#allMatchRules = distinctRules(options.sources.map((source) => source.rules));
  }

  /** Asks for one run per source; all of them import before the first reconciles (architecture 9, sync). */
  async sync(request: SyncRequest): Promise<SyncAnswer> {
    await this.resumeChanged();
    const states = await this.#options.sourceStore.states();
    const named =
      request.sources ??
      this.#options.sources.filter((source) => !isIdle(states.get(source.id))).map((source) => source.id);
    const refused = named.flatMap((id) => refusalOf(this.#options, id, states.get(id)));
    const wanted = [...new Set(named)].filter((id) => !refused.some((each) => each.source === id));
    const syncId = randomUUID();
    const runIds: number[] = [];
    for (const source of wanted) {
      const runId = await this.#options.runStore.enqueue({
        source,
        mode: request.mode,
        askedBy: request.askedBy,
        syncId,
      });
      if (runId !== null) runIds.push(runId);
    }
    for (const runId of runIds) await this.#options.queueRun(runId);
    return { syncId, runIds, refused };
  }

  /** Asks for single accounts to be read anew, each by a run of its own that is a delta of one (spec 2.8). */
  async refresh(accounts: readonly AccountAsked[], askedBy: string): Promise<RefreshAnswer> {
    await this.resumeChanged();
    return askForAccounts(this.#options, accounts, askedBy);
  }

  /** Waits until everything that was asked for has ended; false where that takes longer, or this process is being stopped. */
  untilAtRest(syncId: string, patienceMs: number): Promise<boolean> {
    return untilTrue(() => this.atRest(syncId), patienceMs, this.#options.signal);
  }

  /** Whether everything that a sync asked for, and what that woke, has ended. */
  async atRest(syncId: string): Promise<boolean> {
    return (await this.#options.runStore.unfinishedOf(syncId)) === 0;
  }

  cancel(runId: number, operator: string): Promise<'asked' | 'finished' | 'unknown'> {
    return this.#options.runStore.askCancel(runId, operator);
  }

  /** Asks for a scheduled run; nothing happens for a slot that had its run, or for a source that is paused. */
  async scheduled(source: string, mode: 'full' | 'delta', slot: Date): Promise<void> {
    const state = (await this.#options.sourceStore.states()).get(source);
    if (isIdle(state)) return;
    const runId = await this.#options.runStore.enqueue({ source, mode, askedBy: 'schedule', syncId: null, slot });
    if (runId !== null) await this.#options.queueRun(runId);
  }

  /** Imports a run's source and then sees to what is to be reconciled; a run that is not due is left alone. */
  async executeRun(runId: number): Promise<void> {
    if (await this.importRun(runId)) await this.reconcile();
  }

  /** Imports a run's source, for a worker whose next import must not wait for a reconcile; tells whether there is one to do. */
  async importRun(runId: number): Promise<boolean> {
    // A process whose configuration is the one in force finds the run.
    if (!(await this.#options.mayRun())) return false;
    const run = await this.#options.runStore.get(runId);
    const source = run?.source === null || run === null ? undefined : this.#byId.get(run.source);
    if (run === null || (run.state !== 'queued' && run.state !== 'importing')) return false;
    if (source === undefined) {
      await this.#options.runStore.fail(runId, {
        code: 'source-unknown',
        message: `source ${String(run.source)} is no longer configured`,
      });
      return false;
    }
    const { leases, holder, signal } = this.#options;
    const imported = await underLease(leases, `source:${source.id}`, holder, signal, (lease, leased) =>
      this.#import(run, source, lease, leased),
    );
    return imported?.result === true;
  }

  async #import(run: RunRecord, source: RunnableSource, lease: Lease, signal: AbortSignal): Promise<boolean> {
    const { runStore, sourceStore, importStore, log } = this.#options;
    // Cancelled in a process that has died since.
    if (run.cancelAsked) {
      await this.#interrupted(run.id, new Cancelled(), signal);
      return true;
    }
    const state = (await sourceStore.states()).get(source.id);
    if (state === undefined) throw new Error(`source ${source.id} has no state in the store`);
    const knowsWhere = source.delta && state.cursor !== null && state.configDigest === source.configDigest;
    const mode = run.account !== null || (run.mode === 'delta' && knowsWhere) ? 'delta' : 'full';
    const started = await runStore.startImport(run.id, {
      mode,
      configDigest: source.configDigest,
      cursorBefore: state.cursor,
    });
    // Another run of this source is being reconciled: this one stays queued and is found again when that has ended.
    if (!started) return false;
    await sourceStore.wake(source.id);
    this.#checkedPolicy = null;
    const progress = importProgress(runStore, lease, run.id);
    try {
      const outcome = await importRun({
        source,
        state,
        mode,
        account: run.account,
        imports: importStore,
        sources: sourceStore,
        lease,
        signal,
        overlap: this.#options.overlap,
        progress,
      });
      const { read } = this.#options.reconcileStore;
      const asked = { mode: outcome.mode, approved: false };
      const showsTooFew = missingHalf(asked, await read.missing(source.id, run.id)) !== null;
      const nameMapping = source.rules.reusableIds?.nameMapping ?? null;
      await runStore.endImport(lease, run.id, { ...outcome, showsTooFew, nameMapping });
    } catch (error) {
      await this.#interrupted(run.id, error, signal);
    }
    log.info({ runId: run.id, source: source.id, mode }, 'import ended');
    return true;
  }

  /**
   * What becomes of a run whose work was broken off. A lost lease leaves it to its successor, a stop to the next start, and
   * where the database itself fails it is taken up again when that answers: all three are thrown on.
   */
  async #interrupted(runId: number, error: unknown, signal: AbortSignal, during?: 'reconcile'): Promise<void> {
    if (error instanceof LeaseLost || signal.aborted) throw error;
    const { runStore, log } = this.#options;
    if (error instanceof Cancelled) {
      const failure = { code: 'cancelled', message: 'a person cancelled the run' };
      await runStore.fail(runId, failure, { state: 'cancelled', stuck: 'cancelled' });
      return;
    }
    const failure = failureOf(error);
    if (failure.code === 'internal') log.error({ runId, err: error }, 'run failed');
    await runStore.fail(runId, failure, during === undefined ? {} : { stuck: 'failed' });
  }

  /** After a person's word all sources are looked at anew, also where the last reconcile got nowhere. */
  wakeAll(): Promise<void> {
    return this.#options.sourceStore.wakeAll();
  }

  /** Reconciles what a person's word has made due. */
  async reconcileNow(): Promise<void> {
    await this.wakeAll();
    await this.reconcile();
  }

  /** Reconciles whatever is due, one source at a time, until nothing is. Calls during that time are joined into one more look. */
  async reconcile(): Promise<void> {
    this.#again = true;
    this.#reconciling ??= this.#reconcileAll().finally(() => {
      this.#reconciling = null;
    });
    await this.#reconciling;
  }

  async #reconcileAll(): Promise<void> {
    const { leases, holder, signal } = this.#options;
    while (this.#again && !signal.aborted) {
      this.#again = false;
      let reconciled = 0;
      const held = await underLease(leases, 'reconcile', holder, signal, async (lease, leased) => {
        await this.#checkPolicy();
        if ((await this.#options.endPassedSwitches()) > 0) await this.#options.sourceStore.wakeAll();
        for (;;) {
          const run = await this.#due.nextRun();
          if (run === null) await this.#options.sourceStore.endFill(lease, this.#ids());
          if (run === null || leased.aborted) return;
          await this.#reconcileOne(run, lease, leased);
          reconciled++;
        }
      });
      // A run that became ready between the last look and the release is found by looking once more.
      if (held !== null && (await this.#due.anyReady())) this.#again = true;
      // Runs that had to wait for one of these start now.
      if (reconciled > 0)
        for (const runId of await this.#options.runStore.takeQueued(0)) await this.#options.queueRun(runId);
    }
  }

  #ids(): readonly string[] {
    return this.#options.sources.map((source) => source.id);
  }

  /** Once per process and policy: users whom another one was applied to are moved to it by a run (spec 14.4). */
  async #checkPolicy(): Promise<void> {
    const { policies, reconcileStore } = this.#options;
    const policy = await policies.configured(this.#options.policy());
    if (this.#checkedPolicy === policy.id) return;
    await policies.supersedeOthers(policy.id);
    const inForce = await policies.inForce(policy.id);
    const isHeld = inForce.id !== policy.id && !inForce.inPlaceOfRefused;
    const outdated = isHeld ? [] : await reconcileStore.read.outdatedUsers(inForce.id, 0, 1);
    if (outdated.length > 0) await policies.startRun(inForce.id);
    this.#checkedPolicy = policy.id;
  }

  async #policyInForce(): Promise<PolicyInForce> {
    const { policies, policy } = this.#options;
    return policies.inForce((await policies.configured(policy())).id);
  }

  async #reconcilePolicies(run: RunRecord, lease: Lease, signal: AbortSignal): Promise<void> {
    const { runStore } = this.#options;
    try {
      if (!(await runStore.beginReconcile(lease, run.id))) throw new Cancelled();
      const policy = await this.#policyInForce();
      const allMatchRules = this.#allMatchRules;
      const outcome = await policyRun({ ...this.#options, run, policy, allMatchRules, lease, signal });
      // Who is not as a person approved it is asked about again.
      if (outcome.skipped > 0) this.#checkedPolicy = null;
      const ended = outcome.failure === null ? 'completed' : 'failed';
      await runStore.finish(lease, run.id, {
        ...outcome,
        state: outcome.held ? 'held' : ended,
        again: false,
      });
    } catch (error) {
      await this.#interrupted(run.id, error, signal);
    }
    await this.#tellEnd(run.id);
  }

  async #reconcileOne(run: RunRecord, lease: Lease, signal: AbortSignal): Promise<void> {
    const { runStore, sourceStore, reconcileStore } = this.#options;
    if (run.source === null) {
      await this.#reconcilePolicies(run, lease, signal);
      return;
    }
    const source = this.#byId.get(run.source);
    if (source === undefined) {
      await runStore.fail(run.id, {
        code: 'source-unknown',
        message: `source ${run.source} is no longer configured`,
      });
      return;
    }
    const states = await sourceStore.states();
    try {
      if (!(await runStore.beginReconcile(lease, run.id))) throw new Cancelled();
      const importFailed = run.errorCode !== null && !run.approved;
      if (importFailed && (await runStore.isHeld(source.id))) {
        await this.#endBesideHeld(run, source, lease);
        return;
      }
      await runStore.supersedeHeld(source.id, run.id);
      const outcome = await reconcileRun({
        run,
        source,
        allSources: this.#options.sources,
        waitingFor: await this.#due.waitingFor(states),
        policy: await this.#policyInForce(),
        store: reconcileStore,
        runs: runStore,
        sources: sourceStore,
        firstReconciled: states.get(source.id)?.firstReconciled ?? false,
        allMatchRules: this.#allMatchRules,
        lease,
        signal,
        batchSize: this.#options.batchSize,
        overlap: this.#options.overlap,
      });
      await runStore.saveProgress(lease, run.id, 'finishing', run.counts, {});
      await sourceStore.noteRound(lease, source.id, outcome.gotOn);
      await this.#finish(run, source, lease, outcome);
    } catch (error) {
      await this.#interrupted(run.id, error, signal, 'reconcile');
    }
    await this.#tellEnd(run.id);
  }

  /**
   * An import that failed takes nothing back of what another one has shown: that goes on waiting for a person, and this run says
   * why it failed (spec 13.2).
   */
  async #endBesideHeld(run: RunRecord, source: RunnableSource, lease: Lease): Promise<void> {
    const failure = { code: run.errorCode ?? '', message: run.errorMessage ?? '' };
    await this.#noteImport(run, source, lease, failure);
    const notes = ['nothing of it was applied: a run of this source is held and waits for a person'];
    const nothing = { shownDigest: null, skipped: 0, waitingFor: [], again: false };
    await this.#options.runStore.finish(lease, run.id, { ...nothing, state: 'failed', failure, notes });
    await this.#tellEnd(run.id);
  }

  /** The one line that the log keeps of a run. */
  async #tellEnd(runId: number): Promise<void> {
    const run = await this.#options.runStore.get(runId);
    if (run === null) return;
    const { source, mode, state, counts, errorCode } = run;
    this.#options.log.info({ runId, source, mode, state, counts, error: errorCode ?? undefined }, 'run ended');
    this.#options.runEnded?.({ source: source ?? '', mode, state });
  }

  async #finish(run: RunRecord, source: RunnableSource, lease: Lease, outcome: ReconcileOutcome): Promise<void> {
    const { runStore } = this.#options;
    const importFailure = run.errorCode === null ? null : { code: run.errorCode, message: run.errorMessage ?? '' };
    // What a person has approved was imported by the run that was held, and noted then.
    if (run.mode !== 'reconcile' && !run.approved) await this.#noteImport(run, source, lease, importFailure);
    const failure = importFailure ?? outcome.failure;
    // What a failed import shows is asked about by the next one: this run says that it failed, and why.
    const held = outcome.held && importFailure === null;
    const notes =
      outcome.held && !held
        ? [
            `nothing of it was applied: the guard would have held it (${outcome.failure?.message.split(': nothing')[0] ?? ''})`,
          ]
        : outcome.notes;
    const rejected = (run.counts.rejected ?? 0) > 0;
    const ended: RunState = failure !== null ? 'failed' : rejected ? 'completed-with-rejects' : 'completed';
    const woken = await this.#due.wokenBy(run);
    for (const id of woken) if (id !== source.id) await runStore.startWoken(id, run.syncIds);
    const again = woken.includes(source.id);
    await runStore.finish(lease, run.id, {
      state: held ? 'held' : ended,
      notes,
      shownDigest: held ? outcome.shownDigest : null,
      skipped: outcome.skipped,
      failure,
      waitingFor: outcome.waitingFor,
      again,
    });
  }

  async #noteImport(run: RunRecord, source: RunnableSource, lease: Lease, failure: RunFailure | null): Promise<void> {
    const { sourceStore } = this.#options;
    // One account says nothing of how far the source was read, nor whether it can be (spec 14.4).
    if (run.account !== null) return;
    if (failure !== null) return sourceStore.countFailure(lease, source.id);
    await sourceStore.recordSuccess(lease, source.id, {
      cursor: run.cursorAfter,
      configDigest: source.configDigest,
      complete: run.complete === true,
      full: run.mode === 'full',
    });
  }

  /** Asks for a first sync of the sources that have never had a run, so that a new installation is filled by itself. */
  async syncNeverRead(): Promise<void> {
    const states = await this.#options.sourceStore.states();
    const never = await this.#options.runStore.sourcesWithoutRun();
    const sources = this.#options.sources
      .map((source) => source.id)
      .filter((id) => never.includes(id) && !isIdle(states.get(id)));
    if (sources.length > 0) await this.sync({ sources, mode: 'full', askedBy: 'first start' });
  }

  /** Takes up what a dead process left: for the start, and now and then while running. */
  async recover(): Promise<void> {
    const { runStore, queueRun } = this.#options;
    for (const runId of new Set([...(await runStore.orphans()), ...(await runStore.takeQueued(waitsTooLong))]))
      await queueRun(runId);
    await this.reconcile();
  }

  /** Resumes sources whose log-in was refused, when their configuration or secret has changed since (spec 3.4). */
  async resumeChanged(): Promise<void> {
    const states = await this.#options.sourceStore.states();
    for (const source of this.#options.sources) {
      const state = states.get(source.id);
      if (state?.paused !== true || state.pausedByPerson || state.secretFingerprint === null) continue;
      if ((await source.secretFingerprint()) === state.secretFingerprint) continue;
      await this.#options.sourceStore.resumeAfterChange(source.id);
      this.#options.log.info({ source: source.id }, 'source resumed: its configuration or secret has changed');
    }
  }
}
