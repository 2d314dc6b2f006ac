import type { Knex } from 'knex';

/**
 * People sign in with a password (spec 19.2): its slow hash and failed attempts stand at the operator; invitations and links
 * for a new password, as hashes with their end; sessions by the hash of what the browser has, with what their list shows.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table operator add password_hash text, add failures integer not null default 0, add locked_at timestamptz,
      add last_sign_in_at timestamptz;
    create table one_time_link (
      link_hash text primary key,
      -- Null of the first operator's, whose name comes with the form.
      operator_id integer references operator on delete cascade,
      made_by text not null,
      made_at timestamptz not null default now(),
      expires_at timestamptz not null
    );
    create index one_time_link_operator on one_time_link (operator_id);
    alter table session drop column data, add created_at timestamptz not null default now(),
      add last_seen_at timestamptz not null default now(), add address text, add agent text;
    create index session_operator on session (operator_id);
  `);
}
