import type { Knex } from 'knex';
import { heard } from '../heard.ts';

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
  // Who asked hears of a failure; those behind hear of it by their own promise.
  const running = heard(before === undefined ? run() : before.then(run));
  lastOf.set(db, running);
  return running;
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
  const { table, parameter } = rowTable(columns);
  await query(db, sql(table), [parameter(rows), ...bindings]);
}

interface RowTable {
  /** Stands in a statement for a table named `r`; binds one parameter. */
  readonly table: string;
  /** The rows as that parameter: their properties are named like the columns. */
  readonly parameter: (rows: readonly object[]) => string;
}

const tables = new Map<string, RowTable>();

/**
 * Rows as one parameter of a statement. They travel as arrays of their columns' values: to the database, names in every
 * row and the sorting of them cost as much again.
 */
export function rowTable(columns: string): RowTable {
  const known = tables.get(columns);
  if (known !== undefined) return known;
  const named = columns.split(',').map((column) => {
    const [name = '', type = ''] = column.trim().split(' ');
    return { name, type, property: name.replaceAll('"', '') };
  });
  const list = named.map(({ name, type }, index) => `${valueAs(type, index)} as ${name}`).join(', ');
  const made: RowTable = {
    table: `(select ${list} from jsonb_array_elements(?::text::jsonb) as e(v)) as r`,
    parameter: (rows) =>
      JSON.stringify(
        rows.map((row) => named.map(({ property }) => (row as Readonly<Record<string, unknown>>)[property])),
      ),
  };
  tables.set(columns, made);
  return made;
}

function valueAs(type: string, index: number): string {
  const at = String(index);
  if (type === 'text') return `v->>${at}`;
  if (type === 'jsonb') return `nullif(v->${at}, 'null')`;
  if (!type.endsWith('[]')) return `(v->>${at})::${type}`;
  return `case when jsonb_typeof(v->${at}) = 'array' then array(select jsonb_array_elements_text(v->${at}))::${type} end`;
}
