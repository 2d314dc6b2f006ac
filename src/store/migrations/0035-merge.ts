import type { Knex } from 'knex';

/**
 * Users who were made one (spec 18). A merge keeps what undoing it takes; purging one of the two blanks that. `name_key` is the first
 * and the last name, folded by the program: it is null until it has been derived, and where one of them is missing. Of a merge in
 * bulk the results name who stays, and the choices.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table merge (
  id integer generated always as identity primary key,
  primary_id integer not null,
  other_id integer not null,
  event_ids bigint[] not null default '{}',
  other_username text collate "C",
  before jsonb,
  after jsonb,
  said jsonb,
  slots jsonb,
  links jsonb,
  bars jsonb,
  identity integer[],
  operator_name text not null,
  at timestamptz not null default now(),
  undone_at timestamptz,
  undone_by text
);
create index merge_events on merge using gin (event_ids);
create index merge_primary on merge (primary_id);
create index merge_other on merge (other_id);
create index merge_username on merge (other_username) where undone_at is null and other_username is not null;
create index user_merged on "user" (merged_into) where merged_into is not null;
alter table "user" add column name_key text collate "C";
create index user_name_key on "user" (name_key, id) where name_key is not null;
alter table bulk_result add column into_user integer, add column choices jsonb;
`);
}
