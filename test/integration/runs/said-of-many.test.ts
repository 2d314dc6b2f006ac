import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BulkAsked, UndoReport, UserActed } from '../../../src/cli/shapes.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe('what people say of many, and say twice', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    for (const id of ['11', '12'])
      site.acd.put(id, { acdId: id, employeeId: `E${id}`, firstName: `F${id}`, lastName: `L${id}` });
    await site.sync();
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const put = async (user: string, path: string, body: object) => {
    const answer = await site.ask<UserActed>('PUT', `/users/username:${user}/${path}`, { body });
    expect(answer.status, answer.text).toBe(200);
    return answer.json;
  };
  const words = () => database.knex('word').where('kind', 'like', 'role-%').select<object[]>('kind', 'ref');

  it('16, 10.3 unassigning a role withdraws what was given, and takes what a source supplies', async () => {
    await put('11', 'roles/trainer', { word: 'give' });
    const ids = [(await site.user('username:11')).id, (await site.user('username:12')).id];
    const bulk = async (action: string, value: string): Promise<void> => {
      const body = { action, value, users: ids.map(String) };
      const asked = await site.ask<BulkAsked>('POST', '/bulk', { body });
      expect(asked.status, asked.text).toBeLessThan(300);
      await expect
        .poll(async () => database.knex('bulk_result').whereNull('outcome').select('user_id'), { timeout: 20_000 })
        .toEqual([]);
    };
    const unassign = (value: string) => bulk('unassign-role', value);
    await unassign('trainer');
    expect((await site.user('username:11')).roles.map(({ role }) => role)).toEqual(['agent']);
    expect(await words()).toEqual([]);
    await unassign('agent');
    expect(await words()).toEqual([
      { kind: 'role-taken', ref: 'agent' },
      { kind: 'role-taken', ref: 'agent' },
    ]);
    // Withdrawn, both words are gone, and the source supplies the role again.
    await bulk('withdraw-role', 'agent');
    expect(await words()).toEqual([]);
    expect((await site.user('username:12')).roles).toEqual([{ role: 'agent', givenBy: 'acd' }]);
  });

  it('16, 5.4 a field of many is given back to its source: overrides and values that people gave are withdrawn', async () => {
    await put('11', 'fields/firstName', { value: 'Franta' });
    await put('12', 'fields/jobTitle', { value: 'Chief' });
    const users = [(await site.user('username:11')).id, (await site.user('username:12')).id].map(String);
    const withdraw = (value: string) =>
      site.ask<BulkAsked>('POST', '/bulk', { body: { action: 'withdraw-field', value, users } });
    for (const field of ['firstName', 'jobTitle']) expect((await withdraw(field)).status).toBeLessThan(300);
    await expect
      .poll(() => database.knex('bulk_result').whereNull('outcome').select('user_id'), { timeout: 20_000 })
      .toEqual([]);
    expect((await site.user('username:11')).firstName).toBe('F11');
    expect((await database.knex('word').where({ kind: 'local-value' })).length).toBe(0);
    expect(await database.knex('bulk_result').orderBy('job_id', 'desc').limit(2).pluck('outcome')).toEqual(
      expect.arrayContaining(['changed', 'unchanged']),
    );
    expect((await withdraw('shoeSize')).status).toBe(404);
  });

  it('6.4 switching off again keeps date and reason, or says what it replaces', async () => {
    const until = '2035-01-01T00:00:00.000Z';
    await put('11', 'sync', { enabled: false, until, reason: 'leave' });
    expect(await put('11', 'sync', { enabled: false })).toMatchObject({ changed: false });
    const again = await put('11', 'sync', { enabled: false, until: '2036-01-01T00:00:00.000Z' });
    expect(again.warnings).toEqual([`It was off already, until ${until} (leave): that is replaced.`]);
    const [off] = await database.knex('sync_off').select<{ reason: string }[]>('reason');
    expect(off?.reason).toBe('leave');
  });

  it('15.3 everything since a moment is undone, newest first, with a preview of all of it', async () => {
    await put('11', 'sync', { enabled: true });
    const say = async (id: string, email: string): Promise<void> => {
      site.acd.put(id, { ...site.acd.records.get(id)?.values, email });
      await site.sync('acd');
    };
    await say('11', 'a@x.example');
    await say('12', 'd@x.example');
    const [{ now } = { now: new Date() }] = (await database.knex.raw<{ rows: { now: Date }[] }>('select now()')).rows;
    await say('11', 'b@x.example');
    await say('11', 'c@x.example');
    await say('12', 'e@x.example');
    const undo = async (preview: boolean) =>
      (await site.ask<UndoReport>('POST', '/undo', { body: { since: now.toISOString(), source: 'acd', preview } }))
        .json;
    const shown = await undo(true);
    expect(shown.counts).toMatchObject({ back: 2, partly: 0, untouched: 0 });
    expect(shown.named.map(({ username }) => username).sort()).toEqual(['11', '11', '12']);
    expect((await site.user('username:11')).email).toBe('c@x.example');
    expect((await undo(false)).counts).toMatchObject({ back: 2, partly: 0 });
    await site.sync();
    expect([(await site.user('username:11')).email, (await site.user('username:12')).email]).toEqual([
      'a@x.example',
      'd@x.example',
    ]);
  });

  it('9.6 the events of a purged user are found by the id that stays', async () => {
    await database
      .knex('event')
      .insert({ actor_kind: 'operator', actor_name: 'x', type: 'user-purged', user_id: 4711 });
    // An event is shown once no transaction of the whole server is older: another test's may be.
    await vi.waitFor(
      async () => expect((await site.ask<{ items?: object[] }>('GET', '/events?user=4711')).json.items).toHaveLength(1),
      { timeout: 20_000 },
    );
    expect((await site.ask('GET', '/events?user=4712')).status).toBe(404);
  });
});
