import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { leaseStore } from '../../../src/store/leases.ts';
import { openScratchStore } from '../../../src/store/scratch-store.ts';
import { openPglite, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { createTempDir, type TempDir } from '../../support/services/temp.ts';

let database: OpenDatabase;
let site: Site;
let folder: TempDir;

beforeAll(async () => {
  folder = createTempDir('copied-store');
  database = await openPglite();
  site = await openSite(database.knex);
  for (const id of ['4001', '4002']) site.acd.put(id, { acdId: id, firstName: 'Jana', lastName: `Nova${id}` });
  await site.sync();
}, 120_000);
afterAll(async () => {
  await site.close();
  await database.close();
  await folder.remove();
});

it('13.4 a dry run copies the embedded store by its files: it never has the one session for longer than a statement (issue 9, point 23)', async () => {
  const { knex } = database;
  await knex('run').insert({ source_id: 'acd', mode: 'full', state: 'queued', asked_by: 'test' });
  await leaseStore(knex).take('reconcile', 'the daemon', 60);
  const asked: string[] = [];
  const hear = ({ sql }: { sql: string }): void => void asked.push(sql);
  knex.on('query', hear);
  const scratch = await openScratchStore(join(folder.path, 'dry-run'), { db: knex, copyTo: database.copyTo });
  knex.removeListener('query', hear);
  try {
    expect(asked).toEqual(['checkpoint']);
    const rows = async (db: typeof knex, table: string) => db(table).select().orderBy('id');
    for (const table of ['user', 'account', 'link', 'team'])
      expect([table, await rows(scratch.db, table)]).toEqual([table, await rows(knex, table)]);
    expect(await scratch.db('run').select('state')).toEqual([]);
    expect(await scratch.db('lease').select()).toEqual([]);
    await scratch.db('user').update({ first_name: 'Played' });
    expect(await knex('user').where({ first_name: 'Played' })).toEqual([]);
  } finally {
    await scratch.close();
  }
});
