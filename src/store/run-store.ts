import type { RunRecord, RunStore } from '../runs/ports.ts';
import { LeaseLost } from '../domain/lease.ts';
import { foldAccountCounts } from './account-counts.ts';
import { checkLease } from './leases.ts';
import { query, queryOne, type Db } from './sql.ts';
import { inTransaction, redoable } from './transactions.ts';

const unfinished = `('queued', 'importing', 'reconciling')`;
const active = `('importing', 'reconciling')`;
/** Of a run that nobody works on yet; what a person approved is among them. */
const notBegun = `(state = 'queued' or state = 'reconciling' and phase = 'waiting')`;
const record = `id, source_id as source, mode, state, only_account as account, sync_ids as "syncIds", phase, counts, complete, approved_by is not null as approved, cancel_asked_by is not null as "cancelAsked", policy_id as "policyId", cursor_after as "cursorAfter",
  error_code as "errorCode", error_message as "errorMessage"`;

/** Accounts wake each other in a few rounds at the most; more would be a defect, and must not run for ever. */
export const mostRounds = 20;

const dropPlan = 'delete from plan where run_id = ?';

/** What a run counts from the history that it wrote, so that a crash in between loses no count. */
const countedFromHistory = `
  select jsonb_build_object(
    'created', count(*) filter (where type = 'user-created'),
    'linked', count(*) filter (where type in ('user-created', 'link-made')),
    'updated', count(*) filter (where type = 'user-changed'),
    'gone', count(*) filter (where type = 'account-gone'),
    'returned', count(*) filter (where type = 'account-returned'),
    'review', (select count(*) from review_item where opened_run_id = ?))
  from event where run_id = ?`;

/** What an approved run has left to the next one, because it would come out differently now (spec 13.2, 13.5). */
const left = `
  from shown_decision s left join "user" u on u.id = s.user_id
  where s.run_id = ? and s.kind not in ('unmatched', 'question') and not exists (select from event e where e.run_id = s.run_id and e.actor_kind = 'sync'
    and e.type in ('account-gone', 'user-changed', 'link-made', 'user-created')
    and case when s.account_id is null then e.user_id = s.user_id else e.account_id = s.account_id end)`;

/** Counts and names it; what finished otherwise has finished with rejects. */
const tellLeft = `
  update run set notes = run.notes || left_over.notes, counts = counts || jsonb_build_object('skipped', left_over.count),
    state = case when state = 'completed' and left_over.count > 0 then 'completed-with-rejects' else state end
  from (
    select (select count(*)::int ${left}) as count,
      (select coalesce(jsonb_agg(format('left to the next run, since it is not as it was shown: %s of %s', n.kind, n.named)), '[]')
       from (select s.kind, coalesce(s.external_id, u.username, 'user ' || s.user_id) as named ${left}
             order by coalesce(s.account_id, s.user_id) limit 1000) as n) as notes) as left_over
  where id = ? and approved_by is not null`;

/** After a delta that has not shown everybody: one that does, of the same sync, unless somebody has cancelled this one. */
const listEverybody = `
  insert into run (source_id, mode, asked_by, sync_ids)
  select source_id, 'delta', asked_by, sync_ids from run where id = ? and unlisted and state in ('completed', 'completed-with-rejects') and cancel_asked_by is null and approved_by is null
  on conflict (source_id) where state = 'queued' and only_account is null
  do update set sync_ids = (select array_agg(distinct id) from unnest(run.sync_ids || excluded.sync_ids) as id)`;

/** Runs in the database. */
export function runStore(db: Db): RunStore {
  return {
    ...requests(db),
    ...progress(db),
    ...lookups(db),
  };
}

type Part<Names extends keyof RunStore> = Pick<RunStore, Names>;

function requests(db: Db): Part<'enqueue' | 'startWoken' | 'askCancel' | 'takeQueued' | 'get'> {
  return {
    async enqueue({ source, mode, askedBy, syncId, slot, account = null }) {
      const syncIds = syncId === null ? [] : [syncId];
      return inTransaction(db, async (transaction) => {
        const [queued] = await query<{ id: number }>(
          transaction,
          `update run q set mode = case when mode = 'full' then mode else ?::text end,
             sync_ids = case when sync_ids @> ?::text[] then sync_ids else sync_ids || ?::text[] end,
             slot = case when exists (select from run s where s.source_id = q.source_id and s.slot = ?::timestamptz) then slot
               else coalesce(slot, ?::timestamptz) end
           where source_id = ? and state = 'queued' and only_account is not distinct from ?::text returning id`,
          [mode, syncIds, syncIds, slot ?? null, slot ?? null, source, account],
        );
        if (queued !== undefined) return queued.id;
        const [made] = await query<{ id: number }>(
          transaction,
          // Asked before it is tried: each attempt that the index refuses would leave a gap in the numbers of runs.
          `insert into run (source_id, mode, asked_by, sync_ids, slot, only_account, handed_at)
           select c.source, ?, ?, ?::text[], c.slot, ?, now() from (select ?::text as source, ?::timestamptz as slot) as c
            where not exists (select from run s where s.source_id = c.source and s.slot = c.slot)
           on conflict (source_id, slot) where slot is not null do nothing returning id`,
          [mode, askedBy, syncIds, account, source, slot ?? null],
        );
        return made?.id ?? null;
      });
    },
    async startWoken(source, syncIds) {
      const [made] = await query<{ id: number }>(
        db,
        `insert into run (source_id, mode, state, asked_by, sync_ids, started_at, imported_at, phase)
         select c.source, 'reconcile', 'reconciling', 'woken', ?::text[], now(), now(), 'waiting' from (select ?::text as source) as c
          where not exists (select from run r where r.source_id = c.source and r.state in ${active})
         on conflict (source_id) where state in ${active} do nothing returning id`,
        [[...syncIds], source],
      );
      return made?.id ?? null;
    },
    async askCancel(runId, operator) {
      const [run] = await query<{ state: string }>(db, 'select state from run where id = ?', [runId]);
      if (run === undefined) return 'unknown';
      return inTransaction(db, async (transaction) => {
        // What nobody has begun yet ends here and now; a reconcile that has not begun leaves what it would have done.
        const asked = await query<{ state: string; source: string | null; mode: string }>(
          transaction,
          `update run set cancel_asked_by = ?, state = case when ${notBegun} then 'cancelled' else state end,
             error_code = case when ${notBegun} then 'cancelled' else error_code end,
             error_message = case when ${notBegun} then 'a person cancelled the run' else error_message end,
             finished_at = case when ${notBegun} then now() else finished_at end
           where id = ? and state in ${unfinished} returning state, source_id as source, phase`,
          [operator, runId],
        );
        if (run.state === 'reconciling' && asked[0]?.state === 'cancelled')
          await query(transaction, `update source_state set stuck = 'cancelled' where source_id = ?`, [
            asked[0].source,
          ]);
        return asked.length > 0 ? 'asked' : 'finished';
      });
    },
    async takeQueued(seconds) {
      const sql = `update run q set handed_at = now()
        where state = 'queued' and coalesce(handed_at, asked_at) <= now() - ? * interval '1 second'
          and not exists (select from run other where other.source_id = q.source_id and other.state in ${active})
        returning id`;
      return (await query<{ id: number }>(db, sql, [seconds])).map((row) => row.id).sort((a, b) => a - b);
    },
    async get(runId) {
      return (await query<RunRecord>(db, `select ${record} from run where id = ?`, [runId]))[0] ?? null;
    },
  };
}

function progress(
  db: Db,
): Part<
  'startImport' | 'beginReconcile' | 'saveProgress' | 'endImport' | 'fail' | 'isHeld' | 'supersedeHeld' | 'finish'
> {
  return {
    async startImport(runId, { mode, configDigest, cursorBefore }) {
      const started = await query(
        db,
        `update run r set state = 'importing', phase = 'import', mode = ?, config_digest = ?, cursor_before = ?, attempts = attempts + 1,
           started_at = coalesce(started_at, now())
         where id = ? and state in ('queued', 'importing') and not exists
           (select from run other where other.source_id = r.source_id and other.id <> r.id and other.state in ${active})
         returning id`,
        [mode, configDigest, cursorBefore, runId],
      );
      return started.length > 0;
    },
    async beginReconcile(lease, runId) {
      return inTransaction(db, async (transaction) => {
        await checkLease(transaction, lease);
        const begun = await query(
          transaction,
          `update run set phase = case phase when 'waiting' then 'starting' else phase end
           where id = ? and state = 'reconciling' and cancel_asked_by is null returning id`,
          [runId],
        );
        return begun.length > 0;
      });
    },
    async saveProgress(lease, runId, phase, counts, shown) {
      // It comes in the middle of the work, which would have to wait for the disk.
      const [row] = await inTransaction(db, async (transaction) => {
        await redoable(transaction);
        // Once a plan is whole its phase stays: after a crash it must be carried out as planned.
        return query<{ cancelAsked: boolean }>(
          transaction,
          `update run set phase = case when phase = 'identity' and ?::text in ('values', 'planning') then phase else ?::text end,
             counts = counts || ?::text::jsonb, progress = shown.progress,
             progress_at = case when phase = ? and run.progress -> 'done' = shown.progress -> 'done' then progress_at else now() end
           from (select ?::text::jsonb as progress) as shown
           where id = ? and exists (select from lease where name = ? and token = ?)
           returning cancel_asked_by is not null as "cancelAsked"`,
          [phase, phase, JSON.stringify(counts), phase, JSON.stringify(shown), runId, lease.name, lease.token],
        );
      });
      if (row === undefined) throw new LeaseLost(lease.name);
      return row;
    },
    async endImport(lease, runId, end) {
      await inTransaction(db, async (transaction) => {
        await checkLease(transaction, lease);
        await query(
          transaction,
          `update run set state = 'reconciling', phase = 'waiting', imported_at = now(), mode = ?, counts = counts || ?::text::jsonb, whole = ?, complete = ?, unlisted = ?,
             error_code = ?, error_message = ?, rejects = ?::text::jsonb, notes = ?::text::jsonb, cursor_after = ?, progress = null
           where id = ?`,
          [
            end.mode,
            JSON.stringify(end.counts),
            end.whole,
            end.complete,
            end.unlisted,
            end.failure?.code ?? null,
            end.failure?.message ?? null,
            JSON.stringify(end.rejects),
            JSON.stringify(end.notes),
            end.cursorAfter,
            runId,
          ],
        );
        await query(
          transaction,
          `update source_state s set missing_since = case when ? then coalesce(s.missing_since, r.started_at) end
           from run r where r.id = ? and s.source_id = r.source_id and (s.missing_since is not null or ?)`,
          [end.showsTooFew, runId, end.showsTooFew],
        );
        if (end.whole && end.mode === 'full') await noteWhole(transaction, runId, end.nameMapping);
      });
    },
    async fail(runId, failure, { state = 'failed', stuck } = {}) {
      await inTransaction(db, async (transaction) => {
        const ended = await query<{ source: string | null }>(
          transaction,
          `update run set state = ?, error_code = ?, error_message = ?, finished_at = now(), progress = null
           where id = ? and state in ${unfinished} returning source_id as source`,
          [state, failure.code, failure.message, runId],
        );
        await query(transaction, dropPlan, [runId]);
        if (stuck !== undefined && ended[0] !== undefined)
          await query(transaction, 'update source_state set stuck = ? where source_id = ?', [stuck, ended[0].source]);
      });
    },
    async isHeld(source) {
      const sql = `select exists (select from run where source_id = ? and state = 'held') as any`;
      return (await queryOne<{ any: boolean }>(db, sql, [source])).any;
    },
    async supersedeHeld(source, by) {
      const superseded = await query<{ id: number }>(
        db,
        `update run set state = 'cancelled', error_code = 'superseded', error_message = ?
         where source_id = ? and state = 'held' and id <> ? returning id`,
        [`run ${String(by)} asks again with the whole`, source, by],
      );
      await query(db, 'delete from shown_decision where run_id = any(?)', [superseded.map((run) => run.id)]);
    },
    async finish(lease, runId, end) {
      await inTransaction(db, async (transaction) => {
        await checkLease(transaction, lease);
        await query(
          transaction,
          `update run set state = ?, phase = 'done', finished_at = now(), progress = null, error_code = ?, error_message = ?, waiting_for = ?,
             notes = notes || ?::text::jsonb, held_at = case when ?::text = 'held' then now() end,
             digest = case when ?::text = 'held' then ?::text end,
             counts = counts || jsonb_build_object('skipped', ?::int) || (${countedFromHistory})
           where id = ?`,
          [
            end.state,
            end.failure?.code ?? null,
            end.failure?.message ?? null,
            [...end.waitingFor],
            JSON.stringify(end.notes),
            end.state,
            end.state,
            end.shownDigest,
            end.skipped,
            runId,
            runId,
            runId,
          ],
        );
        await query(transaction, dropPlan, [runId]);
        await foldAccountCounts(transaction, runId);
        if (end.state !== 'held') await query(transaction, tellLeft, [runId, runId, runId]);
        if (end.state === 'held')
          await query(
            transaction,
            `insert into event (actor_kind, actor_name, type, source_id, run_id, reason)
             select 'sync', 'sync', 'run-held', source_id, id, error_message from run where id = ?`,
            [runId],
          );
        else await query(transaction, 'delete from shown_decision where run_id = ?', [runId]);
        // A cancel that came too late for its last batch still means what is left.
        await query(
          transaction,
          `update source_state set stuck = 'cancelled'
           where source_id = (select source_id from run where id = ? and cancel_asked_by is not null)`,
          [runId],
        );
        await query(transaction, listEverybody, [runId]);
        if (!end.again) return;
        await query(
          transaction,
          `insert into run (source_id, mode, state, asked_by, sync_ids, started_at, imported_at, phase)
           select source_id, 'reconcile', 'reconciling', 'woken', sync_ids, now(), now(), 'waiting' from run
           where id = ? and cancel_asked_by is null`,
          [runId],
        );
      });
    },
  };
}

/** After a whole full import: users may be created now, and accounts are known by the names that it has read. */
async function noteWhole(transaction: Db, runId: number, nameMapping: string | null): Promise<void> {
  const of = 'source_id = (select source_id from run where id = ?)';
  await query(
    transaction,
    `update source_state set first_complete_at = now() where ${of} and first_complete_at is null`,
    [runId],
  );
  await query(
    transaction,
    `with remapped as (
       update source_state set name_mapping = ? where ${of} and name_mapping is distinct from ? returning source_id)
     update account a set wakes = wakes + 1 from link l, remapped m
     where l.account_id = a.id and l.until is null and l.source_id = m.source_id`,
    [nameMapping, runId, nameMapping],
  );
}

function lookups(
  db: Db,
): Part<
  | 'reconcilable'
  | 'importing'
  | 'sourcesWithDue'
  | 'sourcesWithoutRun'
  | 'hasDue'
  | 'unfinishedOf'
  | 'orphans'
  | 'lastSlot'
> {
  return {
    reconcilable: () =>
      query<RunRecord>(
        db,
        `select ${record} from run r where state = 'reconciling' and not exists
           (select from run other where other.sync_ids && r.sync_ids and other.state in ('queued', 'importing')) order by id`,
      ),
    async importing() {
      const rows = await query<{ source: string }>(
        db,
        `select source_id as source from run where state in ('queued', 'importing') and source_id is not null`,
      );
      return rows.map((row) => row.source);
    },
    async sourcesWithDue() {
      const rows = await query<{ source: string }>(
        db,
        `select s.source_id as source from source_state s where exists (select from account a where a.source_id = s.source_id and a.due)
           and s.stuck is null and s.rounds < ${String(mostRounds)} and not exists (select from run r where r.source_id = s.source_id and (r.state in ${active} or r.state = 'held'))`,
      );
      return rows.map((row) => row.source);
    },
    async hasDue(source) {
      const sql = `select exists (select from account a where a.source_id = ? and a.due) as any`;
      return (await queryOne<{ any: boolean }>(db, sql, [source])).any;
    },
    async sourcesWithoutRun() {
      const sql =
        'select source_id as source from source_state s where not exists (select from run r where r.source_id = s.source_id and r.only_account is null)';
      return (await query<{ source: string }>(db, sql)).map((row) => row.source);
    },
    async unfinishedOf(syncId) {
      const sql = `select count(*)::int as count from run where sync_ids @> array[?::text] and state in ${unfinished}`;
      return (await queryOne<{ count: number }>(db, sql, [syncId])).count;
    },
    async orphans() {
      const rows = await query<{ id: number }>(
        db,
        `select r.id from run r where r.state = 'importing' and not exists
           (select from lease l where l.name = 'source:' || r.source_id and l.expires_at > clock_timestamp())`,
      );
      return rows.map((row) => row.id);
    },
    async lastSlot(source, mode) {
      const rows = await query<{ slot: Date | null }>(
        db,
        `select coalesce((select max(slot) from run where source_id = s.source_id and mode in (?, 'full') and slot is not null),
           s.scheduled_since) as slot from source_state s where s.source_id = ?`,
        [mode, source],
      );
      return rows[0]?.slot ?? null;
    },
  };
}
