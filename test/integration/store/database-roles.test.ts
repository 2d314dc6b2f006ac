import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import createKnex, { type Knex } from 'knex';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPostgres } from '../../support/database.ts';
import type { UndoReport } from '../../../src/api/schemas/undo.ts';
import { migrateQueue, openRunQueue, openRunWorker } from '../../../src/queue/run-queue.ts';
import { analyseTable } from '../../../src/store/analyse.ts';
import { migrateSchema } from '../../../src/store/migrate.ts';
import { openSite, type Site } from '../../support/site.ts';

const names = { database: '', owner: '', app: '' };
const log = { warn: () => undefined, error: () => undefined };

/** `config/deploy/roles.sql` with names of this test. */
function statements(): readonly [before: string, inside: string] {
  const text = readFileSync(new URL('../../../config/deploy/roles.sql', import.meta.url), 'utf8')
    .replaceAll('rosterd_owner', names.owner)
    .replaceAll('rosterd_app', names.app)
    .replaceAll(/\b(database|connect) rosterd\b/g, `$1 ${names.database}`);
  const [before = '', inside = ''] = text.split(/^\\connect .*$/m);
  return [before, inside];
}

function urlAs(role: string): string {
  const url = new URL(testPostgres().url);
  url.username = role;
  url.pathname = `/${names.database}`;
  return url.href;
}

async function run(url: string, ...texts: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // `create database` stands alone.
    for (const text of texts) await client.query(text);
  } finally {
    await client.end();
  }
}

describe('20.9 two roles of the database, as documented', () => {
  let knex: Knex;
  let site: Site;

  beforeAll(async () => {
    const suffix = randomBytes(4).toString('hex');
    const { url, template } = testPostgres();
    // Dropped with what else begins with the template's name, should the test be killed.
    Object.assign(names, { database: `${template}_${suffix}`, owner: `owner_${suffix}`, app: `app_${suffix}` });
    const [before, inside] = statements();
    await run(url, ...before.split(/;\s*$/m).filter((each) => /\S/.test(each)));
    const here = new URL(url);
    here.pathname = `/${names.database}`;
    await run(here.href, inside);
    const owner = createKnex({ client: 'pg', connection: urlAs(names.owner), pool: { min: 0, max: 2 } });
    await migrateSchema(owner);
    await owner.destroy();
    await migrateQueue({ connectionString: urlAs(names.owner) }, log);
    knex = createKnex({ client: 'pg', connection: urlAs(names.app), pool: { min: 0, max: 5 } });
    site = await openSite(knex, 'newUsers: { active: true }');
  }, 60_000);
  afterAll(async () => {
    await site.close();
    await knex.destroy();
    const { url } = testPostgres();
    await run(
      url,
      `drop database ${names.database} with (force)`,
      `drop role ${names.app}`,
      `drop role ${names.owner}`,
    );
  });

  const say = (id: string, more: object = {}): void => {
    site.acd.put(
      id,
      { acdId: id, employeeId: `E${id}`, firstName: 'Jan', lastName: `N${id}`, ...more },
      { teams: [{ id: '1', name: 'Sales' }] },
    );
  };

  it('20.9 the main path passes as the application', async () => {
    for (const id of ['1', '2', '3']) say(id);
    site.ad.put('guid-1', { employeeId: 'E1', email: 'one@corp.test' });
    await site.sync();
    expect(await site.user('1')).toMatchObject({ email: 'one@corp.test', teams: [{ name: 'Sales' }] });
    const put = async (path: string, body: object) => (await site.ask('PUT', path, { body })).status;
    expect(await put('/users/1/fields/email', { value: 'own@corp.test' })).toBe(200);
    expect(await put('/users/1/sync', { enabled: false })).toBe(200);
    expect(await put('/users/1/sync', { enabled: true })).toBe(200);
    expect(await put('/users/2/roles/trainer', { word: 'give' })).toBe(200);
    expect((await site.ask('POST', '/groups', { body: { name: 'Prague' } })).status).toBe(200);
    site.acd.lookup = 'absent';
    expect(await put('/users/3/active', { active: false })).toBe(200);
    say('2', { lastName: 'Other' });
    await site.sync();
    const { json } = await site.ask<UndoReport>('POST', '/undo', { body: { user: '2' } });
    expect(json).toMatchObject({ counts: { back: 1 } });
    await knex('user').where({ username: '3' }).update({ deactivated_at: '2001-01-01' });
    site.acd.records.delete('3');
    await site.sync();
    expect((await site.ask('POST', '/users/3/purge', { body: {} })).status).toBe(200);
    for (const path of ['/users', '/events', '/sources', '/runs', '/worklist', '/review-items', '/accounts'])
      expect((await site.ask('GET', path)).status).toBe(200);
  }, 120_000);

  it('20.9 the queue works as the application, which cannot change its tables', async () => {
    const backend = { kind: 'database', pool: { connectionString: urlAs(names.app) }, migrates: false } as const;
    const queue = await openRunQueue(backend, log);
    const seen = Promise.withResolvers<number>();
    await queue.addRun(7);
    const worker = await openRunWorker(
      backend,
      {
        run: async (id) => {
          seen.resolve(id);
          await Promise.resolve();
        },
        reconcile: () => Promise.resolve(),
      },
      log,
    );
    expect(await seen.promise).toBe(7);
    await worker.close();
    await queue.close();
    await expect(migrateQueue({ connectionString: urlAs(names.app) }, log)).rejects.toThrow(/permission denied/);
  }, 30_000);

  it('20.9 statistics are refreshed all the same, of our tables alone', async () => {
    const columns = async () =>
      (
        await knex.raw<{ rows: object[] }>(
          `select 1 from pg_stats where schemaname = 'public' and tablename = 'account'`,
        )
      ).rows.length;
    expect(await columns()).toBe(0);
    await analyseTable(knex, 'account', ['id', 'due']);
    expect(await columns()).toBe(2);
    await expect(knex.raw(`select analyse_table('pg_catalog.pg_authid', '{}')`)).rejects.toThrow(/no table of rosterd/);
  });

  /** Statements of one transaction: what refused them, or nothing. */
  async function attempt(...texts: readonly string[]): Promise<string> {
    const client = new Client({ connectionString: urlAs(names.app) });
    await client.connect();
    try {
      await client.query('begin');
      for (const text of texts) await client.query(text);
      return 'passed';
    } catch (error) {
      return (error as Error).message;
    } finally {
      await client.end();
    }
  }

  const denied = /permission denied|must be owner|must be superuser|only roles with/;
  const byPeopleOnly = /changed by people only/;
  const deactivate = 'update "user" set active = not active';
  const forge = `update event set reason = 'forged'`;
  const ways: readonly (readonly [way: string, refusal: RegExp, texts: readonly string[]])[] = (
    [
      ['without a word', byPeopleOnly, deactivate],
      [
        'a temporary table in place of the operators',
        denied,
        'create temporary table operator (name text, disabled_at timestamptz)',
      ],
      ['a schema in front of ours', denied, 'create schema mine'],
      ['a table in our schema', denied, 'create table public.mine (id int)'],
      [
        'a function in our schema',
        denied,
        `create function public.operator_named(text) returns boolean language sql as 'select true'`,
      ],
      [
        'another function of that name',
        denied,
        `create or replace function operator_named(setting text) returns boolean language sql as 'select true'`,
      ],
      ['another way to find it', byPeopleOnly, 'set local search_path = pg_temp, pg_catalog, public', deactivate],
      [
        'a table of that name in the schema of the queue',
        byPeopleOnly,
        'create table bullmq.operator (name text, disabled_at timestamptz)',
        `insert into bullmq.operator values ('ghost', null)`,
        'set local search_path = bullmq, public',
        `set local rosterd.operator = 'ghost'`,
        deactivate,
      ],
      [
        'a function of that name in the schema of the queue',
        byPeopleOnly,
        `create function bullmq.operator_named(text) returns boolean language sql as 'select true'`,
        'set local search_path = bullmq, public',
        deactivate,
      ],
      ['no triggers for the table', denied, 'alter table "user" disable trigger user_activation', deactivate],
      ['no triggers for the session', denied, 'set local session_replication_role = replica', deactivate],
      ['no trigger', denied, 'drop trigger event_update on event'],
      ['a rule', denied, 'create rule forged as on update to event do instead nothing'],
      ['emptying the history', denied, 'truncate event'],
      ['a changed history', /outside an operator's purge/, forge],
      ['a deleted history', /outside an operator's purge/, 'delete from event'],
      ['deleted users', /outside an operator's purge/, 'delete from "user"'],
      ['the owner', denied, 'set local role OWNER', deactivate],
      [
        'a function that the owner runs',
        /no table of rosterd|does not exist|syntax/,
        `select analyse_table('operator; drop table event', '{}')`,
      ],
      [
        'a column that the owner runs',
        /does not exist/,
        `select analyse_table('operator', array['id); drop table event; --'])`,
      ],
    ] as const
  ).map(([way, refusal, ...texts]) => [way, refusal, texts]);

  it.each(ways)('20.9 refused: %s', async (_way, refusal, texts) => {
    expect(await attempt(...texts.map((text) => text.replace('OWNER', names.owner)))).toMatch(refusal);
  });

  it('20.9 a temporary table of an owner does not stand for the operators either', async () => {
    const client = new Client({ connectionString: urlAs(names.owner) });
    await client.connect();
    await client.query('begin');
    await client.query('create temporary table operator (name text, disabled_at timestamptz)');
    await client.query(`insert into operator values ('ghost', null)`);
    await client.query(`set local rosterd.operator = 'ghost'`);
    await expect(client.query(deactivate)).rejects.toThrow(byPeopleOnly);
    await client.end();
  });
});
