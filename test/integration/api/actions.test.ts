import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { User } from '../../../src/api/schemas/users.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { fillStore, type FilledStore } from '../../support/api/filled-store.ts';
import { testApi, type TestApi } from '../../support/api/test-api.ts';

describe.each(databases)("people's actions on %s", (_name, open) => {
  let database: OpenDatabase;
  let api: TestApi;
  let store: FilledStore;

  beforeAll(async () => {
    database = await open();
    store = await fillStore(database.knex);
    api = await testApi(database.knex);
  });
  afterAll(async () => {
    await api.app.close();
    await database.close();
  });
  beforeEach(() => api.reconciles.splice(0));

  const put = (user: string | number, body: object, headers: Record<string, string> = {}) =>
    api.ask('PUT', `/api/v1/users/${user}/sync`, { body, headers });
  const wakes = async (): Promise<Record<string, number>> => {
    const rows = await database
      .knex('account')
      .select<{ external_id: string; wakes: number }[]>('external_id', 'wakes');
    return Object.fromEntries(rows.map((row) => [row.external_id, row.wakes]));
  };
  const lastEvent = () => database.knex('event').orderBy('id', 'desc').first<Record<string, unknown>>();
  const countEvents = async () => Number((await database.knex('event').count<{ count: string }[]>())[0]?.count);

  it('switches a sync off: stored, versioned, recorded with who, when, why; what waits is decided anew', async () => {
    const before = await wakes();
    const answer = await put('jnovak', { enabled: false, reason: 'on leave' });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({
      syncEnabled: false,
      version: 2,
      sync: [{ enabled: false, source: null, by: 'local:tester', reason: 'on leave', until: null }],
    });
    expect(answer.headers['etag']).toBe('"2"');
    expect(await lastEvent()).toMatchObject({
      type: 'sync-switched',
      actor_kind: 'operator',
      actor_name: 'local:tester',
      user_id: store.novak,
      source_id: null,
      changes: [{ field: 'sync', before: 'on', after: 'off' }],
      reason: 'on leave',
    });
    const after = await wakes();
    const woken = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(woken.sort()).toEqual(['0042', 'guid-1', 'guid-2']);
    expect(api.reconciles).toEqual([['acd', 'ad']]);
  });

  it('does nothing when it is off already', async () => {
    const events = await countEvents();
    expect((await put('jnovak', { enabled: false, reason: 'again' })).json).toMatchObject({ version: 2 });
    expect(await countEvents()).toBe(events);
  });

  it('switches it on: wakes linked accounts and unlinked ones with a common match key, and asks for a reconcile', async () => {
    const before = await wakes();
    const answer = await put('jnovak', { enabled: true });
    expect(answer.json).toMatchObject({ syncEnabled: true, version: 3, sync: [] });
    const after = await wakes();
    const woken = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(woken.sort()).toEqual(['0042', 'guid-1', 'guid-2']);
    expect(api.reconciles).toEqual([['acd', 'ad']]);
    expect(await lastEvent()).toMatchObject({ changes: [{ field: 'sync', before: 'off', after: 'on' }] });
  });

  it('limits a switch to a source and an end date, and keeps who switched what', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const answer = await put('jnovak', { enabled: false, source: 'ad', until });
    expect(answer.json).toMatchObject({ syncEnabled: true, sync: [{ source: 'ad', until }] });
    const row = await database.knex('user').where({ id: store.novak }).first<{ sync_off_sources: string[] }>();
    expect(row.sync_off_sources).toEqual(['ad']);
    expect(await lastEvent()).toMatchObject({
      source_id: 'ad',
      changes: [
        { field: 'sync.ad', before: 'on', after: 'off' },
        { field: 'syncOffUntil.ad', before: null, after: until },
      ],
    });
    await database.knex('sync_off').update({ operator_name: 'local:anna' });
    await put('jnovak', { enabled: false, source: 'acd' });
    const by = await database.knex('sync_off').orderBy('source_id').select<object[]>('source_id', 'operator_name');
    expect(by).toEqual([
      { source_id: 'acd', operator_name: 'local:tester' },
      { source_id: 'ad', operator_name: 'local:anna' },
    ]);
    const before = await wakes();
    await put('jnovak', { enabled: true, source: 'acd' });
    const after = await wakes();
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(['0042']);
    expect((await put('jnovak', { enabled: true })).json).toMatchObject({ sync: [] });
  });

  it.each([
    ['a local user', 'local1', { enabled: false }, 409, 'sync-not-available'],
    ['an unknown user', 'nobody', { enabled: false }, 404, 'user-unknown'],
    ['an unknown source', 'jnovak', { enabled: false, source: 'nowhere' }, 404, 'source-unknown'],
    ['an end in the past', 'jnovak', { enabled: false, until: '2020-01-01T00:00:00Z' }, 422, 'until-not-in-the-future'],
    ['an end for on', 'jnovak', { enabled: true, until: '2090-01-01T00:00:00Z' }, 422, 'until-without-off'],
    ['a body of another shape', 'jnovak', { enable: false }, 400, 'request-invalid'],
  ])('refuses %s and changes nothing', async (_what, user, body, status, code) => {
    const events = await countEvents();
    expect(await put(user, body)).toMatchObject({ status, json: { status, code } });
    expect(await countEvents()).toBe(events);
  });

  it('refuses one source while the sync is off as a whole', async () => {
    await put('jnovak', { enabled: false });
    expect((await put('jnovak', { enabled: true, source: 'ad' })).json).toMatchObject({
      code: 'sync-off-for-the-user',
    });
    await put('jnovak', { enabled: true });
  });

  it('honours If-Match: another version is 412 and nothing is changed', async () => {
    const { version } = (await api.ask<User>('GET', '/api/v1/users/jnovak')).json;
    const stale = await put('jnovak', { enabled: false }, { 'if-match': `"${version - 1}"` });
    expect(stale).toMatchObject({ status: 412, json: { code: 'version-changed' } });
    expect((await api.ask('GET', '/api/v1/users/jnovak')).json).toMatchObject({ version, syncEnabled: true });
    expect(await put('jnovak', { enabled: false }, { 'if-match': `"${version}"` })).toMatchObject({ status: 200 });
    await put('jnovak', { enabled: true });
  });

  it('rolls everything back when the event cannot be written', async () => {
    await database.knex.raw(`alter table event add constraint refuse_all check (type <> 'sync-switched') not valid`);
    const { version } = (await api.ask<User>('GET', '/api/v1/users/jnovak')).json;
    const answer = await put('jnovak', { enabled: false });
    await database.knex.raw('alter table event drop constraint refuse_all');
    expect(answer).toMatchObject({ status: 500, json: { code: 'internal' } });
    expect(answer.text).not.toContain('refuse_all');
    expect(api.failures).toHaveLength(1);
    expect((await api.ask('GET', '/api/v1/users/jnovak')).json).toMatchObject({ version, syncEnabled: true, sync: [] });
  });

  it('pauses and resumes a source, once, with an event', async () => {
    await database.knex('source_state').where({ source_id: 'acd' }).update({ failures: 3 });
    await database
      .knex('run')
      .insert({ source_id: 'ad', mode: 'full', state: 'completed', asked_by: 'x', waiting_for: ['acd'] });
    const paused = await api.ask('POST', '/api/v1/sources/acd/pause', { body: { reason: 'maintenance' } });
    expect(paused.json).toMatchObject({ state: 'paused', pausedBy: 'local:tester', pauseReason: 'maintenance' });
    expect(await lastEvent()).toMatchObject({ type: 'source-paused', source_id: 'acd', reason: 'maintenance' });
    expect(api.reconciles).toEqual([['ad']]);
    const events = await countEvents();
    await api.ask('POST', '/api/v1/sources/acd/pause', { body: { reason: 'other' } });
    expect(await countEvents()).toBe(events);
    const resumed = await api.ask('POST', '/api/v1/sources/acd/resume');
    expect(resumed.json).toMatchObject({ state: 'ok', pausedBy: null, pauseReason: null, failures: 0 });
    expect(await lastEvent()).toMatchObject({ type: 'source-resumed' });
    expect(await api.ask('POST', '/api/v1/sources/none/pause')).toMatchObject({
      status: 404,
      json: { code: 'source-unknown' },
    });
  });
});
