import type { Control } from 'ldapts';
import { idCameTwice } from '../../domain/account.ts';
import type { AccountRecord, RejectedRecord } from '../../domain/account.ts';
import type { OneRead, Page, Read, ReadEnd } from '../contract.ts';
import { SourceError } from '../errors.ts';
import { SeenIds } from '../seen-ids.ts';
import type { LdapConnection, Search } from './connection.ts';
import { ResultFailure } from './failures.ts';
import { positionOf, UnusableEntry } from './field-plan.ts';
import { and } from './filter.ts';
import type { Filter } from './filter.ts';
import type { Entry } from './messages.ts';
import { searchPages } from './paging.ts';
import type { SearchPage } from './paging.ts';
import { readOne } from './read-one.ts';

/** A full read of a directory. */
export interface DirectoryRead {
  readonly connection: LdapConnection;
  readonly base: string;
  readonly filter: Filter;
  readonly attributes: readonly string[];
  readonly binary: ReadonlySet<string>;
  readonly pageSize: number;
  readonly controls?: readonly Control[];
  /** The external id of an entry; undefined when it has none that can be used. */
  idOf(entry: Entry): string | undefined;
  /** Why an entry has no id that can be used, where more can be said than that. */
  whyNoId?(entry: Entry): string;
  /** The account of an entry, or undefined for one that is none (it is counted under `notAccounts`). Throws UnusableEntry. */
  mapEntry(entry: Entry, externalId: string): AccountRecord | undefined;
  /** The entry with what the server did not send of it at once; undefined where nothing is missing. */
  complete?(entry: Entry): Promise<Entry> | undefined;
  /** What entries without an account are, for the notes. */
  readonly notAccounts?: string;
  /** Whatever the connector has to say in the end. */
  notes(): readonly string[];
}

/** Why a read that came to its end is not whole all the same (spec 3.1). */
export const showsNobody = 'it shows nobody; check baseDn, filter and the rights of the account';

/** One entry as a record, as rejected, or undefined where it is no account. */
export function recordOf(
  read: Pick<DirectoryRead, 'mapEntry'>,
  entry: Entry,
  { externalId, position }: { readonly externalId: string; readonly position: string },
): AccountRecord | RejectedRecord | undefined {
  try {
    return read.mapEntry(entry, externalId);
  } catch (error) {
    if (error instanceof UnusableEntry) return { externalId, position, reason: error.message };
    throw error;
  }
}

/**
 * Reads a directory as pages of accounts. A list that ends early is incomplete, with everything that came; it throws the
 * SourceError only where nothing has come yet, so that nothing is lost by trying again.
 */
export async function* readDirectory(read: DirectoryRead, signal: AbortSignal): Read {
  const state = new ReadState();
  for await (const page of searchPages(read.connection, searchOf(read), read.pageSize, signal)) {
    signal.throwIfAborted();
    if (page.failure !== undefined && !state.started && !truncates(page)) throw page.failure;
    const mapped = state.map({ ...page, entries: await completed(read, page.entries) }, read);
    if (page.failure === undefined || page.entries.length > 0) yield mapped;
    if (page.failure !== undefined)
      return { ...state.end(read, reasonOf(page.failure)), retryable: isPassing(page.failure) };
  }
  return state.end(read);
}

/** The one account of a read that `its` filter finds (spec 2.8); undefined where the read would not have it. Throws a SourceError. */
export async function readOneEntry(
  read: DirectoryRead,
  its: { readonly filter: Filter; readonly externalId: string },
  signal: AbortSignal,
): Promise<OneRead | undefined> {
  const search = { ...searchOf(read), filter: and(read.filter, its.filter) };
  const entry = await readOne(read.connection, search, signal);
  if (entry === undefined) return undefined;
  const [whole = entry] = await completed(read, [entry]);
  const outcome = recordOf(read, whole, { externalId: its.externalId, position: positionOf(whole) });
  if (outcome === undefined) return undefined;
  return 'reason' in outcome ? { rejected: outcome } : { record: outcome };
}

async function completed(
  { complete }: Pick<DirectoryRead, 'complete'>,
  entries: readonly Entry[],
): Promise<readonly Entry[]> {
  if (complete === undefined) return entries;
  const whole: Entry[] = [];
  for (const entry of entries) whole.push((await complete(entry)) ?? entry);
  return whole;
}

function searchOf(read: DirectoryRead): Search {
  const { base, filter, attributes, binary, controls = [] } = read;
  return { base, scope: 'sub', filter, attributes, binary, controls };
}

function truncates(page: SearchPage): boolean {
  return page.entries.length > 0 || (page.failure instanceof ResultFailure && page.failure.truncates);
}

function reasonOf(failure: Error): string {
  if (failure instanceof SourceError) return failure.message;
  throw failure;
}

function isPassing(failure: Error): boolean {
  return failure instanceof SourceError && failure.class === 'retryable';
}

/** What one read has met so far. */
class ReadState {
  readonly #seen = new SeenIds();
  #pages = 0;
  #entries = 0;
  #references = 0;
  #skipped = 0;

  get started(): boolean {
    return this.#pages > 0;
  }

  map(page: SearchPage, read: DirectoryRead): Page {
    this.#pages += 1;
    this.#references += page.references;
    const records: AccountRecord[] = [];
    const rejected: RejectedRecord[] = [];
    for (const entry of page.entries) {
      this.#entries += 1;
      const outcome = this.#mapOne(entry, read);
      if (outcome === undefined) this.#skipped += 1;
      else if ('reason' in outcome) rejected.push(outcome);
      else records.push(outcome);
    }
    return { records, gone: [], rejected, ...(page.total > 0 ? { total: page.total } : {}) };
  }

  #mapOne(entry: Entry, read: DirectoryRead): AccountRecord | RejectedRecord | undefined {
    const position = positionOf(entry);
    const externalId = read.idOf(entry);
    if (externalId === undefined) return { position, reason: read.whyNoId?.(entry) ?? 'it has no id that can be used' };
    if (!this.#seen.add(externalId)) return { externalId, position, reason: idCameTwice, repeated: true };
    return recordOf(read, entry, { externalId, position });
  }

  end(read: DirectoryRead, failure?: string): ReadEnd {
    const reasons = [
      ...(failure === undefined ? [] : [`the list ended early after ${this.#entries} entries: ${failure}`]),
      ...(this.#entries > this.#skipped || failure !== undefined ? [] : [showsNobody]),
    ];
    const notes = [
      `${this.#entries} entries in ${this.#pages} pages`,
      ...(this.#references === 0 ? [] : [`${this.#references} continuation references not followed`]),
      ...(this.#skipped === 0 ? [] : [`${this.#skipped} entries are ${read.notAccounts ?? 'no accounts'}`]),
      ...read.notes(),
    ];
    return { whole: reasons.length === 0, ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }), notes };
  }
}
