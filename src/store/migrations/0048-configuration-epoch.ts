import type { Knex } from 'knex';

/**
 * What a process sets up in the database from its configuration is one epoch (architecture 8). At most one is present;
 * `ready_at` is when its set-up was over, and nothing runs before that.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table configuration_epoch (
      number integer generated always as identity primary key,
      digest text not null,
      holder text not null,
      asked_at timestamptz not null,
      taken_at timestamptz not null default now(),
      ready_at timestamptz,
      superseded_at timestamptz,
      policy_id integer references policy
    );
    create unique index configuration_epoch_present on configuration_epoch ((true)) where superseded_at is null;
  `);
}
