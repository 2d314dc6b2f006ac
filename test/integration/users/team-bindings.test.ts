import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReviewItem } from '../../../src/api/schemas/review-items.ts';
import type { TeamActed, TeamBinding } from '../../../src/api/schemas/teams.ts';
import type { UndoReport } from '../../../src/api/schemas/undo.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe('bindings of teams', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    for (const id of ['11', '12']) say(id, 'North');
    say('13', 'South');
    say('14', 'North', 'South');
    // So many that a move of four is no large part of the source for the guard.
    for (let id = 30; id < 40; id++) say(String(id));
    await site.sync();
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const say = (id: string, ...teams: string[]): void => {
    site.acd.put(id, { acdId: id, firstName: `F${id}` }, { teams: teams.map((name) => ({ id: `t-${name}`, name })) });
  };
  const bind = async (id: string, team: string | null, preview = false) => {
    const answer = await site.ask<TeamActed & { code: string }>('PUT', `/team-bindings/acd/${id}`, {
      body: { team, preview, reason: 'asked for' },
    });
    return { ...answer.json, status: answer.status, text: answer.text };
  };
  const merge = async (team: string, into: string, preview = false) => {
    const answer = await site.ask<TeamActed & { code: string }>('POST', `/teams/${team}/merge`, {
      body: { into, preview },
    });
    return { ...answer.json, status: answer.status, text: answer.text };
  };
  const undo = async (event: number | null, preview = false) => {
    const answer = await site.ask<UndoReport & { code: string }>('POST', '/undo', { body: { event, preview } });
    return { ...answer.json, status: answer.status, text: answer.text };
  };
  const teamsOf = async (id: string): Promise<string[]> =>
    (await site.user(`username:${id}`)).teams.map(({ name, main }) => (main ? `${name}*` : name));
  const everybody = async () => Promise.all(['11', '12', '13', '14'].map(teamsOf));
  const bindings = async (): Promise<(string | null)[][]> =>
    (await site.ask<{ items: TeamBinding[] }>('GET', '/team-bindings')).json.items.map((each) => [
      ...[each.externalId, each.team, each.state],
      String(each.members),
    ]);
  const told = async (type: string): Promise<object[]> =>
    (await site.ask<{ items: object[] }>('GET', `/events?type=${type}&limit=10`)).json.items;

  it('11.6 a binding is listed, changed with a preview of whom it moves, told of once, and undone', async () => {
    expect(await bindings()).toEqual([
      ['t-North', 'North', 'bound', '3'],
      ['t-South', 'South', 'bound', '2'],
    ]);
    const before = await everybody();
    expect(before).toEqual([['North*'], ['North*'], ['South*'], ['North*', 'South']]);

    const preview = await bind('t-North', 'South', true);
    expect([preview.status, preview.event, preview.moved.count], preview.text).toEqual([200, null, 3]);
    expect(preview.moved.first[0]).toMatchObject({
      username: '11',
      changes: [{ field: 'teams', before: ['North'], after: ['South'] }, { field: 'mainTeam' }],
    });
    expect([await everybody(), (await bindings())[0]?.[1]]).toEqual([before, 'North']);

    const bound = await bind('t-North', 'South');
    expect(bound.moved).toEqual(preview.moved);
    expect(await everybody()).toEqual([['South*'], ['South*'], ['South*'], ['South*']]);
    expect(await told('team-bound')).toMatchObject([
      {
        ...{ id: bound.event, actor: { kind: 'operator' }, source: 'acd', externalId: 't-North', reason: 'asked for' },
        changes: [{ field: 'binding.North', before: 'North', after: 'South' }],
      },
    ]);
    expect((await bind('t-North', 'South')).event).toBeNull();

    const shown = await undo(bound.event, true);
    expect([shown.counts.back, shown.told.length], shown.text).toEqual([3, 1]);
    expect((await bindings())[0]?.[1]).toBe('South');
    const undone = await undo(bound.event);
    expect(undone.status, undone.text).toBe(200);
    // The main team is remembered, whatever moved it (11.3).
    const back = [['North*'], ['North*'], ['South*'], ['North', 'South*']];
    expect([(await bindings())[0]?.[1], await everybody()]).toEqual(['North', back]);
    expect((await undo(bound.event)).told).toEqual(['It was undone already.']);
  });

  it('11.6 an unbound team leaves people where they are; 15.3 what has changed since is not overwritten', async () => {
    const off = await bind('t-South', null);
    expect([off.status, off.event === null], off.text).toEqual([200, false]);
    expect((await bindings())[1]).toEqual(['t-South', null, 'unbound', '2']);
    expect(await everybody()).toEqual([['North*'], ['North*'], ['South*'], ['North*']]);
    const elsewhere = await bind('t-South', 'North');
    expect(await everybody()).toEqual([['North*'], ['North*'], ['North*'], ['North*']]);
    const late = await undo(off.event);
    expect([late.status, late.code], late.text).toEqual([409, 'not-undoable']);
    expect(late.text).toContain('South is bound to North by now');
    await undo(elsewhere.event);
    await undo(off.event);
    expect([(await bindings())[1]?.[1], await everybody()]).toEqual([
      'South',
      [['North*'], ['North*'], ['South*'], ['North*', 'South']],
    ]);
    expect(await bind('t-West', 'North')).toMatchObject({ status: 404, code: 'team-unknown' });
    expect(await bind('t-North', 'West')).toMatchObject({ status: 404, code: 'team-unknown' });
  });

  it('11.6 a team is merged into another wherever it stands, and parted again; 20.1 nothing is due then', async () => {
    const give = (id: string, path: string, word: string) =>
      site.ask('PUT', `/users/username:${id}/${path}`, { body: { word } });
    await give('13', 'teams/North', 'give');
    await give('12', 'supervision/North', 'give');
    await site.ask('PUT', '/users/username:14/sync', { body: { enabled: false, reason: 'keep' } });
    const before = await everybody();
    const events = async (): Promise<number> => Number((await site.knex('event').max<{ max: number }[]>('id'))[0]?.max);

    const preview = await merge('north', 'South', true);
    expect([preview.event, preview.moved.count], preview.text).toEqual([null, 4]);
    expect(await everybody()).toEqual(before);
    const merged = await merge('North', 'South');
    expect(merged.status, merged.text).toBe(200);
    expect(await everybody()).toEqual([['South*'], ['South*'], ['South*'], ['South*']]);
    expect((await site.user('username:12')).supervises).toEqual(['South']);
    expect((await bindings()).map(([, team]) => team)).toEqual(['South', 'South']);
    expect(await site.ask('GET', '/teams/North')).toMatchObject({ status: 404 });
    expect(await told('team-merged')).toMatchObject([{ id: merged.event, actor: { kind: 'operator' } }]);
    // The sources say what they said: nothing is decided anew.
    const last = await events();
    await site.sync();
    expect(await events()).toBe(last);

    await give('13', 'teams/South', 'withdraw');
    const undone = await undo(merged.event);
    expect(undone.status, undone.text).toBe(200);
    expect(undone.counts).toMatchObject({ untouched: 1 });
    // Somebody has withdrawn meanwhile what had been given.
    expect(await everybody()).toEqual([['North*'], ['North*'], ['South*'], ['North*', 'South']]);
    expect((await site.user('username:12')).supervises).toEqual(['North']);
    expect((await bindings()).map(([, team]) => team)).toEqual(['North', 'South']);
    const after = await events();
    await site.sync();
    expect(await events()).toBe(after);
    expect((await merge('Default', 'North')).code).toBe('team-in-use');
    expect((await merge('North', 'North')).code).toBe('same-team');
  });

  it('11.6 what an answer did to a binding, a rename and a removal are undone by their event', async () => {
    say('15', 'East');
    site.acd.put('16', { acdId: '16', firstName: 'F16' }, { teams: [{ id: 'other', name: 'East' }] });
    await site.sync();
    const [item] = (await site.ask<{ items: ReviewItem[] }>('GET', '/review-items?kind=team-name-taken')).json.items;
    const answered = await site.ask('POST', `/review-items/${String(item?.id)}/answer`, { body: { answer: 'map-to' } });
    expect(answered.status, answered.text).toBe(200);
    const asked = item?.evidence['team'] === 'other' ? '16' : '15';
    expect(await teamsOf(asked)).toEqual(['East*']);
    const [bound] = (await told('team-bound')) as { id: number }[];
    expect((await undo(bound?.id ?? 0)).status).toBe(200);
    // The question is there again.
    expect((await site.ask<{ items: unknown[] }>('GET', '/review-items?kind=team-name-taken')).json.items).toHaveLength(
      1,
    );

    await site.ask('PUT', '/teams/East', { body: { name: 'Orient' } });
    const [renamed] = (await told('team-renamed')) as { id: number }[];
    expect((await undo(renamed?.id ?? 0)).told).toEqual(['Orient is called East again; nobody moves.']);
    expect((await site.ask('GET', '/teams/East')).status).toBe(200);

    for (const id of ['other', 't-East']) await bind(id, 'North');
    expect((await site.ask('POST', '/teams/East/remove', { body: {} })).status).toBe(200);
    const [removed] = (await told('team-removed')) as { id: number }[];
    expect((await undo(removed?.id ?? 0)).told).toEqual(['There is a team East again.']);
    expect((await site.ask('GET', '/teams/East')).status).toBe(200);
  });
});
