import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { profileOf, profiles } from '../../../src/access/profiles.ts';
import { permissions } from '../../../src/domain/permissions.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openFilledApi } from '../../support/api/filled-api.ts';
import { askAs, type TestApi } from '../../support/api/test-api.ts';

const password = 'a longer sentence 4 you';

describe('19.1 the ready profiles', () => {
  it('19.1 are operator (view, view log), admin (everything but manage operators) and owner (everything)', () => {
    expect(profiles.operator).toEqual(['view', 'view-log']);
    expect([...profiles.admin, 'manage-operators'].sort()).toEqual([...permissions].sort());
    expect(profiles.owner).toEqual(permissions);
    expect([profileOf(['view-log', 'view']), profileOf(['view']), profileOf([...permissions])]).toEqual([
      ...['operator', null, 'owner'],
    ]);
  });
});

describe('19.2 operators, links, sessions and tokens', () => {
  let database: OpenDatabase;
  let api: TestApi;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ database, api, close } = await openFilledApi(openPostgres));
    // What fills the store is no operator of the console.
    await database.knex('operator').where({ kind: 'person' }).delete();
  });
  afterAll(() => close());

  const post = <Body = { link: string; code?: string }>(path: string, body: object = {}) =>
    api.ask<Body>('POST', `/api/v1${path}`, { body });
  const open = <Body = { code?: string; operator?: string; csrf: string }>(path: string, body: object) =>
    askAs<Body>(api.app, {}, 'POST', `/api/v1${path}`, { body });
  const operators = async () =>
    (await api.ask<{ items: Record<string, unknown>[] }>('GET', '/api/v1/operators')).json.items;
  const lastType = async () =>
    (await api.ask<{ items: { type: string }[] }>('GET', '/api/v1/events?limit=1')).json.items[0]?.type;
  async function signIn(name: string, given = password) {
    const answer = await open('/sign-in', { name, password: given });
    const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
    return { ...answer, cookie, own: { cookie, 'x-rosterd-csrf': answer.json.csrf } };
  }

  it('19.2 the first operator’s link is for one hour, once, and only while there is no other', async () => {
    const first = await post('/first-operator/link');
    expect(first).toMatchObject({ status: 200, json: { validForHours: 1 } });
    const second = await post('/first-operator/link');
    const weak = { link: second.json.link, name: 'eva', password: 'eva eva eva eva' };
    expect(await open('/links/redeem', { ...weak })).toMatchObject({ status: 422, json: { code: 'password-unfit' } });
    const form = { ...weak, password };
    expect(await open('/links/redeem', { ...form, link: first.json.link })).toMatchObject({ status: 409 });
    expect(await open('/links/redeem', form)).toMatchObject({ status: 200, json: { operator: 'eva' } });
    expect(await open('/links/redeem', form)).toMatchObject({ json: { code: 'link-invalid' } });
    expect(await operators()).toContainEqual(
      expect.objectContaining({ name: 'eva', profile: 'owner', scope: { full: true, groups: [], teams: [] } }),
    );
    expect(await post('/first-operator/link')).toMatchObject({ status: 409, json: { code: 'not-the-first' } });
    const rows = await database.knex('one_time_link');
    expect(JSON.stringify(rows)).not.toContain(second.json.link);
  });

  it('19.2 a session is a cookie that only our pages can change things with, listed and revoked', async () => {
    const eva = await signIn('eva');
    expect(eva.status, eva.text).toBe(200);
    expect(String(eva.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/);
    const ask = (method: 'GET' | 'POST' | 'PUT', path: string, headers: Record<string, string>, body?: object) =>
      askAs<{ code?: string; items?: { id: string }[]; operator?: string }>(
        ...([api.app, headers, method, `/api/v1${path}`] as const),
        body === undefined ? {} : { body },
      );
    expect(await ask('GET', '/whoami', { cookie: eva.cookie })).toMatchObject({ json: { operator: 'eva' } });
    const off = ['PUT', '/users/jnovak/sync?preview=true', { cookie: eva.cookie }, { enabled: false }] as const;
    expect(await ask(...off)).toMatchObject({ status: 403, json: { code: 'csrf' } });
    const other = await signIn('eva');
    const foreign = { cookie: eva.cookie, 'x-rosterd-csrf': other.json.csrf };
    expect(await ask(off[0], off[1], foreign, off[3])).toMatchObject({ status: 403, json: { code: 'csrf' } });
    expect(await ask(off[0], off[1], eva.own, off[3])).toMatchObject({ status: 200 });
    const sessions = (await ask('GET', '/sessions', { cookie: eva.cookie })).json.items ?? [];
    expect(sessions).toHaveLength(2);
    const stored = await database.knex('session');
    expect(JSON.stringify(stored)).not.toContain(eva.cookie.split('=')[1]);
    expect(await ask('POST', `/sessions/${sessions[1]?.id ?? ''}/revoke`, eva.own)).toMatchObject({ status: 200 });
    expect(await ask('GET', '/whoami', { cookie: other.cookie })).toMatchObject({ status: 401 });
    expect(await ask('POST', '/sign-out', eva.own)).toMatchObject({ status: 200 });
    expect(await ask('GET', '/whoami', { cookie: eva.cookie })).toMatchObject({ status: 401 });
  });

  it('19.2 an invitation works once, for 24 hours; ten failures block, an admin unlocks', async () => {
    const asked = { name: 'adam', permissions: ['view'], scope: { teams: ['Sales'] } };
    const invited = await post('/operators', asked);
    expect(invited).toMatchObject({ status: 200, json: { validForHours: 24, operator: { hasPassword: false } } });
    expect(await lastType()).toBe('operator-invited');
    expect(await post('/operators', { ...asked, name: 'ADAM' })).toMatchObject({ json: { code: 'operator-exists' } });
    const late = await post('/operators/adam/link');
    await database.knex('one_time_link').update({ expires_at: database.knex.raw(`now() - interval '1 second'`) });
    expect(await open('/links/redeem', { link: late.json.link, password })).toMatchObject({ status: 409 });
    const { link } = (await post('/operators/adam/link')).json;
    expect(await open('/links/redeem', { link: invited.json.link, password })).toMatchObject({ status: 409 });
    expect(await open('/links/redeem', { link, password })).toMatchObject({ json: { operator: 'adam' } });
    expect((await signIn('adam')).status).toBe(200);

    await database.knex('operator').where({ name: 'adam' }).update({ failures: 9 });
    const wrong = await signIn('adam', 'wrong password');
    expect(wrong).toMatchObject({ status: 401, json: { code: 'sign-in-refused' } });
    const blocked = await signIn('adam');
    // The same words, so that nobody learns which names there are.
    expect([blocked.status, blocked.json.code, (await signIn('nobody')).status]).toEqual([401, 'sign-in-refused', 401]);
    expect(await operators()).toContainEqual(expect.objectContaining({ name: 'adam', blocked: true }));
    const admin = { authorization: `Bearer ${await api.tokenWith(profiles.admin)}` };
    const unlocked = await askAs(api.app, admin, 'POST', '/api/v1/operators/adam/unlock', { body: {} });
    expect(unlocked).toMatchObject({ status: 200, json: { done: true } });
    expect(await lastType()).toBe('operator-unlocked');
    const adam = await signIn('adam');
    expect(adam.status).toBe(200);
    await post('/operators/adam/disable');
    expect((await askAs(api.app, { cookie: adam.cookie }, 'GET', '/api/v1/users')).status).toBe(401);
    expect((await signIn('adam')).status).toBe(401);
    await post('/operators/adam/enable');
  });

  it('19.1 nobody gives permissions or a scope that they do not have', async () => {
    const [row] = await database
      .knex('operator')
      .insert({ name: 'limited', kind: 'person', permissions: ['view', 'manage-operators'] })
      .returning<{ id: number }[]>('id');
    await database.knex('operator_scope').insert({ operator_id: row?.id, team_id: 2 });
    const made = await post<{ token: string; id: number }>('/tokens', {
      ...{ label: 'of limited', permissions: ['view', 'manage-operators'], operator: 'limited' },
    });
    const as = { authorization: `Bearer ${made.json.token}` };
    const put = (path: string, body: object) =>
      askAs<{ code?: string }>(api.app, as, 'PUT', `/api/v1/operators/${path}`, { body });
    expect(await put('adam/permissions', { permissions: ['activate'] })).toMatchObject({
      ...{ status: 403, json: { code: 'beyond-permissions' } },
    });
    expect(await put('adam/permissions', { permissions: ['view'] })).toMatchObject({ status: 200 });
    expect(await put('adam/scope', { full: true })).toMatchObject({ status: 403, json: { code: 'beyond-scope' } });
    expect(await put('adam/scope', { teams: ['Default'] })).toMatchObject({ json: { code: 'beyond-scope' } });
    expect(await put('adam/scope', { teams: ['Sales'] })).toMatchObject({ status: 200 });
    // A link for somebody who may more would be a way in as them.
    expect(await askAs(api.app, as, 'POST', '/api/v1/operators/eva/link', { body: {} })).toMatchObject({ status: 403 });
  });

  it('19.3 a token is shown once, kept as a hash, limited, revocable; Prometheus scrapes with one', async () => {
    const made = await post<{ token: string; id: number }>('/tokens', { label: 'prometheus', permissions: ['view'] });
    const as = { authorization: `Bearer ${made.json.token}` };
    expect(await askAs(api.app, as, 'GET', '/metrics')).toMatchObject({ status: 200 });
    expect((await askAs(api.app, as, 'GET', '/api/v1/tokens')).status).toBe(403);
    expect(JSON.stringify(await database.knex('api_token'))).not.toContain(made.json.token);
    const list = await api.ask('GET', '/api/v1/tokens');
    expect(list.text).toContain('prometheus');
    expect(list.text).not.toContain(made.json.token);
    expect(await post(`/tokens/${made.json.id}/revoke`)).toMatchObject({ status: 200 });
    expect((await askAs(api.app, as, 'GET', '/metrics')).status).toBe(401);
    expect(await post(`/tokens/${made.json.id}/revoke`)).toMatchObject({ status: 404 });
  });
});
