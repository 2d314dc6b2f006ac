import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../../src/api/schemas/events.ts';
import type { Team, TeamDetail } from '../../../src/api/schemas/teams.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe('teams and what is bound to them', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    say('11', 'North');
    say('12', 'North');
    say('13', 'South');
    await site.sync();
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const say = (id: string, team: string): void => {
    site.acd.put(id, { acdId: id, firstName: `F${id}` }, { teams: [{ id: `t-${team}`, name: team }] });
  };
  const list = async () => (await site.ask<{ items: Team[] }>('GET', '/teams')).json.items;
  const post = (path: string) => site.ask<{ code: string; detail: string }>('POST', path, { body: {} });
  const rename = (team: string, name: string) =>
    site.ask<{ code: string }>('PUT', `/teams/${team}`, { body: { name, reason: 'new names' } });
  const lastEvent = async () => (await site.ask<{ items: Event[] }>('GET', '/events?limit=1')).json.items[0];

  it('11.6 lists teams with members and bindings, and shows one', async () => {
    expect((await list()).map(({ name, members, bindings }) => [name, members, bindings.length])).toEqual([
      ['Default', 0, 0],
      ['North', 2, 1],
      ['South', 1, 1],
    ]);
    const shown = (await site.ask<TeamDetail>('GET', '/teams/north')).json;
    expect(shown).toEqual({
      ...{ name: 'North', group: 'Default', members: 2, supervisors: 0 },
      bindings: [{ source: 'acd', externalId: 't-North', name: 'North', gone: false }],
      ...{ memberNames: ['11', '12'], supervisorNames: [] },
    });
    expect(await site.ask('GET', '/teams/West')).toMatchObject({ status: 404, json: { code: 'team-unknown' } });
  });

  it('11.6 a team is renamed, in the history, and stays so at the next sync', async () => {
    expect(await rename('North', 'south')).toMatchObject({ status: 409, json: { code: 'team-name-taken' } });
    expect(await rename('North', 'Nordic')).toMatchObject({ status: 200, json: { name: 'Nordic', members: 2 } });
    expect(await lastEvent()).toMatchObject({
      ...{ type: 'team-renamed', reason: 'new names' },
      changes: [{ field: 'team', before: 'North', after: 'Nordic' }],
    });
    await site.sync();
    expect((await site.user('username:11')).teams.map(({ name }) => name)).toEqual(['Nordic']);
  });

  it('11.6 a team is removed when nobody and nothing refers to it', async () => {
    const used = await post('/teams/South/remove');
    expect(used).toMatchObject({ status: 409, json: { code: 'team-in-use' } });
    expect(used.text).toContain('acd has a team that is bound to it; 1 users are in it or supervise it');
    expect((await post('/teams/Default/remove')).text).toContain('the default team');

    site.acd.put('13', { acdId: '13', firstName: 'F13' }, { teams: [{ id: 't-North', name: 'North' }] });
    await site.sync();
    const given = (word: string) =>
      site.ask('PUT', '/users/username:11/teams/South', { body: { word } }).then(({ status }) => status);
    expect(await given('take')).toBe(200);
    expect((await post('/teams/South/remove')).text).toContain('people have given it to 1 users, taken it');
    expect(await given('withdraw')).toBe(200);
    expect(await post('/teams/South/remove')).toMatchObject({ status: 200 });
    expect(await lastEvent()).toMatchObject({ type: 'team-removed', changes: [{ before: 'South', after: null }] });
    expect((await list()).map(({ name }) => name)).toEqual(['Default', 'Nordic']);
  });

  it('11.6, 11.1 a team that comes back is a new one; 15.3 undo puts nobody into one that is no more', async () => {
    const [event] = (
      await site.ask<{ items: Event[] }>('GET', '/events?user=username:13&kind=sync&type=user-changed&limit=1')
    ).json.items;
    const undone = await site.ask('POST', '/undo', { body: { event: event?.id } });
    expect(undone.status, undone.text).toBe(200);
    expect((await site.user('username:13')).teams.map(({ name }) => name)).toEqual(['Default']);
    say('14', 'South');
    await site.sync();
    expect((await site.user('username:14')).teams.map(({ name }) => name)).toEqual(['South']);
  });
});
