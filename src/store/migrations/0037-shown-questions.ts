import type { Knex } from 'knex';

/** A held run shows as a question whose unique name somebody has: nobody is created (spec 4.7, 13.1). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table shown_decision drop constraint shown_decision_kind_check,
  add constraint shown_decision_kind_check
    check (kind in ('gone', 'values', 'link', 'create', 'question', 'unmatched', 'policy'));
`);
}
