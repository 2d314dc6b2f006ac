import type { Knex } from 'knex';

/** Pages of the history by time go along an index: without it each page sorted the whole range, and an export was quadratic. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create index event_time on event (at, id)');
}
