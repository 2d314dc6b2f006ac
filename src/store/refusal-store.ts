import type { Knex } from 'knex';
import type { LiftTx, RefusalFilter, RefusalStore, StandingRefusal } from '../users/refusals.ts';
import { toKept } from './event-changes.ts';
import { refusalSource } from './queries/refusals.ts';
import { sqlRows } from './queries/sql.ts';
import type { ReadRules } from './read-rules.ts';
import { forRows, query } from './sql.ts';
import { userTransaction } from './user-store.ts';

/** Refusals and undone links that people lift, in the database. */
export function createRefusalStore(knex: Knex, rules: ReadRules): RefusalStore {
  return {
    page: (filter, after, limit) => pageOfAccounts(knex, filter, after, limit),
    async run(id) {
      const sql = `select source_id as source, coalesce(error_code = 'discarded', false) as discarded from run where id = ?`;
      return (await query<{ source: string | null; discarded: boolean }>(knex, sql, [id]))[0] ?? null;
    },
    transaction: (operator, end, work) =>
      userTransaction(knex, rules, operator, end, (tx, db) => work({ ...tx, ...liftWrites(db) })),
  };
}

/** Whole accounts: a page ends behind the last refusal of its last one. */
async function pageOfAccounts(
  knex: Knex,
  { run, userId, source, part }: RefusalFilter,
  after: number,
  limit: number,
): Promise<StandingRefusal[]> {
  const { from, where } = refusalSource({ run, userId, source, part });
  return sqlRows<StandingRefusal>(
    knex,
    `with chosen as (select distinct r.account_id as id from ${from} where r.account_id > :after and ${where}
        order by 1 limit :limit)
     select r.account_id as "accountId", r.part, r.said, a.source_id as source, a.external_id as "externalId", r.user_id as "userId"
       from ${from} where r.account_id in (select id from chosen) and ${where} order by r.account_id, r.part`,
    { after, limit, run: run ?? 0, userId: userId ?? 0, source: source ?? '', part: part ?? '' },
  );
}

function liftWrites(db: Knex): Pick<LiftTx, 'lift' | 'liftPolicy' | 'deactivatedByUndo'> {
  return {
    async deactivatedByUndo(userId) {
      const sql = `select undoes is not null as undone from event where user_id = ? and type = 'deactivated' order by id desc limit 1`;
      return (await query<{ undone: boolean }>(db, sql, [userId]))[0]?.undone === true;
    },
    async lift(refusals, { operator, reason }) {
      const rows = refusals.map(({ accountId, part }) => ({ accountId, part }));
      await forRows(
        db,
        '"accountId" int, part text',
        rows,
        (table) => `delete from refusal f using ${table} where f.account_id = r."accountId" and f.part = r.part`,
      );
      await query(
        db,
        `with locked as (select id from account where id = any(?) order by id for update)
         update account a set wakes = a.wakes + 1 from locked where a.id = locked.id`,
        [[...new Set(refusals.map(({ accountId }) => accountId))]],
      );
      const byAccount = [...Map.groupBy(refusals, ({ accountId }) => accountId)];
      await forRows(
        db,
        'account int, external text, source text, "user" int, changes jsonb',
        byAccount.flatMap(([account, of]) => {
          const [first] = of;
          if (first === undefined) return [];
          const changes = of.map(({ part, said }) => ({ field: `refused.${part}`, before: said, after: null }));
          const { externalId: external, source, userId: user } = first;
          return [{ account, external, source, user, changes: toKept(changes) }];
        }),
        (
          table,
        ) => `insert into event (actor_kind, actor_name, type, source_id, user_id, account_id, external_id, changes, reason)
          select 'operator', c.operator, 'refusal-lifted', source, "user", account, external, changes, c.reason
            from ${table}, (select ?::text as operator, ?::text as reason) as c`,
        [operator, reason],
      );
    },
    async liftPolicy(run) {
      await query(
        db,
        `update policy p set refused_at = null, refused_by = null, refused_reason = null, instead_id = null
         from run r where r.id = ? and p.id = r.policy_id`,
        [run],
      );
    },
  };
}
