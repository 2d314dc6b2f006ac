import { identifiesSomebody } from './shared-values.ts';
import { query, type Db } from './sql.ts';

/**
 * Makes reconcile look again at everything that bears on some users: the linked accounts, those that share a match key, those
 * linked to another user who shares one (spec 4.9), and those of open questions that name one of the users or wait for one of
 * `freedNames`. In the order of their ids, so that two of these transactions never wait for each other.
 * Answers the sources of these accounts.
 */
export async function wakeUser(
  db: Db,
  userIds: readonly number[],
  freedNames: readonly string[] = [],
): Promise<readonly string[]> {
  const ids = [...userIds];
  const woken = await query<{ source_id: string }>(
    db,
    `with concerned as (
       select account_id as id from link where user_id = any(?) and until is null
       union
       select theirs.account_id from match_key own join match_key theirs on theirs.key = own.key
        where own.user_id = any(?) and theirs.account_id is not null and ${identifiesSomebody('own.key')}
       union
       select l.account_id from match_key own join match_key theirs on theirs.key = own.key
          join link l on l.user_id = theirs.user_id and l.until is null
        where own.user_id = any(?) and theirs.user_id <> own.user_id and ${identifiesSomebody('own.key')}
       union
       select unnest(account_ids) from review_item
        where closed_at is null and (user_ids && cast(? as int[]) or wait_keys && cast(? as text[]))
     ), locked as (
       select a.id from account a join concerned using (id) order by a.id for update of a
     ), woken as (
       update account a set wakes = wakes + 1 from locked where a.id = locked.id returning a.source_id
     )
     select distinct source_id from woken order by source_id`,
    [ids, ids, ids, ids, [...freedNames]],
  );
  return woken.map((row) => row.source_id);
}
