import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Page } from '../../../src/api/dependencies.ts';
import type { Account } from '../../../src/api/schemas/accounts.ts';
import type { Source } from '../../../src/api/schemas/sources.ts';
import type { WorklistEntry } from '../../../src/api/schemas/worklist.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openFilledApi } from '../../support/api/filled-api.ts';
import type { FilledStore } from '../../support/api/filled-store.ts';
import type { TestApi } from '../../support/api/test-api.ts';
import { lastEvents } from '../../support/told-event.ts';

describe.each(databases)('sources in operation on %s', (_name, open) => {
  let database: OpenDatabase;
  let api: TestApi;
  let store: FilledStore;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ database, api, store, close } = await openFilledApi(open));
  });
  afterAll(() => close());
  beforeEach(() => api.reconciles.splice(0));

  const post = <Body>(path: string, body?: object) =>
    api.ask<Body>('POST', `/api/v1${path}`, body === undefined ? {} : { body });
  const get = async <Body>(path: string): Promise<Body> => (await api.ask<Body>('GET', `/api/v1${path}`)).json;
  const account = async (externalId: string) => {
    const { items } = await get<Page<Account>>('/accounts');
    return items.find((each) => each.externalId === externalId);
  };
  const countEvents = async () => Number((await database.knex('event').count<{ count: string }[]>())[0]?.count);
  const row = (externalId: string) =>
    database.knex('account').where({ external_id: externalId }).first<Record<string, unknown>>();

  describe('2.7 ignoring by hand', () => {
    it('closes the questions about the account, makes everybody of them due, and shows who said so', async () => {
      const other = await row('guid-1');
      await database.knex('review_item').insert({
        ...{ kind: 'ambiguous-match', subject: 's', source_id: 'ad', evidence: '{}', evidence_digest: 'd' },
        account_ids: [store.waitingAccount, other['id']],
        user_ids: [store.novak],
      });
      const answer = await post<Account>('/accounts/ad/guid-2/ignore', { reason: 'a test account' });
      expect(answer.status, answer.text).toBe(200);
      expect(answer.json).toMatchObject({
        match: 'ignored',
        ignored: { by: 'person', name: 'local:tester', reason: 'a test account' },
        reviewItem: null,
      });
      expect(await database.knex('review_item').whereNull('closed_at')).toEqual([]);
      expect(await row('guid-2')).toMatchObject({ wakes: 1 });
      expect(await row('guid-1')).toMatchObject({ wakes: Number(other['wakes']) + 1 });
      expect(api.reconciles).toEqual([['ad']]);
      expect(await lastEvents(database.knex, 1)).toMatchObject([
        {
          ...{ type: 'account-ignored', actor_name: 'local:tester', source_id: 'ad', external_id: 'guid-2' },
          changes: [{ field: 'ignored', before: 'no', after: 'yes' }],
          reason: 'a test account',
        },
      ]);
    });

    it('keeps the first reason when it is said again', async () => {
      const events = await countEvents();
      await post('/accounts/ad/guid-2/ignore', { reason: 'other' });
      expect((await account('guid-2'))?.ignored).toMatchObject({ reason: 'a test account' });
      expect(await countEvents()).toBe(events);
    });

    it('is reversible', async () => {
      expect((await post<Account>('/accounts/ad/guid-2/unignore')).json).toMatchObject({ match: 'new', ignored: null });
      expect(await row('guid-2')).toMatchObject({ wakes: 2 });
      expect(api.reconciles).toEqual([['ad']]);
      expect(await lastEvents(database.knex, 1)).toMatchObject([{ type: 'account-unignored' }]);
      await database.knex('account').where({ external_id: 'guid-2' }).update({ standing: 'waiting', decided_wakes: 2 });
    });

    it('refuses a linked account with the way out, and an unknown one', async () => {
      const refused = await post<{ detail: string }>('/accounts/acd/0042/ignore');
      expect(refused).toMatchObject({ status: 409, json: { code: 'account-linked' } });
      expect(refused.json.detail).toContain(`rosterd user unlink ${String(store.novak)} acd`);
      expect(await post('/accounts/acd/none/ignore')).toMatchObject({ status: 404, json: { code: 'account-unknown' } });
    });
  });

  describe('4.5 Matched / Not matched', () => {
    const ids = async (query: string) =>
      (await get<Page<Account>>(`/accounts?${query}`)).items.map((each) => each.externalId);

    it('lists both, what is not decided on yet with the latter', async () => {
      await database.knex('account').insert({
        ...{ source_id: 'acd', external_id: '0045', content_hash: 'h', standing: 'new' },
        content: JSON.stringify({ values: { firstName: '=1+1', lastName: 'Nová, "J"' } }),
      });
      expect(await ids('matched=true')).toEqual(['0042', '0043', '0044', 'guid-1']);
      expect(await ids('matched=false')).toEqual(['0045', 'guid-2']);
      expect(await ids('matched=false&source=ad')).toEqual(['guid-2']);
      expect(await ids('matched=true&state=gone')).toEqual(['0043']);
    });

    it('pages by key through both', async () => {
      const first = await get<Page<Account>>('/accounts?matched=false&limit=1');
      expect(first.items.map((each) => each.externalId)).toEqual(['0045']);
      const second = await get<Page<Account>>(`/accounts?matched=false&limit=1&after=${String(first.next)}`);
      expect(second).toMatchObject({ items: [{ externalId: 'guid-2' }], next: null });
    });

    it('names the open question', async () => {
      const [item] = await database
        .knex('review_item')
        .insert({
          ...{ kind: 'ambiguous-match', subject: 't', source_id: 'ad', evidence: '{}', evidence_digest: 'd' },
          account_ids: [store.waitingAccount],
        })
        .returning<{ id: number }[]>('id');
      await database
        .knex('account')
        .where({ external_id: 'guid-2' })
        .update({ standing: 'question', standing_reason: 'ambiguous-match' });
      expect(await account('guid-2')).toMatchObject({ match: 'question', reviewItem: item?.id });
      await database.knex('review_item').delete();
    });

    it('7.3 is exported as CSV and NDJSON, whole; 17.4 cells that would run as a formula get a leading quote', async () => {
      const csv = await api.ask('GET', '/api/v1/accounts/export?format=csv&matched=false');
      expect(csv.headers).toMatchObject({
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="accounts.csv"',
      });
      const rows = parse<Record<string, string>>(csv.text, { columns: true });
      expect(rows).toMatchObject([
        { 'External ID': '0045', 'First Name': "'=1+1", 'Last Name': 'Nová, "J"', Reason: 'not decided on yet' },
        { 'External ID': 'guid-2', Match: 'question' },
      ]);
      const lines = (await api.ask('GET', '/api/v1/accounts/export')).text.trim().split('\n');
      expect(lines.map((line) => (JSON.parse(line) as Account).externalId)).toHaveLength(6);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({ externalId: '0042', username: 'jnovak' });
    });
  });

  describe('9.2 the worklist', () => {
    const entries = async (query = '') => (await get<Page<WorklistEntry>>(`/worklist${query}`)).items;
    const reasons = async (query = ''): Promise<Record<number, readonly string[]>> =>
      Object.fromEntries((await entries(query)).map((entry) => [String(entry.userId), entry.reasons]));
    const notice = (externalId: string, kind: string, changes: object[] = []) =>
      database.knex.raw(
        `insert into account_notice (account_id, kind, run_id, changes)
         select id, ?, 7, ?::text::jsonb from account where external_id = ?`,
        [kind, JSON.stringify(changes), externalId],
      );

    it('has renamed and returned accounts with their evidence, of inactive users too', async () => {
      const changes = [{ field: 'windowsLogin', before: 'CORP\\jnovak', after: 'CORP\\jmaly' }];
      await notice('guid-1', 'renamed', changes);
      await notice('0044', 'returned');
      const [renamed] = await entries();
      expect(renamed).toMatchObject({
        ...{ userId: store.novak, reasons: ['account-renamed'], acknowledged: null },
        evidence: [{ source: 'ad', externalId: 'guid-1', state: 'present', runId: 7, changes }],
      });
      expect(await reasons()).toEqual({
        [store.novak]: ['account-renamed'],
        [store.muller]: ['account-gone', 'no-longer-an-agent'],
        [store.left]: ['account-returned', 'id-in-use'],
      });
    });

    it('leaves an acknowledged entry out until its evidence changes', async () => {
      const acked = await post('/worklist/emueller/ack', { reason: 'on parental leave' });
      expect(acked).toMatchObject({ status: 200, json: { userId: store.muller } });
      expect(Object.keys(await reasons())).toEqual([String(store.novak), String(store.left)]);
      expect((await entries('?all=true')).find((entry) => entry.userId === store.muller)).toMatchObject({
        acknowledged: { by: 'local:tester', note: 'on parental leave', until: null },
      });
      expect(await lastEvents(database.knex, 1)).toMatchObject([
        { type: 'worklist-acknowledged', user_id: store.muller, reason: 'on parental leave' },
      ]);
      await notice('0043', 'renamed', [{ field: 'lastName', before: 'Müller', after: 'Maier' }]);
      expect((await reasons())[store.muller]).toEqual(['account-gone', 'account-renamed', 'no-longer-an-agent']);
      await database.knex('account_notice').where({ kind: 'renamed' }).delete();
      expect(await reasons()).toEqual({ [store.left]: ['account-returned', 'id-in-use'] });
    });

    it('tells a rename from the one that was acknowledged', async () => {
      const rename = (after: string) => notice('guid-1', 'renamed', [{ field: 'lastName', before: 'Novák', after }]);
      await rename('Malý');
      await post('/worklist/jnovak/ack', { reason: 'married' });
      expect(Object.keys(await reasons())).toEqual([String(store.left)]);
      await database.knex('account_notice').where({ kind: 'renamed' }).delete();
      await rename('Velký');
      expect(Object.keys(await reasons())).toEqual([String(store.novak), String(store.left)]);
      await database.knex('account_notice').where({ kind: 'renamed' }).delete();
    });

    it('brings it back at the date', async () => {
      const until = new Date(Date.now() + 86_400_000).toISOString();
      await post('/worklist/glong/ack', { reason: 'asked the ACD team', until });
      expect(await reasons()).toEqual({});
      expect(await lastEvents(database.knex, 1)).toMatchObject([
        { changes: [{ field: 'acknowledgedUntil', after: until }] },
      ]);
      await database.knex('worklist_ack').where({ user_id: store.left }).update({ until: '2026-01-01' });
      expect(await reasons()).toEqual({ [store.left]: ['account-returned', 'id-in-use'] });
    });

    it.each([
      ['a user who is not on it', 'local1', { reason: 'x' }, 409, 'not-on-worklist'],
      ['an unknown user', 'nobody', { reason: 'x' }, 404, 'user-unknown'],
      ['no note', 'glong', {}, 400, 'request-invalid'],
      ['a date in the past', 'glong', { reason: 'x', until: '2020-01-01T00:00:00Z' }, 422, 'until-not-in-the-future'],
    ])('refuses %s', async (_what, user, body, status, code) => {
      expect(await post(`/worklist/${user}/ack`, body)).toMatchObject({ status, json: { code } });
    });
  });

  describe('2.6 another system', () => {
    it('is confirmed as it was seen; the cursor of the old one goes', async () => {
      expect(await post('/sources/ad/confirm', { systemId: 'S-1-5-99' })).toMatchObject({
        status: 409,
        json: { code: 'nothing-to-confirm' },
      });
      await database
        .knex('source_state')
        .where({ source_id: 'ad' })
        .update({ system_id_found: 'S-1-5-22', cursor: 'k' });
      expect(await get<Source>('/sources/ad')).toMatchObject({ systemId: 'S-1-5-21', newSystemId: 'S-1-5-22' });
      expect(await post('/sources/ad/confirm', { systemId: 'S-1-5-99' })).toMatchObject({ status: 409 });
      const confirmed = await post<Source>('/sources/ad/confirm', { systemId: 'S-1-5-22', reason: 'migrated' });
      expect(confirmed.json).toMatchObject({ systemId: 'S-1-5-22', newSystemId: null });
      const state = await database.knex('source_state').where({ source_id: 'ad' }).first<Record<string, unknown>>();
      expect(state['cursor']).toBeNull();
      expect(await lastEvents(database.knex, 1)).toMatchObject([
        {
          ...{ type: 'source-confirmed', source_id: 'ad', reason: 'migrated' },
          changes: [{ field: 'systemId', before: 'S-1-5-21', after: 'S-1-5-22' }],
        },
      ]);
    });
  });

  describe('14.1 a retired source', () => {
    it('is not read any more, schedule and queue included, makes nobody wait, and is no evidence', async () => {
      const run = { mode: 'full', asked_by: 'x' };
      await database.knex('run').insert([
        { ...run, source_id: 'ad', state: 'completed', waiting_for: ['acd'] },
        { ...run, source_id: 'acd', state: 'queued' },
        { ...run, source_id: 'acd', state: 'reconciling' },
      ]);
      await database.knex('source_state').update({ filling: true });
      const retired = await post<Source>('/sources/acd/retire', { reason: 'replaced' });
      expect(retired.json).toMatchObject({
        ...{ state: 'retired', retiredBy: 'local:tester', retireReason: 'replaced', nextRuns: [] },
      });
      expect(await database.knex('run').where({ source_id: 'acd' }).orderBy('id')).toMatchObject([
        { state: 'cancelled' },
        { state: 'reconciling', cancel_asked_by: 'local:tester' },
      ]);
      expect(await database.knex('source_state').where({ filling: true }).pluck('source_id')).toEqual(['ad']);
      expect(api.reconciles).toEqual([['ad']]);
      expect(await lastEvents(database.knex, 1)).toMatchObject([
        { type: 'source-retired', source_id: 'acd', reason: 'replaced' },
      ]);
      expect((await get<Page<WorklistEntry>>('/worklist')).items).toEqual([]);
    });

    it('is not paused, and resuming takes it back into service', async () => {
      expect(await post('/sources/acd/pause')).toMatchObject({ status: 409, json: { code: 'source-retired' } });
      const events = await countEvents();
      await post('/sources/acd/retire', { reason: 'again' });
      expect(await countEvents()).toBe(events);
      await database.knex('run').where({ source_id: 'acd' }).update({ state: 'cancelled' });
      expect((await post<Source>('/sources/acd/resume')).json).toMatchObject({ state: 'ok', retiredBy: null });
      expect(await lastEvents(database.knex, 1)).toMatchObject([
        { type: 'source-resumed', changes: [{ field: 'retired', before: 'yes', after: 'no' }] },
      ]);
    });
  });
});
