import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaseStore } from '../../../src/store/leases.ts';
import { isSweepDue, sweep, type RetentionDays } from '../../../src/store/retention.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe.each(databases)('retention, on %s', (_size, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put('4001', { acdId: '4001', firstName: 'Jana', lastName: 'Nova', employeeId: 'E1' });
    await site.sync();
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const swept = async (days: RetentionDays) => {
    const lease = await leaseStore(database.knex).take('retention', 'test', 15);
    if (lease === null) throw new Error('no lease');
    const { signal } = new AbortController();
    const counts = await sweep(database.knex, lease, signal, { operator: 'local:tester', days });
    await leaseStore(database.knex).release(lease);
    return counts;
  };

  it('15.1 forgets events, runs and rejects after their days, and nothing younger; the latest run of a kind stays', async () => {
    const { knex } = database;
    expect(await isSweepDue(knex)).toBe(true);
    await knex('run').insert(
      [40, 20, 1].map((days) => ({
        ...{ source_id: 'acd', mode: 'full', state: 'failed', asked_by: 'test' },
        rejects: JSON.stringify([{ position: 'line 1', reason: 'no id' }]),
        finished_at: knex.raw(`now() - interval '${String(days)} days'`),
      })),
    );
    await knex('event').insert(
      [400, 100].map((days) => ({
        ...{ actor_kind: 'system', actor_name: 'test', type: 'source-paused' },
        at: knex.raw(`now() - interval '${String(days)} days'`),
      })),
    );
    const [before] = await knex('event').count<{ count: string }[]>();
    expect(await swept({ events: 365, runs: 30, rejects: 10 })).toMatchObject({ events: 1, runs: 1, rejects: 2 });
    const [after] = await knex('event').count<{ count: string }[]>();
    expect(Number(before?.count) - Number(after?.count)).toBe(1);
    expect(await isSweepDue(knex)).toBe(false);
    await expect(knex('event').where({ type: 'source-paused' }).delete()).rejects.toThrow('events never changed');
    expect(await swept({})).toMatchObject({ events: 0, runs: 0, rejects: 0 });
    expect(await swept({ runs: 0 })).toMatchObject({ runs: 1 });
    expect(await knex('run').where({ source_id: 'acd', state: 'failed' }).pluck('id')).toHaveLength(1);
  });

  it('17 forgets imports of people.csv with their rows as long ago as runs, an undone one behind its undo', async () => {
    const { knex } = database;
    const add = async (days: number, undoes: number | null = null): Promise<number> => {
      const [row] = await knex('people_import')
        .insert({
          ...{ file_name: 'people.csv', state: 'finished', operator_name: 'local:tester', permissions: [], undoes },
          finished_at: knex.raw(`now() - interval '${String(days)} days'`),
        })
        .returning<{ id: number }[]>('id');
      const id = row?.id ?? 0;
      const empty = { changes: '[]', kept: '[]', errors: '[]', classes: [] };
      await knex('people_import_row').insert([2, 3].map((each) => ({ import_id: id, row: each, name: 'A', ...empty })));
      return id;
    };
    const [undone, young] = [await add(50), await add(1)];
    const undo = await add(40, undone);
    expect(await swept({ runs: 30 })).toMatchObject({ importRows: 2, imports: 1 });
    expect(await knex('people_import').orderBy('id').pluck('id')).toEqual([undone, young]);
    expect(await swept({ runs: 30 })).toMatchObject({ importRows: 2, imports: 1 });
    expect(await knex('people_import_row').distinct().pluck('import_id')).toEqual([young]);
    expect(undo).toBeGreaterThan(young);
  });
});
