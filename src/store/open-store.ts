import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { storageFailureCode } from '../domain/storage-failure.ts';
import type { Settings } from '../settings/settings.ts';
import { databaseCaFile } from '../settings/transport.ts';
import { connectionOf, embeddedSettings, openDatabase, withoutTls, type DatabaseConnection } from './database.ts';
import { atDatabase } from './database-failure.ts';
import { acquireDataDirectory, type AcquireOptions, type DataDirectory } from './embedded/data-directory.ts';
import { openEmbeddedDatabase, type EmbeddedDatabase } from './embedded/embedded-database.ts';
import { EmbeddedDatabaseError } from './embedded/errors.ts';
import { freeMigrationLock, migrateSchema, schemaState } from './migrate.ts';
import { leaseStore } from './leases.ts';
import { query, type Db } from './sql.ts';

export interface StoreOptions extends AcquireOptions {
  /** `current`: the embedded database is migrated, a server's must have been (architecture 8). */
  readonly schema: 'current' | 'any';
}

/** The open database of either size. */
export interface Store {
  readonly db: Db;
  readonly connection: DatabaseConnection;
  /** Copies the embedded database's files to another data directory; a server's rows are read instead. */
  readonly copyTo: ((dataDirectory: string) => Promise<void>) | null;
  /** Tells others where this process can be reached. */
  describe(details: { readonly address: string }): void;
  close(): Promise<void>;
}

/** The database's schema does not suit this version. */
class SchemaError extends Error {
  override readonly name = 'SchemaError';
  readonly code: 'schema-missing' | 'schema-older' | 'schema-newer';
  constructor(state: 'empty' | 'older' | 'newer') {
    super(
      state === 'newer'
        ? "the database's schema is newer than this version of rosterd: install the newer version"
        : "the database's schema is not that of this version: run `rosterd migrate` once",
    );
    this.code = state === 'empty' ? 'schema-missing' : `schema-${state}`;
  }
}

/** Opens the database that the settings name. */
export async function openStore(settings: Settings, options: StoreOptions): Promise<Store> {
  const { database } = settings;
  return database.kind === 'embedded'
    ? openEmbedded(settings, options)
    : atDatabase(settings, 'working', () => openServer(database, dirname(settings.configFile), options));
}

async function openEmbedded(settings: Settings, options: StoreOptions): Promise<Store> {
  const directory: DataDirectory = await acquireDataDirectory(settings.dataDir, options);
  try {
    const embedded = await openEmbeddedDatabase({ dataDirectory: directory });
    const db = openDatabase(embedded.connection, 'embedded');
    const closing = new AbortController();
    embedded.onFailure(() => {
      reopenUntilItWorks(embedded, db, closing.signal).catch((error: unknown) => {
        process.emitWarning(error instanceof Error ? error : String(error));
      });
    });
    await prepareEmbedded(db);
    await migrateSchema(db);
    await leaseStore(db).endAll();
    return {
      db,
      connection: embedded.connection,
      copyTo: (path) => embedded.copyTo(path),
      describe: (details) => {
        directory.describe(details);
      },
      async close() {
        closing.abort();
        await db.destroy();
        await embedded.close();
        directory.release();
      },
    };
  } catch (error) {
    directory.release();
    throw error;
  }
}

/** One session for all connections: what is set here holds for them all. A dead process's lock is worth nothing. */
async function prepareEmbedded(db: Db): Promise<void> {
  for (const [name, value] of Object.entries(embeddedSettings)) await query(db, `set ${name} = ${value}`);
  await freeMigrationLock(db);
}

/** A full disk ends the embedded database; it is started again as soon as there is room (spec 14.4). */
async function reopenUntilItWorks(embedded: EmbeddedDatabase, db: Db, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await embedded.reopen();
      await prepareEmbedded(db);
      return;
    } catch (error) {
      if (!(error instanceof EmbeddedDatabaseError) && storageFailureCode(error) === null) throw error;
    }
    // It fails only when the signal ends the wait, which the loop asks next.
    await sleep(reopenPauseMs, undefined, { signal }).catch(() => undefined);
  }
}

const reopenPauseMs = 2_000;

async function openServer(
  database: Extract<Settings['database'], { kind: 'postgres' }>,
  folder: string,
  options: StoreOptions,
): Promise<Store> {
  const readUrl = (): Promise<string> => database.url.read();
  const { allowPlaintext } = database;
  const url = await readUrl();
  const caFile = databaseCaFile(url, database, folder);
  const ca = caFile === undefined ? {} : { ca: await readFile(caFile, 'utf8') };
  const connection = connectionOf(url, readUrl, { ...ca, allowPlaintext });
  const db = openDatabase(connection, 'server');
  try {
    const state = await schemaState(db);
    if (options.schema === 'current' && state !== 'current') throw new SchemaError(state);
  } catch (error) {
    await db.destroy();
    throw withoutTls(error, connection) ?? error;
  }
  return { db, connection, copyTo: null, describe: () => undefined, close: () => db.destroy() };
}
