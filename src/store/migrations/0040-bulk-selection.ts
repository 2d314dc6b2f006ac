import type { Knex } from 'knex';

/** Bulk jobs: until when a sync stays off, and names of a list that no user has (spec 16). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table bulk_job add column until timestamptz;
    alter table bulk_job add column unknown text[] not null default '{}';
  `);
}
