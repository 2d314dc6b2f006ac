import type { Knex } from 'knex';
import type { SwitchedUser, SyncOff, SyncSwitchStore, SyncSwitchTransaction } from '../users/sync-switch.ts';
import { appendPersonsEvent } from './append-event.ts';
import { sqlRow, sqlRows } from './queries/sql.ts';
import { inTransaction } from './transactions.ts';
import { wakeUser } from './wake-user.ts';

/** `sync_off.source_id` of a switch that is for every source. */
const everySource = '*';

/** The sync switch of users in the database. */
export function createSyncSwitchStore(knex: Knex): SyncSwitchStore {
  return {
    transaction: (work) => inTransaction(knex, (transaction) => work(within(transaction))),
  };
}

function within(transaction: Knex): SyncSwitchTransaction {
  return {
    lockUser: (userId) => lockUser(transaction, userId),
    sourceExists: async (source) =>
      (await sqlRow(transaction, 'select 1 as found from source_state where source_id = :source', { source })) !== null,
    saveOff: (userId, off, operator) => saveOff(transaction, userId, off, operator),
    wakeAccounts: (userId, source) => wakeUser(transaction, userId, source),
    appendEvent: (event) => appendPersonsEvent(transaction, event),
  };
}

async function lockUser(transaction: Knex, userId: number): Promise<SwitchedUser | null> {
  const user = await sqlRow<{ version: number; now: Date; ever_linked: boolean }>(
    transaction,
    `select version, now() as now,
            exists (select 1 from link where user_id = u.id and until is null)
            or exists (select 1 from link where user_id = u.id and until is not null) as ever_linked
       from "user" u where id = :userId for update`,
    { userId },
  );
  if (user === null) return null;
  const off = await sqlRows<{ source_id: string; until: Date | null; reason: string | null }>(
    transaction,
    'select source_id, until, reason from sync_off where user_id = :userId order by source_id',
    { userId },
  );
  return {
    version: user.version,
    now: user.now,
    everLinked: user.ever_linked,
    off: off.map((row) => ({
      source: row.source_id === everySource ? null : row.source_id,
      until: row.until,
      reason: row.reason,
    })),
  };
}

/** Rows that stay as they are keep who switched them and when. */
async function saveOff(transaction: Knex, userId: number, off: readonly SyncOff[], operator: string): Promise<number> {
  const rows = off.map((each) => ({ ...each, source: each.source ?? everySource }));
  const sources = rows.map((row) => row.source);
  await sqlRows(transaction, 'delete from sync_off where user_id = :userId and source_id <> all (:sources)', {
    userId,
    sources,
  });
  await sqlRows(
    transaction,
    `insert into sync_off as old (user_id, source_id, operator_name, reason, until)
     select :userId, given.source_id, :operator, given.reason, given.until
       from unnest(cast(:sources as text[]), cast(:reasons as text[]), cast(:untils as timestamptz[]))
            as given (source_id, reason, until)
     on conflict (user_id, source_id) do update
        set operator_name = excluded.operator_name, at = excluded.at, reason = excluded.reason, until = excluded.until
      where (old.reason, date_trunc('milliseconds', old.until)) is distinct from (excluded.reason, excluded.until)`,
    {
      userId,
      operator,
      sources,
      reasons: rows.map((row) => row.reason),
      untils: rows.map((row) => row.until?.toISOString() ?? null),
    },
  );
  const saved = await sqlRow<{ version: number }>(
    transaction,
    `update "user" set version = version + 1, sync_enabled = :enabled, sync_off_sources = :sources
      where id = :userId returning version`,
    {
      userId,
      enabled: !sources.includes(everySource),
      sources: sources.filter((source) => source !== everySource).sort(),
    },
  );
  if (saved === null) throw new Error(`user ${userId} vanished while its row was locked`);
  return saved.version;
}
