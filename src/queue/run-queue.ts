import { setTimeout as sleep } from 'node:timers/promises';
import { createPostgresBackend, Queue, Worker, type Job, type PostgresConnectionOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { tlsFault } from '../connector-kit/connect/failures.ts';

const queueName = 'rosterd-runs';
/** Jobs carry ids only: what is to be done stands in the database, so losing the queue loses nothing (architecture 1). */
const payload = z.discriminatedUnion('task', [
  z.strictObject({ task: z.literal('run'), runId: z.int() }),
  z.strictObject({ task: z.literal('reconcile') }),
]);

/** Where jobs are kept: the application's own database, or Redis for many workers. */
export type QueueBackend =
  | {
      readonly kind: 'database';
      readonly pool: Readonly<Record<string, unknown>>;
      /** Whether the queue's tables may be made or changed here; elsewhere `rosterd migrate` does it, as their owner. */
      readonly migrates: boolean;
    }
  | { readonly kind: 'redis'; readonly url: string; readonly ca?: string };

const patienceMs = 20_000;

export interface RunQueue {
  addRun(runId: number): Promise<void>;
  addReconcile(): Promise<void>;
  close(): Promise<void>;
}

export interface RunWorker {
  /** Takes no job until it is resumed; what is under way goes on. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

export interface QueueLog {
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

/** Finished jobs are kept by number, for people who look into the queue. */
const kept = { removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } };

/** One job that waits is enough, whoever asks for it; what is asked for while it is worked on comes once more . */
function once(id: string): { readonly id: string; readonly keepLastIfActive: true } {
  return { id, keepLastIfActive: true };
}

/** The producers' side. */
export async function openRunQueue(backend: QueueBackend, log: QueueLog): Promise<RunQueue> {
  const redis = backend.kind === 'redis' ? connectRedis(backend, log) : null;
  const queue =
    redis === null
      ? new Queue(queueName, { connection: databaseConnection(backend) }, createPostgresBackend)
      : new Queue(queueName, { connection: redis });
  queue.on('error', (error) => {
    log.warn({ err: error }, 'queue connection failed');
  });
  try {
    await Promise.race([inTime(ready(queue)), ...(redis === null ? [] : [neverOpened(redis)])]);
  } catch (error) {
    redis?.disconnect();
    throw error;
  }
  return {
    addRun: async (runId) => {
      await queue.add('run', { task: 'run', runId }, { ...kept, deduplication: once(`run-${String(runId)}`) });
    },
    addReconcile: async () => {
      await queue.add('reconcile', { task: 'reconcile' }, { ...kept, deduplication: once('reconcile') });
    },
    close: async () => {
      await queue.close();
      redis?.disconnect();
    },
  };
}

export interface WorkerTasks {
  run(runId: number): Promise<void>;
  reconcile(): Promise<void>;
}

/** The consumers' side: hands each job to the engine. A job that fails is not tried again by the queue; the engine finds it. */
export async function openRunWorker(backend: QueueBackend, tasks: WorkerTasks, log: QueueLog): Promise<RunWorker> {
  const redis = backend.kind === 'redis' ? connectRedis(backend, log) : null;
  const work = async (job: Job): Promise<void> => {
    const data = payload.parse(job.data);
    await (data.task === 'run' ? tasks.run(data.runId) : tasks.reconcile());
  };
  const options = { concurrency: 8 };
  const worker =
    redis === null
      ? new Worker(queueName, work, { ...options, connection: databaseConnection(backend) }, createPostgresBackend)
      : new Worker(queueName, work, { ...options, connection: redis });
  worker.on('error', (error) => {
    log.warn({ err: error }, 'queue connection failed');
  });
  worker.on('failed', (job, error) => {
    log.error({ job: job?.id, err: error }, 'job failed');
  });
  try {
    await Promise.race([inTime(ready(worker)), ...(redis === null ? [] : [neverOpened(redis)])]);
  } catch (error) {
    redis?.disconnect();
    throw error;
  }
  return {
    pause: async () => {
      if (!worker.isPaused()) await worker.pause(true);
    },
    resume: async () => {
      if (worker.isPaused()) await worker.resume();
    },
    close: async () => {
      await worker.close();
      redis?.disconnect();
    },
  };
}

/** The queue cannot be reached, and a start that waits for it for ever tells nobody. */
class QueueError extends Error {
  override readonly name = 'QueueError';
  readonly code: 'queue-unreachable' | 'tls';

  constructor(code: QueueError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A server that hangs up so often before it was of use does not speak as it is spoken to. */
const mostHangUps = 5;
/** One that is not there (yet) is waited for. */
const absent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);

/** Rejects as soon as it is plain that no patience helps: TLS is wanted, is not had, or does not trust the server. */
function neverOpened(redis: Redis): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  // Who opened it in time does not hear of it.
  promise.catch(() => undefined);
  const { host = 'localhost', port = 6_379, tls } = redis.options;
  const place = `the queue at ${host}:${String(port)}`;
  let [hangUps, lastCode] = [0, ''];
  redis.on('error', (error: Error) => {
    lastCode = 'code' in error ? String(error.code) : '';
    const fault = tlsFault(error, { url: '`queue`', caFile: '`queue: {url: …, caFile: PATH}`' });
    if (fault !== null) reject(new QueueError('tls', `TLS with ${place} failed: ${fault}`));
  });
  redis.on('close', () => {
    if (redis.status === 'ready' || absent.has(lastCode)) return;
    hangUps += 1;
    if (hangUps < mostHangUps) return;
    const remedy =
      tls === undefined
        ? 'where it speaks TLS alone, write rediss:// in `queue`, and its CA as `queue: {url: …, caFile: PATH}`'
        : 'it may not speak TLS: check host and port in `queue`';
    reject(new QueueError('tls', `${place} closes every connection (${lastCode || 'without a word'}); ${remedy}`));
  });
  return promise;
}

async function inTime(ready: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  const late = async (): Promise<never> => {
    await sleep(patienceMs, undefined, { signal: limit.signal });
    throw new QueueError(
      'queue-unreachable',
      `the queue did not answer within ${String(patienceMs / 1_000)} s: check its address, and that its server runs`,
    );
  };
  try {
    await Promise.race([ready, late()]);
  } finally {
    limit.abort();
  }
}

function databaseConnection(backend: QueueBackend): PostgresConnectionOptions {
  const [pool, migrate] = backend.kind === 'database' ? [backend.pool, backend.migrates] : [{}, false];
  return { ...pool, max: 2, migrate };
}

/** The queue's tables in the database are missing, or not those of this version. */
class QueueSchemaError extends Error {
  override readonly name = 'QueueSchemaError';
  readonly code = 'schema-older';
}

async function ready(opened: { waitUntilReady(): Promise<unknown>; close(): Promise<void> }): Promise<void> {
  try {
    await opened.waitUntilReady();
  } catch (error) {
    if (!(error instanceof Error && /^Schema(MigrationRequired|VersionMismatch)Error$/.test(error.name))) throw error;
    await opened.close();
    throw new QueueSchemaError("the queue's tables are not those of this version: run `rosterd migrate` once");
  }
}

/** Makes the queue's tables, or brings them to this version, as the owner of the database. */
export async function migrateQueue(pool: Readonly<Record<string, unknown>>, log: QueueLog): Promise<void> {
  await (await openRunQueue({ kind: 'database', pool, migrates: true }, log)).close();
}

type RedisBackend = Extract<QueueBackend, { kind: 'redis' }>;

function connectRedis({ url, ca }: RedisBackend, log: QueueLog): Redis {
  const tls = url.startsWith('rediss:') ? { tls: ca === undefined ? {} : { ca } } : {};
  const redis = new Redis(url, { maxRetriesPerRequest: null, ...tls });
  redis.on('error', (error) => {
    log.warn({ err: error }, 'queue connection failed');
  });
  return redis;
}
