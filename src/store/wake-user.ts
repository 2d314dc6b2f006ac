import type { Knex } from 'knex';
import { sqlRows } from './queries/sql.ts';

/**
 * Makes reconcile look again at everything that bears on a user: the linked accounts, the unlinked ones that share a match
 * key, those linked to another user who shares one (spec 4.9), and those of open questions that name the user or wait for
 * one of `freedNames`; of one source, or of all. In the order of their ids, so that two of these transactions never wait for
 * each other. Answers the sources of these accounts.
 */
export async function wakeUser(
  transaction: Knex,
  userId: number,
  source: string | null,
  freedNames: readonly string[] = [],
): Promise<readonly string[]> {
  const ofSource = source === null ? 'true' : 'a.source_id = :source';
  const woken = await sqlRows<{ source_id: string }>(
    transaction,
    `with concerned as (
       select account_id as id from link where user_id = :userId and until is null
       union
       select theirs.account_id from match_key own join match_key theirs on theirs.key = own.key
        where own.user_id = :userId and theirs.account_id is not null
          and not exists (select 1 from link where account_id = theirs.account_id and until is null)
       union
       select l.account_id from match_key own join match_key theirs on theirs.key = own.key
          join link l on l.user_id = theirs.user_id and l.until is null
        where own.user_id = :userId and theirs.user_id <> :userId
       union
       select unnest(account_ids) from review_item
        where closed_at is null
          and (user_ids @> array[cast(:userId as int)] or wait_keys && cast(:freedNames as text[]))
     ), locked as (
       select a.id from account a join concerned using (id) where ${ofSource} order by a.id for update of a
     ), woken as (
       update account a set wakes = wakes + 1 from locked where a.id = locked.id returning a.source_id
     )
     select distinct source_id from woken order by source_id`,
    { userId, freedNames: [...freedNames], ...(source === null ? {} : { source }) },
  );
  return woken.map((row) => row.source_id);
}
