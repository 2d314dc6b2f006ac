import type { ZodType } from 'zod';
import type { AccountRecord, RejectedRecord } from '../domain/account.ts';
import type { AccountPart, Field } from '../domain/fields.ts';
import type { SourceErrorCode } from './errors.ts';

/** What a kind of source can do; the sync asks for nothing else. */
interface Capabilities {
  /** `readChanges` works. */
  readonly delta: boolean;
  /** A delta reports deletions. */
  readonly tombstones: boolean;
  /** External ids are given to other people after a deletion (Avaya login ids). */
  readonly reusableIds: boolean;
  readonly teams: boolean;
  readonly supervision: boolean;
  /** Whom its users supervise is the source's to say: what people say of it ends at the next sync (spec 11.4). */
  readonly ownsSupervision: boolean;
}

/** An account that the source itself reports as gone. */
export interface Gone {
  readonly externalId: string;
  /** A tombstone; or it exists, yet outside of what this source reads (base, filter). */
  readonly how: 'deleted' | 'out-of-scope';
}

/** One page of a read. Pages carry at most some 1,000 records. */
export interface Page {
  readonly records: readonly AccountRecord[];
  /**
   * Accounts that a delta did not read, only saw: that they are there, and what the record says of them. Unknown ones are
   * passed over. They come after all records.
   */
  readonly sighted?: readonly AccountRecord[];
  readonly gone: readonly Gone[];
  readonly rejected: readonly RejectedRecord[];
  /** How many objects the source announced in all, where it says so; for progress only. */
  readonly total?: number;
}

/** How a read ended: what it proves, and where the next delta starts (spec 3.1, 3.5). */
export interface ReadEnd {
  /**
   * True only when everything that the source has was read, rejected records included: every page arrived, the last cursor
   * was empty and every result code was success. Whether it also proves absence is for the import to judge, which counts
   * the records without a usable id and the ids that came twice (spec 2.2).
   */
  readonly whole: boolean;
  /** Why it is not whole; for people. */
  readonly reason?: string;
  /** It broke off for a cause that may pass, such as a reset: reading again may bring everything (spec 3.4). */
  readonly retryable?: boolean;
  /** A delta that has shown everybody, as record or sighted: whom it did not show is absent. */
  readonly showsEverybody?: boolean;
  /** A delta that has left it to the next one to show everybody, so that what it read need not wait for that: one follows at once. */
  readonly unlisted?: boolean;
  /** Opaque to everybody but the connector; taken before the read started. */
  readonly cursor?: string;
  /** Columns or attributes that nobody reads, in words; told of a first run only (spec 2.9). */
  readonly offered?: string;
  /** Continuation references that were not followed, pages read and the like; for the run's record. */
  readonly notes?: readonly string[];
}

export type Read = AsyncGenerator<Page, ReadEnd, void>;

/** One step of `source check`. */
export interface CheckStep {
  /** For example `tcp`, `tls`, `bind`, `rights`, `page`. */
  readonly name: string;
  readonly outcome: 'ok' | 'warning' | 'failed';
  /** What was seen. */
  readonly detail: string;
  /** What to do about it, when it is not ok: the exact grant or key. */
  readonly remedy?: string;
  /** Of a failed step, where the error has one: what the exit code builds on. */
  readonly code?: SourceErrorCode;
}

export type Lookup = 'present' | 'disabled' | 'absent' | 'unsupported';

/**
 * What a source says of one account that was read on its own (spec 2.8). `gone` only where it says so itself: that is evidence
 * (spec 3.1). `unsupported` has the reason, as a sentence without a full stop.
 */
export type OneRead =
  | { readonly record: AccountRecord }
  | { readonly rejected: RejectedRecord }
  | { readonly gone: Gone['how'] }
  | { readonly unsupported: string };

/** An open connection to one source. Every method may throw a SourceError (./errors.ts). */
export interface Session {
  /** Whom it talks to: domain SID, CM host, cluster id (spec 2.6). */
  readonly systemId: string;
  readAll(signal: AbortSignal): Read;
  /** Present where `capabilities.delta`. Throws a SourceError `cursor-unusable` where only a full read can go on. */
  readChanges?(cursor: string, signal: AbortSignal): Read;
  /** One account with everything that `readAll` reads of it, now (spec 2.8). */
  readOne?(externalId: string, signal: AbortSignal): Promise<OneRead>;
  /** One account's state at the source, now. */
  lookup(externalId: string, signal: AbortSignal): Promise<Lookup>;
  close(): Promise<void>;
}

/** What the sync hands to a connector beside its configuration. */
export interface Kit {
  readonly sourceId: string;
  /** The source's own `mapping`: changes single fields of the connector's default. */
  readonly mapping: Readonly<Partial<Record<Field | AccountPart, string>>>;
  /** The groups that the source's table of equivalents names (DN or name): the only ones that a connector reports. */
  readonly roleGroups: readonly string[];
  readonly signal: AbortSignal;
  /** Ids and counts only; never personal data or secrets. */
  readonly log: { debug(message: string, data?: object): void; warn(message: string, data?: object): void };
}

/** What a directory says of a person's own log-in. All but `right`, `wrong` and `locked` it says only to who knows the password. */
export type LogInOutcome =
  'right' | 'wrong' | 'locked' | 'disabled' | 'expired' | 'password-expired' | 'password-must-change' | 'not-now';

/** One kind of source, as a value (architecture 5). */
export interface Connector<Config = unknown> {
  readonly kind: string;
  readonly as: 'acd' | 'directory';
  readonly capabilities: Capabilities;
  /** The keys of the source beyond the common ones; strict. */
  readonly configSchema: ZodType<Config>;
  /** Correlation rules where the configuration names none (spec 4.3). */
  readonly defaultMatch: readonly (readonly Field[])[];
  open(config: Config, kit: Kit): Promise<Session>;
  /** Goes step by step, as far as the steps before allow; never throws for what it finds. */
  check(config: Config, kit: Kit): Promise<readonly CheckStep[]>;
  /**
   * Logs in as a person of the console and out again; nothing of it is kept (spec 19.2). Throws a SourceError where the system
   * cannot be asked; nothing that is thrown holds the login or the password.
   */
  tryLogIn?(
    config: Config,
    person: { readonly login: string; readonly password: string },
    signal: AbortSignal,
  ): Promise<LogInOutcome>;
}
