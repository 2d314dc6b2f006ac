import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldAccountCounts } from '../../../src/store/account-counts.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';

describe.each(databases)('counts of accounts on %s (spec 2.5, 14.6)', (_name, open) => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await open();
    await database.knex('source_state').insert([
      { source_id: 'ad', kind: 'ldap', role: 'directory' },
      { source_id: 'acd', kind: 'csv-file', role: 'acd' },
    ]);
  });
  afterAll(() => database.close());

  /** As kept, and as counted anew. */
  const both = async () => {
    const kept = await database.knex.raw<{ rows: object[] }>(
      `select source_id, state, standing, sum(count)::int as count from account_count group by 1, 2, 3 having sum(count) <> 0 order by 1, 2, 3`,
    );
    const counted = await database.knex.raw<{ rows: object[] }>(
      `select source_id, case when gone_since is not null then 'gone' when disabled then 'disabled' else 'present' end as state,
              standing, count(*)::int as count from account group by 1, 2, 3 order by 1, 2, 3`,
    );
    return { kept: kept.rows, counted: counted.rows };
  };

  it('are what a count would say after every kind of change, rolled back ones aside, and after they were folded', async () => {
    const { knex } = database;
    const account = (source: string, n: number) => ({
      ...{ source_id: source, external_id: `e${String(n)}`, content_hash: 'x' },
      content: JSON.stringify({ values: {} }),
    });
    const steps: readonly (() => PromiseLike<unknown>)[] = [
      () => knex('account').insert([1, 2, 3, 4, 5].map((n) => account('ad', n))),
      () => knex('account').insert([1, 2].map((n) => account('acd', n))),
      () => knex('account').whereIn('external_id', ['e1', 'e2']).update({ standing: 'linked' }),
      () => knex('account').where({ external_id: 'e2' }).update({ disabled: true }),
      () => knex('account').where({ external_id: 'e3', source_id: 'ad' }).update({ gone_since: knex.fn.now() }),
      () => knex('account').where({ external_id: 'nobody' }).update({ disabled: true }),
      () => knex('account').update({ content_hash: 'y' }),
      () => knex('account').where({ external_id: 'e4' }).delete(),
      () =>
        knex
          .transaction(async (transaction) => {
            await transaction('account').delete();
            throw new Error('rolled back');
          })
          .catch(() => undefined),
    ];
    for (const [index, step] of steps.entries()) {
      await step();
      const { kept, counted } = await both();
      expect(kept, `after step ${String(index)}`).toEqual(counted);
    }
    expect((await both()).kept).toHaveLength(6);
    const rows = async () => (await knex('account_count')).length;
    const unfolded = await rows();
    const [run] = await knex('run')
      .insert({ source_id: 'ad', mode: 'full', state: 'completed', asked_by: 'test', finished_at: knex.fn.now() })
      .returning<{ id: number }[]>('id');
    await foldAccountCounts(knex, run?.id ?? 0);
    expect((await both()).kept).toEqual((await both()).counted);
    expect(await rows()).toBeLessThan(unfolded);
    expect(await knex('account_count').where({ source_id: 'ad' })).toHaveLength(4);
  });
});
