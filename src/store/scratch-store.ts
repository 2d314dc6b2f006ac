import { createReadStream, createWriteStream, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openDatabase } from './database.ts';
import { acquireDataDirectory, clusterDirectory } from './embedded/data-directory.ts';
import { DataDirectoryError } from './embedded/errors.ts';
import { openEmbeddedDatabase } from './embedded/embedded-database.ts';
import { migrateSchema } from './migrate.ts';
import type { Store } from './open-store.ts';
import { query, type Db } from './sql.ts';

/** A store that is copied: the embedded one by its files, a server's by its rows. */
export type CopiedStore = Pick<Store, 'db' | 'copyTo'>;

/** A store of its own with the rows of another, in a directory that nobody else looks at. */
export interface ScratchStore {
  readonly db: Db;
  /** Ends it, and leaves nothing of it behind. */
  close(): Promise<void>;
}

/** What no decision of the sync depends on, and who is doing what just now. */
const notCopied = new Set([
  ...['lease', 'session', 'api_token', 'csv_mapping', 'notice', 'bulk_job', 'bulk_result', 'plan'],
  ...['people_import', 'people_import_row', 'merge', 'user_selection', 'configuration_epoch', 'undo_job'],
  ...['schema_migration', 'schema_migration_lock'],
]);

/** Of these tables only the rows that a decision can depend on; the transaction that wrote a row means nothing elsewhere. */
const partly: Readonly<Record<string, { readonly rows: string; readonly without?: string }>> = {
  event: { rows: `guard_classes is not null and at > now() - interval '24 hours'`, without: 'xid' },
  run: { rows: `state = 'held'` },
};

/** Rows that are read, and written, at once. */
const batch = 1_000;

/**
 * Copies a store into an embedded one at `directory`, which must not be in use, and takes what a process that was killed
 * left there. A server's rows are read in one transaction that locks nothing. The embedded database has one session, which
 * nobody may hold for so long: its files are copied. Null: there is nothing to copy yet.
 *
 * @throws DataDirectoryError `data-directory-held` where another copy is at work there.
 */
export async function openScratchStore(directory: string, from: CopiedStore | null): Promise<ScratchStore> {
  const owned = await acquireDataDirectory(directory, { role: 'command', waitMs: 0 });
  const [copy, leftBehind] = [join(directory, 'rows.ndjson'), [clusterDirectory(directory), join(directory, 'socket')]];
  for (const path of [copy, ...leftBehind]) rmSync(path, { recursive: true, force: true });
  const removeAll = (): void => {
    owned.release();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    if (copiesFiles(from)) {
      // Nothing is left to recover then but what comes between.
      await query(from.db, 'checkpoint');
      await from.copyTo(directory);
    } else if (from !== null)
      await pipeline(Readable.from(readRows(from.db)), createWriteStream(copy, { mode: 0o600 }));
    const embedded = await openEmbeddedDatabase({ dataDirectory: owned });
    const db = openDatabase(embedded.connection, 'embedded');
    const close = async (): Promise<void> => {
      await db.destroy();
      await embedded.close();
      removeAll();
    };
    try {
      await migrateSchema(db);
      if (copiesFiles(from)) await removeRows(db);
      else if (from !== null) await writeRows(db, copy);
      rmSync(copy, { force: true });
      return { db, close };
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    removeAll();
    throw error;
  }
}

function copiesFiles(
  from: CopiedStore | null,
): from is CopiedStore & { copyTo: (dataDirectory: string) => Promise<void> } {
  return from !== null && from.copyTo !== null;
}

/**
 * Removes what a process that was killed in the middle of a copy has left: a whole store, with everybody in it. One that
 * is at work there keeps it.
 */
export async function removeLeftScratchStore(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const owned = await acquireDataDirectory(directory, { role: 'command', waitMs: 0 }).catch((error: unknown) => {
    if (error instanceof DataDirectoryError && error.code === 'data-directory-held') return null;
    throw error;
  });
  if (owned === null) return;
  owned.release();
  rmSync(directory, { recursive: true, force: true });
}

/** Lines of a table's name and some of its rows as JSON, all from one state. */
async function* readRows(from: Db): AsyncGenerator<string> {
  const transaction = await from.transaction();
  try {
    await query(transaction, 'set transaction isolation level repeatable read, read only');
    for (const table of await tablesOf(transaction)) {
      const { rows = 'true', without } = partly[table] ?? {};
      const row = without === undefined ? 'to_jsonb(t)' : `to_jsonb(t) - '${without}'`;
      await query(
        transaction,
        `declare rows no scroll cursor for select (${row})::text as row from "${table}" t where ${rows}`,
      );
      for (;;) {
        const read = await query<{ row: string }>(transaction, `fetch ${batch} from rows`);
        if (read.length === 0) break;
        yield `${table}\t[${read.map((each) => each.row).join(',')}]\n`;
      }
      await query(transaction, 'close rows');
    }
  } finally {
    await transaction.rollback();
  }
}

async function tablesOf(db: Db): Promise<string[]> {
  const sql = `select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by table_name`;
  return (await query<{ name: string }>(db, sql)).map(({ name }) => name).filter((name) => !notCopied.has(name));
}

/** The rows come with their references, in whatever order, and past the triggers that guard against people's mistakes. */
async function writeRows(db: Db, copy: string): Promise<void> {
  await query(db, 'set session_replication_role = replica');
  const tables = await tablesOf(db);
  // What a migration has put there is in the copy.
  for (const table of tables) await query(db, `delete from "${table}"`);
  for await (const line of createInterface({ input: createReadStream(copy), crlfDelay: Infinity })) {
    const end = line.indexOf('\t');
    await insertRows(db, line.slice(0, end), line.slice(end + 1));
  }
  for (const table of tables) await goOnCounting(db, table);
  await query(db, 'set session_replication_role = origin');
  await query(db, 'analyze');
}

/** Of a copy of files: what is not copied otherwise. */
async function removeRows(db: Db): Promise<void> {
  await query(db, 'set session_replication_role = replica');
  for (const table of notCopied) if (!table.startsWith('schema_')) await query(db, `delete from "${table}"`);
  for (const [table, { rows }] of Object.entries(partly)) await query(db, `delete from "${table}" where not (${rows})`);
  await query(db, 'set session_replication_role = origin');
}

async function insertRows(db: Db, table: string, rows: string): Promise<void> {
  const sql = `select string_agg(quote_ident(column_name), ', ') as names from information_schema.columns
    where table_schema = 'public' and table_name = ? and is_generated = 'NEVER' and column_name is distinct from ?`;
  const [columns] = await query<{ names: string }>(db, sql, [table, partly[table]?.without ?? null]);
  if (columns === undefined) return;
  const { names } = columns;
  await query(
    db,
    `insert into "${table}" (${names}) overriding system value
     select ${names} from jsonb_populate_recordset(null::"${table}", ?::text::jsonb)`,
    [rows],
  );
}

/** New rows get ids beyond those that were copied. */
async function goOnCounting(db: Db, table: string): Promise<void> {
  const sql = `select column_name as name from information_schema.columns
    where table_schema = 'public' and table_name = ? and is_identity = 'YES'`;
  for (const { name } of await query<{ name: string }>(db, sql, [table]))
    await query(
      db,
      `select setval(pg_get_serial_sequence(?, ?), greatest((select max("${name}") from "${table}"), 1))`,
      [`"${table}"`, name],
    );
}
