import type { Knex } from 'knex';

/**
 * What one process kept to itself stands in the database, for every process and after every restart (spec 13.3, 14.3):
 * which sources take part in the first fill, which are not reconciled again by themselves and why, since which import too
 * few accounts have been seen (3.3), from when on a source's schedule counts (14.1), and whether a queued run was handed to
 * the workers. A run may belong to several syncs: who asks while it is still queued waits for it too.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table source_state
      add column filling boolean not null default false,
      add column stuck text check (stuck in ('failed', 'standstill', 'cancelled')),
      add column rounds integer not null default 0,
      add column missing_since timestamptz,
      add column scheduled_since timestamptz not null default now();
    update source_state set filling = true
      where source_id in (select jsonb_array_elements_text(value::jsonb) from setting where name = 'sources-to-fill-from');
    delete from setting where name = 'sources-to-fill-from';
    alter table run add column sync_ids text[] not null default '{}', add column handed_at timestamptz;
    update run set sync_ids = array[sync_id] where sync_id is not null;
    drop index run_sync;
    alter table run drop column sync_id;
    create index run_syncs on run using gin (sync_ids) where sync_ids <> '{}';
  `);
}
