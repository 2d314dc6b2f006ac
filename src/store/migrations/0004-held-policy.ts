import type { Knex } from 'knex';

/**
 * A run that moves users to another policy is held, discarded and undone like a source's (spec 13.2, 14.4). What it shows is
 * about users and no account. A refused policy names the one that stands in its place.
 *
 * Also what people answer about a source's names (spec 4.10): teams that are left out, roles that mean another or nothing.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table policy add column refused_at timestamptz, add column refused_by text, add column refused_reason text,
      add column instead_id integer references policy,
      add check ((refused_at is null) = (instead_id is null));
    alter table run add column policy_id integer references policy, add column former_policy_id integer references policy;
    alter table shown_decision drop constraint shown_decision_kind_check;
    alter table shown_decision drop constraint shown_decision_pkey;
    alter table shown_decision alter column account_id drop not null, alter column external_id drop not null,
      alter column content_hash drop not null,
      add check (kind in ('gone', 'values', 'link', 'create', 'unmatched', 'policy')),
      add check ((kind = 'policy') = (account_id is null)),
      add check (account_id is not null or user_id is not null);
    create unique index shown_decision_account on shown_decision (run_id, account_id, kind) where account_id is not null;
    create unique index shown_decision_user on shown_decision (run_id, user_id) where account_id is null;
    alter table source_team add column ignored boolean not null default false;
    create table role_meaning (
      source_id text not null references source_state,
      said text not null,
      role text,
      operator_name text not null,
      at timestamptz not null default now(),
      reason text,
      primary key (source_id, said)
    );
  `);
}
