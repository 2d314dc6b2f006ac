import type { Knex } from 'knex';

/**
 * Imports of people.csv (spec 17): shown first, then carried out row by row. A row keeps what it said until it is done, what
 * it changes, and what people said before and after, by which the import is undone.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table people_import (
      id integer generated always as identity primary key,
      file_name text not null,
      undoes integer references people_import on delete cascade,
      state text not null default 'reading' check (state in ('reading', 'shown', 'running', 'finished')),
      shown jsonb not null default '{}',
      missing text[] not null default '{}',
      digest text,
      reason text,
      operator_name text not null,
      permissions text[] not null,
      asked_at timestamptz not null default now(),
      started_at timestamptz,
      finished_at timestamptz,
      cancelled_by text
    );
    create index people_import_running on people_import (operator_name, id) where state = 'running';
    create index people_import_undoes on people_import (undoes) where undoes is not null;
    create table people_import_row (
      import_id integer not null references people_import on delete cascade,
      row integer not null,
      user_id integer,
      name text not null,
      said jsonb,
      undo jsonb,
      changes jsonb not null,
      kept jsonb not null,
      errors jsonb not null,
      classes text[] not null,
      digest text,
      outcome text check (outcome in ('changed', 'unchanged', 'refused')),
      code text,
      message text,
      primary key (import_id, row)
    );
    create index people_import_row_pending on people_import_row (import_id, row) where outcome is null;
    create index people_import_row_user on people_import_row (user_id) where user_id is not null;
  `);
}
