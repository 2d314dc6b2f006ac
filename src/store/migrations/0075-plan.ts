import type { Knex } from 'knex';

/**
 * The plan of a run (architecture 1): a row per link or creation that it has decided on, with its grounds and with all that is to
 * be stored, so that carrying it out happens inside the database. It takes the place of `run_decision`, which kept only whom
 * an account goes to.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table run_decision;
    create table plan (
      run_id integer not null,
      account_id integer not null,
      kind text not null check (kind in ('link', 'create')),
      external_id text collate "C" not null,
      content_hash text not null,
      wakes integer not null,
      user_id integer not null,
      rule text,
      names text[] collate "C" not null,
      gives text[] collate "C" not null,
      lost jsonb not null default '[]',
      active boolean,
      username text, first_name text, last_name text, display_name text, email text, windows_login text, employee_id text, acd_id text,
      acd_source text, more_fields jsonb, roles jsonb, team_ids integer[], main_team_id integer, supervised_team_ids integer[],
      search_text text, name_key text collate "C",
      results jsonb,
      names_seen jsonb,
      user_keys text[] collate "C",
      account_keys text[] collate "C",
      changes jsonb,
      standing_reason text,
      unknown_roles text[],
      primary key (run_id, account_id)
    );
    create index plan_links on plan (run_id, external_id) where kind = 'link';
  `);
}
