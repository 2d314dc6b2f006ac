import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Page } from '../../../src/connector-kit/contract.ts';
import { importSource, type ImportEnd, type ImportInput } from '../../../src/import/import-source.ts';
import type { Lease } from '../../../src/domain/lease.ts';
import type { ImportTx } from '../../../src/import/ports.ts';
import { MemoryImportStore } from './memory-import-store.ts';
import { page, read, record } from './reads.ts';

/** A store whose transactions are done long before who asked for them hears of it. */
class SlowStore extends MemoryImportStore {
  underWay = 0;
  mostAtOnce = 0;
  /** The transaction that fails, counted from one. */
  failing = 0;

  override async inLease<T>(lease: Lease, work: (tx: ImportTx) => Promise<T>): Promise<T> {
    this.underWay++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.underWay);
    const result = await super.inLease(lease, work);
    const fails = this.transactions === this.failing;
    for (let turn = 0; turn < (fails ? 1 : 20); turn++) await setImmediate();
    this.underWay--;
    if (fails) throw new Error('the disk is full');
    return result;
  }
}

async function imported(store: SlowStore, pages: readonly Page[], how: Partial<ImportInput> = {}): Promise<ImportEnd> {
  return importSource({
    store,
    lease: { name: 'source:acd', token: 't' },
    source: 'acd',
    match: { match: [], placeholders: [] },
    read: read(pages),
    full: true,
    overlap: true,
    counts: { read: 0, new: 0, changed: 0, unchanged: 0, rejected: 0 },
    signal: new AbortController().signal,
    progress: () => Promise.resolve(),
    ...how,
  });
}

const fivePages = ['a', 'b', 'c', 'd', 'e'].map((id) => page([record(id)]));

describe('storing pages while others are read', () => {
  const table = [
    { situation: 'two pages of a full read at once', how: {}, atOnce: 2 },
    { situation: 'one page at a time where pages may not overlap', how: { overlap: false }, atOnce: 1 },
    { situation: 'one page at a time of a delta', how: { full: false }, atOnce: 1 },
  ];
  for (const { situation, how, atOnce } of table)
    it(`2.1 stores ${situation}`, async () => {
      const store = new SlowStore();
      await imported(store, fivePages, how);
      expect({ atOnce: store.mostAtOnce, underWay: store.underWay }).toEqual({ atOnce, underWay: 0 });
      expect(store.present()).toEqual(['a', 'b', 'c', 'd', 'e']);
    });

  it('3.1 leaves nothing under way, and concludes nothing, when a page cannot be stored', async () => {
    const store = new SlowStore();
    store.put('gone');
    store.failing = 2;
    await expect(imported(store, fivePages)).rejects.toThrow('the disk is full');
    expect(store.underWay).toBe(0);
    expect(store.present()).toContain('gone');
  });

  it('2.2 rejects an id that comes again while the page that it first came on is being stored', async () => {
    const store = new SlowStore();
    store.put('known');
    const said = (email: string): Page => page([record('twice', { values: { email } })]);
    const end = await imported(store, [page([record('known')]), said('first@x'), said('second@x')]);
    expect(end).toMatchObject({ whole: true, complete: false });
    expect(end.notes.join()).toMatch(/twice appears twice/);
    expect(store.of('twice').content.values.email).toBe('first@x');
  });
});
