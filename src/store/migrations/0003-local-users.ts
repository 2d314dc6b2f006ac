import type { Knex } from 'knex';

/**
 * Purging people (spec 9.6). What keeps an account from linking by itself outlives the user whom it was unlinked from, and
 * what names a purged user is found without reading whole tables.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table bar drop constraint bar_user_id_fkey;
create index event_account on event (account_id) where user_id is null and account_id is not null;
create index bulk_result_told on bulk_result (user_id) where message is not null;
create index review_item_closed_accounts on review_item using gin (account_ids) where closed_at is not null;
create index review_item_closed_users on review_item using gin (user_ids) where closed_at is not null;
`);
}
