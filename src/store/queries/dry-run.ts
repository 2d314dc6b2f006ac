import type { Knex } from 'knex';
import { fromKept, type KeptChanges, type ToldChange } from '../event-changes.ts';
import { sqlRows } from './sql.ts';

/** A decision of runs that were played through on a copy of the store. */
export interface PlayedDecision {
  readonly run: number;
  readonly source: string | null;
  /** The run would be held: it is only shown what it would do (spec 13.2). */
  readonly held: boolean;
  readonly kind: 'gone' | 'returned' | 'values' | 'link' | 'create' | 'question' | 'unmatched' | 'policy';
  readonly externalId: string | null;
  /** Null for a user who would be created, and where nobody is concerned. */
  readonly userId: number | null;
  readonly username: string | null;
  readonly changes: readonly ToldChange[];
}

/** A question that would be open afterwards, and is not now. */
export interface PlayedQuestion {
  readonly kind: string;
  readonly source: string | null;
  readonly userIds: readonly number[];
  readonly evidence: Record<string, unknown>;
}

/** Where the history and people ended before the runs. */
export interface Before {
  readonly event: string;
  readonly run: number;
  readonly user: number;
  readonly item: number;
}

export async function noteBefore(knex: Knex): Promise<Before> {
  const [before] = await sqlRows<Before>(
    knex,
    `select (select coalesce(max(id), 0) from event)::text as event, (select coalesce(max(id), 0) from run) as run,
       (select coalesce(max(id), 0) from "user") as user, (select coalesce(max(id), 0) from review_item) as item`,
  );
  if (before === undefined) throw new Error('a statement without a table gives one row');
  return before;
}

/** The decisions since then, run by run, at most `limit`. */
export async function playedDecisions(knex: Knex, before: Before, limit: number): Promise<PlayedDecision[]> {
  const rows = await sqlRows<Omit<PlayedDecision, 'changes'> & Changes>(
    knex,
    `select d.run_id as run, r.source_id as source, d.held, d.kind, d.external_id as "externalId",
       case when d.user_id <= :user then d.user_id end as "userId", u.username, d.changes
     from (select run_id, 1 as part, id as place, false as held, external_id, user_id, changes,
         case when type = 'user-changed' and account_id is null then 'policy' when type = 'user-changed' then 'values'
           when type = 'user-created' then 'create' when type = 'link-made' then 'link'
           when type = 'account-gone' then 'gone' else 'returned' end as kind
       from event where id > cast(:event as bigint) and actor_kind = 'sync'
         and type in ('user-changed', 'user-created', 'link-made', 'account-gone', 'account-returned')
       union all select run_id, 2, coalesce(account_id, user_id), true, external_id, user_id, changes, kind
       from shown_decision where run_id > :run) as d
       join run r on r.id = d.run_id left join "user" u on u.id = d.user_id
     order by d.run_id, d.part, d.place limit :limit`,
    { ...before, limit },
  );
  return rows.map((row) => ({ ...row, changes: row.held ? row.changes : fromKept(row.changes) }));
}

/** Of a held run as they are shown, of the others as their events keep them. */
type Changes =
  | { readonly held: true; readonly changes: readonly ToldChange[] }
  | { readonly held: false; readonly changes: KeptChanges };

export function playedQuestions(knex: Knex, before: Before, limit: number): Promise<PlayedQuestion[]> {
  return sqlRows<PlayedQuestion>(
    knex,
    `select kind, source_id as source, user_ids as "userIds", evidence from review_item
     where id > :item and closed_at is null order by id limit :limit`,
    { ...before, limit },
  );
}

/** The ids of the runs since then, in their order. */
export async function playedRuns(knex: Knex, before: Before): Promise<number[]> {
  const sql = 'select id from run where id > :run order by id limit 1000';
  return (await sqlRows<{ id: number }>(knex, sql, { ...before })).map(({ id }) => id);
}
