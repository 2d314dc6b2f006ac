import { afterAll, expect, it } from 'vitest';
import { connectionOf, openDatabase } from '../../../src/store/database.ts';
import { migrateSchema, schemaState } from '../../../src/store/migrate.ts';
import { emptyDatabase } from '../../support/database.ts';
import { lastEvents } from '../../support/told-event.ts';

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

it('events of an older version say afterwards what they said', async () => {
  const changes = [
    ['firstName', null, 'Jana'],
    ['roles', [], ['agent', 'supervisor']],
    ['email', 'a@example.com', null],
  ];
  const event = { actor_kind: 'sync', actor_name: 'sync', type: 'user-created' };
  await db('event').insert([{ ...event, changes: JSON.stringify(changes) }, event]);
  await db('schema_migration').where({ name: '0006-flat-changes' }).delete();
  expect((await migrateSchema(db)).applied).toEqual(['0006-flat-changes']);
  expect((await lastEvents(db, 2)).map((each) => each?.['changes'])).toEqual([
    [],
    [
      { field: 'firstName', before: null, after: 'Jana' },
      { field: 'roles', before: [], after: ['agent', 'supervisor'] },
      { field: 'email', before: 'a@example.com', after: null },
    ],
  ]);
  await expect(db('event').update({ reason: 'another' })).rejects.toThrow('event');
});

it('a schema with a migration that this version does not know is newer', async () => {
  await db('schema_migration').insert({ name: '9999-from-the-future', batch: 2 });
  expect(await schemaState(db)).toBe('newer');
});
