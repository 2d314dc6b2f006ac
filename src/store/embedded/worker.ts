import { constants, cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { startHousekeeping, type Housekeeping } from './housekeeping.ts';
import { startWireServer, type WireServer } from './wire-server.ts';
import type { WorkerOrder, WorkerReport, WorkerTask } from './worker-protocol.ts';

/** The thread that runs PostgreSQL, so that its work never stops the event loop of the daemon. */

const { cluster, socketPath } = workerData as WorkerTask;

/** `log_line_prefix` of PGlite is `%m [%p] `; what a statement quotes in the log comes on lines of its own. */
const CRASH_LINE = /^\d{4}-\d\d-\d\d \S+ \S+ \[\d+\] (?:PANIC|FATAL): +(.*)|^(Aborted\(.*)/;

/** PGlite has no event for a crash, but PostgreSQL logs one before anything else. */
let crash: string | null = null;

function noteCrash(line: string): boolean {
  const match = CRASH_LINE.exec(line);
  crash ??= match?.[1] ?? match?.[2] ?? null;
  return false;
}

const START_PARAMETERS = [
  ...PGlite.defaultStartParams,
  // BullMQ asks for its schema per connection, which does not reach the one session; names of `public` come first.
  ...['-c', 'search_path=public,bullmq'],
  // Enough for one checkpoint interval: a finished segment is removed, or used again, instead of being kept.
  ...['-c', 'min_wal_size=32MB', '-c', 'max_wal_size=64MB'],
];

function openCluster(dataDir: string): Promise<PGlite> {
  return PGlite.create({ dataDir, extensions: { pg_trgm }, startParams: START_PARAMETERS, onStderr: noteCrash });
}

/** In a directory of another name until it is whole, because an interrupted creation leaves one that cannot be opened. */
async function createCluster(): Promise<void> {
  const draft = `${cluster}.new`;
  rmSync(draft, { recursive: true, force: true });
  const db = await openCluster(draft);
  await db.close();
  renameSync(draft, cluster);
}

function report(message: WorkerReport): void {
  parentPort?.postMessage(message);
}

/** Ends the thread, and with it every connection. PGlite is not closed: after a crash that may never return. */
function giveUp(error: unknown): void {
  const reason = crash ?? (error instanceof Error ? error.message : String(error));
  report({ kind: 'failed', reason });
  // One turn of the event loop, in which the client at fault still hears why.
  setImmediate(() => process.exit(1));
}

async function run(): Promise<void> {
  if (!existsSync(cluster)) await createCluster();
  const db = await openCluster(cluster);
  const server = await startWireServer({ db, socketPath, isBroken: () => crash !== null, onBroken: giveUp });
  const housekeeping = await startHousekeeping(dirname(socketPath), giveUp);
  const life = setInterval(() => report({ kind: 'alive' }), 1_000);
  parentPort?.on('message', (order: WorkerOrder) => {
    if (order.kind === 'copy') {
      copyCluster(order.to);
      return;
    }
    clearInterval(life);
    close(db, server, housekeeping).catch(giveUp);
  });
  report({ kind: 'ready' });
}

/**
 * Copies the cluster's files without a pause for anything else: PostgreSQL runs in this thread and writes nothing meanwhile. Who
 * opens the copy finds it as after a crash at this moment, which PostgreSQL recovers from.
 */
function copyCluster(to: string): void {
  let reason: string | null = null;
  try {
    cpSync(cluster, to, { recursive: true, mode: constants.COPYFILE_FICLONE });
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  report({ kind: 'copied', reason });
}

async function close(db: PGlite, server: WireServer, housekeeping: Housekeeping): Promise<void> {
  housekeeping.stop();
  await server.stop();
  await db.close();
  if (crash !== null) throw new Error(crash);
  report({ kind: 'closed' });
  parentPort?.close();
}

run().catch(giveUp);
