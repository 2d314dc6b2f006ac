import type { Knex } from 'knex';

/** Since when a run has got no further, for the notice about it (spec 14.6). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table run add column progress_at timestamptz');
}
