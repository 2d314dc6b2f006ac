import type { Knex } from 'knex';

/** What people did to teams and their bindings, as far as undoing it depends on it (spec 11.6, 15.3). It holds ids and names of teams. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table team_act (
  event_id bigint primary key,
  done jsonb not null,
  undone_at timestamptz,
  undone_by text
);
`);
}
