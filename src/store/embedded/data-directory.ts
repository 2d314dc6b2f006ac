import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type * as Sqlite from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { DataDirectoryError } from './errors.ts';
import { holderSchema, type Holder } from './holder.ts';

export type { Holder };

/** What the caller of {@link acquireDataDirectory} is and how long it may wait. */
export type AcquireOptions = {
  readonly role: Holder['role'];
  /** How long to wait, in milliseconds, for a holder that will let go or say its address by itself. */
  readonly waitMs: number;
  /** False for a command that only reads: it never makes a store. */
  readonly create?: boolean;
};

/** A data directory that belongs to this process until `release`, or until the process ends in whatever way. */
export type DataDirectory = {
  /** Absolute path. */
  readonly path: string;
  /** Tells others where the API of this daemon is; from then on a command no longer waits for it. */
  readonly describe: (details: { readonly address: string }) => void;
  readonly release: () => void;
};

/** PGlite's cluster in a data directory. */
export const clusterDirectory = (dataDirectory: string): string => join(dataDirectory, 'pg');

const lockFile = (path: string): string => join(path, 'lock');
const holderFile = (path: string): string => join(path, 'holder.json');

/** What rosterd itself puts there; with a database elsewhere there is no lock. */
const ownNames = new Set(['daemon.json', 'dry-run', 'holder.json', 'lock', 'pg', 'socket']);

const POLL_MS = 25;
/** Covers the moments in which the lock is already or still held but `holder.json` tells of another process or none. */
const SETTLE_MS = 250;
/** sqlite3.h: another connection has the lock. */
const SQLITE_BUSY = 5;

/**
 * Takes the data directory for this process, and sets the umask of the whole process to 077, so that whatever it
 * writes there is its owner's only.
 *
 * A second daemon is refused at once. A daemon waits for a command to end; a command waits for another command to end,
 * and for a daemon that is starting to end or to say its address, and is refused at once when that is known.
 *
 * @throws DataDirectoryError `no-store` (`create: false` and nothing there), `data-directory-held` (with the holder),
 * `data-directory-unusable` (rights, read-only, a directory with files of others).
 */
export async function acquireDataDirectory(dir: string, options: AcquireOptions): Promise<DataDirectory> {
  const path = resolve(dir);
  process.umask(0o077);
  prepare(path, options.create ?? true);
  const lock = await waitForLock(path, options);
  if (options.create === false && !existsSync(clusterDirectory(path))) {
    lock.close();
    throw noStore(path);
  }
  return hold(path, lock, options.role);
}

/** Who holds the directory now; null where nobody does, whatever a killed process may have left there. */
export function readHolder(dir: string): Holder | null {
  const path = resolve(dir);
  return existsSync(lockFile(path)) && isLocked(path) ? parseHolder(path) : null;
}

/** Makes a directory for what only its owner may read, or closes one that is there. @throws DataDirectoryError */
export function prepareDataDirectory(dir: string): void {
  prepare(resolve(dir), true);
}

function prepare(path: string, create: boolean): void {
  refuseOthers(path);
  if (!create) {
    if (!existsSync(lockFile(path))) throw noStore(path);
    return;
  }
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if ((statSync(path).mode & 0o077) !== 0) closeToOthers(path);
    closeWhatIsThere(path);
  } catch (error) {
    if (error instanceof DataDirectoryError) throw error;
    throw unusable(path, error);
  }
}

/**
 * Whoever owns the directory, or a link on the way to what is in it, decides what stands there: root, who may write
 * everywhere, must not be led by another user's directory. Root's commands work where root's daemon does.
 */
function refuseOthers(path: string): void {
  const self = process.getuid?.();
  if (self === undefined) return;
  for (const each of [path, lockFile(path), clusterDirectory(path)]) {
    const stat = lstatSync(each, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (stat.isSymbolicLink() && each !== path) throw foreign(each, 'is a symbolic link');
    const { uid } = stat.isSymbolicLink() ? statSync(each) : stat;
    if (uid !== self || stat.uid !== self)
      throw foreign(
        each,
        `belongs to another user (uid ${String(uid === self ? stat.uid : uid)}, not ${String(self)})`,
      );
  }
}

function foreign(path: string, what: string): DataDirectoryError {
  return new DataDirectoryError(
    'data-directory-unusable',
    `${path} ${what}; run rosterd as the owner of its data directory (sudo -u USER rosterd …), or name another dataDir`,
  );
}

/** What another umask, a restored backup or a copy has left open: nothing below is anybody else's. */
function closeWhatIsThere(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const below = join(path, entry.name);
    const stat = lstatSync(below, { throwIfNoEntry: false });
    // Gone since it was listed, as files of a process that is ending are.
    if (stat !== undefined && !stat.isSymbolicLink() && (stat.mode & 0o077) !== 0) chmodSync(below, stat.mode & 0o700);
  }
}

/** Only a directory that is ours or empty: closing a mistyped `/srv` or `/tmp` would hurt others. */
function closeToOthers(path: string): void {
  if (!existsSync(lockFile(path)) && readdirSync(path).some((name) => !ownNames.has(name))) {
    throw new DataDirectoryError(
      'data-directory-unusable',
      `${path} has other files in it and is open to other users; name an empty directory as dataDir, or chmod 700 this one`,
    );
  }
  chmodSync(path, 0o700);
}

async function waitForLock(path: string, options: AcquireOptions): Promise<Sqlite.DatabaseSync> {
  const started = performance.now();
  for (;;) {
    const lock = tryLock(path);
    if (lock !== null) return lock;
    const holder = parseHolder(path);
    const waited = performance.now() - started;
    if (waited >= Math.max(SETTLE_MS, willYield(holder, options.role) ? options.waitMs : 0)) throw held(path, holder);
    await delay(POLL_MS);
  }
}

function willYield(holder: Holder | null, asker: Holder['role']): boolean {
  if (holder?.role !== 'daemon') return true;
  return asker === 'command' && holder.address === undefined;
}

/**
 * The lock is SQLite's on an empty file: the kernel drops it when the process ends, also by SIGKILL, and unlike a
 * process id it means the same in every container. SQLite also refuses a second connection of the same process.
 * POSIX drops a process's locks on a file when it closes any descriptor of it (fcntl(2)): nothing else opens this file.
 */
function tryLock(path: string): Sqlite.DatabaseSync | null {
  const { DatabaseSync } = loadSqlite();
  let database: Sqlite.DatabaseSync | undefined;
  try {
    database = new DatabaseSync(lockFile(path), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    if (isBusy(error)) return null;
    throw unusable(path, error);
  }
}

/** Asks with a shared lock of a moment, which a process that is just acquiring outlasts by trying again. */
function isLocked(path: string): boolean {
  const { DatabaseSync } = loadSqlite();
  let database: Sqlite.DatabaseSync | undefined;
  try {
    database = new DatabaseSync(lockFile(path), { timeout: 0, readOnly: true });
    database.exec('SELECT 1 FROM sqlite_master');
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw unusable(path, error);
  } finally {
    database?.close();
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;

/** Node 22 and early 24 warn that SQLite is experimental when it is loaded; every other warning still comes through. */
function loadSqlite(): typeof Sqlite {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).includes('SQLite is an experimental feature'))
      Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

function hold(path: string, lock: Sqlite.DatabaseSync, role: Holder['role']): DataDirectory {
  const self: Holder = {
    pid: process.pid,
    role,
    host: hostname(),
    command: process.argv[2] ?? process.title,
    since: new Date().toISOString(),
  };
  let released = false;
  try {
    writeHolder(path, self);
  } catch (error) {
    lock.close();
    throw unusable(path, error);
  }
  return {
    path,
    describe: ({ address }) => writeHolder(path, { ...self, address }),
    release: () => {
      if (released) return;
      released = true;
      // First the name, then the lock: afterwards the file may already be the next holder's.
      rmSync(holderFile(path), { force: true });
      lock.close();
    },
  };
}

/** By renaming, so that nobody reads half a file. */
function writeHolder(path: string, holder: Holder): void {
  const draft = `${holderFile(path)}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  renameSync(draft, holderFile(path));
}

function parseHolder(path: string): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(holderFile(path), 'utf8')));
  } catch (error) {
    // Not written yet, already gone, or not ours: the lock says that somebody is there, and that must do.
    if (error instanceof SyntaxError || error instanceof z.ZodError || isMissing(error)) return null;
    throw unusable(path, error);
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

function noStore(path: string): DataDirectoryError {
  return new DataDirectoryError('no-store', `${path} has no store yet; run \`npm start\` or \`rosterd start\` first`);
}

function unusable(path: string, cause: unknown): DataDirectoryError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const advice = 'check that dataDir is right, that its owner runs rosterd, and that its disk is writable and not full';
  return new DataDirectoryError('data-directory-unusable', `${path} cannot be used: ${reason}; ${advice}`, { cause });
}

function held(path: string, holder: Holder | null): DataDirectoryError {
  if (holder === null) {
    return new DataDirectoryError(
      'data-directory-held',
      `${path} is held by another process that has not said its name; try again`,
    );
  }
  const who = holder.role === 'daemon' ? 'rosterd daemon' : `\`rosterd ${holder.command}\``;
  const where = `pid ${holder.pid} on host ${holder.host} since ${holder.since}`;
  return new DataDirectoryError('data-directory-held', `${path} is held by ${who}, ${where}; ${advice(holder)}`, {
    holder,
  });
}

function advice(holder: Holder): string {
  if (holder.address !== undefined) return `stop it or use its API at ${holder.address}`;
  return holder.role === 'daemon'
    ? 'it is starting and has no API yet: try again, or stop it'
    : 'wait until it has ended, or stop it';
}
