import type { Page } from '../../src/connector-kit/contract.ts';
import { ChangedPeople, inGroupsOf } from '../../src/connector-kit/ldap/changed-people.ts';
import type { Search } from '../../src/connector-kit/ldap/connection.ts';
import { equals, or } from '../../src/connector-kit/ldap/filter.ts';
import type { Filter } from '../../src/connector-kit/ldap/filter.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import { guidBytes } from '../../src/connector-kit/ldap/microsoft-values.ts';
import { idOf } from './map.ts';
import type { Reading } from './reading.ts';

type Controls = NonNullable<Search['controls']>;

/** How many ids one filter names; 100 bytes of request each. */
const idsPerSearch = 50;

/** What a delta makes of the objects that have changed. Every method that searches throws a SourceError where it fails. */
export class Changes extends ChangedPeople {
  readonly #reading: Reading;

  constructor(reading: Reading, signal: AbortSignal) {
    super(reading.search, signal);
    this.#reading = reading;
  }

  /** Everybody whom the source reads, merely seen: their ids, and their groups where asked for. */
  everybody(withGroups: boolean): AsyncGenerator<Page, void, void> {
    const { sight } = this.#reading;
    const attributes = ['objectGUID', ...(withGroups ? ['memberOf', 'primaryGroupID'] : [])];
    return this.look({
      attributes,
      sight: (entry, externalId) => (withGroups ? sight(entry, externalId) : { externalId, values: {} }),
    });
  }

  /** What there is of some objects in the whole domain, some dozens at a time. */
  async *objects(guids: Iterable<string>, attributes: readonly string[]): AsyncGenerator<readonly Entry[], void, void> {
    const { domain } = this.#reading.reach;
    for (const some of inGroupsOf(idsPerSearch, guids))
      yield* this.pages(this.search(domain.dn, anyOf(some), attributes), idsPerSearch);
  }

  /** What a filter finds below a base, with nothing but objectGUID. */
  entries(base: string, filter: Filter, more: Controls = []): AsyncGenerator<readonly Entry[], void, void> {
    return this.pages(this.search(base, filter, ['objectGUID'], more), this.#reading.search.pageSize);
  }

  /** The objectGUIDs that a filter finds below a base. */
  async *guids(base: string, filter: Filter, more: Controls = []): AsyncGenerator<string, void, void> {
    for await (const entries of this.entries(base, filter, more))
      for (const entry of entries) yield* [idOf(entry)].filter((id) => id !== undefined);
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
