import type { Knex } from 'knex';

/** A connection pool or a transaction of it. */
export type Db = Knex;

/** Runs one statement and gives its rows. `?` are bindings; a literal question mark is written `\\?`. */
export async function query<Row>(db: Db, sql: string, bindings: readonly unknown[] = []): Promise<Row[]> {
  // A knex statement runs each time that somebody waits for it: this promise waits once.
  const result = await inTurn<{ rows: Row[] }>(db, async () => db.raw(sql, bindings as Knex.RawBinding[]));
  return result.rows;
}

const lastOf = new WeakMap<Db, Promise<unknown>>();

/**
 * Statements of one transaction run one after the other, in the order in which they were asked for. Who asks for several
 * at once has the next one's parameters made ready while the database works.
 */
async function inTurn<T>(db: Db, run: () => Promise<T>): Promise<T> {
  if (db.isTransaction !== true) return run();
  const before = lastOf.get(db);
  const running = before === undefined ? run() : before.then(run);
  // Who asked hears of a failure; those behind hear of it by their own promise.
  lastOf.set(db, running);
  running.catch(ignore);
  return running;
}

function ignore(): void {
  // See above.
}

/** The first row of a statement that always gives one. */
export async function queryOne<Row>(db: Db, sql: string, bindings: readonly unknown[] = []): Promise<Row> {
  const [row] = await query<Row>(db, sql, bindings);
  if (row === undefined) throw new Error('the statement gave no row where it always gives one');
  return row;
}

/**
 * Runs one statement over many rows: `rows` stands in the statement for a table of the given columns, so that the number
 * of statements never depends on the number of rows. Does nothing without rows.
 */
export async function forRows(
  db: Db,
  columns: string,
  rows: readonly object[],
  sql: (table: string) => string,
  bindings: readonly unknown[] = [],
): Promise<void> {
  if (rows.length === 0) return;
  await query(db, sql(`jsonb_to_recordset(?::text::jsonb) as r(${columns})`), [JSON.stringify(rows), ...bindings]);
}
