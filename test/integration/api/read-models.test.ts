import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from '../../../src/api/dependencies.ts';
import type { Account } from '../../../src/api/schemas/accounts.ts';
import type { Explanation } from '../../../src/api/schemas/explanation.ts';
import type { ReviewItem } from '../../../src/api/schemas/review-items.ts';
import type { Run } from '../../../src/api/schemas/runs.ts';
import type { Source } from '../../../src/api/schemas/sources.ts';
import type { User } from '../../../src/api/schemas/users.ts';
import type { WorklistEntry } from '../../../src/api/schemas/worklist.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openFilledApi } from '../../support/api/filled-api.ts';
import type { FilledStore } from '../../support/api/filled-store.ts';
import type { TestApi } from '../../support/api/test-api.ts';

describe.each(databases)('read models on %s', (_name, open) => {
  let database: OpenDatabase;
  let api: TestApi;
  let store: FilledStore;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ database, api, store, close } = await openFilledApi(open));
  });
  afterAll(() => close());

  const get = async <Body>(path: string): Promise<Body> => {
    const answer = await api.ask<Body>('GET', `/api/v1${path}`);
    expect(answer.status, answer.text).toBe(200);
    return answer.json;
  };
  const user = (name: string | number) => get<User>(`/users/${name}`);
  const users = (query: string) => get<Page<User>>(`/users${query}`);
  const accounts = (query: string) => get<Page<Account>>(`/accounts${query}`);
  const ids = (page: Page<{ id: number }>) => page.items.map((item) => item.id);

  it('shows a user with everything that belongs to it', async () => {
    const novak = await user('jnovak');
    expect(novak).toMatchObject({
      id: store.novak,
      origin: 'acd',
      displayName: null, // no source says one
      employeeId: '0042',
      employeeIdDerived: true,
      acdId: '0042',
      acdSource: 'acd',
      numericId: '7',
      active: true,
      deactivatedAt: null,
      syncEnabled: true,
      sync: [],
      teams: [
        { name: 'Default', main: false },
        { name: 'Sales', main: true },
      ],
      attributes: [{ name: 'agentId', value: '0042' }],
      roles: [
        { role: 'agent', givenBy: 'acd' },
        { role: 'supervisor', givenBy: 'operator' },
      ],
    });
    expect(novak.profiles).toEqual([
      expect.objectContaining({
        source: 'acd',
        kind: 'csv-file',
        externalId: '0042',
        state: 'present',
        lastSeenAt: '2026-03-04T08:00:00.000Z',
      }),
      expect.objectContaining({ source: 'ad', kind: 'active-directory', externalId: 'guid-1', state: 'present' }),
    ]);
  });

  it('shows an ended link as an unlinked profile, and the current one instead of it', async () => {
    const ended = { until: '2026-03-02T00:00:00Z', end_reason: 'unlinked', since: '2026-02-01T00:00:00Z' };
    const link = { account_id: store.waitingAccount, source_id: 'ad', origin: 'manual', ...ended };
    await database.knex('link').insert([
      { ...link, user_id: store.novak },
      { ...link, user_id: store.local },
    ]);
    expect((await user(store.local)).profiles).toMatchObject([
      { source: 'ad', externalId: 'guid-2', state: 'unlinked' },
    ]);
    expect((await user(store.novak)).profiles.map((each) => each.externalId)).toEqual(['0042', 'guid-1']);
    await database.knex('link').where({ account_id: store.waitingAccount }).delete();
  });

  it('lists active users, everybody with all=true, and only those whose sync is off with sync=off', async () => {
    expect(ids(await users(''))).toEqual([store.novak, store.muller, store.local]);
    expect(ids(await users('?all=true'))).toEqual([store.novak, store.muller, store.local, store.left]);
    await database.knex('user').where({ id: store.muller }).update({ sync_enabled: false });
    expect(ids(await users('?sync=off'))).toEqual([store.muller]);
    expect(ids(await users('?sync=on'))).toEqual([store.novak, store.local]);
    await database.knex('user').where({ id: store.muller }).update({ sync_enabled: true });
  });

  it.each([
    ['jan nov', ['jnovak']],
    ['NOVÁ', ['jnovak']],
    ['0043', ['emueller']],
    ['nov%', []],
    ["o'cal", ['local1']],
  ])('searches "%s"', async (text, usernames) => {
    const page = await users(`?search=${encodeURIComponent(text)}`);
    expect(page.items.map((found) => found.username)).toEqual(usernames);
  });

  it('names a user by id or username and refuses a name that is both', async () => {
    expect((await user(`id:${store.muller}`)).username).toBe('emueller');
    expect((await user('EMUELLER')).id).toBe(store.muller);
    await database.knex('claim').insert({ kind: 'username', value: String(store.muller), user_id: store.local });
    const answer = await api.ask('GET', `/api/v1/users/${store.muller}`);
    expect(answer).toMatchObject({ status: 409, json: { code: 'user-ambiguous' } });
    expect((await user(`username:${store.muller}`)).id).toBe(store.local);
    await database
      .knex('claim')
      .where({ kind: 'username', value: String(store.muller) })
      .delete();
    expect((await api.ask('GET', '/api/v1/users/9999999999')).status).toBe(404);
  });

  it('pages by key: what is inserted between two pages neither repeats nor hides an item', async () => {
    const first = await users('?limit=2');
    expect(ids(first)).toEqual([store.novak, store.muller]);
    const [added] = await database
      .knex('user')
      .insert({ origin: 'local', active: true, policy_id: 1, username: 'added' })
      .returning<{ id: number }[]>('id');
    const second = await users(`?limit=2&after=${first.next}`);
    expect(ids(second)).toEqual([store.local, added?.id]);
    expect(second.next).toBeNull();

    const start = await accounts('?limit=2');
    const earlier = { source_id: 'acd', content: '{"values":{}}', content_hash: 'x' };
    await database.knex('account').insert({ ...earlier, external_id: '0001' });
    const rest = await accounts(`?limit=1000&after=${start.next}`);
    expect([...start.items, ...rest.items].map((account) => account.externalId)).toEqual([
      '0042',
      '0043',
      '0044',
      'guid-1',
      'guid-2',
    ]);
    await database.knex('account').where({ external_id: '0001' }).delete();
  });

  it('lists accounts by source, state and match', async () => {
    const names = async (query: string) => (await accounts(query)).items.map((each) => each.externalId);
    expect(await names('?source=ad')).toEqual(['guid-1', 'guid-2']);
    expect(await names('?state=gone')).toEqual(['0043']);
    expect(await names('?state=disabled')).toEqual([]);
    expect(await names('?match=waiting')).toEqual(['guid-2']);
    const [gone] = (await accounts('?state=gone')).items;
    expect(gone).toMatchObject({
      userId: store.muller,
      match: 'linked',
      goneSince: '2026-03-04T08:00:00.000Z',
      teams: ['Sales'],
    });
  });

  it('counts the accounts of each source', async () => {
    const { items } = await get<Page<Source>>('/sources');
    expect(items.map((source) => [source.id, source.state])).toEqual([
      ['ad', 'ok'],
      ['acd', 'ok'],
    ]);
    // Of those that are present: with the one that is gone, linked and present would not add up (issue 11, point 16).
    expect(items[1]?.accounts).toMatchObject({ present: 2, gone: 1, linked: 2 });
    expect(items[0]?.accounts).toMatchObject({ present: 2, waiting: 1, linked: 1 });
    for (const { accounts } of items) {
      const { linked, unmatched, waiting, question, ignored, unlinked, undecided } = accounts;
      expect(linked + unmatched + waiting + question + ignored + unlinked + undecided).toBe(accounts.present);
    }
    expect(items[0]).toMatchObject({ heldRun: null, failing: null, freshness: { promisedSeconds: 86_400 } });
    expect((await api.ask('GET', '/api/v1/sources/nobody')).json).toMatchObject({
      status: 404,
      code: 'source-unknown',
    });
  });

  it('16 the log names a source, a run or a type that there is not (issue 11, point 16)', async () => {
    const asked = async (query: string) => (await api.ask('GET', `/api/v1/events?${query}`)).json;
    expect(await asked('source=nobody')).toMatchObject({
      status: 404,
      detail: 'There is no source nobody; there are: ad, acd.',
    });
    expect(await asked('run=99999')).toMatchObject({ status: 404, detail: 'There is no run 99999.' });
    expect(await asked('type=user-exploded')).toMatchObject({ status: 400 });
    expect(JSON.stringify(await asked('type=user-exploded'))).toContain('user-created');
  });

  it('16 lists users by team, role, source, link and account, the same for a list and a bulk action (issue 11, point 14)', async () => {
    const { items: all } = await get<Page<User>>('/users?all=true');
    const has = (of: User, source: string): boolean =>
      of.profiles.some((profile) => profile.source === source && profile.state !== 'unlinked');
    const team = all.flatMap(({ teams }) => teams.map(({ name }) => name))[0] ?? '';
    const filters: readonly (readonly [string, (of: User) => boolean])[] = [
      [`team=${encodeURIComponent(team)}`, ({ teams }) => teams.some(({ name }) => name === team)],
      ['role=agent', ({ roles }) => roles.some(({ role }) => role === 'agent')],
      ['source=acd', (of) => has(of, 'acd')],
      ['source=acd&linked=no', (of) => !has(of, 'acd')],
      ['linked=no', (of) => !has(of, 'acd') && !has(of, 'ad')],
      ['account=gone', ({ profiles }) => profiles.some(({ state }) => state === 'gone')],
      ['state=inactive', ({ active }) => !active],
    ];
    for (const [query, expected] of filters) {
      const found = (await get<Page<User>>(`/users?all=true&${query}`)).items.map(({ id }) => id);
      expect(found, query).toEqual(all.filter(expected).map(({ id }) => id));
    }
    const filter = { all: true, source: 'acd', linked: 'no' };
    const body = { action: 'unlock', filter, preview: true };
    const bulk = await api.ask('POST', '/api/v1/bulk', { body });
    expect(bulk.json).toMatchObject({ users: all.filter((of) => !has(of, 'acd')).length });
  });

  it('lists runs newest first with their counts, and the runs of one sync', async () => {
    await database.knex('run').insert([
      { source_id: 'acd', mode: 'full', state: 'completed', asked_by: 'x', sync_ids: ['s1'], counts: '{"read":3}' },
      {
        source_id: 'ad',
        mode: 'full',
        state: 'failed',
        asked_by: 'x',
        sync_ids: ['s1'],
        error_code: 'timeout',
        error_message: 'no answer',
      },
    ]);
    const runs = (query: string) => get<Page<Run>>(`/runs${query}`);
    const page = await runs('?limit=1');
    expect(page.items).toMatchObject([
      { source: 'ad', state: 'failed', error: { code: 'timeout', message: 'no answer' } },
    ]);
    const next = await runs(`?limit=1&after=${page.next}`);
    expect(next.items[0]).toMatchObject({ source: 'acd', counts: { read: 3, created: 0 } });
    expect(next.items[0]).not.toHaveProperty('error');
    expect((await runs('?state=failed')).items).toHaveLength(1);
    expect((await get<{ runs: Run[] }>('/syncs/s1')).runs.map((run) => run.source)).toEqual(['acd', 'ad']);
    expect((await api.ask('GET', '/api/v1/syncs/none')).status).toBe(404);
  });

  it('puts users with gone or disabled accounts on the worklist, with the evidence', async () => {
    const { items } = await get<Page<WorklistEntry>>('/worklist');
    expect(items).toEqual([
      {
        userId: store.muller,
        count: 1,
        username: 'emueller',
        displayName: 'Eva Müller',
        active: true,
        reasons: ['account-gone', 'no-longer-an-agent'],
        evidence: [
          {
            reason: 'account-gone',
            source: 'acd',
            externalId: '0043',
            state: 'gone',
            since: '2026-03-04T08:00:00.000Z',
            proof: 'complete-import',
            runId: 2,
            changes: [],
          },
        ],
        suggestions: [`take the role agent: rosterd user role take ${store.muller} agent`],
        acknowledged: null,
      },
      expect.objectContaining({ userId: store.left, active: false, reasons: ['id-in-use'] }),
    ]);
    await database.knex('source_state').where({ source_id: 'acd' }).update({ retired_at: '2026-03-05' });
    expect((await get<Page<WorklistEntry>>('/worklist')).items).toEqual([]);
    await database.knex('source_state').where({ source_id: 'acd' }).update({ retired_at: null });
  });

  it('lists open review items with the answers that each kind allows', async () => {
    const item = {
      source_id: 'ad',
      account_ids: [store.waitingAccount],
      user_ids: [store.novak],
      evidence: '{}',
      evidence_digest: 'd',
    };
    await database.knex('review_item').insert([
      { ...item, kind: 'ambiguous-match', subject: 'a' },
      { ...item, kind: 'possible-id-reuse', subject: 'b', closed_at: '2026-03-05' },
    ]);
    const { items } = await get<Page<ReviewItem>>('/review-items');
    expect(items).toMatchObject([
      {
        kind: 'ambiguous-match',
        externalId: 'guid-2',
        userIds: [store.novak],
        options: ['this-user', 'new-user', 'ignore'],
      },
    ]);
    expect((await get<Page<ReviewItem>>('/review-items?kind=unique-taken')).items).toEqual([]);
  });

  it('explains where each value comes from', async () => {
    await database.knex('override').insert({
      user_id: store.novak,
      field: 'lastName',
      value: 'Novák-Malý',
      operator_name: 'local:anna',
      at: '2026-03-05T10:00:00Z',
    });
    await database.knex('user').where({ id: store.novak }).update({ last_name: 'Novák-Malý' });
    const explained = await get<Explanation>(`/users/${store.novak}/explain`);
    const field = (name: string) => explained.fields.find((each) => each.field === name);
    expect(field('lastName')).toMatchObject({
      value: 'Novák-Malý',
      winner: { kind: 'override', by: 'local:anna', since: '2026-03-05T10:00:00.000Z' },
      losers: [
        { source: 'ad', rule: 'overridden by a person' },
        { source: 'acd', rule: 'ranks below ad' },
      ],
    });
    expect(field('firstName')).toMatchObject({ winner: { source: 'ad' }, losers: [{ source: 'acd' }] });
    expect(field('employeeId')).toMatchObject({ value: '0042', derived: true, winner: { source: 'acd' } });
    expect(explained.accounts.map((account) => account.source)).toEqual(['acd', 'ad']);
  });
});
