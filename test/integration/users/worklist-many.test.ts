import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AcknowledgedMany, WorklistEntry } from '../../../src/api/schemas/worklist.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe('a long worklist (issue 11, point 15)', () => {
  let database: OpenDatabase;
  let site: Site;
  const agents = Array.from({ length: 30 }, (_, index) => String(100 + index));

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    for (const id of agents) put(id, 'OLD');
    await site.sync();
    // The domain is called otherwise, and one person is disabled.
    for (const id of agents) put(id, 'NEW');
    await site.sync('ad');
    const [run] = await site
      .knex('run')
      .where({ state: 'held' })
      .select<{ id: number; digest: string }[]>('id', 'digest');
    if (run !== undefined) await site.ask('POST', `/runs/${String(run.id)}/approve`, { body: { digest: run.digest } });
    site.ad.put('g-100', { windowsLogin: 'NEW\\u100', employeeId: 'E100' }, { disabled: true });
    await site.sync('ad');
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  function put(id: string, domain: string): void {
    const team = Number(id) < 105 ? 'North' : 'South';
    site.acd.put(id, { acdId: id, employeeId: `E${id}`, firstName: `F${id}` }, { teams: [{ id: team, name: team }] });
    site.ad.put(`g-${id}`, { windowsLogin: `${domain}\\u${id}`, employeeId: `E${id}` });
  }
  const list = async (query = '') =>
    (await site.ask<{ items: WorklistEntry[] }>('GET', `/worklist${query}`)).json.items;
  const ack = async (body: object) => {
    const { json, status, text } = await site.ask<AcknowledgedMany>('POST', '/worklist/ack', { body });
    expect(status, text).toBe(200);
    return json;
  };

  it('9.2 what one run has renamed of a source is one entry, and each on request', async () => {
    const items = await list();
    expect(items.map(({ username, count, reasons }) => [username, count, reasons])).toEqual([
      [null, 30, ['account-renamed']],
      ['100', 1, ['account-disabled', 'account-renamed']],
    ]);
    const run = items[0]?.evidence[0]?.runId ?? 0;
    expect(items[0]?.evidence).toHaveLength(20);
    expect(items[0]?.suggestions[0]).toBe(
      `see each of them: rosterd worklist --run ${String(run)} --why account-renamed`,
    );
    expect(await list(`?run=${String(run)}&why=account-renamed`)).toHaveLength(30);
    expect((await list('?why=account-renamed')).map(({ count }) => count)).toEqual([30]);
    expect((await list('?user=103')).map(({ username }) => username)).toEqual(['103']);
    expect((await list('?team=north')).map(({ username, count }) => [username, count])).toEqual([
      [null, 5],
      ['100', 1],
    ]);
    expect(await list('?source=acd')).toEqual([]);
  });

  it('9.2 many are acknowledged by a filter, shown first, each with an event', async () => {
    const body = { team: 'North', why: 'account-renamed', reason: 'the domain has another name' };
    const preview = await ack({ ...body, preview: true });
    expect(preview).toEqual({ preview: true, count: 5, first: ['100', '101', '102', '103', '104'] });
    expect((await list())[0]?.count).toBe(30);
    expect(await ack(body)).toMatchObject({ preview: false, count: 5 });
    const acks = await site.knex('event').where({ type: 'worklist-acknowledged' });
    expect(acks).toHaveLength(5);
    expect((await list()).map(({ username, count }) => [username, count])).toEqual([[null, 25]]);
    expect((await ack({ source: 'ad', reason: 'seen' })).count).toBe(25);
    expect(await list()).toEqual([]);
    expect((await site.ask('POST', '/worklist/ack', { body: { reason: 'x' } })).status).toBe(400);
  });
});
