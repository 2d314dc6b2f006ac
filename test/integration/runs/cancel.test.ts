import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../../src/api/schemas/runs.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

const agents = 60;

describe('14.3 a cancelled run', () => {
  let [site, database]: [Site, OpenDatabase] = [] as never;
  beforeEach(async () => {
    database = await openPostgres();
    // A person cancels a run as soon as it says that it has come to this phase.
    await database.knex.raw(`
      create table cancel_at (phase text);
      create function cancel_now() returns trigger language plpgsql as $$
        begin
          if exists (select from cancel_at where phase = new.phase) then new.cancel_asked_by = 'tester'; end if;
          return new;
        end $$;
      create trigger cancel_now before update on run for each row execute function cancel_now();`);
    site = await openSite(database.knex);
    show('First');
    await site.sync();
  }, 120_000);
  afterEach(async () => {
    await site.close();
    await database.close();
  });

  function show(lastName: string, first = 1): void {
    site.acd.records.clear();
    for (let index = first; index < first + agents; index++)
      site.acd.put(String(index), {
        ...{ acdId: String(index), lastName: index <= 15 ? lastName : 'Same', employeeId: `E${String(index)}` },
      });
  }

  const cancelAt = async (phase: string | null): Promise<void> => {
    await site.knex('cancel_at').delete();
    if (phase !== null) await site.knex('cancel_at').insert({ phase });
  };
  const runs = async (): Promise<Run[]> => (await site.ask<{ items: Run[] }>('GET', '/runs?source=acd')).json.items;
  const named = async (lastName: string): Promise<number> =>
    (await site.knex('user').where({ last_name: lastName }).pluck('id')).length;
  const users = async (): Promise<number> => (await site.knex('user').pluck('id')).length;

  /** An edit, upkeep and a restart, none of which may begin what was cancelled. */
  async function whatHappensAnyway(): Promise<void> {
    const [user] = await site.knex('user').orderBy('id').pluck<number[]>('id');
    await site.ask('POST', `/users/${String(user)}/attributes`, { body: { name: 'floor', value: '2' } });
    await site.ask('POST', '/sources/ad/pause');
    await site.ask('POST', '/sources/ad/resume');
    await site.reconcile();
    const { records } = site.acd;
    await site.close();
    site = await openSite(database.knex);
    for (const [id, { values }] of records) site.acd.put(id, values);
    await site.reconcile();
  }

  it.each(['import', 'counting', 'planning', 'showing'])(
    '14.3 while %s: it ends, and what it left undone waits for the next run that is asked for',
    async (phase) => {
      // New agents beyond every limit where the run is to be held, few of them otherwise.
      const more = phase === 'showing' ? 40 : 12;
      for (let index = 100; index < 100 + more; index++)
        site.acd.put(String(index), { acdId: String(index), lastName: 'New', employeeId: `E${String(index)}` });
      await cancelAt(phase);
      await site.sync();
      const [run] = await runs();
      expect(run).toMatchObject({ state: 'cancelled', error: { code: 'cancelled' } });
      const cancelled = (await runs()).length;
      expect(await users()).toBe(agents);

      await cancelAt(null);
      await whatHappensAnyway();
      expect(await users()).toBe(agents);
      expect(await runs()).toHaveLength(cancelled);

      await site.sync();
      expect((await runs())[0]?.state).toBe(phase === 'showing' ? 'held' : 'completed');
      expect(await users()).toBe(phase === 'showing' ? agents : agents + more);
    },
    60_000,
  );

  it('14.3 while values are written: what is written stays, the rest waits', async () => {
    show('Second');
    await cancelAt('values');
    await site.sync();
    await cancelAt(null);
    const [run] = await runs();
    expect(run).toMatchObject({ state: 'cancelled' });
    await site.sync();
    expect(await named('Second')).toBe(15);
  }, 60_000);

  it('14.3 before it has begun: a queued run and one that waits for its turn end at once', async () => {
    const [queued] = await site
      .knex('run')
      .insert({ source_id: 'acd', mode: 'full', state: 'queued', asked_by: 'x' })
      .returning<{ id: number }[]>('id');
    const [waits] = await site
      .knex('run')
      .insert({ source_id: 'ad', mode: 'full', state: 'reconciling', phase: 'waiting', asked_by: 'x', complete: true })
      .returning<{ id: number }[]>('id');
    for (const run of [queued, waits]) {
      const path = `/runs/${String(run?.id)}`;
      expect((await site.askMeanwhile('POST', `${path}/cancel`)).json).toEqual({ result: 'asked' });
      expect((await site.askMeanwhile('GET', path)).json).toMatchObject({
        ...{ state: 'cancelled', cancelAskedBy: 'local:tester', error: { code: 'cancelled' } },
      });
    }
  }, 60_000);
});
