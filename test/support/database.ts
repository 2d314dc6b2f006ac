import { randomBytes } from 'node:crypto';
import { inject, type ProvidedContext } from 'vitest';
import { createDatabase, dropDatabase } from './services/postgres.ts';

/** A database of one test file. What is not dropped goes with the test run. */
export type FreshDatabase = { readonly url: string; readonly drop: () => Promise<void> };

/** The PostgreSQL of the worker that this file runs in. */
export function testPostgres(): ProvidedContext['postgres'][number] {
  const servers = inject('postgres');
  const server = servers[Number(process.env['VITEST_POOL_ID'] ?? '1') % servers.length];
  if (server === undefined) throw new Error('the test run has started no PostgreSQL');
  return server;
}

/**
 * A new database on the run's PostgreSQL with the current schema and no rows: a copy of the migrated template.
 *
 *     const database = await freshDatabase();
 *     afterAll(database.drop);
 */
export async function freshDatabase(): Promise<FreshDatabase> {
  const { url, template } = testPostgres();
  const name = newName(template);
  return { url: await createDatabase(url, name, template), drop: () => dropDatabase(url, name) };
}

/** A new database on the run's PostgreSQL without any table, for tests of the migrations themselves. */
export async function emptyDatabase(): Promise<FreshDatabase> {
  const { url, template } = testPostgres();
  const name = newName(template);
  return { url: await createDatabase(url, name), drop: () => dropDatabase(url, name) };
}

/** Starts with the template's name, by which the end of the run finds what was not dropped. */
function newName(template: string): string {
  return `${template}_${randomBytes(6).toString('hex')}`;
}
