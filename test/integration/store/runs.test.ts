import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRunQueries } from '../../../src/store/queries/runs.ts';
import { runStore } from '../../../src/store/run-store.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';

describe('runs in the database', () => {
  let database: OpenDatabase;
  const slot = new Date('2026-03-31T02:00:00Z');

  beforeAll(async () => {
    database = await openPostgres();
    for (const source_id of ['ad', 'acd'])
      await database.knex('source_state').insert({ source_id, kind: 'csv-file', role: 'acd' });
  });
  afterAll(async () => {
    await database.close();
  });

  it('14.1 the first start of a source counts as its last slot, until a slot had its run', async () => {
    const store = runStore(database.knex);
    const started = new Date('2026-03-01T10:00:00Z');
    await database.knex('source_state').where({ source_id: 'acd' }).update({ scheduled_since: started });
    expect(await store.lastSlot('acd', 'full')).toEqual(started);
    await store.enqueue({ source: 'acd', mode: 'full', askedBy: 'schedule', syncId: null, slot });
    expect(await store.lastSlot('acd', 'full')).toEqual(slot);
    // A full import is a delta too, and not the other way round.
    expect(await store.lastSlot('acd', 'delta')).toEqual(slot);
    expect(await store.lastSlot('ad', 'full')).not.toEqual(slot);
  });

  it('14.1 a slot that several processes ask for leaves no gap in the numbers of runs (issue 11, point 12)', async () => {
    const store = runStore(database.knex);
    const ask = (source: string, at?: Date) =>
      store.enqueue({ source, mode: 'full', askedBy: 'schedule', syncId: null, ...(at && { slot: at }) });
    const finish = () => database.knex('run').where({ state: 'queued' }).update({ state: 'completed' });
    await finish();
    const first = (await ask('ad', slot)) ?? 0;
    await finish();
    for (let again = 0; again < 5; again++) expect(await ask('ad', slot)).toBeNull();
    expect(await ask('ad')).toBe(first + 1);
    await finish();
  });

  it('16 run list: by source, state and time, and without those that did nothing (issue 11, point 16)', async () => {
    await database.knex('run').delete();
    const made = await database
      .knex('run')
      .insert(
        [
          { state: 'completed', counts: { read: 3, unchanged: 3, decided: 2, skipped: 0, created: 0 }, day: 1 },
          { state: 'completed', counts: { read: 3, updated: 1 }, day: 2 },
          { state: 'completed', counts: { read: 3 }, day: 3, error_code: 'superseded' },
          { state: 'completed', counts: { read: 3 }, day: 4, waiting_for: ['ad'] },
          { state: 'failed', counts: {}, day: 5, source_id: 'ad' },
          { state: 'queued', counts: {}, day: 6, source_id: 'ad' },
        ].map(({ day, ...run }) => ({
          ...{ source_id: 'acd', mode: 'full', asked_by: 'x', ...run },
          asked_at: new Date(Date.UTC(2026, 3, day)),
        })),
      )
      .returning<{ id: number }[]>('id');
    const queries = createRunQueries(database.knex, null);
    const placesOf = async (filter: Omit<Parameters<typeof queries.list>[0], 'limit' | 'after'>): Promise<number[]> => {
      const { items } = await queries.list({ ...filter, limit: 10, after: undefined });
      return items.map(({ id }) => 1 + made.findIndex((run) => run.id === id));
    };
    expect(await placesOf({})).toEqual([6, 5, 4, 3, 2, 1]);
    expect(await placesOf({ busy: true })).toEqual([6, 5, 4, 3, 2]);
    expect(await placesOf({ source: 'ad' })).toEqual([6, 5]);
    expect(await placesOf({ state: 'failed' })).toEqual([5]);
    // From this moment on, and before that one.
    const [since, until] = [new Date('2026-04-02T00:00:00Z'), new Date('2026-04-04T00:00:00Z')];
    expect(await placesOf({ since, until })).toEqual([3, 2]);
    expect(await placesOf({ since, until, busy: true, source: 'acd', state: 'completed' })).toEqual([3, 2]);
  });
});
