import createKnex, { type Knex } from 'knex';
import { acquireDataDirectory } from '../../../src/store/embedded/data-directory.ts';
import { openEmbeddedDatabase } from '../../../src/store/embedded/embedded-database.ts';
import { migrateSchema } from '../../../src/store/migrate.ts';
import { freshDatabase } from '../database.ts';
import { createTempDir } from '../services/temp.ts';

/** A migrated, empty database with a pool of connections. */
export type OpenDatabase = {
  readonly knex: Knex;
  /** As of an embedded store, whose files are copied. */
  readonly copyTo: ((dataDirectory: string) => Promise<void>) | null;
  readonly close: () => Promise<void>;
};

/** On the run's PostgreSQL. */
export async function openPostgres(): Promise<OpenDatabase> {
  const database = await freshDatabase();
  const knex = createKnex({ client: 'pg', connection: database.url, pool: { min: 0, max: 5 } });
  return {
    knex,
    copyTo: null,
    close: async () => {
      await knex.destroy();
      await database.drop();
    },
  };
}

/** PGlite in a directory of its own. */
export async function openPglite(): Promise<OpenDatabase> {
  const directory = createTempDir('api');
  const dataDirectory = await acquireDataDirectory(directory.path, { role: 'daemon', waitMs: 0 });
  const database = await openEmbeddedDatabase({ dataDirectory });
  const knex = createKnex({ client: 'pg', connection: database.connection, pool: { min: 0, max: 5 } });
  await migrateSchema(knex);
  return {
    knex,
    copyTo: (path) => database.copyTo(path),
    close: async () => {
      await knex.destroy();
      await database.close();
      dataDirectory.release();
      await directory.remove();
    },
  };
}

/** What the store's tests run on. */
export const databases = [
  ['PostgreSQL', openPostgres],
  ['PGlite', openPglite],
] as const;
