import type { Lease } from '../domain/lease.ts';
import { checkLease } from './leases.ts';
import { query, queryOne, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

/** After how many days what is forgotten; what is not named is kept for good. */
export interface RetentionDays {
  readonly events?: number;
  readonly runs?: number;
  readonly rejects?: number;
}

type Swept = Readonly<Record<Kind, number>>;

/** What is forgotten; imports of people.csv are kept as long as runs. */
type Kind = keyof RetentionDays | 'importRows' | 'imports';
const daysOf = (kind: Kind, days: RetentionDays): number | undefined =>
  kind === 'importRows' || kind === 'imports' ? days.runs : days[kind];

/** Rows per transaction: on the embedded database everybody waits for it. */
const batch = 2_000;
const lastSwept = 'retention-swept';

/** An import that is over, and no younger one takes it back. */
const isOld = `i.finished_at < now() - make_interval(days => ?) and not exists (
  select from people_import undo where undo.undoes = i.id)`;

/**
 * Of each table the rows that have outlived their days. Of runs the latest of a source, mode and state stay: schedules, what
 * is held and what people are told follow from them.
 */
const outlived: Readonly<Record<Kind, string>> = {
  events: `delete from event where id in (select id from event where at < now() - make_interval(days => ?) order by at limit ?)`,
  runs: `with old as (
      select id from run r where finished_at < now() - make_interval(days => ?) and exists (
        select from run later where later.source_id is not distinct from r.source_id and later.mode = r.mode
          and later.state = r.state and later.id > r.id)
      order by id limit ?
    ), shown as (delete from shown_decision where run_id in (select id from old)),
      planned as (delete from plan where run_id in (select id from old))
    delete from run where id in (select id from old)`,
  rejects: `update run set rejects = '[]' where id in (
      select id from run where finished_at < now() - make_interval(days => ?) and rejects <> '[]' order by id limit ?)`,
  importRows: `delete from people_import_row p using (
      select r.import_id, r.row from people_import i join people_import_row r on r.import_id = i.id
      where ${isOld} limit ?) old where p.import_id = old.import_id and p.row = old.row`,
  imports: `delete from people_import where id in (
      select id from people_import i where ${isOld} and not exists (select from people_import_row r where r.import_id = i.id)
      order by id limit ?)`,
};

/** Whether a day has passed since the last sweep. */
export async function isSweepDue(db: Db): Promise<boolean> {
  const { due } = await queryOne<{ due: boolean }>(
    db,
    `select coalesce((select value::timestamptz < now() - interval '1 day' from setting where name = ?), true) as due`,
    [lastSwept],
  );
  return due;
}

/**
 * Forgets what the configuration no longer keeps (`retention`) (spec 15.1). The history lets itself be shortened in the name
 * of an existing operator only. Stops between two batches when `signal` is aborted.
 */
export async function sweep(
  db: Db,
  lease: Lease,
  signal: AbortSignal,
  { operator, days }: { readonly operator: string; readonly days: RetentionDays },
): Promise<Swept> {
  const swept = { events: 0, runs: 0, rejects: 0, importRows: 0, imports: 0 };
  for (const kind of ['rejects', 'runs', 'importRows', 'imports', 'events'] as const) {
    const limit = daysOf(kind, days);
    if (limit === undefined) continue;
    for (let found = batch; found === batch && !signal.aborted; swept[kind] += found)
      found = await inTransaction(db, async (transaction) => {
        await query(transaction, `select set_config('rosterd.purge', ?, true)`, [operator]);
        const rows = await query(transaction, `${outlived[kind]} returning 1`, [limit, batch]);
        await checkLease(transaction, lease);
        return rows.length;
      });
  }
  if (signal.aborted) return swept;
  await inTransaction(db, async (transaction) => {
    await query(
      transaction,
      `insert into setting (name, value) values (?, now()::text) on conflict (name) do update set value = excluded.value`,
      [lastSwept],
    );
    await checkLease(transaction, lease);
  });
  return swept;
}
