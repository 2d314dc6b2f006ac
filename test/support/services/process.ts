import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { forget, stopOnExit } from './cleanup.ts';
import { programPath } from './program.ts';
import { ServiceError } from './service-error.ts';

/** What to run as a server and how to know that it serves. */
export type ServerOptions = {
  /** The name in error messages, such as `slapd`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Receives stdout and stderr; its end is quoted when the start fails. */
  readonly logFile: string;
  /** Asked again and again until it answers true; an exception means "not yet". */
  readonly isReady: () => Promise<boolean>;
  /** A user other than the present one; only root can ask for it. */
  readonly user?: string;
  /** The signal that makes this server end at once and in order. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  readonly env?: Readonly<Record<string, string>>;
};

/** A running server that this process owns. */
export type ServerProcess = { readonly pid: number; readonly stop: () => Promise<void> };

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;
const LOG_TAIL_CHARACTERS = 3_000;

/**
 * Starts a server in the foreground and waits until it is ready.
 *
 * It ends with `stop`, with this process (exit, SIGINT, SIGTERM, SIGHUP) and, through the parent-death signal of
 * prctl(2) that setpriv(1) sets, also when this process is killed.
 *
 * @throws ServiceError `service-start-failed` with the end of the server's log.
 */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const child = spawnServer(options);
  const pid = child.pid;
  if (pid === undefined) throw await spawnFailure(options, child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stopSignal = options.stopSignal ?? 'SIGTERM';
  const leftover = { stopNow: () => stopBlocking(pid, stopSignal) };
  stopOnExit(leftover);
  const stop = async (): Promise<void> => {
    child.ref();
    await stopWaiting(pid, stopSignal, ended, options.name);
    forget(leftover);
  };
  try {
    await untilReady(options, pid);
  } catch (error) {
    await stop();
    throw error;
  }
  child.unref();
  return { pid, stop };
}

function spawnServer(options: ServerOptions): ChildProcess {
  const identity =
    options.user === undefined ? [] : ['--reuid', options.user, '--regid', options.user, '--init-groups'];
  const stopSignal = options.stopSignal ?? 'SIGTERM';
  const log = openSync(options.logFile, 'a');
  try {
    return spawn(
      programPath('setpriv'),
      [...identity, '--pdeathsig', stopSignal.slice(3), options.command, ...options.args],
      {
        // A process group of its own keeps a Ctrl-C on the terminal from reaching the server before its tests.
        detached: true,
        stdio: ['ignore', log, log],
        env: { ...process.env, ...options.env },
        cwd: '/',
      },
    );
  } finally {
    closeSync(log);
  }
}

async function spawnFailure(options: ServerOptions, child: ChildProcess): Promise<ServiceError> {
  const reason = await new Promise<Error>((resolve) => child.once('error', resolve));
  return new ServiceError('service-start-failed', `${options.name} cannot be started: ${reason.message}`);
}

async function untilReady(options: ServerOptions, pid: number): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  let lastFailure = 'it does not answer';
  while (Date.now() < deadline) {
    if (!isRunning(pid)) throw startFailure(options, 'it ended during its start');
    try {
      if (await options.isReady()) return;
    } catch (error) {
      lastFailure = String(error);
    }
    await delay(20);
  }
  throw startFailure(options, `not ready within ${START_LIMIT_MS} ms (${lastFailure})`);
}

function startFailure(options: ServerOptions, reason: string): ServiceError {
  const log = readFileSync(options.logFile, 'utf8').slice(-LOG_TAIL_CHARACTERS);
  return new ServiceError('service-start-failed', `${options.name}: ${reason}. The end of its log:\n${log}`);
}

async function stopWaiting(pid: number, signal: NodeJS.Signals, ended: Promise<void>, name: string): Promise<void> {
  for (const step of [signal, 'SIGKILL'] as const) {
    signalGroup(pid, step);
    if (await within(ended, STOP_LIMIT_MS)) return;
  }
  throw new ServiceError('service-stop-failed', `${name} (process ${pid}) does not end, even when killed.`);
}

async function within(promise: Promise<void>, limitMs: number): Promise<boolean> {
  const limit = new AbortController();
  const late = delay(limitMs, false, { signal: limit.signal }).catch(() => false);
  const inTime = await Promise.race([promise.then(() => true), late]);
  limit.abort();
  return inTime;
}

function stopBlocking(pid: number, signal: NodeJS.Signals): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (const step of [signal, 'SIGKILL'] as const) {
    signalGroup(pid, step);
    const deadline = Date.now() + 3_000;
    while (isRunning(pid) && Date.now() < deadline) Atomics.wait(sleeper, 0, 0, 20);
    if (!isRunning(pid)) return;
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!isNoSuchProcess(error)) throw error;
  }
}

/** Whether a process lives; a zombie that nobody has waited for yet does not count. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the state follows the command's name, which stands in parentheses and may contain some itself.
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    // No such file, or the process ended between open and read.
    return false;
  }
}

function isNoSuchProcess(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH';
}

/** What a helper program is given beside its arguments. */
export type RunOptions = {
  readonly input?: string;
  readonly limitMs?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly env?: Readonly<Record<string, string>>;
};

/**
 * Runs a helper program to its end, in 60 seconds unless told otherwise; it is killed when this process ends before.
 *
 * @throws ServiceError `service-command-failed` with what the program printed.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { input, limitMs = 60_000, env, ...identity } = options;
  return new Promise((resolve, reject) => {
    const settings = { ...identity, cwd: '/', env: { ...process.env, ...env }, timeout: limitMs, maxBuffer: 2 ** 26 };
    const bound = ['--pdeathsig', 'KILL', command, ...args];
    const child = execFile(programPath('setpriv'), bound, settings, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout + stderr);
      const said = `${stdout}${stderr}`.slice(-LOG_TAIL_CHARACTERS);
      reject(new ServiceError('service-command-failed', `${command} ${args.join(' ')}: ${error.message}\n${said}`));
    });
    child.stdin?.end(input);
  });
}
