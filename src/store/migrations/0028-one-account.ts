import type { Knex } from 'knex';

/** A run may read one account only (spec 2.8); it is asked for beside the run of the whole source. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table run add column only_account text collate "C";
drop index run_queued;
create unique index run_queued on run (source_id) where state = 'queued' and only_account is null;
create unique index run_queued_account on run (source_id, only_account) where state = 'queued' and only_account is not null;
`);
}
