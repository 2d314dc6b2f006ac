import { describe, expect, it } from 'vitest';
import { importSource } from '../../../src/import/import-source.ts';
import { imported, type Given } from './imported.ts';
import { MemoryImportStore } from './memory-import-store.ts';
import { complete, page, read, record, rejection } from './reads.ts';

describe('what an import writes', () => {
  it('2.4 nothing, where nothing has changed', async () => {
    const { store, counts } = await imported({
      known: (known) => {
        known.put('a', { values: { email: 'a@x' } });
        known.put('b', { values: { email: 'b@x' } });
      },
      pages: [page([record('a', { values: { email: 'a@x' } })]), page([record('b', { values: { email: 'b@x' } })])],
    });
    expect(counts.unchanged).toBe(2);
    expect(store.transactions).toBe(0);
  });

  it('2.1 one transaction for a page, however many records it has', async () => {
    const many = Array.from({ length: 500 }, (_, index) => record(`r${index}`));
    const { store } = await imported({ pages: [page(many), page([record('one')])] });
    expect(store.transactions).toBe(2);
  });

  it('4.2, 4.11 match keys of every account that has changed: many may come to share one', async () => {
    const { store } = await imported({
      known: (known) => {
        known.put('known', { values: { email: 'old@x' } });
      },
      pages: [page(['known', 'new'].map((id) => record(id, { values: { email: `${id}@x` } })))],
    });
    expect(['known', 'new'].map((id) => store.of(id).keys.length)).toEqual([1, 1]);
  });

  it('11.1 the teams that accounts name, under their last name', async () => {
    const { store } = await imported({
      known: (known) => known.put('a', { teams: [{ id: 't1', name: 'Old' }] }),
      pages: [page([record('a', { teams: [{ id: 't1', name: 'New' }], supervises: [{ id: 't2', name: 'Two' }] })])],
    });
    expect([...store.teams]).toEqual([
      ['t1', 'New'],
      ['t2', 'Two'],
    ]);
  });
});

describe('11.1 what an import concludes of teams that it does not show', () => {
  const member = (store: MemoryImportStore): void => store.put('a', { teams: [{ id: 't1', name: 'One' }] });
  for (const row of [
    {
      situation: 'a complete full read without it: noted as absent',
      given: { pages: [page([record('a', { teams: [] })])] },
      absent: true,
    },
    {
      situation: 'an incomplete read: nothing',
      given: { pages: [page([record('a', { teams: [] })])], end: { whole: false } },
      absent: false,
    },
    {
      situation: 'a delta: nothing',
      given: { pages: [page([record('a', { teams: [] })])], full: false },
      absent: false,
    },
    {
      situation: 'a read in which the teams of its members were not read: nothing',
      given: { pages: [page([record('a')])] },
      absent: false,
    },
    {
      situation: 'a read in which its only member was rejected: nothing',
      given: { pages: [page([], { rejected: [rejection('a')] })] },
      absent: false,
    },
  ] satisfies { situation: string; given: Given; absent: boolean }[])
    it(`11.1 ${row.situation}`, async () => {
      const { store } = await imported({ known: member, ...row.given });
      expect(store.teams.get('t1') === null).toBe(row.absent);
    });
});

describe('how an import ends', () => {
  it('3.5 with the cursor and notes of the read', async () => {
    const { end } = await imported({ pages: [], end: { ...complete, notes: ['2 references'] } });
    expect(end).toMatchObject({ whole: true, reason: null, cursor: 'next', rejects: [], notes: ['2 references'] });
  });

  it('14.3 within a page, when it is cancelled', async () => {
    const store = new MemoryImportStore();
    const cancelled = new AbortController();
    const reading = importSource({
      store,
      lease: { name: 'source:acd', token: 't' },
      source: 'acd',
      match: { match: [], placeholders: [] },
      read: read([page([record('a')]), page([record('b')])]),
      full: true,
      overlap: true,
      counts: { read: 0, new: 0, changed: 0, unchanged: 0, rejected: 0 },
      signal: cancelled.signal,
      progress: () => {
        cancelled.abort(new Error('cancelled by a person'));
        return Promise.resolve();
      },
    });
    await expect(reading).rejects.toThrow('cancelled by a person');
    expect(store.present()).toEqual(['a']);
  });
});
