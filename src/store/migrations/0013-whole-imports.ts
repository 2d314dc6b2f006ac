import type { Knex } from 'knex';

/**
 * An import can be whole without proving absence (spec 2.2). `complete` says that it did both; `whole` that everything was
 * read, which is what a run fails without, and what the creation of users waits for (4.8): source_state.first_complete_at is
 * the time of a first import that was whole.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table run add column whole boolean;
    update run set whole = complete;
  `);
}
