import type { UserWrites } from '../users/ports.ts';
import type { SyncOff } from '../users/ports.ts';
import { forRows, query, queryOne, type Db } from './sql.ts';

/** `sync_off.source_id` of a switch that is for every source. */
const everySource = '*';

/** The sync switch of one user, as people's acts need it. */
export function userSyncWrites(db: Db): Pick<UserWrites, 'syncOf' | 'sourceExists' | 'waitingFor' | 'saveSyncOff'> {
  return {
    async syncOf(userId) {
      const { now, everLinked } = await queryOne<{ now: Date; everLinked: boolean }>(
        db,
        `select now() as now, exists (select from link where user_id = ? and until is null)
           or exists (select from link where user_id = ? and until is not null) as "everLinked"`,
        [userId, userId],
      );
      const off = await query<SyncOff>(
        db,
        `select nullif(source_id, '${everySource}') as source, until, reason from sync_off where user_id = ? order by source_id`,
        [userId],
      );
      return { now, everLinked, off };
    },
    async sourceExists(source) {
      return (await query(db, 'select from source_state where source_id = ?', [source])).length > 0;
    },
    waitingFor: async (userId, source) =>
      (await waitingAccounts(db, [userId])).filter((account) => source === null || account.source === source),
    async saveSyncOff(userId, off, operator) {
      const rows = off.map((each) => ({ ...each, source: each.source ?? everySource }));
      const sources = rows.map((row) => row.source);
      await query(db, 'delete from sync_off where user_id = ? and source_id <> all (?)', [userId, sources]);
      // Rows that stay as they are keep who switched them and when.
      await forRows(
        db,
        'source text, reason text, until timestamptz',
        rows,
        (table) => `insert into sync_off as old (user_id, source_id, operator_name, reason, until)
          select c.user_id, r.source, c.operator, r.reason, r.until
            from ${table}, (select ?::int as user_id, ?::text as operator) as c
          on conflict (user_id, source_id) do update
             set operator_name = excluded.operator_name, at = excluded.at, reason = excluded.reason, until = excluded.until
           where (old.reason, date_trunc('milliseconds', old.until)) is distinct from (excluded.reason, excluded.until)`,
        [userId, operator],
      );
      await copySyncOff(db, [userId]);
    },
  };
}

/** Puts on the users' rows what `sync_off` says of them. */
export async function copySyncOff(db: Db, userIds: readonly number[]): Promise<void> {
  await query(
    db,
    `update "user" u set
       sync_enabled = not exists (select from sync_off o where o.user_id = u.id and o.source_id = '${everySource}'),
       sync_off_sources = coalesce((select array_agg(o.source_id order by o.source_id) from sync_off o
                                     where o.user_id = u.id and o.source_id <> '${everySource}'), '{}')
     where id = any(?)`,
    [[...userIds]],
  );
}

/** Unlinked accounts that wait for the sync of one of these users to be on (spec 4.2), by user and source. */
export function waitingAccounts(
  db: Db,
  userIds: readonly number[],
): Promise<{ readonly userId: number; readonly source: string; readonly externalId: string }[]> {
  return query(
    db,
    `select distinct own.user_id as "userId", a.source_id as source, a.external_id as "externalId"
       from match_key own join match_key theirs on theirs.key = own.key and theirs.account_id is not null
            join account a on a.id = theirs.account_id
      where own.user_id = any(?) and a.standing = 'waiting' and a.standing_reason = 'sync-off'
        and a.standing_user = own.user_id
      order by 1, 2, 3`,
    [[...userIds]],
  );
}
