import { afterAll, expect, it } from 'vitest';
import { connectionOf, openDatabase } from '../../../src/store/database.ts';
import { migrateSchema, schemaState } from '../../../src/store/migrate.ts';
import { emptyDatabase } from '../../support/database.ts';

const database = await emptyDatabase();
const db = openDatabase(
  connectionOf(database.url, () => Promise.resolve(database.url)),
  'server',
);
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

it('an empty database is brought to the present schema, and a second migration changes nothing', async () => {
  expect(await schemaState(db)).toBe('empty');
  expect((await migrateSchema(db)).applied.slice(0, 2)).toEqual(['0001-foundation', '0002-groups-scope']);
  expect(await schemaState(db)).toBe('current');
  expect((await migrateSchema(db)).applied).toEqual([]);
});

it('a schema with a migration that this version does not know is newer', async () => {
  await db('schema_migration').insert({ name: '9999-from-the-future', batch: 2 });
  expect(await schemaState(db)).toBe('newer');
});
