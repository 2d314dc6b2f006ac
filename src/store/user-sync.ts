import type { SyncOff, UserSync, UserWrites } from '../users/ports.ts';
import { forRows, query, rowTable, type Db } from './sql.ts';

/** `sync_off.source_id` of a switch that is for every source. */
const everySource = '*';

type SyncWrites = Pick<
  UserWrites,
  'syncOf' | 'syncOfAll' | 'sourceExists' | 'waitingFor' | 'waitingForAll' | 'saveSyncOff' | 'saveSyncOffOf'
>;

/** The sync switch of users, as people's acts need it. */
export function userSyncWrites(db: Db): SyncWrites {
  return {
    async syncOf(userId) {
      const sync = (await syncOf(db, [userId])).get(userId);
      if (sync === undefined) throw new Error(`the sync switch of user ${String(userId)} was not read`);
      return sync;
    },
    syncOfAll: (userIds) => syncOf(db, userIds),
    async sourceExists(source) {
      return (await query(db, 'select from source_state where source_id = ?', [source])).length > 0;
    },
    waitingFor: async (userId, source) =>
      (await waitingAccounts(db, [userId])).filter((account) => source === null || account.source === source),
    waitingForAll: (userIds) => waitingAccounts(db, userIds),
    saveSyncOff: (userId, off, operator) => saveSyncOff(db, new Map([[userId, off]]), operator),
    saveSyncOffOf: (users, operator) => saveSyncOff(db, users, operator),
  };
}

async function syncOf(db: Db, userIds: readonly number[]): Promise<Map<number, UserSync>> {
  const rows = await query<{ id: number; now: Date; everLinked: boolean }>(
    db,
    `select id, now() as now, exists (select from link where user_id = r.id and until is null)
       or exists (select from link where user_id = r.id and until is not null) as "everLinked"
       from unnest(?::int[]) as r(id)`,
    [[...userIds]],
  );
  const off = await query<SyncOff & { userId: number }>(
    db,
    `select user_id as "userId", nullif(source_id, '${everySource}') as source, until, reason
       from sync_off where user_id = any(?) order by user_id, source_id`,
    [[...userIds]],
  );
  const offOf = Map.groupBy(off, (row) => row.userId);
  return new Map(
    rows.map(({ id, now, everLinked }) => {
      const own = (offOf.get(id) ?? []).map(({ source, until, reason }) => ({ source, until, reason }));
      return [id, { now, everLinked, off: own }];
    }),
  );
}

async function saveSyncOff(db: Db, users: ReadonlyMap<number, readonly SyncOff[]>, operator: string): Promise<void> {
  if (users.size === 0) return;
  const userIds = [...users.keys()];
  const rows = [...users].flatMap(([userId, off]) =>
    off.map((each) => ({ ...each, userId, source: each.source ?? everySource })),
  );
  const { table: kept, parameter } = rowTable('"userId" int, source text');
  await query(
    db,
    `delete from sync_off o where o.user_id = any(?)
       and not exists (select from ${kept} where r."userId" = o.user_id and r.source = o.source_id)`,
    [userIds, parameter(rows)],
  );
  // Rows that stay as they are keep who switched them and when.
  await forRows(
    db,
    '"userId" int, source text, reason text, until timestamptz',
    rows,
    (table) => `insert into sync_off as old (user_id, source_id, operator_name, reason, until)
      select r."userId", r.source, c.operator, r.reason, r.until from ${table}, (select ?::text as operator) as c
      on conflict (user_id, source_id) do update
         set operator_name = excluded.operator_name, at = excluded.at, reason = excluded.reason, until = excluded.until
       where (old.reason, date_trunc('milliseconds', old.until)) is distinct from (excluded.reason, excluded.until)`,
    [operator],
  );
  await copySyncOff(db, userIds);
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
