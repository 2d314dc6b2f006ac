import type { DryRunReport } from '../api/schemas/runs.ts';
import type { Settings } from '../settings/settings.ts';
import type { Holder } from '../store/embedded/data-directory.ts';
import type { Redactor } from '../telemetry/redactor.ts';
import type { ApiClient } from './api-client.ts';

/** What a process serves; `all` for everything in one. */
export const processRoles = ['all', 'api', 'scheduler', 'worker'] as const;
export type ProcessRole = (typeof processRoles)[number];

/** What every function of the composition root is told. */
export interface DaemonOptions {
  /** As the person wrote it. */
  readonly configFile: string;
  /** Secrets are registered here as they are read, so that no error shows them. */
  readonly redactor: Redactor;
}

/** The API without a daemon: the same handlers and engine, in this process. */
export interface InProcess {
  readonly client: ApiClient;
  /** Lets a step that is under way finish, stops the engine, lets go of the data directory. */
  close(): Promise<void>;
}

/** What the commands need of the composition root (src/daemon.ts). Errors that they throw have a stable `code`. */
export interface DaemonPorts {
  /** Resolves once the daemon has stopped in good order. */
  startDaemon(options: DaemonOptions & { readonly role: ProcessRole }): Promise<void>;
  /** Names of the migrations that were applied now. */
  migrateDatabase(options: DaemonOptions): Promise<{ readonly applied: readonly string[] }>;
  /**
   * `wait`: milliseconds to wait for another command that holds the data directory; then, and at once for a daemon that
   * says its address, `data-directory-held`. `write: false` never creates a store: `no-store`. `osUser` is who asks, in a
   * form that the API accepts; `say` tells them why it takes a while.
   */
  openInProcess(
    options: DaemonOptions & {
      readonly wait: number;
      readonly write: boolean;
      readonly osUser: string;
      readonly say: (message: string) => Promise<void>;
    },
  ): Promise<InProcess>;
  /**
   * Plays a sync through on a copy of the store, without a daemon, and tells what it would do. `wait` as above, also for
   * `data-directory-held`.
   */
  dryRun(
    options: DaemonOptions & {
      readonly wait: number;
      readonly signal: AbortSignal;
      readonly request: { readonly sources?: readonly string[]; readonly mode: 'full' | 'delta' };
    },
  ): Promise<DryRunReport>;
  /** `check` reads every secret, `leave` none. Throws a ConfigurationError. */
  readSettings(options: DaemonOptions & { readonly secrets: 'check' | 'leave' }): Promise<Settings>;
}

/** A stream that a command writes to: standard output or standard error. */
export interface TextStream {
  write(text: string, done: (error?: Error | null) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  readonly isTTY?: boolean;
  /** Of a terminal. */
  readonly columns?: number;
}

/** Everything outside of the commands that they touch. */
export interface World {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly osUser: string;
  /** IANA name of the zone in which people are shown times; the system's own where it is not set. */
  readonly timeZone?: string;
  readonly redactor: Redactor;
  now(): Date;
  /** Asks a yes-or-no question on the terminal; null where nobody is there to answer. */
  confirm(question: string): Promise<boolean | null>;
  /** Ends early, without an error, when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `listener` when the person presses Ctrl-C or the process is asked to end; returns a function that stops that. */
  onInterrupt(listener: () => void): () => void;
  /** Loaded only where it is needed: it brings the whole program with it. */
  loadDaemon(): Promise<DaemonPorts>;
  /** Who holds a data directory now, or null. */
  readHolder(dataDir: string): Promise<Holder | null>;
}
