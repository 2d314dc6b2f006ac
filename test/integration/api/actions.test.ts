import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openFilledApi } from '../../support/api/filled-api.ts';
import type { TestApi } from '../../support/api/test-api.ts';
import { told } from '../../support/told-event.ts';

describe.each(databases)("people's actions on %s", (_name, open) => {
  let database: OpenDatabase;
  let api: TestApi;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ database, api, close } = await openFilledApi(open));
  });
  afterAll(() => close());
  beforeEach(() => api.reconciles.splice(0));

  const lastEvent = async () => told(await database.knex('event').orderBy('id', 'desc').first());
  const countEvents = async () => Number((await database.knex('event').count<{ count: string }[]>())[0]?.count);

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
