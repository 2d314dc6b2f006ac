import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProvider } from '../../../src/access/open-id/provider.ts';
import { createOpenIdSignIn } from '../../../src/access/open-id/sign-in.ts';
import { createOpenIdStore } from '../../../src/store/sign-in-store.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { testApi, type TestApi } from '../../support/api/test-api.ts';
import { browse, type Browser } from '../../support/console/browse.ts';
import { clientId, startOpenIdProvider, type TestProvider } from '../../support/open-id-provider.ts';

const callback = '/sign-in/openid/callback';
const hour = 3_600;
const now = (): number => Math.floor(Date.now() / 1_000);

describe('19.2 sign-in by OpenID Connect, at a real provider over TLS', () => {
  let database: OpenDatabase;
  let provider: TestProvider;
  let api: TestApi;
  const told: { readonly level: string; readonly data: Record<string, unknown> }[] = [];

  const apiWith = (changed: Partial<Parameters<typeof createProvider>[0]>): Promise<TestApi> => {
    const { issuer, caFile, clientSecret } = provider;
    const settings = {
      ...{ issuer, clientId, clientSecret: { read: async () => clientSecret }, claim: 'preferred_username' },
      ...{ tls: { caFile }, allowPlaintext: false, ...changed },
    };
    const log = {
      info: (data: object) => void told.push({ level: 'info', data: { ...data } }),
      warn: (data: object) => void told.push({ level: 'warn', data: { ...data } }),
    };
    const openIdSignIn = createOpenIdSignIn(createOpenIdStore(database.knex), createProvider(settings), log);
    const http = { hostNames: ['rosterd.example.com'], trustedProxies: ['127.0.0.1'] };
    return testApi(database.knex, { openIdSignIn, http });
  };

  beforeAll(async () => {
    database = await openPostgres();
    provider = await startOpenIdProvider([
      `http://127.0.0.1:8474${callback}`,
      `https://rosterd.example.com${callback}`,
    ]);
    const permissions = ['view', 'view-log'];
    await database
      .knex('operator')
      .insert(['eva', 'adam', 'Zoë'].map((name) => ({ name, kind: 'person', permissions, full_scope: true })));
  });
  afterAll(async () => {
    await database.close();
    await provider.stop();
  });
  // One each: it counts attempts to sign in per address and minute.
  beforeEach(async () => {
    told.length = 0;
    provider.fault = null;
    api = await apiWith({});
  });
  afterEach(() => api.app.close());

  /** From the link of the sign-in page to the provider and, as this person, back. */
  async function signIn(browser: Browser, login: string, next = '', change = (address: URL) => address) {
    const begun = await browser.get(`/sign-in/openid${next === '' ? '' : `?next=${encodeURIComponent(next)}`}`);
    expect(begun.status, begun.text).toBe(303);
    const back = await provider.signInAs(login, change(new URL(begun.location ?? '')).href);
    const { pathname, search } = new URL(back);
    expect(pathname).toBe(callback);
    return { path: `${pathname}${search}`, answer: await browser.get(`${pathname}${search}`) };
  }
  const isIn = async (browser: Browser): Promise<boolean> => (await browser.get('/sessions')).status === 200;

  it('offers it where it is configured, in both languages, and goes there with state, nonce and PKCE', async () => {
    const page = await browse(api.app).get('/sign-in?next=%2Flog');
    const place = new URL(provider.issuer).host;
    expect(page.text).toContain(`href="/sign-in/openid?next=%2Flog">Sign in through ${place}`);
    expect((await browse(api.app).get('/sign-in', { 'accept-language': 'cs' })).text).toContain('Přihlásit se přes');
    expect(String(page.headers['content-security-policy'])).toContain("form-action 'self';");
    const without = await testApi(database.knex);
    expect((await browse(without.app).get('/sign-in')).text).not.toContain('/sign-in/openid');
    expect((await browse(without.app).get('/sign-in/openid')).status).toBe(404);

    const asked = new URL((await browse(api.app).get('/sign-in/openid')).location ?? '');
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      ...{ response_type: 'code', client_id: clientId, code_challenge_method: 'S256' },
      ...{
        redirect_uri: `http://127.0.0.1:8474${callback}`,
        state: expect.any(String) as string,
        nonce: expect.any(String) as string,
      },
    });
    const kept = JSON.stringify(await database.knex('open_id_attempt'));
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(kept).not.toContain(asked.searchParams.get(name) ?? '-');
  });

  it('lets an operator in as with a password: a session, told once, that ends with signing out', async () => {
    const browser = browse(api.app);
    const { answer } = await signIn(browser, 'eva', '/log?type=x');
    expect(answer.status, answer.text).toBe(200);
    // No redirect: the strict cookie would not go along with it.
    expect(answer.text).toContain('<meta http-equiv="refresh" content="0; url=/log?type=x"');
    expect(String(answer.headers['set-cookie'])).toMatch(/rosterd_session=.*HttpOnly; SameSite=Strict/);
    expect((await browser.get('/sessions')).text).toContain('eva');
    expect(told).toEqual([
      { level: 'info', data: { way: 'openid-connect', operatorId: expect.any(Number) as number } },
    ]);
    expect(await database.knex('open_id_attempt').where({ next_path: '/log?type=x' })).toEqual([]);
    expect((await browser.post('/sign-out')).location).toBe('/sign-in');
    expect(await isIn(browser)).toBe(false);
  });

  it('is asked back under the address that people use, behind a proxy that ends TLS', async () => {
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'rosterd.example.com' };
    const browser = browse(api.app);
    const begun = await browser.get('/sign-in/openid', forwarded);
    const asked = new URL(begun.location ?? '');
    expect(asked.searchParams.get('redirect_uri')).toBe(`https://rosterd.example.com${callback}`);
    expect(String(begun.headers['set-cookie'])).toMatch(
      /rosterd_openid=.*Path=\/sign-in\/openid; HttpOnly; SameSite=Lax; Max-Age=600; Secure/,
    );
    const { search } = new URL(await provider.signInAs('eva', asked.href));
    const answer = await browser.get(`${callback}${search}`, forwarded);
    expect([answer.status, String(answer.headers['set-cookie']).includes('Secure')]).toEqual([200, true]);
    const foreign = { ...forwarded, 'x-forwarded-host': 'evil.example' };
    expect((await browser.get('/sign-in/openid', foreign)).status).toBe(421);
  });

  it.each([
    ['a wrong nonce', { claims: (claims: object) => ({ ...claims, nonce: 'another' }) }],
    ['no nonce', { claims: (claims: object) => ({ ...claims, nonce: undefined }) }],
    ['an expired token', { claims: (claims: object) => ({ ...claims, exp: now() - hour, iat: now() - 2 * hour }) }],
    ['a token for another client', { claims: (claims: object) => ({ ...claims, aud: 'another' }) }],
    ['a token of another issuer', { claims: (claims: object) => ({ ...claims, iss: 'https://evil.example' }) }],
    ['a token that somebody else signed', { foreignKey: true }],
  ])('refuses %s, and says so once in the log', async (_what, fault) => {
    provider.fault = fault;
    const browser = browse(api.app);
    const { answer } = await signIn(browser, 'eva');
    expect([answer.status, answer.text.includes('does not prove who you are')]).toEqual([401, true]);
    expect(told).toMatchObject([{ level: 'warn', data: { code: 'openid-answer', why: expect.any(String) as string } }]);
    expect(await isIn(browser)).toBe(false);
  });

  it('refuses another state, an answer that came twice, one to another browser, and one with a foreign nonce', async () => {
    const browser = browse(api.app);
    const { path } = await signIn(browser, 'eva');
    const own = new Map(browser.cookies);
    own.delete('rosterd_session');
    const again = async (at: string, cookies = own) => {
      const other = browse(api.app);
      for (const [name, value] of cookies) other.cookies.set(name, value);
      const answer = await other.get(at);
      expect([answer.status, answer.text.includes('This sign-in is over'), await isIn(other)]).toEqual([
        ...[401, true, false],
      ]);
    };
    await again(path);
    await again(path.replace(/state=[^&]+/, 'state=another'));
    await again(path.replace(/[?&]state=[^&]+/, '?'));
    const begun = new URL((await browser.get('/sign-in/openid')).location ?? '');
    const { pathname, search } = new URL(await provider.signInAs('eva', begun.href));
    await again(`${pathname}${search}`, new Map());

    const changed = await signIn(browse(api.app), 'eva', '', (address) => {
      address.searchParams.set('nonce', 'planted');
      return address;
    });
    expect(changed.answer.status).toBe(401);
    const code = await signIn(browse(api.app), 'eva');
    const used = new URL(`http://x${code.path}`).searchParams.get('code') ?? '';
    const third = browse(api.app);
    const fresh = new URL((await third.get('/sign-in/openid')).location ?? '').searchParams.get('state') ?? '';
    const replayed = await third.get(
      `${callback}?code=${used}&state=${fresh}&iss=${encodeURIComponent(provider.issuer)}`,
    );
    expect([replayed.status, replayed.text.includes('did not sign you in')]).toEqual([401, true]);
    expect(told.at(-1)).toMatchObject({
      data: { code: 'openid-refused', why: expect.stringContaining('invalid_grant') as string },
    });
  });

  it('tells who has cancelled at the provider, and shows nothing of what anybody could write into the address', async () => {
    const browser = browse(api.app);
    const state = new URL((await browser.get('/sign-in/openid')).location ?? '').searchParams.get('state') ?? '';
    const query = new URLSearchParams({ state, error: 'access_denied', error_description: 'call 555-1234' });
    query.set('iss', provider.issuer);
    const answer = await browser.get(`${callback}?${query.toString()}`);
    expect([answer.status, answer.text.includes('did not sign you in')]).toEqual([401, true]);
    expect(answer.text + JSON.stringify(told)).not.toContain('555');
  });

  it('refuses who was not made an operator, is disabled or blocked, or came under a name that another one had', async () => {
    const nobody = await signIn(browse(api.app), 'mallory');
    expect([nobody.answer.status, nobody.answer.text.includes('<code>mallory</code>')]).toEqual([403, true]);
    expect(nobody.answer.text).toContain('You have not been made an operator yet');
    expect(JSON.stringify(told), 'ids, not names').not.toContain('mallory');

    const { knex } = database;
    for (const column of ['disabled_at', 'locked_at']) {
      await knex('operator')
        .where({ name: 'adam' })
        .update({ [column]: knex.fn.now() });
      const out = await signIn(browse(api.app), 'adam');
      expect([out.answer.status, out.answer.text.includes('disabled or blocked')]).toEqual([403, true]);
      await knex('operator')
        .where({ name: 'adam' })
        .update({ [column]: null });
    }

    expect((await signIn(browse(api.app), 'adam')).answer.status).toBe(200);
    const other = await signIn(browse(api.app), 'subject-adam');
    expect([other.answer.status, other.answer.text.includes('Somebody else has come')]).toEqual([403, true]);
    expect((await api.ask('POST', '/api/v1/operators/adam/enable', { body: {} })).status).toBe(200);
    expect((await signIn(browse(api.app), 'subject-adam')).answer.status).toBe(200);
    expect((await signIn(browse(api.app), 'adam')).answer.status).toBe(403);
  });

  it('says what to do where the provider is down, not to be trusted, does not know us, or names nobody', async () => {
    const tried = async (changed: Parameters<typeof apiWith>[0], login: string | null = null) => {
      const other = await apiWith(changed);
      const browser = browse(other.app);
      const answer = login === null ? await browser.get('/sign-in/openid') : await signInAt(browser, login);
      await other.app.close();
      return { status: answer.status, text: answer.text, why: String(told.at(-1)?.data['why']) };
    };
    const signInAt = async (browser: Browser, login: string) => {
      const begun = await browser.get('/sign-in/openid');
      const { search } = new URL(await provider.signInAs(login, begun.location ?? ''));
      return browser.get(`${callback}${search}`);
    };
    const down = await tried({ issuer: 'https://localhost:9' });
    expect([down.status, down.text.includes('cannot be asked right now')]).toEqual([503, true]);
    expect(down.text, 'the form for the other way').toContain('name="password"');
    expect(down.why).toContain('ECONNREFUSED');
    expect((await tried({ tls: {} })).why).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
    expect((await tried({ issuer: `${provider.issuer}/elsewhere` })).status).toBe(503);
    const unknown = await tried({ clientSecret: { read: async () => 'wrong' } }, 'eva');
    expect([unknown.status, unknown.why.includes('clientSecret')]).toEqual([503, true]);
    expect((await tried({ claim: 'employee' }, 'eva')).why).toContain('signIn.openIdConnect.claim');
  });

  it('takes an operator by a name with accents, in other letters of the same name', async () => {
    expect((await signIn(browse(api.app), 'zoë')).answer.status).toBe(200);
  });
});
