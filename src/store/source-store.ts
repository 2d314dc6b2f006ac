import type { SyncAct } from '../domain/event-types.ts';
import type { SourceState, SourceStore } from '../runs/ports.ts';
import type { Lease } from '../domain/lease.ts';
import { checkLease } from './leases.ts';
import { mostRounds } from './run-store.ts';
import { query, queryOne, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

/** Who pauses a source after a refused log-in; people's pauses carry their own name. */
const refusal = 'system';

/** Sources' state, which outlives their configuration. */
export function sourceStore(db: Db): SourceStore {
  return {
    async states() {
      const rows = await query<SourceState & { id: string }>(
        db,
        `select source_id as id, system_id as "systemId", cursor, config_digest as "configDigest", paused_at is not null as paused,
           paused_at is not null and paused_by <> ? as "pausedByPerson", retired_at is not null as retired,
           first_reconciled_at is not null as "firstReconciled", stuck is not null or rounds >= ${String(mostRounds)} as stuck, secret_fingerprint as "secretFingerprint" from source_state`,
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
    async wake(source) {
      await query(
        db,
        `update source_state set stuck = case when source_id = ? then null else stuck end, rounds = 0
         where rounds > 0 or source_id = ? and stuck is not null`,
        [source, source],
      );
    },
    async wakeAll() {
      await query(
        db,
        `update source_state set stuck = case stuck when 'cancelled' then stuck end, rounds = 0
         where rounds > 0 or stuck <> 'cancelled'`,
      );
    },
    async noteRound(lease, source, gotOn) {
      const sql = `update source_state set rounds = rounds + 1, stuck = case when ? then null else 'standstill' end where source_id = ?`;
      await leased(db, lease, sql, [gotOn, source]);
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
    async filling(sources) {
      await query(
        db,
        `update source_state set filling = true where not filling and source_id = any(?) and retired_at is null
           and (paused_at is null or paused_by = ?) and not exists (select from "user")`,
        [[...sources], refusal],
      );
      const sql = 'select exists (select from source_state where filling and source_id = any(?)) as any';
      return (await queryOne<{ any: boolean }>(db, sql, [[...sources]])).any;
    },
    async endFill(lease, sources) {
      const filling = 'select exists (select from source_state where filling) as any';
      if (!(await queryOne<{ any: boolean }>(db, filling)).any) return;
      // What a reconcile got nowhere with is at rest; one that failed, or was cancelled, goes on when it is asked for.
      await leased(
        db,
        lease,
        `update source_state s set filling = false, first_reconciled_at =
             case when s.paused_at is null and s.first_complete_at is not null then coalesce(s.first_reconciled_at, now())
               else s.first_reconciled_at end
         where s.filling and exists (select from "user") and not exists (select from run where state = 'reconciling')
           and not exists (select from source_state o where o.filling and o.source_id = any(?) and o.paused_at is null
             and o.retired_at is null and o.stuck is distinct from 'standstill'
             and exists (select from account a where a.source_id = o.source_id and a.due)
             and not exists (select from run r where r.source_id = o.source_id and r.state = 'held'))`,
        [[...sources]],
      );
    },
    async recordReconciled(lease, source) {
      await leased(
        db,
        lease,
        `update source_state set first_reconciled_at = case when exists (select from "user") then coalesce(first_reconciled_at, now()) end,
           missing_since = null
         where source_id = ? and (first_reconciled_at is null or missing_since is not null)`,
        [source],
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

async function appendSystemEvent(db: Db, type: SyncAct, source: string, reason: string): Promise<void> {
  await query(
    db,
    `insert into event (actor_kind, actor_name, type, source_id, reason) values ('system', 'rosterd', ?, ?, ?)`,
    [type, source, reason],
  );
}
