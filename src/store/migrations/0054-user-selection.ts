import type { Knex } from 'knex';

/** Whom a bulk action of the console will be about, as its list had them when somebody chose them (spec 16). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table user_selection (
      id integer generated always as identity primary key,
      operator_name text not null,
      made_at timestamptz not null default now(),
      address text not null,
      user_ids integer[] not null
    );
    create index on user_selection (operator_name, id);
  `);
}
