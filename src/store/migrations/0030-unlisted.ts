import type { Knex } from 'knex';

/** A delta may leave it to a run behind it to go through the ids of everybody. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`alter table run add column unlisted boolean not null default false`);
}
