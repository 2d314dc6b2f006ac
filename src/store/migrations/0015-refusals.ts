import type { Knex } from 'knex';

/** Which run a refusal, or an undone link, came from: a person lifts them by it (spec 15.3). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table refusal add column run_id integer;
    create index refusal_run on refusal (run_id) where run_id is not null;
    alter table bar add column run_id integer, add column cause text;
    create index bar_run on bar (run_id) where run_id is not null;
    create index refusal_whole on refusal (account_id) where part in ('gone', 'identity');
  `);
}
