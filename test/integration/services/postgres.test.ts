import { Client } from 'pg';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase, testPostgres } from '../../support/database.ts';

const database = await freshDatabase();
afterAll(database.drop);

async function rowsOf(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(sql);
    return result.rows;
  } finally {
    await client.end();
  }
}

test('the server is a PostgreSQL that rosterd supports', async () => {
  const [row] = await rowsOf(testPostgres().url, 'select version() as version');
  expect(row?.['version']).toMatch(/^PostgreSQL 1[4-8]/);
});

test('a fresh database is a copy of the migrated template', async () => {
  const [row] = await rowsOf(database.url, 'select count(*)::int as migrations from schema_migration');
  expect(row?.['migrations']).toBeGreaterThan(0);
});

test('two fresh databases do not see each other', async () => {
  const other = await freshDatabase();
  await rowsOf(database.url, 'create table only_here (id int)');
  const [row] = await rowsOf(other.url, `select to_regclass('only_here') as found`);
  await other.drop();
  expect(row?.['found']).toBeNull();
});
