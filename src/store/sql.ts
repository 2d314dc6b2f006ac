import type { Knex } from 'knex';

/** A connection pool or a transaction of it. */
export type Db = Knex;

/** Runs one statement and gives its rows. `?` are bindings; a literal question mark is written `\\?`. */
export async function query<Row>(db: Db, sql: string, bindings: readonly unknown[] = []): Promise<Row[]> {
  const result: { rows: Row[] } = await db.raw(sql, bindings as Knex.RawBinding[]);
  return result.rows;
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
  await db.raw(sql(`json_to_recordset(?::text::json) as r(${columns})`), [
    JSON.stringify(rows),
    ...bindings,
  ] as Knex.RawBinding[]);
}
