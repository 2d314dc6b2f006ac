import type { SourceState, SourceStore } from '../runs/ports.ts';
import type { Lease } from '../domain/lease.ts';
import { checkLease } from './leases.ts';
import { query, queryOne, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

/** Who pauses a source after a refused log-in; people's pauses carry their own name. */
const refusal = 'system';
const fillSetting = 'sources-to-fill-from';

/** Sources' state, which outlives their configuration. */
export function sourceStore(db: Db): SourceStore {
  return {
    async states() {
      const rows = await query<SourceState & { id: string }>(
        db,
        `select source_id as id, system_id as "systemId", cursor, config_digest as "configDigest", paused_at is not null as paused,
           paused_at is not null and paused_by <> ? as "pausedByPerson", retired_at is not null as retired,
           first_reconciled_at is not null as "firstReconciled", secret_fingerprint as "secretFingerprint" from source_state`,
        [refusal],
      );
      return new Map(rows.map(({ id, ...state }) => [id, state]));
    },
    async rememberSystem(source, systemId) {
      await query(db, 'update source_state set system_id = ? where source_id = ? and system_id is null', [
        systemId,
        source,
      ]);
    },
    async noteOtherSystem(source, systemId) {
      await query(db, 'update source_state set system_id_found = ? where source_id = ?', [systemId, source]);
    },
    async pauseAfterRefusal(source, reason, fingerprint) {
      const paused = await query(
        db,
        `update source_state set paused_at = now(), paused_by = ?, pause_reason = ?, secret_fingerprint = ?
         where source_id = ? and paused_at is null returning source_id`,
        [refusal, reason, fingerprint, source],
      );
      if (paused.length > 0) await appendSystemEvent(db, 'source-paused', source, reason);
    },
    async resumeAfterChange(source) {
      const resumed = await query(
        db,
        `update source_state set paused_at = null, paused_by = null, pause_reason = null, secret_fingerprint = null, failures = 0
         where source_id = ? and paused_by = ? returning source_id`,
        [source, refusal],
      );
      if (resumed.length > 0)
        await appendSystemEvent(db, 'source-resumed', source, 'its configuration or secret has changed');
    },
    async countFailure(lease, source) {
      await leased(db, lease, 'update source_state set failures = failures + 1 where source_id = ?', [source]);
    },
    async recordSuccess(lease, source, { cursor, configDigest, complete, full }) {
      await leased(
        db,
        lease,
        `update source_state set failures = 0, system_id_found = null, last_success_at = now(), cursor = coalesce(?, cursor), config_digest = ?,
           last_complete_at = case when ? then now() else last_complete_at end where source_id = ?`,
        [cursor, configDigest, complete && full, source],
      );
    },
    async awaitingFirstImport(sources) {
      const rows = await query<{ id: string }>(
        db,
        'select source_id as id from source_state where source_id = any(?) and first_complete_at is null order by 1',
        [[...sources]],
      );
      return rows.map((row) => row.id);
    },
    async recordWhole(lease, source, nameMapping) {
      const sql = 'update source_state set first_complete_at = now() where source_id = ? and first_complete_at is null';
      await leased(db, lease, sql, [source]);
      await inTransaction(db, async (transaction) => {
        await checkLease(transaction, lease);
        const remapped = await query(
          transaction,
          'update source_state set name_mapping = ? where source_id = ? and name_mapping is distinct from ? returning 1',
          [nameMapping, source, nameMapping],
        );
        if (remapped.length === 0) return;
        await query(
          transaction,
          `update account a set wakes = wakes + 1 from link l
           where l.account_id = a.id and l.until is null and l.source_id = ?`,
          [source],
        );
      });
    },
    async filling(sources) {
      const { any } = await queryOne<{ any: boolean }>(db, 'select exists (select from "user") as any');
      if (!any)
        await query(db, 'insert into setting (name, value) values (?, ?) on conflict (name) do nothing', [
          fillSetting,
          JSON.stringify(sources),
        ]);
      const [row] = await query<{ value: string }>(db, 'select value from setting where name = ?', [fillSetting]);
      const left = row === undefined ? [] : (JSON.parse(row.value) as string[]);
      return left.some((id) => sources.includes(id));
    },
    async recordReconciled(lease, source) {
      await leased(
        db,
        lease,
        'update source_state set first_reconciled_at = now() where source_id = ? and first_reconciled_at is null',
        [source],
      );
      await leased(
        db,
        lease,
        `update setting set value = (value::jsonb - ?::text)::text where name = ? and jsonb_exists(value::jsonb, ?::text)`,
        [source, fillSetting, source],
      );
    },
  };
}

/** One write that counts only while the lease is held. */
async function leased(db: Db, lease: Lease, sql: string, bindings: readonly unknown[]): Promise<void> {
  await inTransaction(db, async (transaction) => {
    await checkLease(transaction, lease);
    await query(transaction, sql, bindings);
  });
}

async function appendSystemEvent(db: Db, type: string, source: string, reason: string): Promise<void> {
  await query(
    db,
    `insert into event (actor_kind, actor_name, type, source_id, reason) values ('system', 'rosterd', ?, ?, ?)`,
    [type, source, reason],
  );
}
