import type { LdapConnection } from './connection.ts';
import { PagedResults } from './controls.ts';
import type { Filter } from './filter.ts';
import { and, or, present } from './filter.ts';
import { readSome } from './read-one.ts';

/** Where a read looks, and which attributes it wants. */
export interface ProofSearch {
  readonly base: string;
  readonly filter: Filter;
  /** In lower case. */
  readonly attributes: readonly string[];
  /** Asks for a page: Samba's domain controller pays no heed to a size limit, and would send everybody. */
  readonly paged?: boolean;
}

const sampleSize = 100;

/**
 * Which attributes can be read: those that at least one entry shows. A directory leaves out what an account may not read just
 * as it leaves out what is empty, so that an attribute which no entry at all shows proves nothing (directories.md 13). Costs
 * one small search, and for attributes that no entry of the sample has, one that looks for them.
 * Throws a SourceError.
 */
export async function provenAttributes(
  connection: LdapConnection,
  search: ProofSearch,
  signal: AbortSignal,
): Promise<Set<string>> {
  const proven = new Set<string>();
  let missing = [...search.attributes];
  let filter = search.filter;
  let wanted = sampleSize;
  while (missing.length > 0) {
    const controls = search.paged === true ? [new PagedResults(wanted)] : [];
    const asked = { base: search.base, scope: 'sub', filter, attributes: missing, controls } as const;
    for (const entry of await readSome(connection, asked, wanted, signal))
      for (const name of entry.texts.keys()) proven.add(name);
    const stillMissing = missing.filter((name) => !proven.has(name));
    if (wanted === 1 && stillMissing.length === missing.length) return proven;
    missing = stillMissing;
    filter = and(search.filter, missing.length === 1 ? present(missing[0] ?? '') : or(...missing.map(present)));
    wanted = 1;
  }
  return proven;
}
