import type { AccountRecord, RejectedRecord } from '../../domain/account.ts';
import type { Gone, Page } from '../contract.ts';
import type { Search } from './connection.ts';
import { recordOf } from './directory-read.ts';
import type { DirectoryRead } from './directory-read.ts';
import { positionOf } from './field-plan.ts';
import { and } from './filter.ts';
import type { Filter } from './filter.ts';
import type { Entry } from './messages.ts';
import { searchPages } from './paging.ts';

const goneAtOnce = 1_000;

/** What a look at everybody asks for, and what it makes of each. */
interface Look {
  readonly attributes: readonly string[];
  /** What the record says beside that the account is there. */
  readonly sight: (entry: Entry, externalId: string) => AccountRecord;
}

/**
 * What a delta of a directory makes of the people that have changed: the same records as a full read would. Every method that
 * searches throws a SourceError where it fails.
 */
export class ChangedPeople {
  readonly #read: DirectoryRead;
  readonly #signal: AbortSignal;
  /** The ids of records that were read, so that none comes twice. */
  readonly #known = new Set<string>();
  /** The DNs of entries without a usable id that were told. */
  readonly #told = new Set<string>();
  #entries = 0;

  constructor(read: DirectoryRead, signal: AbortSignal) {
    this.#read = read;
    this.#signal = signal;
  }

  /** How many people were read anew. */
  get count(): number {
    return this.#known.size;
  }

  wasRead(externalId: string): boolean {
    return this.#known.has(externalId);
  }

  /** The people below a base that a filter finds within what the source reads, as records, each once. */
  async *people(base: string, filter: Filter, met?: (entry: Entry) => void): AsyncGenerator<Page, void, void> {
    const found = this.search(base, and(this.#read.filter, filter), this.#read.attributes);
    for await (const entries of this.pages(found, this.#read.pageSize)) {
      for (const entry of entries) met?.(entry);
      const page = await this.#page(entries);
      if (page.records.length + page.rejected.length > 0) yield page;
    }
  }

  /** Everybody whom the source reads and who was not read before, merely seen. */
  async *look({ attributes, sight }: Look): AsyncGenerator<Page, void, void> {
    const read = this.#read;
    for await (const entries of this.pages(this.search(read.base, read.filter, attributes), read.pageSize)) {
      const sighted: AccountRecord[] = [];
      const rejected: RejectedRecord[] = [];
      for (const entry of entries) {
        const externalId = read.idOf(entry);
        if (externalId === undefined) rejected.push(...this.#nameless(entry));
        if (externalId === undefined || this.#known.has(externalId)) continue;
        sighted.push(sight((await read.complete?.(entry)) ?? entry, externalId));
      }
      yield { records: [], sighted, gone: [], rejected };
    }
  }

  /** Pages of accounts that have gone, without those that were read all the same. */
  *gone(externalIds: Iterable<string>, how: Gone['how']): Generator<Page, void, void> {
    const left = [...externalIds].filter((id) => !this.#known.has(id));
    for (const some of inGroupsOf(goneAtOnce, left))
      yield { records: [], gone: some.map((externalId) => ({ externalId, how })), rejected: [] };
  }

  /** A search as this source reads. */
  protected search(base: string, filter: Filter, attributes: readonly string[], more: Search['controls'] = []): Search {
    const { binary, controls = [] } = this.#read;
    return { base, scope: 'sub', filter, attributes, binary, controls: [...controls, ...more] };
  }

  protected async *pages(search: Search, pageSize: number): AsyncGenerator<readonly Entry[], void, void> {
    for await (const page of searchPages(this.#read.connection, search, pageSize, this.#signal)) {
      this.#signal.throwIfAborted();
      // What came counts, also where the list ends before its end.
      if (page.failure === undefined || page.entries.length > 0) yield page.entries;
      if (page.failure !== undefined) throw page.failure;
    }
  }

  async #page(entries: readonly Entry[]): Promise<Page> {
    const read = this.#read;
    const records: AccountRecord[] = [];
    const rejected: RejectedRecord[] = [];
    for (const each of entries) {
      const externalId = read.idOf(each);
      if (externalId === undefined) rejected.push(...this.#nameless(each));
      if (externalId === undefined || this.#known.has(externalId)) continue;
      this.#known.add(externalId);
      this.#entries += 1;
      const entry = (await read.complete?.(each)) ?? each;
      const outcome = recordOf(read, entry, { externalId, position: `changed entry ${this.#entries}` });
      if (outcome === undefined) continue;
      if ('reason' in outcome) rejected.push(outcome);
      else records.push(outcome);
    }
    return { records, gone: [], rejected };
  }

  /** An entry without a usable id, told once. */
  #nameless(entry: Entry): RejectedRecord[] {
    const reason = this.#read.whyNoId?.(entry);
    if (reason === undefined || this.#told.has(entry.dn)) return [];
    this.#told.add(entry.dn);
    return [{ position: positionOf(entry), reason }];
  }
}

/** Some items at a time. */
export function* inGroupsOf<T>(size: number, items: Iterable<T>): Generator<T[], void, void> {
  let some: T[] = [];
  for (const item of items) {
    some.push(item);
    if (some.length < size) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
