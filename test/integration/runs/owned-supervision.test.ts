import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserActed } from '../../../src/cli/shapes.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe('supervision that the ACD owns', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex, '  - { id: cisco, kind: cisco-uccx }\n');
    const [north, south] = [
      { id: '1', name: 'North' },
      { id: '2', name: 'South' },
    ];
    site.file.put('boss', { acdId: 'boss' }, { teams: [north], supervises: [north] });
    site.file.put('ann', { acdId: 'ann' }, { teams: [south], supervises: [] });
    await site.sync();
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const say = async (path: string, body: object): Promise<UserActed> => {
    const answer = await site.ask<UserActed>('PUT', `/users/username:boss/${path}`, { body });
    expect(answer.status, answer.text).toBe(200);
    return answer.json;
  };
  const supervises = async () => (await site.user('username:boss')).supervises;

  it('11.4, 20.8 what a person assigned is lost at the next sync, is kept while sync is off, and 20.9 is told', async () => {
    await say('sync', { enabled: false });
    await say('supervision/South', { word: 'give' });
    await site.sync();
    expect(await supervises()).toEqual(['North', 'South']);

    await say('sync', { enabled: true });
    await site.sync();
    expect(await supervises()).toEqual(['North']);
    expect(await database.knex('word').where('kind', 'like', 'supervises-%').select('ref')).toEqual([]);
    const { id } = await site.user('username:boss');
    const { items } = (
      await site.ask<{ items: { type: string; changes: { field: string; after: unknown }[] }[] }>(
        'GET',
        `/events?user=${id}&kind=sync&type=user-changed`,
      )
    ).json;
    const ended = items.filter(({ changes }) => changes.some(({ field }) => field === 'supervisesGiven'));
    expect(ended).toHaveLength(1);
    expect(ended[0]?.changes.map(({ field }) => field)).toEqual(['supervises', 'supervisesGiven']);
  });

  it('11.4 with sync on it is said at the moment of editing, and lost with the sync that follows', async () => {
    const acted = await say('supervision/South', { word: 'give' });
    expect(acted.warnings[0]).toContain('cisco owns the supervision of this user');
    expect(await supervises()).toEqual(['North']);
  });
});
