import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LeaseLost } from '../../../src/domain/lease.ts';
import type { Field } from '../../../src/domain/fields.ts';
import { epochStore } from '../../../src/store/epoch-store.ts';
import { checkLease, leaseStore } from '../../../src/store/leases.ts';
import { ensureSources } from '../../../src/store/setup.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe.each(databases)('architecture 8: the configuration epoch, on %s', (_size, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put('4001', { acdId: '4001', firstName: 'Jana', lastName: 'Nova', employeeId: 'E1', email: 'j@x.test' });
    await site.sync();
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const wakes = async (): Promise<unknown> => database.knex('account').select('wakes').orderBy('id');

  it('two processes with two files do not make everybody due in turn: the older stands back', async () => {
    const newer = await openSite(database.knex, 'newUsers: { active: false }');
    await newer.reconcile();
    const after = await wakes();
    await site.reconcile();
    await newer.reconcile();
    await site.sync();
    expect(await wakes()).toEqual(after);
    const refused = await site.ask<{ code: string; detail: string }>('POST', '/users/1/role/give', {
      body: { role: 'trainer' },
    });
    expect([refused.status, refused.json.code]).toEqual([409, 'configuration-superseded']);
    expect((await site.user(1)).lastName).toBe('Nova');
    expect((await newer.ask('POST', '/syncs', { body: { mode: 'full' } })).status).toBe(202);
    await newer.close();
    // The same configuration as at first: a third process sets it up again, and the first one is back in force.
    const third = await openSite(database.knex);
    await site.sync();
    expect((await site.ask('POST', '/syncs', { body: { mode: 'full' } })).status).toBe(202);
    await third.close();
  });

  it('under an older epoch no lease is had, and one that was had writes nothing more', async () => {
    const { knex } = database;
    const epochs = epochStore(knex);
    const present = await epochs.present();
    const under = (number: number | null) => leaseStore(knex, () => number);
    const held = await under(present?.number ?? 0).take('source:x', 'older', 15);
    expect(held).not.toBeNull();
    const reconcile = await leaseStore(knex).take('reconcile', 'newer', 15);
    if (held === null || reconcile === null) throw new Error('no lease');
    const number = await epochs.begin(reconcile, { digest: 'new', holder: 'newer', askedAt: new Date() });
    await expect(knex.transaction((transaction) => checkLease(transaction, held))).rejects.toThrow(LeaseLost);
    expect(await under(present?.number ?? 0).take('source:x', 'older', 15)).toBeNull();
    expect(await under(number).take('source:x', 'newer', 15)).toBeNull();
    await epochs.end(reconcile, number, 1);
    expect(await under(number).take('source:x', 'newer', 15)).not.toBeNull();
    await leaseStore(knex).endAll();
  });
});

describe('architecture 8: match keys', () => {
  const databaseOf = databases.find(([size]) => size === 'PostgreSQL')?.[1];
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    if (databaseOf === undefined) throw new Error('there is no PostgreSQL among the databases');
    database = await databaseOf();
    site = await openSite(database.knex);
    for (const id of ['1', '2']) site.acd.put(id, { acdId: id, firstName: `F${id}`, email: `${id}@x.test` });
    await site.sync();
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  it('are made anew from what a person has just changed, not from what it was before', async () => {
    const { knex } = database;
    const byName: (readonly Field[])[] = [['firstName']];
    const act = await knex.transaction();
    await act.raw(`update "user" set first_name = 'Anew' where id = 1`);
    const steps: string[] = [];
    const refreshed = ensureSources(
      knex,
      [{ id: 'acd', kind: 'avaya-cm', as: 'acd', decisionDigest: 'd', match: byName, placeholders: [] }],
      { match: byName, placeholders: [] },
      { progress: (step, done, total) => void steps.push(`${step} ${String(done)}/${String(total)}`) },
    );
    for (let waiting = 0; waiting === 0;) {
      const { rows } = await knex.raw<{ rows: { n: number }[] }>(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      waiting = rows[0]?.n ?? 0;
    }
    await act.commit();
    await refreshed;
    const keys = await knex('match_key').whereNotNull('user_id').orderBy('user_id').pluck<string[]>('key');
    expect(keys.map((key) => /anew|f1|f2/.exec(key)?.[0])).toEqual(['anew', 'f1', 'f2']);
    expect(steps).toContain('match keys of users 2/2');
    expect(steps.some((step) => step.startsWith('accounts of acd to decide on anew'))).toBe(true);
  });
});
