import { readFile } from 'node:fs/promises';
import { connectors } from '../connectors/registry.ts';
import { localOperatorName } from './access/operators.ts';
import { osUserName } from './access/os-user.ts';
import type { DryRunRequest } from './api/dependencies.ts';
import type { DryRunReport } from './api/schemas/runs.ts';
import { buildApplication, connectorDefinitions, type Application } from './application.ts';
import type { ApiClient, Query } from './cli/api-client.ts';
import type { DaemonOptions, DaemonPorts, InProcess, ProcessRole } from './cli/world.ts';
import { enterInTime } from './configuration.ts';
import { inBackground, inRounds, unlessEnding, unlessStopping } from './background.ts';
import { greet } from './greeting.ts';
import { holdPort } from './held-port.ts';
import { listen, removeDaemonFile, writeDaemonFile } from './listening.ts';
import { collectOpened, type Opened } from './opened.ts';
import { keepDryRuns, noDryRuns, removeLeftDryRun, openDryRun, playDryRun } from './dry-run.ts';
import type { QueueBackend, RunWorker } from './queue/run-queue.ts';
import { createScheduler, isCronExpression } from './runs/schedule.ts';
import { loadSettings } from './settings/load-settings.ts';
import type { Settings } from './settings/settings.ts';
import { plaintextAllowed } from './settings/transport.ts';
import { prepareDataDirectory } from './store/embedded/data-directory.ts';
import { atDatabase, requireUnicode } from './store/database-failure.ts';
import { migrateSchema } from './store/migrate.ts';
import { openStore, type Store } from './store/open-store.ts';
import { runStore } from './store/run-store.ts';
import type { ScratchStore } from './store/scratch-store.ts';
import { installCrashHandlers } from './telemetry/crash-handlers.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';

/** Reads and validates the configuration with the connectors that exist. */
export function readSettings({
  configFile,
  redactor,
  secrets,
}: DaemonOptions & { readonly secrets: 'check' | 'leave' }): Promise<Settings> {
  return loadSettings({
    configFile,
    env: process.env,
    connectors: connectorDefinitions(connectors),
    validateCron: isCronExpression,
    secrets,
  }).then(async (settings) => {
    for (const url of [settings.database, settings.queue])
      if ('url' in url && secrets === 'check') redactor.register(await url.url.read());
    return settings;
  });
}

/** Brings the database's schema to this version. */
export async function migrateDatabase(options: DaemonOptions): Promise<{ readonly applied: readonly string[] }> {
  const settings = await readSettings({ ...options, secrets: 'check' });
  const store = await openStore(settings, { role: 'command', waitMs: 20_000, create: true, schema: 'any' });
  try {
    const migrated = await atDatabase(settings, 'migrating', async () => {
      await requireUnicode(store.db, settings.database);
      return migrateSchema(store.db);
    });
    if (settings.database.kind === 'postgres' && settings.queue.kind === 'database') {
      const { migrateQueue } = await import('./queue/run-queue.ts');
      const log = createLogger({ level: settings.log.level, redactor: options.redactor });
      await migrateQueue({ ...store.connection }, log);
    }
    return migrated;
  } finally {
    await store.close();
  }
}

const tickMs = 5_000;
const retryMs = 2_000;
const noticeMs = 15_000;
const forgetMs = 60_000;
const leaveAfterMs = 5_000;

/** Runs the daemon until it is told to stop (SIGTERM, SIGINT), then ends in good order: everything is taken up again later. */
export async function startDaemon(options: DaemonOptions & { readonly role: ProcessRole }): Promise<void> {
  const settings = await readSettings({ ...options, secrets: 'check' });
  const log = createLogger({ level: settings.log.level, redactor: options.redactor });
  const removeCrashHandlers = installCrashHandlers(log, () => undefined);
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort(new Error('the daemon is stopping'));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const opened = collectOpened(log);
  opened.add('signal handlers', () => {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    removeCrashHandlers();
  });
  for (const warning of await plaintextAllowed(settings)) log.warn(warning);
  try {
    await serve(settings, options, opened, log, stopping.signal);
  } finally {
    await opened.close();
    // What could not be closed must not keep a process alive that does nothing any more.
    setTimeout(() => process.exit(), leaveAfterMs).unref();
  }
  log.info('stopped');
}

/**
 * Opens one thing after the other and notes how each is closed, so that a start that fails at any step leaves nothing
 * behind. The port comes first: a start that cannot have it touches neither data directory nor database, where a healthy
 * daemon may be at work.
 */
async function serve(
  settings: Settings,
  options: DaemonOptions & { readonly role: ProcessRole },
  opened: Opened,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const does = (role: ProcessRole): boolean => options.role === 'all' || options.role === role;
  if (does('api')) prepareDataDirectory(settings.dataDir);
  const port = does('api') ? await holdPort(settings.http) : null;
  if (port !== null) opened.add('port', () => port.release());
  const store = await openStore(settings, { role: 'daemon', waitMs: 10_000, create: true, schema: 'current' });
  opened.add('database', () => store.close());
  await removeLeftDryRun(settings.dataDir);
  // What only a daemon needs is loaded here: commands in process start without it.
  const [{ openRunQueue, openRunWorker }, { buildNotifier }] = await Promise.all([
    import('./queue/run-queue.ts'),
    import('./notices.ts'),
  ]);
  const backend = await queueBackend(settings, store);
  const queue = await openRunQueue(backend, log);
  opened.add('queue', () => queue.close());
  const runs = runStore(store.db);
  const scheduler = createScheduler(
    settings.sources.filter((source) => source.enabled).map((source) => ({ source: source.id, ...source.schedule })),
    async (source, mode, slot) => {
      if (await application.epoch.inForce()) await application.engine.scheduled(source, mode, slot);
    },
    (source, mode) => runs.lastSlot(source, mode),
    (error) => {
      log.error({ err: error }, 'a scheduled run could not be asked for');
    },
  );
  const dryRuns = keepDryRuns((request) => playHere(settings, options, store, log, signal, request));
  opened.add('dry runs', () => dryRuns.ended());
  const application = await buildApplication({
    ...applicationBasis(settings, options, store, log, signal),
    served: true,
    access: 'write',
    dryRuns,
    queueRun: (runId) => queue.addRun(runId),
    requestReconcile: () => queue.addReconcile(),
    nextRuns: (source) => scheduler.nextRuns(source),
  });
  const { engine, api, epoch } = application;
  opened.add('API', () => api.close());
  // Before any work is taken: who cannot be asked must not work for others, and setting up a changed configuration can take a while.
  const listening = port === null ? undefined : await listen(settings.http, api, port);
  if (listening !== undefined) {
    opened.add('daemon.json', () => removeDaemonFile(settings.dataDir));
    await writeDaemonFile(settings.dataDir, { address: listening.address, token: application.localToken });
    store.describe({ address: listening.address });
  }
  log.info(
    { ...listening, role: options.role, database: settings.database.kind, config: settings.configFile },
    'started',
  );
  if (listening !== undefined) {
    const terminal = process.stdout.isTTY ? process.stdout : null;
    const { address } = listening;
    await greet({ address, dataDir: settings.dataDir, firstLink: await application.firstLink(), terminal, log });
  }
  await inRounds(retryMs, signal, log, () => epoch.enter(signal), 'once');
  const reconciles = inBackground(signal, epoch, log);
  opened.add('reconciles', () => reconciles.ended());
  const worker = does('worker')
    ? await openRunWorker(
        backend,
        {
          // A job ends with its import: while a long reconcile is under way, places for imports stay free.
          run: (id) =>
            unlessEnding(
              signal,
              epoch,
              engine.importRun(id).then((imported) => {
                if (imported) reconciles.start(() => engine.reconcile());
              }),
            ),
          reconcile: async () => {
            await engine.wakeAll();
            reconciles.start(() => engine.reconcile());
          },
        },
        log,
      )
    : undefined;
  opened.add('worker', () => worker?.close());
  opened.add('schedule', () => scheduler.stop());
  if (does('scheduler')) await scheduler.start();
  const notifier = does('worker') ? buildNotifier({ settings, db: store.db, log, redactor: options.redactor }) : null;
  await Promise.all([
    keepGoing(application, worker, log, signal),
    does('worker') ? inRounds(forgetMs, signal, log, () => application.forget()) : undefined,
    notifier === null ? undefined : inRounds(noticeMs, signal, log, () => notifier.round(signal)),
  ]);
  log.info('stopping');
}

/** Looks now and then for what is due or was left by a dead process, and for changed secrets, until the daemon stops. */
async function keepGoing(
  application: Application,
  worker: RunWorker | undefined,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { engine, bulk, peopleImports, undoJobs, epoch } = application;
  let first = true;
  await inRounds(tickMs, signal, log, async () => {
    if (!(await epoch.inForce())) {
      await worker?.pause();
      return;
    }
    await worker?.resume();
    if (worker === undefined) return;
    await engine.resumeChanged();
    if (first) await engine.syncNeverRead();
    first = false;
    await engine.recover();
    await bulk.carryOut();
    await peopleImports.carryOut();
    await undoJobs.carryOut();
  });
}

async function queueBackend(settings: Settings, store: Store): Promise<QueueBackend> {
  if (settings.queue.kind === 'redis') {
    const { url, caFile } = settings.queue;
    const ca = caFile === undefined ? {} : { ca: await readFile(caFile, 'utf8') };
    return { kind: 'redis', url: await url.read(), ...ca };
  }
  // On a server the owner has migrated.
  return { kind: 'database', pool: { ...store.connection }, migrates: settings.database.kind === 'embedded' };
}

function applicationBasis(
  settings: Settings,
  { redactor }: DaemonOptions,
  store: Store,
  log: Logger,
  signal: AbortSignal,
) {
  const embedded = settings.database.kind === 'embedded';
  const [batchSize, overlap] = [embedded ? 200 : 1_000, !embedded];
  return { settings, connectors, db: store.db, log, redactor, batchSize, overlap, osUser: osUserName(), signal };
}

/** A dry run in the daemon: on a copy of its own store, with its own configuration or another one. */
async function playHere(
  settings: Settings,
  { redactor }: DaemonOptions,
  store: Store,
  log: Logger,
  signal: AbortSignal,
  request: DryRunRequest,
): Promise<DryRunReport> {
  const { configFile } = request;
  const chosen = configFile === undefined ? settings : await readSettings({ configFile, redactor, secrets: 'check' });
  const scratch = await openDryRun(settings.dataDir, store);
  try {
    return await playDryRun(
      scratch,
      { settings: chosen, connectors, log, redactor, osUser: osUserName(), signal },
      request,
    );
  } finally {
    await scratch.close();
  }
}

/** A dry run without a daemon. The store is let go of as soon as it is copied; where there is none yet, it is an empty one. */
export async function dryRun(
  options: DaemonOptions & {
    readonly wait: number;
    readonly signal: AbortSignal;
    readonly request: Pick<DryRunRequest, 'sources' | 'mode'>;
  },
): Promise<DryRunReport> {
  const { redactor, signal } = options;
  const settings = await readSettings({ ...options, secrets: 'check' });
  const log = createLogger({ level: 'fatal', redactor, destination: process.stderr });
  const scratch = await copyStore(settings, options.wait);
  try {
    const basis = { settings, connectors, log, redactor, osUser: osUserName(), signal };
    return await playDryRun(scratch, basis, { ...options.request, operator: localOperatorName(osUserName()) });
  } finally {
    await scratch.close();
  }
}

async function copyStore(settings: Settings, waitMs: number): Promise<ScratchStore> {
  const store = await openStore(settings, { role: 'command', waitMs, create: false, schema: 'current' }).catch(
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'no-store') return null;
      throw error;
    },
  );
  try {
    return await openDryRun(settings.dataDir, store);
  } finally {
    await store?.close();
  }
}

/** The API without a daemon: the same handlers and engine, in this process; runs are executed here and now. */
export async function openInProcess(options: Parameters<DaemonPorts['openInProcess']>[0]): Promise<InProcess> {
  const settings = await readSettings({ ...options, secrets: options.write ? 'check' : 'leave' });
  const log = createLogger({ level: 'fatal', redactor: options.redactor, destination: process.stderr });
  const store = await openStore(settings, {
    role: 'command',
    waitMs: options.wait,
    create: options.write,
    schema: 'current',
  });
  try {
    return await atDatabase(settings, 'working', () => serveInProcess(settings, options, store, log));
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function serveInProcess(
  settings: Settings,
  options: Parameters<DaemonPorts['openInProcess']>[0],
  store: Store,
  log: Logger,
): Promise<InProcess> {
  const stopping = new AbortController();
  const working = new Set<Promise<void>>();
  const background = (work: Promise<void>): void => {
    const tracked = unlessStopping(stopping.signal, work).finally(() => working.delete(tracked));
    tracked.catch((error: unknown) => {
      log.error({ err: error }, 'a run failed');
    });
    working.add(tracked);
  };
  const application: Application = await buildApplication({
    ...applicationBasis(settings, options, store, log, stopping.signal),
    served: false,
    access: options.write ? 'write' : 'read',
    dryRuns: noDryRuns,
    queueRun: (runId) => {
      background(application.engine.executeRun(runId));
      return Promise.resolve();
    },
    requestReconcile: () => application.engine.reconcileNow(),
    nextRuns: () => [],
  });
  if (options.write) await enterInTime(application.epoch, stopping.signal, options.say);
  // A run that a dead process left is taken up by the command that waits for it.
  const upkeep = options.write ? inRounds(1_000, stopping.signal, log, () => takeUp(application)) : Promise.resolve();
  return {
    client: injecting(application, options.osUser),
    async close() {
      stopping.abort(new Error('the command has ended'));
      await upkeep;
      await Promise.allSettled(working);
      await application.api.close();
      await store.close();
    },
  };
}

async function takeUp({ engine, bulk, peopleImports, undoJobs }: Application): Promise<void> {
  await engine.resumeChanged();
  await engine.recover();
  await bulk.carryOut();
  await peopleImports.carryOut();
  await undoJobs.carryOut();
}

function injecting({ api, localToken }: Application, osUser: string): ApiClient {
  return {
    async request(method, path, { query, body, headers } = {}) {
      const answer = await api.inject({
        method,
        url: path,
        ...(query === undefined ? {} : { query: definedOnly(query) }),
        headers: {
          ...headers,
          authorization: `Bearer ${localToken}`,
          'x-rosterd-os-user': osUser,
          host: 'localhost',
        },
        ...(body === undefined ? {} : { payload: body as object }),
      });
      const text = answer.body;
      return { status: answer.statusCode, body: text === '' ? null : parse(text) };
    },
  };
}

function definedOnly(query: Query): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // CSV and NDJSON are no JSON, and meant for whoever asked for them
  }
}
