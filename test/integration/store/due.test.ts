import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectionOf, openDatabase } from '../../../src/store/database.ts';
import { noReadRules } from '../../../src/store/read-rules.ts';
import { reconcileStore } from '../../../src/store/reconcile-store.ts';
import { runStore } from '../../../src/store/run-store.ts';
import { freshDatabase } from '../../support/database.ts';

const database = await freshDatabase();
const db = openDatabase(
  connectionOf(database.url, () => Promise.resolve(database.url)),
  'server',
);
const store = reconcileStore(db, noReadRules);
const { read } = store;
const runs = runStore(db);
const client = new Client({ connectionString: database.url });

beforeAll(async () => {
  await client.connect();
  await db('source_state').insert({ source_id: 'ad', kind: 'active-directory', role: 'directory' });
  await db.raw(`insert into account (source_id, external_id, content, content_hash, decided_hash, decided_wakes, standing)
    select 'ad', n::text, '{"values": {}}', 'hash ' || n, 'hash ' || n, 0, 'unmatched' from generate_series(1, 5000) as n`);
  await store.analyse();
});
afterAll(async () => {
  await client.end();
  await db.destroy();
  await database.drop();
});

/** Everything that a run asks to find out what there is to do. */
async function lookForWork() {
  return {
    due: await read.countDue('ad'),
    unlinked: await read.dueUnlinked('ad', 0, 10),
    linked: await read.dueUsers('ad', 0, 10),
    turned: (await read.absences('ad', 0, 10)).map((row) => row.externalId),
    counted: await read.countAbsences('ad'),
    any: await runs.hasDue('ad'),
    sources: await runs.sourcesWithDue(),
  };
}

const nothing = {
  due: { linked: 0, unlinked: 0 },
  unlinked: [],
  linked: [],
  turned: [],
  counted: { absent: 0, reported: 0, returned: 0 },
  any: false,
  sources: [],
};

it('where nothing is due, no account is read to find that out', async () => {
  const asked: { sql: string; bindings: unknown[] }[] = [];
  const listen = (statement: { sql: string; bindings: unknown[] }): void => {
    asked.push(statement);
  };
  db.on('query', listen);
  expect(await lookForWork()).toEqual(nothing);
  db.off('query', listen);
  const plans: string[] = [];
  for (const { sql, bindings } of asked) {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${sql}`, bindings);
    plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
  }
  expect(plans).toHaveLength(7);
  for (const plan of plans) expect(plan).toMatch(/account_(?:due|turned)/);
  for (const plan of plans) expect(plan).not.toContain('Seq Scan on account');
});

it.each([
  ['its content moved on', { content_hash: 'another' }, 'due'],
  ['it was woken', { wakes: 1 }, 'due'],
  ['it was never decided on', { decided_hash: null, decided_wakes: -1 }, 'due'],
  ['it is absent', { absent_since: 'now' }, 'turned'],
  ['it is back', { gone_since: 'now' }, 'turned'],
  ['it is absent and its content moved on: that waits', { absent_since: 'now', content_hash: 'another' }, 'turned'],
  ['it is gone and was woken', { absent_since: 'now', gone_since: 'now', wakes: 1 }, 'due'],
  ['it is gone, and that is decided', { absent_since: 'now', gone_since: 'now' }, 'neither'],
] as const)('13.1 an account of which %s', async (_what, change, expected) => {
  const before: unknown = await db('account').where({ external_id: '7' }).first('content_hash', 'decided_hash');
  await db('account').where({ external_id: '7' }).update(change);
  const found = await lookForWork();
  await db('account')
    .where({ external_id: '7' })
    .update({ ...(before as object), wakes: 0, decided_wakes: 0, absent_since: null, gone_since: null });
  expect(found.any).toBe(expected === 'due');
  expect(found.due.unlinked).toBe(expected === 'due' ? 1 : 0);
  expect(found.turned).toEqual(expected === 'turned' ? ['7'] : []);
  expect(await lookForWork()).toEqual(nothing);
});
