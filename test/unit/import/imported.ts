import { importSource, type ImportEnd, type ImportInput } from '../../../src/import/import-source.ts';
import type { Page, ReadEnd } from '../../../src/connector-kit/contract.ts';
import { MemoryImportStore } from './memory-import-store.ts';
import { read } from './reads.ts';

interface Imported {
  readonly store: MemoryImportStore;
  readonly counts: ImportInput['counts'];
  readonly end: ImportEnd;
}

export interface Given {
  /** Accounts of former imports. */
  readonly known?: (store: MemoryImportStore) => void;
  readonly pages: readonly Page[];
  readonly end?: ReadEnd;
  readonly full?: boolean;
}

/** Imports what `given` says into a store in memory. */
export async function imported(given: Given): Promise<Imported> {
  const store = new MemoryImportStore();
  given.known?.(store);
  const counts = { read: 0, new: 0, changed: 0, unchanged: 0, rejected: 0 };
  const end = await importSource({
    store,
    lease: { name: 'source:acd', token: 't' },
    source: 'acd',
    match: { match: [['email']], placeholders: [] },
    read: read(given.pages, given.end),
    full: given.full ?? true,
    overlap: true,
    counts,
    signal: new AbortController().signal,
    progress: () => Promise.resolve(),
  });
  return { store, counts, end };
}

/** A store that knows two accounts. */
export const ab = (store: MemoryImportStore): void => {
  for (const id of ['a', 'b']) store.put(id);
};
