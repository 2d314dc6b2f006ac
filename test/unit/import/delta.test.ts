import { describe, expect, it } from 'vitest';
import type { Page, ReadEnd } from '../../../src/connector-kit/contract.ts';
import { absenceProof } from '../../../src/domain/absence.ts';
import { importSource } from '../../../src/import/import-source.ts';
import { MemoryImportStore } from './memory-import-store.ts';
import { complete, deleted, page, read, record } from './reads.ts';

/** Imports one page as a delta. */
async function imported(store: MemoryImportStore, only: Page, end: ReadEnd = complete) {
  const counts = { read: 0, new: 0, changed: 0, unchanged: 0, rejected: 0 };
  await importSource({
    store,
    lease: { name: 'source:ad', token: 't' },
    source: 'ad',
    match: { match: [['email']], placeholders: [] },
    read: read([only], end),
    full: false,
    overlap: true,
    counts,
    signal: new AbortController().signal,
    progress: () => Promise.resolve(),
  });
  return counts;
}

describe('what a delta says of accounts that it did not read', () => {
  it('2.3 keeps everything but the parts that it names', async () => {
    const store = new MemoryImportStore();
    store.put('a', { values: { email: 'a@example.com' }, roleFacts: { groups: ['Leads'] } });
    store.put('b', { values: { email: 'b@example.com' } });
    const sighted = [record('a', { roleFacts: { groups: [] } }), record('b')];
    const counts = await imported(store, page([], { sighted }));
    expect(store.of('a').content).toMatchObject({ values: { email: 'a@example.com' }, roleFacts: { groups: [] } });
    expect(store.of('b').content).toEqual({ values: { email: 'b@example.com' } });
    expect(counts).toMatchObject({ read: 1, changed: 1, unchanged: 0, new: 0 });
  });

  it('3.1 tells how each absence was proven, and prefers the word of the source', async () => {
    const store = new MemoryImportStore();
    for (const id of ['deleted', 'moved', 'silent']) store.put(id);
    store.put('held', {}, { absence: absenceProof.notShown });
    const gone: Page['gone'] = [...deleted('deleted', 'held'), { externalId: 'moved', how: 'out-of-scope' }];
    await imported(store, page([], { gone }), { whole: true, showsEverybody: true });
    expect(['deleted', 'moved', 'silent', 'held'].map((id) => store.of(id).absence)).toEqual([
      absenceProof.deleted,
      absenceProof.outOfScope,
      absenceProof.notListed,
      absenceProof.deleted,
    ]);
  });

  it('2.5 an absent account that was only seen is present again, with what was known of it', async () => {
    const store = new MemoryImportStore();
    store.put('a', { values: { email: 'a@example.com' } }, { absence: absenceProof.outOfScope });
    await imported(store, page([], { sighted: [record('a')] }));
    expect(store.present()).toEqual(['a']);
    expect(store.of('a').content.values.email).toBe('a@example.com');
  });
});
