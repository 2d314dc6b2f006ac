import type { Knex } from 'knex';

/**
 * Sign-in by OpenID Connect (spec 19.2): attempts that are under way, as hashes, each of which can be answered once; and who
 * an operator is at the provider, since names are given to other people and subjects are not.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table open_id_attempt (
      state_hash text primary key,
      browser_hash text not null,
      redirect_uri text not null,
      next_path text not null,
      expires_at timestamptz not null
    );
    create index open_id_attempt_expires on open_id_attempt (expires_at);
    alter table operator add column open_id_issuer text, add column open_id_subject text;
  `);
}
