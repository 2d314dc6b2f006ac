import type { Knex } from 'knex';

/** An undo of a run, or of everything since a moment, is a job: asked for, carried out by any process, and reported on. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table undo_job (
      id integer generated always as identity primary key,
      target jsonb not null,
      preview boolean not null,
      reason text,
      operator_name text not null,
      permissions text[] not null,
      asked_at timestamptz not null default now(),
      done integer not null default 0,
      finished_at timestamptz,
      cancelled_by text,
      report jsonb,
      error_code text,
      error_message text
    );
    create index undo_job_unfinished on undo_job (id) where finished_at is null;
  `);
}
