import { afterEach, describe, expect, it } from 'vitest';
import type { Run } from '../../../src/api/schemas/runs.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

/** Two ACDs with 128 and 110 agents and a directory of 300, of whom most are agents (issue "the first day", 1). */
const sourceLines = {
  ad: '  - { id: ad, kind: active-directory, match: [[employeeId]] }',
  acd: '  - { id: acd, kind: avaya-cm, match: [[employeeId]] }',
  acd2: '  - { id: acd2, kind: csv-file, match: [[employeeId]] }',
} as const;
type Id = keyof typeof sourceLines;

const configurationOf = (order: readonly Id[], firstImport: 'hold' | 'apply') => `
database: embedded
organization: { timeZone: Europe/Prague, locale: en, defaultTeam: Default, defaultGroup: Default }
guard: { firstImport: ${firstImport} }
sources:
${order.map((id) => sourceLines[id]).join('\n')}
`;

const orders: readonly (readonly Id[])[] = [
  ['ad', 'acd', 'acd2'],
  ['ad', 'acd2', 'acd'],
  ['acd', 'ad', 'acd2'],
  ['acd2', 'ad', 'acd'],
  ['acd', 'acd2', 'ad'],
  ['acd2', 'acd', 'ad'],
];

function fill(site: Site): void {
  const agent = (index: number) => ({
    ...{ acdId: String(index), firstName: 'Jan', lastName: `Agent${String(index)}`, employeeId: `E${String(index)}` },
  });
  for (let index = 1; index <= 128; index++) site.acd.put(String(index), agent(index));
  for (let index = 129; index <= 238; index++) site.file.put(String(index), agent(index));
  for (let index = 11; index <= 310; index++)
    site.ad.put(`guid-${String(index)}`, {
      ...{
        windowsLogin: `CORP\\u${String(index)}`,
        lastName: `Agent${String(index)}`,
        employeeId: `E${String(index)}`,
      },
      email: `u${String(index)}@corp.test`,
    });
}

async function outcome(site: Site): Promise<unknown> {
  const runs = (await site.ask<{ items: Run[] }>('GET', '/runs')).json.items;
  const count = async (table: string): Promise<number> =>
    Number((await site.knex(table).count<{ count: string }[]>('* as count'))[0]?.count);
  const filling = await site.knex('source_state').where({ filling: true }).pluck<string[]>('source_id');
  const states = [...new Set(runs.map((run) => run.state))];
  return { states, users: await count('user'), links: await count('link'), filling };
}
const filled = { states: ['completed'], users: 238, links: 238 + 228, filling: [] };

let [site, database]: [Site | null, OpenDatabase | null] = [null, null];
afterEach(async () => {
  await site?.close();
  await database?.close();
  [site, database] = [null, null];
});

async function open(order: readonly Id[], firstImport: 'hold' | 'apply'): Promise<Site> {
  database = await openPostgres();
  site = await openSite(database.knex, '', { configuration: configurationOf(order, firstImport) });
  fill(site);
  return site;
}

describe('13.3 a new installation with two ACDs and a directory fills itself in one go, nothing held', () => {
  for (const order of orders)
    for (const firstImport of ['hold', 'apply'] as const)
      it(`13.3 in the order ${order.join(', ')}, with firstImport ${firstImport}`, async () => {
        const opened = await open(order, firstImport);
        await opened.sync();
        expect(await outcome(opened)).toEqual(filled);
      }, 60_000);

  for (const order of orders.slice(0, 3))
    it(`13.3 by a daemon that starts, in the order ${order.join(', ')}`, async () => {
      const opened = await open(order, 'hold');
      await opened.start();
      await opened.reconcile();
      expect(await outcome(opened)).toEqual(filled);
    }, 60_000);

  it('13.3 with each source synchronised by itself, and with nothing of it counting against later limits', async () => {
    const opened = await open(['acd', 'acd2', 'ad'], 'hold');
    for (const source of ['ad', 'acd', 'acd2']) await opened.ask('POST', '/syncs', { body: { sources: [source] } });
    expect(await outcome(opened)).toEqual(filled);
    opened.acd.put('500', { acdId: '500', lastName: 'Later', employeeId: 'E500' });
    await opened.sync();
    expect(await outcome(opened)).toEqual({ ...filled, users: 239, links: filled.links + 1 });
  }, 60_000);
});

describe('13.3 when the first fill is over', () => {
  it('13.3 it takes no source that a person had paused: its first reconcile is held', async () => {
    const opened = await open(['acd', 'acd2', 'ad'], 'hold');
    await opened.ask('POST', '/sources/ad/pause', { body: { reason: 'not reachable yet' } });
    await opened.sync();
    expect(await outcome(opened)).toEqual({ ...filled, links: 238 });
    await opened.ask('POST', '/sources/ad/resume');
    await opened.sync();
    expect(await outcome(opened)).toMatchObject({ states: ['held', 'completed'], links: 238 });
  }, 60_000);

  it('13.3, 13.1 what firstImport: apply lets through does not count against later limits', async () => {
    const opened = await open(['acd', 'acd2', 'ad'], 'apply');
    await opened.ask('POST', '/sources/ad/pause', { body: { reason: 'not reachable yet' } });
    await opened.sync();
    await opened.ask('POST', '/sources/ad/resume');
    await opened.sync();
    expect(await outcome(opened)).toMatchObject({ states: ['completed'], links: 466 });
    for (let index = 11; index <= 15; index++)
      opened.ad.put(`guid-${String(index)}`, { lastName: 'Renamed', employeeId: `E${String(index)}` });
    await opened.sync();
    expect(await outcome(opened)).toMatchObject({ states: ['completed'] });
  }, 60_000);
});
