import type { Knex } from 'knex';
import { distinctRules } from '../../../src/reconcile/match-keys.ts';
import { Engine } from '../../../src/runs/engine.ts';
import type { ReconcileStore } from '../../../src/apply/ports.ts';
import type { ImportStore } from '../../../src/import/ports.ts';
import { permissions } from '../../../src/domain/permissions.ts';
import type { Policy } from '../../../src/domain/user.ts';
import { importStore } from '../../../src/store/import-store.ts';
import { leaseStore } from '../../../src/store/leases.ts';
import { noReadRules, type ReadRules } from '../../../src/store/read-rules.ts';
import { reconcileStore } from '../../../src/store/reconcile-store.ts';
import { runStore } from '../../../src/store/run-store.ts';
import { policyStore } from '../../../src/store/policy-store.ts';
import { ensureDefaultGroup, ensurePolicy, ensureSources, ensureTeam } from '../../../src/store/setup.ts';
import { sourceStore } from '../../../src/store/source-store.ts';
import { query, type Db } from '../../../src/store/sql.ts';
import type { WorldConfig } from './config.ts';
import { guardOf, memorySource, rulesOf, type Answers } from './memory-source.ts';
import type { NaiveRead } from './naive-import.ts';

/** The person in whose name a world's people act. */
export const operator = 'person';

/** A store with an engine on it, driven as the composition root does, with in-memory sources and a queue in memory. */
export interface RealWorld {
  readonly db: Db;
  readonly config: WorldConfig;
  readonly policy: { readonly id: number; readonly content: Policy };
  /** Observes these reads in this order and reconciles to rest. `crashAfter`: the process ends after so many transactions. */
  sync(reads: readonly (readonly [source: string, read: NaiveRead])[], how: SyncHow): Promise<void>;
  /** Reconciles what a person has made due, to rest; in the middle of a sync that is left to its end. */
  reconcileNow(): Promise<void>;
  /** Ends this engine and starts another one. */
  restart(batchSize?: number): Promise<void>;
  /** The same with another configuration. */
  configure(config: WorldConfig): Promise<void>;
}

interface SyncHow {
  readonly mode: 'full' | 'delta';
  readonly pageSize: number;
  readonly batchSize: number;
  readonly crashAfter: number | null;
  /** What happens before the transaction of this number, or at the end where there are not so many. */
  readonly during?: { readonly after: number; readonly act: () => Promise<void> } | null;
}

/** What is to happen before a transaction: the end of the process, or what a person does. */
interface Countdown {
  left: number | null;
  during: { left: number; readonly act: () => Promise<void> } | null;
}

/** An engine's life: what it still has to execute, and how it is stopped. */
interface Life {
  readonly engine: Engine;
  readonly stop: AbortController;
  readonly batchSize: number;
  readonly queue: number[];
}

/** Opens a world on a migrated, empty database. */
export async function openRealWorld(db: Knex, configured: WorldConfig): Promise<RealWorld> {
  await query(db, `insert into operator (name, kind, full_scope, permissions) values (?, 'person', true, ?)`, [
    operator,
    [...permissions],
  ]);
  await ensureDefaultGroup(db, 'Default');
  const answers: Answers = { reads: new Map(), pageSize: 1000 };
  const countdown: Countdown = { left: null, during: null };
  let config = configured;
  let policy = await preparePolicy(db, config);
  const birth = async (batchSize: number): Promise<Life> => makeLife(db, config, policy, answers, batchSize, countdown);
  let life = await birth(1000);
  const work = async (task: (engine: Engine) => Promise<unknown>): Promise<void> => {
    try {
      await task(life.engine);
      await drain(life);
    } catch (error) {
      if (!life.stop.signal.aborted) throw error;
      countdown.left = null;
      const left = life.queue;
      life = await birth(life.batchSize);
      // The queue is on disk: what was executing when the process ended is handed out again.
      life.queue.push(...left);
      await life.engine.recover();
      await drain(life);
    }
  };
  const restart = async (batchSize: number): Promise<void> => {
    life.stop.abort();
    life = await birth(batchSize);
    await work((engine) => engine.recover());
  };
  let isSyncing = false;
  return {
    db,
    get config() {
      return config;
    },
    get policy() {
      return policy;
    },
    async sync(reads, { mode, pageSize, batchSize, crashAfter, during }) {
      answers.pageSize = pageSize;
      for (const [source, read] of reads) answers.reads.set(source, read);
      if (batchSize !== life.batchSize) life = await birth(batchSize);
      countdown.left = crashAfter;
      const { after, act } = during ?? { after: 0, act: () => Promise.resolve() };
      countdown.during = { left: after, act };
      const sources = reads.map(([source]) => source);
      isSyncing = true;
      await work((engine) => engine.sync({ sources, mode, askedBy: 'test' }));
      await interfere(countdown);
      isSyncing = false;
      countdown.left = null;
      if (during) await work((engine) => engine.reconcileNow());
    },
    reconcileNow: () => (isSyncing ? Promise.resolve() : work((engine) => engine.reconcileNow())),
    restart: (batchSize = life.batchSize) => restart(batchSize),
    async configure(another) {
      config = another;
      policy = await preparePolicy(db, config);
      await restart(life.batchSize);
    },
  };
}

/** Lets the person act whose turn it is. */
async function interfere(countdown: Countdown): Promise<void> {
  const { during } = countdown;
  countdown.during = null;
  await during?.act();
}

/** Executes what was queued, and what that queues, one after the other. */
async function drain(life: Life): Promise<void> {
  for (let [id] = life.queue; id !== undefined; [id] = life.queue) {
    await life.engine.executeRun(id);
    life.stop.signal.throwIfAborted();
    life.queue.splice(life.queue.indexOf(id), 1);
  }
}

async function preparePolicy(db: Db, config: WorldConfig): Promise<{ id: number; content: Policy }> {
  const content: Policy = {
    rank: config.sources.map(({ id, as }) => ({ id, as })),
    fieldRank: config.fieldRank,
    defaults: config.defaults,
    defaultTeam: await ensureTeam(db, config.defaultTeam),
    reassertAgentRole: config.reassertAgentRole,
  };
  return { id: await ensurePolicy(db, content), content };
}

async function makeLife(
  db: Db,
  config: WorldConfig,
  policy: { id: number; content: Policy },
  answers: Answers,
  batchSize: number,
  countdown: Countdown,
): Promise<Life> {
  const matchOf = new Map(config.sources.map((source) => [source.id, source.match]));
  const readRules: ReadRules = {
    ...noReadRules,
    matchOf: (id) => ({ match: matchOf.get(id) ?? [], placeholders: [] }),
    reusableIds: new Map(
      config.sources.flatMap((each) => {
        const { reusableIds } = rulesOf(config, each);
        return reusableIds === null ? [] : [[each.id, reusableIds]];
      }),
    ),
  };
  await ensureSources(
    db,
    config.sources.map((each) => ({
      id: each.id,
      kind: 'memory',
      as: each.as,
      decisionDigest: JSON.stringify(rulesOf(config, each)),
      match: each.match,
      placeholders: [],
    })),
    distinctRules(config.sources.map(({ match }) => ({ match, placeholders: [] }))),
  );
  const stop = new AbortController();
  const queue: number[] = [];
  const tick = async (): Promise<void> => {
    if (countdown.left !== null && countdown.left-- <= 0) stop.abort(new Error('the process ends here'));
    stop.signal.throwIfAborted();
    if (countdown.during !== null && countdown.during.left-- <= 0) await interfere(countdown);
  };
  const engine = new Engine({
    sources: config.sources.map((each) => memorySource(config, each, answers)),
    disabledSources: [],
    mayRun: () => Promise.resolve(true),
    policy: () => policy,
    policies: policyStore(db),
    guard: guardOf(config),
    runStore: runStore(db),
    sourceStore: sourceStore(db),
    leases: leaseStore(db),
    reconcileStore: watched(ownSourceOnly(reconcileStore(db, readRules)), tick),
    importStore: watched(importStore(db), tick),
    endPassedSwitches: () => Promise.resolve(0),
    queueRun: (id) => {
      queue.push(id);
      return Promise.resolve();
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    holder: 'test',
    batchSize,
    overlap: true,
    signal: stop.signal,
  });
  return { engine, stop, batchSize, queue };
}

/** Calls `tick` before each transaction of a store. */
function watched<Store extends ReconcileStore | ImportStore>(store: Store, tick: () => Promise<void>): Store {
  const inLease: Store['inLease'] = (async (lease: never, work: never) => {
    await tick();
    return store.inLease(lease, work);
  }) as Store['inLease'];
  return { ...store, inLease };
}

/** A run moves snapshots of its own source only (spec 20.2); what it is running for, it says with its events. */
function ownSourceOnly(store: ReconcileStore): ReconcileStore {
  return {
    ...store,
    inLease: (lease, work) =>
      store.inLease(lease, (tx) => {
        const moved = new Set<string>();
        return work({
          ...tx,
          saveSnapshots(snapshots) {
            for (const { snapshot } of snapshots) moved.add(snapshot.source);
            return tx.saveSnapshots(snapshots);
          },
          appendEvents(events, context) {
            const others = [...moved].filter((source) => source !== context.source);
            if (others.length > 0)
              throw new Error(`a run of ${String(context.source)} moved snapshots of ${others.join(', ')}`);
            return tx.appendEvents(events, context);
          },
        });
      }),
  };
}
