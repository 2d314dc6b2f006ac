import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Account } from '../../../src/api/schemas/accounts.ts';
import type { Page } from '../../../src/api/dependencies.ts';
import type { MoveReport } from '../../../src/cli/shapes.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openFilledApi } from '../../support/api/filled-api.ts';
import type { FilledStore } from '../../support/api/filled-store.ts';
import type { TestApi } from '../../support/api/test-api.ts';
import { lastEvents } from '../../support/told-event.ts';

describe.each(databases)('14.1 moving the links of a retired source on %s', (_name, open) => {
  let database: OpenDatabase;
  let api: TestApi;
  let store: FilledStore;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ database, api, store, close } = await openFilledApi(open));
    await database.knex('account').insert({
      ...{ source_id: 'acd', external_id: '0045', content_hash: 'h', content: '{"values": {}}', standing: 'new' },
    });
    await database.knex('source_state').insert({ source_id: 'new-acd', kind: 'avaya-cm', role: 'acd' });
    const fresh = (externalId: string, more: object = {}) => ({
      ...{ source_id: 'new-acd', external_id: externalId, content_hash: 'h', decided_hash: 'h', decided_wakes: 0 },
      content: JSON.stringify({ values: { email: `${externalId}@new.test` } }),
      ...more,
    });
    const accounts = await database
      .knex('account')
      .insert([
        fresh('7042'),
        fresh('7043', { gone_since: '2026-03-01', absent_since: '2026-03-01', absence_proof: 'x' }),
        fresh('7044', { ignored_at: '2026-03-01' }),
        fresh('7045'),
        fresh('7046'),
      ])
      .returning<{ id: number; external_id: string }[]>(['id', 'external_id']);
    const idOf = (externalId: string) => accounts.find((each) => each.external_id === externalId)?.id;
    await database.knex('match_key').insert({ key: 'email\u001f7042@new.test', account_id: idOf('7042') });
    await database.knex('bar').insert([
      { account_id: idOf('7042'), user_id: store.local, kind: 'wait', operator_name: 'x' },
      { account_id: idOf('7046'), user_id: store.muller, kind: 'release', operator_name: 'x' },
    ]);
    await database
      .knex('refusal')
      .insert({ account_id: idOf('7042'), part: 'email', value_said: 'x', cause: 'undo', operator_name: 'x' });
    await database
      .knex('link')
      .insert({ account_id: idOf('7045'), user_id: store.left, source_id: 'new-acd', origin: 'manual' });
  });
  afterAll(() => close());
  beforeEach(() => api.reconciles.splice(0));

  const post = <Body>(path: string, body: object = {}) => api.ask<Body>('POST', `/api/v1${path}`, { body });
  const move = (pairs: object[], preview = false) =>
    post<MoveReport>('/sources/acd/move-links', { to: 'new-acd', pairs, preview, reason: 'cut-over' });
  const account = async (externalId: string) => {
    const { items } = (await api.ask<Page<Account>>('GET', '/api/v1/accounts')).json;
    return items.find((each) => each.externalId === externalId);
  };
  const countEvents = async () => Number((await database.knex('event').count<{ count: string }[]>())[0]?.count);
  const row = (externalId: string) =>
    database.knex('account').where({ external_id: externalId }).first<Record<string, unknown>>();

  it('is refused while the old one is in use, for itself, and for sources that there are not', async () => {
    expect(await move([])).toMatchObject({ status: 409, json: { code: 'source-not-retired' } });
    await post('/sources/acd/retire');
    expect(await post('/sources/acd/move-links', { to: 'acd', pairs: [] })).toMatchObject({
      json: { code: 'same-source' },
    });
    expect(await post('/sources/acd/move-links', { to: 'none', pairs: [] })).toMatchObject({
      json: { code: 'source-unknown' },
    });
  });

  const pairs = [
    { old: '0042', new: '7042' },
    { old: '0043', new: '7046' },
    { old: '0044', new: '7046' },
    { old: '0043', new: '7043' },
    { old: 'none', new: '7001' },
  ];
  const oneEach = [
    { old: '0042', new: '7042' },
    { old: '0044', new: '7046' },
    { old: '0045', new: '7001' },
    { old: '0043', new: 'none' },
  ];

  it('is previewed: nothing changes, and each pair that cannot be moved is named with the reason', async () => {
    const events = await countEvents();
    const report = (await move(pairs, true)).json;
    expect(report).toMatchObject({ preview: true, movable: 1, refused: 4 });
    expect(report.pairs.map((pair) => pair.refusal?.code ?? null)).toEqual([
      null,
      'pair-repeated',
      'pair-repeated',
      'pair-repeated',
      'old-account-unknown',
    ]);
    expect((await move(oneEach, true)).json.pairs.map((pair) => pair.refusal?.code ?? null)).toEqual([
      null,
      'user-linked',
      'old-account-not-linked',
      'new-account-unknown',
    ]);
    for (const [next, code] of [
      ['7043', 'new-account-gone'],
      ['7044', 'new-account-ignored'],
      ['7045', 'new-account-linked'],
      ['7046', 'new-account-released'],
    ] as const)
      expect((await move([{ old: '0043', new: next }], true)).json.pairs).toMatchObject([{ refusal: { code } }]);
    expect(await countEvents()).toBe(events);
    expect(await database.knex('link').where({ user_id: store.novak, source_id: 'new-acd' })).toEqual([]);
  });

  it('ends the old link and makes the new one, which the next reconcile applies; values stay', async () => {
    const before = await database.knex('user').where({ id: store.novak }).first<Record<string, unknown>>();
    const report = (await move(pairs)).json;
    expect(report).toMatchObject({ preview: false, movable: 1, refused: 4 });
    const links = await database.knex('link').where({ user_id: store.novak }).whereIn('source_id', ['acd', 'new-acd']);
    expect(links).toMatchObject([
      { source_id: 'acd', end_reason: 'moved' },
      { source_id: 'new-acd', origin: 'manual', until: null },
    ]);
    expect(await row('7042')).toMatchObject({ standing: 'linked', standing_user: store.novak, wakes: 1 });
    expect(await account('0042')).toMatchObject({ match: 'unlinked', reason: 'moved', userId: store.novak });
    expect(api.reconciles).toEqual([['new-acd']]);
    const after = await database.knex('user').where({ id: store.novak }).first<Record<string, unknown>>();
    expect(after).toEqual({ ...before, version: Number(before['version']) + 1 });
    expect(await database.knex('snapshot').where({ user_id: store.novak, source_id: 'acd' })).toHaveLength(1);
    expect(await lastEvents(database.knex, 2)).toMatchObject([
      {
        ...{ type: 'link-made', source_id: 'new-acd', external_id: '7042', reason: 'cut-over', user_id: store.novak },
        changes: [{ field: 'link.new-acd', before: null, after: '7042' }],
      },
      { type: 'link-ended', source_id: 'acd', external_id: '0042', actor_name: 'local:tester' },
    ]);
  });

  it('7.2 leaves the old account waiting for a person, and lifts what was said against the new one', async () => {
    const bars = await database
      .knex('bar')
      .join('account', 'account.id', 'bar.account_id')
      .orderBy('external_id')
      .select<object[]>('external_id', 'user_id', 'bar.kind');
    expect(bars).toEqual([
      { external_id: '0042', user_id: store.novak, kind: 'wait' },
      { external_id: '7046', user_id: store.muller, kind: 'release' },
    ]);
    expect(await database.knex('refusal')).toEqual([]);
  });

  it('4.2 finds the user by the slots of the links that stand now, and the new account no longer by itself', async () => {
    const keys = await database
      .knex('match_key')
      .leftJoin('account', 'account.id', 'match_key.account_id')
      .select<{ key: string; user_id: number | null; external_id: string | null }[]>('key', 'user_id', 'external_id');
    expect(keys.filter((each) => each.external_id === '7042')).toEqual([]);
    expect(keys.filter((each) => each.user_id === store.novak).map((each) => each.key)).toEqual([
      'email\u001fjan@x.test',
    ]);
  });

  it('says of what was moved already that it is linked to nobody', async () => {
    expect((await move(pairs)).json.pairs[0]).toMatchObject({ refusal: { code: 'old-account-not-linked' } });
  });
});
