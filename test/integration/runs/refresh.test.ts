import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { refreshed } from '../../../src/api/schemas/refresh.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

type Refreshed = z.output<typeof refreshed>;

describe('2.8 one account is read anew on request', () => {
  let database: OpenDatabase;
  let site: Site;
  const jan = { acdId: '4711', firstName: 'Jan', lastName: 'Novák', employeeId: 'E1' };
  const inAd = { employeeId: 'E1', email: 'jan@corp.test', windowsLogin: 'CORP\\jnovak' };

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    site.acd.put('4711', jan);
    site.acd.put('4712', { acdId: '4712', firstName: 'Eva', lastName: 'Malá' });
    site.ad.put('guid-1', inAd);
    await site.sync();
  });
  beforeEach(async () => {
    site.ad.put('guid-1', inAd);
    await site.sync('ad');
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const refresh = (path: string) => site.ask<Refreshed>('POST', `${path}/refresh`);
  const outcomes = ({ accounts }: Refreshed) =>
    accounts.map(({ read, match, decide, apply }) => [read, match, decide, apply].map(({ outcome }) => outcome).join());
  const eventsSince = async (work: () => Promise<unknown>): Promise<string[]> => {
    const last = await database.knex('event').max<{ max: string }>('id').first();
    await work();
    return database
      .knex('event')
      .where('id', '>', last?.max ?? 0)
      .orderBy('id')
      .pluck<string[]>('type');
  };

  it('a changed value shows up at once, in four steps, and nothing else of the source is read', async () => {
    site.ad.put('guid-1', { ...inAd, email: 'new@corp.test' });
    site.ad.put('guid-2', { employeeId: 'E9', email: 'other@corp.test' });
    const before = await database.knex('source_state').where({ source_id: 'ad' }).first<Record<string, unknown>>();
    const { status, json, text } = await refresh('/accounts/ad/guid-1');
    expect(status, text).toBe(200);
    expect(json.atRest).toBe(true);
    expect(outcomes(json)).toEqual(['changed,linked,change,applied']);
    const [account] = json.accounts;
    expect(account?.match.text).toMatch(/^linked to user \d+ \(4711\), by employeeId$/);
    expect(account?.apply.changes).toEqual([{ field: 'email', before: 'jan@corp.test', after: 'new@corp.test' }]);
    expect(account?.apply.text).toBe(`applied in run ${String(account?.runId)}`);
    expect((await site.user('4711')).email).toBe('new@corp.test');
    const run = { mode: 'delta', counts: { read: 1, changed: 1 }, cursorAfter: null };
    expect(json.runs.find(({ id }) => id === account?.runId)).toMatchObject(run);
    expect(await database.knex('account').where({ external_id: 'guid-2' })).toEqual([]);
    // 14.4: where the source was read up to, and by which configuration, stays as it was.
    const after = await database.knex('source_state').where({ source_id: 'ad' }).first<Record<string, unknown>>();
    expect([after['cursor'], after['config_digest'], after['last_success_at']]).toEqual([
      before['cursor'],
      before['config_digest'],
      before['last_success_at'],
    ]);
    site.ad.records.delete('guid-2');
  });

  it('unchanged: every linked account of the user is read, and nothing is written', async () => {
    let answer: Refreshed | undefined;
    const events = await eventsSince(async () => {
      answer = (await refresh('/users/4711')).json;
    });
    expect(answer?.accounts.map(({ source }) => source).sort()).toEqual(['acd', 'ad']);
    expect(answer && outcomes(answer)).toEqual(Array(2).fill('unchanged,linked,nothing,nothing'));
    expect(events).toEqual([]);
  });

  it('6.2 a user whose sync is off: read, but held back, and the answer says what and why', async () => {
    await site.ask('PUT', '/users/4711/sync', { body: { enabled: false, reason: 'on leave' } });
    site.ad.put('guid-1', { ...inAd, email: 'held@corp.test' });
    const { json } = await refresh('/accounts/ad/guid-1');
    expect(outcomes(json)).toEqual(['changed,linked,held,nothing']);
    expect(json.accounts[0]?.decide).toMatchObject({
      text: 'held back: the sync of this user is switched off; 1 change would follow',
      changes: [{ field: 'email', before: 'jan@corp.test', after: 'held@corp.test' }],
    });
    expect((await site.user('4711')).email).toBe('jan@corp.test');
    await site.ask('PUT', '/users/4711/sync', { body: { enabled: true } });
  });

  it('3.1 absent at the source is evidence by itself: the account is gone, and the others are not', async () => {
    site.ad.records.clear();
    const { json } = await refresh('/accounts/ad/guid-1');
    expect(outcomes(json)).toEqual(['absent,linked,held,applied']);
    const accounts = await site.ask<{ items: { state: string }[] }>('GET', '/accounts?source=ad');
    expect(accounts.json.items).toMatchObject([{ state: 'gone' }]);
    site.ad.put('guid-1', inAd);
    expect(outcomes((await refresh('/accounts/ad/guid-1')).json)).toEqual(['returned,linked,change,applied']);
  });

  it('what is not known is read too; what is nowhere is said to be nowhere', async () => {
    site.acd.put('4713', { acdId: '4713', firstName: 'Ota', lastName: 'Nový' });
    const fresh = (await refresh('/accounts/acd/4713')).json;
    expect(outcomes(fresh)).toEqual(['new,linked,change,applied']);
    expect((await site.user('4713')).lastName).toBe('Nový');
    const nobody = (await refresh('/accounts/acd/none')).json;
    expect(outcomes(nobody)).toEqual(['absent,no-account,nothing,nothing']);
  });

  it('a source that cannot be read says why; one that is paused is refused with how to resume it', async () => {
    site.ad.broken = new Error('the directory is on fire');
    const broken = (await refresh('/accounts/ad/guid-1')).json;
    site.ad.broken = null;
    expect(broken.accounts[0]?.read).toMatchObject({
      outcome: 'not-read',
      text: expect.stringContaining('fire') as string,
    });
    await site.ask('POST', '/sources/ad/pause', { body: {} });
    const paused = await site.ask<{ code: string; detail: string }>('POST', '/accounts/ad/guid-1/refresh');
    expect(paused).toMatchObject({
      status: 409,
      json: { code: 'source-paused', detail: expect.stringContaining('rosterd source resume ad') as string },
    });
    const ofUser = (await refresh('/users/4711')).json;
    expect(outcomes(ofUser).sort()).toEqual(['refused,linked,nothing,nothing', 'unchanged,linked,nothing,nothing']);
    await site.ask('POST', '/sources/ad/resume', { body: {} });
  });
});
