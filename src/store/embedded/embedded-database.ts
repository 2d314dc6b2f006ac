import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { clusterDirectory, type DataDirectory } from './data-directory.ts';
import { EmbeddedDatabaseError } from './errors.ts';
import type { WorkerOrder, WorkerReport, WorkerTask } from './worker-protocol.ts';

/** For node-postgres: a host that is a directory means the Unix socket `.s.PGSQL.PORT` in it. No password is asked. */
type EmbeddedConnection = {
  readonly host: string;
  readonly port: 5432;
  readonly user: 'postgres';
  readonly database: 'postgres';
};

/** PostgreSQL in a thread of this process. */
export type EmbeddedDatabase = {
  readonly connection: EmbeddedConnection;
  /**
   * Ends all connections, writes everything out and ends the thread. End your pools before: theirs would see their
   * idle connections break.
   */
  readonly close: () => Promise<void>;
  /** Told once if the database ends by itself, such as on a full disk; every connection is gone then. */
  readonly onFailure: (listener: (error: EmbeddedDatabaseError) => void) => void;
  /**
   * Copies its files as they are at one moment, to the data directory `path`. The others wait only as long as that takes: some
   * tenths of a second for 100 MB.
   *
   * @throws EmbeddedDatabaseError `storage` where there is no room for the copy.
   */
  readonly copyTo: (path: string) => Promise<void>;
  /** After a failure: starts it again at the same `connection`, so that pools find it there. */
  readonly reopen: () => Promise<void>;
};

/** sockaddr_un has 108 bytes with the closing NUL (unix(7)). */
const SOCKET_PATH_LIMIT = 107;
const SOCKET_NAME = '.s.PGSQL.5432';
/** Creating a cluster takes about 4 s on a common machine, recovery after a crash about as long as the writing took. */
const START_LIMIT_MS = 120_000;
const CLOSE_LIMIT_MS = 30_000;
/**
 * Nothing can cancel a statement of PGlite: single-user mode has no time-outs and no cancel request. A thread that says
 * nothing for this many checks, two minutes, is taken for lost; counted in checks, because a suspended machine has none.
 */
const SILENT_CHECKS_LIMIT = 24;
const SILENCE_CHECK_MS = 5_000;

/**
 * Opens the database in a data directory that this process holds; makes it at the first time.
 *
 * All connections share one session: no session settings, advisory locks or named statements, short transactions.
 *
 * @throws EmbeddedDatabaseError `storage` or `embedded-database-failed`, with PostgreSQL's reason.
 */
export async function openEmbeddedDatabase(options: {
  readonly dataDirectory: DataDirectory;
}): Promise<EmbeddedDatabase> {
  const { path } = options.dataDirectory;
  const socketDirectory = makeSocketDirectory(path);
  const task: WorkerTask = { cluster: clusterDirectory(path), socketPath: join(socketDirectory, SOCKET_NAME) };
  const listeners: ((error: EmbeddedDatabaseError) => void)[] = [];
  const tellFailure = (error: EmbeddedDatabaseError): void => listeners.forEach((listener) => listener(error));

  let thread: Thread | null = null;
  const open = async (): Promise<void> => {
    rmSync(task.socketPath, { force: true });
    thread = await startThread(task, (reason) => {
      thread = null;
      tellFailure(failure(path, reason));
    });
  };
  try {
    await open();
  } catch (error) {
    rmSync(socketDirectory, { recursive: true, force: true });
    throw failure(path, reasonOf(error));
  }

  return {
    connection: { host: socketDirectory, port: 5432, user: 'postgres', database: 'postgres' },
    onFailure: (listener) => void listeners.push(listener),
    copyTo: async (directory) => {
      if (thread === null) throw failure(path, 'it is not open');
      try {
        await thread.copyTo(clusterDirectory(directory));
      } catch (error) {
        throw failure(directory, reasonOf(error));
      }
    },
    reopen: async () => {
      if (thread !== null) return;
      try {
        await open();
      } catch (error) {
        throw failure(path, reasonOf(error));
      }
    },
    close: async () => {
      const ending = thread;
      thread = null;
      try {
        await ending?.close();
      } catch (error) {
        throw failure(path, reasonOf(error));
      } finally {
        rmSync(socketDirectory, { recursive: true, force: true });
      }
    },
  };
}

/** In the data directory, or where that path is too long for a socket, in a fresh directory of the system's. */
function makeSocketDirectory(dataDirectory: string): string {
  const near = join(dataDirectory, 'socket');
  rmSync(near, { recursive: true, force: true });
  if (Buffer.byteLength(join(near, SOCKET_NAME)) <= SOCKET_PATH_LIMIT) {
    mkdirSync(near, { mode: 0o700 });
    return near;
  }
  // mkdtemp makes it with mode 0700 (mkdtemp(3)).
  const far = mkdtempSync(join(tmpdir(), 'rosterd-'));
  if (Buffer.byteLength(join(far, SOCKET_NAME)) <= SOCKET_PATH_LIMIT) return far;
  rmSync(far, { recursive: true });
  throw new EmbeddedDatabaseError(
    'embedded-database-failed',
    `${dataDirectory} and ${tmpdir()} are too long for a Unix socket; choose a shorter dataDir, or set TMPDIR to a shorter path`,
  );
}

type Thread = { readonly close: () => Promise<void>; readonly copyTo: (cluster: string) => Promise<void> };
type ThreadState = { phase: 'opening' | 'open' | 'closing'; silentChecks: number; reason?: string };

/** Resolves when the database can be connected to; `onFailure` is called at most once, and only after that. */
async function startThread(task: WorkerTask, onFailure: (reason: string) => void): Promise<Thread> {
  const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), { workerData: task });
  const state: ThreadState = { phase: 'opening', silentChecks: 0 };
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      resolve();
      if (state.phase === 'open') onFailure(state.reason ?? 'its thread ended');
    });
  });
  worker.on('error', (error) => {
    state.reason ??= reasonOf(error);
  });
  const opened = new Promise<void>((resolve) => {
    worker.on('message', (report: WorkerReport) => {
      state.silentChecks = 0;
      if (report.kind === 'failed') state.reason ??= report.reason;
      if (report.kind === 'ready') resolve();
    });
  });

  if ((await firstOf({ opened, ended }, START_LIMIT_MS)) !== 'opened') {
    await worker.terminate();
    throw new Error(state.reason ?? `it did not open within ${START_LIMIT_MS / 1000} s`);
  }
  state.phase = 'open';
  const watch = setInterval(() => {
    state.silentChecks += 1;
    if (state.silentChecks < SILENT_CHECKS_LIMIT) return;
    state.reason ??= `it gave no sign of life for ${(SILENT_CHECKS_LIMIT * SILENCE_CHECK_MS) / 1000} s`;
    terminate(worker);
  }, SILENCE_CHECK_MS);
  worker.once('exit', () => clearInterval(watch));
  const tell = (order: WorkerOrder): void => {
    worker.postMessage(order);
  };
  return {
    copyTo: async (to) => {
      const copied = new Promise<void>((resolve, reject) => {
        const hear = (report: WorkerReport): void => {
          if (report.kind !== 'copied') return;
          worker.off('message', hear);
          if (report.reason === null) resolve();
          else reject(new Error(report.reason));
        };
        worker.on('message', hear);
      });
      tell({ kind: 'copy', to });
      if ((await firstOf({ copied, ended }, START_LIMIT_MS)) !== 'copied')
        throw new Error(state.reason ?? `its files were not copied within ${START_LIMIT_MS / 1000} s`);
    },
    close: async () => {
      state.phase = 'closing';
      tell({ kind: 'close' });
      if ((await firstOf({ ended }, CLOSE_LIMIT_MS)) !== 'ended') {
        await worker.terminate();
        throw new Error(`it did not close within ${CLOSE_LIMIT_MS / 1000} s`);
      }
      if (state.reason !== undefined) throw new Error(state.reason);
    },
  };
}

/** Its `exit` tells the rest. */
function terminate(worker: Worker): void {
  worker.terminate().catch((error: unknown) => worker.emit('error', error));
}

/** The name of the promise that settles first; null if none does in time. */
async function firstOf(promises: Readonly<Record<string, Promise<void>>>, limitMs: number): Promise<string | null> {
  const limit = new AbortController();
  const named = Object.entries(promises).map(([name, promise]) => promise.then(() => name));
  // It fails when the race is over and the wait is given up: nobody listens by then.
  const timeUp = delay(limitMs, null, { signal: limit.signal }).catch(() => null);
  try {
    return await Promise.race([...named, timeUp]);
  } finally {
    limit.abort();
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** strerror(3) for ENOSPC, EDQUOT, EROFS, EIO and EFBIG, as PostgreSQL (emscripten's libc) and Node write them. */
const STORAGE = /no space left|quota exceeded|read-only file|i\/o error|file too large|ENOSPC|EDQUOT|EROFS|EIO|EFBIG/i;

function failure(path: string, reason: string): EmbeddedDatabaseError {
  if (STORAGE.test(reason)) {
    const advice = 'free space or make the disk writable; nothing acknowledged is lost';
    return new EmbeddedDatabaseError('storage', `the database in ${path} stopped: ${reason}; ${advice}`);
  }
  return new EmbeddedDatabaseError('embedded-database-failed', `the database in ${path} stopped: ${reason}`);
}
