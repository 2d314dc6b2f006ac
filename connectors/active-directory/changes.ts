import type { AccountRecord, RejectedRecord } from '../../src/domain/account.ts';
import type { Gone, Page } from '../../src/connector-kit/contract.ts';
import type { Search } from '../../src/connector-kit/ldap/connection.ts';
import { recordOf } from '../../src/connector-kit/ldap/directory-read.ts';
import { and, equals, or } from '../../src/connector-kit/ldap/filter.ts';
import type { Filter } from '../../src/connector-kit/ldap/filter.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import { guidBytes } from '../../src/connector-kit/ldap/microsoft-values.ts';
import { searchPages } from '../../src/connector-kit/ldap/paging.ts';
import { binaryAttributes, idOf } from './map.ts';
import type { Reading } from './reading.ts';

type Controls = NonNullable<Search['controls']>;

/** How many ids one filter names; 100 bytes of request each. */
const idsPerSearch = 50;
const goneAtOnce = 1_000;

/** What a delta makes of the objects that have changed. Every method that searches throws a SourceError where it fails. */
export class Changes {
  readonly #reading: Reading;
  readonly #signal: AbortSignal;
  /** The ids of records that were read, so that none comes twice. */
  readonly #read = new Set<string>();
  #entries = 0;

  constructor(reading: Reading, signal: AbortSignal) {
    this.#reading = reading;
    this.#signal = signal;
  }

  /** How many people were read anew. */
  get count(): number {
    return this.#read.size;
  }

  /** The people below a base that a filter finds within what the source reads, as records, each once. */
  async *people(base: string, filter: Filter): AsyncGenerator<Page, void, void> {
    const { attributes, controls = [], pageSize } = this.#reading.search;
    const search = this.#search(base, and(this.#reading.reach.filter, filter), attributes, controls);
    for await (const entries of this.#pages(search, pageSize)) {
      const page = await this.#page(entries);
      if (page.records.length + page.rejected.length > 0) yield page;
    }
  }

  /** Everybody whom the source reads, merely seen: their ids, and their groups where asked for. */
  async *everybody(withGroups: boolean): AsyncGenerator<Page, void, void> {
    const { reach, search, sight } = this.#reading;
    const attributes = ['objectGUID', ...(withGroups ? ['memberOf', 'primaryGroupID'] : [])];
    const found = this.#search(reach.base, reach.filter, attributes, search.controls ?? []);
    for await (const entries of this.#pages(found, search.pageSize)) {
      const sighted: AccountRecord[] = [];
      for (const entry of entries) {
        const externalId = idOf(entry);
        if (externalId === undefined || this.#read.has(externalId)) continue;
        const whole = withGroups ? ((await search.complete?.(entry)) ?? entry) : entry;
        sighted.push(withGroups ? sight(whole, externalId) : { externalId, values: {} });
      }
      yield { records: [], sighted, gone: [], rejected: [] };
    }
  }

  /** What there is of some objects in the whole domain, some dozens at a time. */
  async *objects(guids: Iterable<string>, attributes: readonly string[]): AsyncGenerator<readonly Entry[], void, void> {
    const { reach, search } = this.#reading;
    for (const some of inGroupsOf(idsPerSearch, guids))
      yield* this.#pages(this.#search(reach.domain.dn, anyOf(some), attributes, search.controls ?? []), idsPerSearch);
  }

  /** What a filter finds below a base, with nothing but objectGUID. */
  entries(base: string, filter: Filter, more: Controls = []): AsyncGenerator<readonly Entry[], void, void> {
    const { controls = [], pageSize } = this.#reading.search;
    return this.#pages(this.#search(base, filter, ['objectGUID'], [...controls, ...more]), pageSize);
  }

  /** The objectGUIDs that a filter finds below a base. */
  async *guids(base: string, filter: Filter, more: Controls = []): AsyncGenerator<string, void, void> {
    for await (const entries of this.entries(base, filter, more))
      for (const entry of entries) yield* [idOf(entry)].filter((id) => id !== undefined);
  }

  /** Pages of accounts that have gone, without those that were read all the same. */
  *gone(externalIds: Iterable<string>, how: Gone['how']): Generator<Page, void, void> {
    const left = [...externalIds].filter((id) => !this.#read.has(id));
    for (const some of inGroupsOf(goneAtOnce, left))
      yield { records: [], gone: some.map((externalId) => ({ externalId, how })), rejected: [] };
  }

  wasRead(externalId: string): boolean {
    return this.#read.has(externalId);
  }

  #search(base: string, filter: Filter, attributes: readonly string[], controls: Controls): Search {
    return { base, scope: 'sub', filter, attributes, binary: binaryAttributes, controls };
  }

  async *#pages(search: Search, pageSize: number): AsyncGenerator<readonly Entry[], void, void> {
    const { connection } = this.#reading.reach;
    for await (const page of searchPages(connection, search, pageSize, this.#signal)) {
      this.#signal.throwIfAborted();
      if (page.failure !== undefined) throw page.failure;
      yield page.entries;
    }
  }

  async #page(entries: readonly Entry[]): Promise<Page> {
    const { search } = this.#reading;
    const records: AccountRecord[] = [];
    const rejected: RejectedRecord[] = [];
    for (const each of entries) {
      const externalId = idOf(each);
      if (externalId === undefined || this.#read.has(externalId)) continue;
      this.#read.add(externalId);
      this.#entries += 1;
      const entry = (await search.complete?.(each)) ?? each;
      const outcome = recordOf(search, entry, { externalId, position: `changed entry ${this.#entries}` });
      if (outcome === undefined) continue;
      if ('reason' in outcome) rejected.push(outcome);
      else records.push(outcome);
    }
    return { records, gone: [], rejected };
  }
}

/** Finds any of these objects. */
export function anyOf(guids: readonly string[]): Filter {
  const [only, ...others] = guids.flatMap((guid) => {
    const bytes = guidBytes(guid);
    return bytes === undefined ? [] : [equals('objectGUID', bytes)];
  });
  return only !== undefined && others.length === 0 ? only : or(...(only === undefined ? [] : [only]), ...others);
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
