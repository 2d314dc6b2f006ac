import { query, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

/**
 * Ends the switched-off periods whose end date has passed (spec 6.4): the users' accounts become due, so that what waited
 * goes through a guarded run. Gives the number of users.
 */
export async function endPassedSwitches(db: Db): Promise<number> {
  return inTransaction(db, async (transaction) => {
    const ended = await query<{ user_id: number; source_id: string }>(
      transaction,
      'delete from sync_off where until <= now() returning user_id, source_id',
    );
    if (ended.length === 0) return 0;
    const users = [...new Set(ended.map((row) => row.user_id))];
    await query(
      transaction,
      `update "user" u set version = version + 1,
         sync_enabled = not exists (select from sync_off o where o.user_id = u.id and o.source_id = '*'),
         sync_off_sources = coalesce((select array_agg(o.source_id) from sync_off o where o.user_id = u.id and o.source_id <> '*'), '{}')
       where id = any(?)`,
      [users],
    );
    await query(
      transaction,
      `update account set wakes = wakes + 1 where id in (select account_id from link where user_id = any(?) and until is null)
         or id in (select a.account_id from match_key u join match_key a on a.key = u.key and a.account_id is not null where u.user_id = any(?))`,
      [users, users],
    );
    await query(
      transaction,
      `insert into event (actor_kind, actor_name, type, source_id, user_id, changes, reason)
       select 'system', 'rosterd', 'sync-switched', nullif(source_id, '*'), user_id,
         jsonb_build_array(jsonb_build_object('field', 'sync' || coalesce('.' || nullif(source_id, '*'), ''), 'before', 'off', 'after', 'on')),
         'its end date has come' from json_to_recordset(?::text::json) as r(user_id int, source_id text)`,
      [JSON.stringify(ended)],
    );
    return users.length;
  });
}
