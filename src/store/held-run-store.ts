import type { Knex } from 'knex';
import type { HeldRunStore, HeldRunTransaction } from '../users/held-run.ts';
import { appendPersonsEvent } from './append-event.ts';
import { refusePolicyOf } from './policy-store.ts';
import { operatorSight, seesUserId } from './sight.ts';
import { forRows, query, queryOne } from './sql.ts';
import { inTransaction } from './transactions.ts';

/** People's decisions on held runs in the database. */
export function createHeldRunStore(knex: Knex): HeldRunStore {
  return {
    transaction: (work) => inTransaction(knex, (transaction) => work(within(transaction))),
  };
}

function within(transaction: Knex): HeldRunTransaction {
  return {
    async lockRun(run) {
      const sql = 'select state, source_id as source, digest from run where id = ? for update';
      const rows = await query<{ state: string; source: string | null; digest: string | null }>(transaction, sql, [
        run,
      ]);
      return rows[0] ?? null;
    },
    async showsBeyond(run, operator) {
      const sight = await operatorSight(transaction, operator);
      if (sight === null) return false;
      const sql = `select exists (select from shown_decision s where s.run_id = ? and not ${seesUserId(sight, 's.user_id')}) as beyond`;
      return (await queryOne<{ beyond: boolean }>(transaction, sql, [run])).beyond;
    },
    async approve(run, operator) {
      // An import that could not read everything stays one, whatever is approved of it.
      await query(
        transaction,
        `update run set state = 'reconciling', phase = 'waiting', approved_by = ?, finished_at = null,
           error_code = case when whole is false then 'incomplete-read' end,
           error_message = case when whole is false then 'not everything could be read when this was held' end
         where id = ?`,
        [operator, run],
      );
    },
    shown: (run, afterAccount, limit) =>
      query(
        transaction,
        `select s.kind, s.account_id as "accountId", s.user_id as "userId", s.changes, a.content
         from shown_decision s left join account a on a.id = s.account_id and a.content_hash = s.content_hash
         where s.run_id = ? and s.account_id > ? order by s.account_id limit ?`,
        [run, afterAccount, limit],
      ),
    async refuse(parts, { operator, run, reason }) {
      await forRows(
        transaction,
        '"accountId" int, part text, said text',
        parts,
        (table) => `insert into refusal (account_id, part, value_said, cause, operator_name, reason, run_id)
          select "accountId", part, said, c.cause, c.name, c.reason, c.run
          from ${table}, (select ?::text as cause, ?::text as name, ?::text as reason, ?::int as run) as c
          on conflict (account_id, part) do update set value_said = excluded.value_said, cause = excluded.cause, run_id = excluded.run_id,
            operator_name = excluded.operator_name, at = now(), reason = excluded.reason`,
        [`discarded run ${String(run)}`, operator, reason ?? null, run],
      );
      // Decided anew: what is refused is no longer proposed.
      await query(transaction, 'update account set wakes = wakes + 1 where id = any(?)', [
        [...new Set(parts.map((part) => part.accountId))],
      ]);
    },
    async refusePolicy(request) {
      await refusePolicyOf(transaction, request.run, request);
      const sql = 'select count(*)::int as count from shown_decision where run_id = ?';
      return (await queryOne<{ count: number }>(transaction, sql, [request.run])).count;
    },
    async discard(run, operator) {
      await query(
        transaction,
        `update run set state = 'cancelled', error_code = 'discarded', error_message = ? where id = ?`,
        [`${operator} discarded what it showed`, run],
      );
      await query(transaction, 'delete from shown_decision where run_id = ?', [run]);
    },
    appendEvent: (event) => appendPersonsEvent(transaction, event),
  };
}
