import type { Knex } from 'knex';

/** Bulk jobs can be cancelled, and are taken in turns, operator by operator. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table bulk_job add column cancelled_by text;
drop index bulk_job_unfinished;
create index bulk_job_unfinished on bulk_job (operator_name, id) where finished_at is null;
`);
}
