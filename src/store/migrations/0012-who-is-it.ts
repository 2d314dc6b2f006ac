import type { Knex } from 'knex';

/**
 * What people say of whom an account belongs to, beside links and bars (spec 4.10–4.12), and the values that too many accounts of a
 * source share to identify anybody. A question's identity is a digest from now on, whatever it is about; what was answered before
 * keeps its subject. A planned link or creation remembers how often its account had been woken: one that was woken since is asked
 * again.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table shared_value (
      source_id text collate "C" not null references source_state,
      key text collate "C" not null,
      accounts integer not null,
      answer text check (answer in ('nobody', 'each')),
      operator_name text,
      at timestamptz not null default now(),
      reason text,
      primary key (source_id, key)
    );
    alter table run_decision add column wakes integer not null default 0;
    create table identity_word (
      account_id integer primary key references account,
      said text not null check (said in ('same', 'each', 'own')),
      user_id integer,
      operator_name text not null,
      at timestamptz not null default now(),
      reason text,
      check ((said = 'same') = (user_id is not null))
    );
  `);
}
