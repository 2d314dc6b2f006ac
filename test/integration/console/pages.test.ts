import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissions, type Permission } from '../../../src/domain/permissions.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openFilledApi } from '../../support/api/filled-api.ts';
import type { FilledStore } from '../../support/api/filled-store.ts';
import type { TestApi } from '../../support/api/test-api.ts';
import { browse, evaluatedIn, type Browser } from '../../support/console/browse.ts';

const password = 'a longer sentence 4 you';

describe('the console without script', () => {
  let database: OpenDatabase;
  let api: TestApi;
  let store: FilledStore;
  let close: () => Promise<void>;
  let eva: Browser;

  beforeAll(async () => {
    ({ database, api, store, close } = await openFilledApi(openPostgres));
    await database.knex('operator').where({ kind: 'person' }).delete();
    const { link } = (await api.ask<{ link: string }>('POST', '/api/v1/first-operator/link', { body: {} })).json;
    eva = browse(api.app);
    expect((await eva.get(`/link/${link}`)).text).toContain('Welcome to rosterd');
    const different = await eva.post(`/link/${link}`, { name: 'eva', password, again: 'another' });
    expect([different.status, different.text.includes('not the same')]).toEqual([422, true]);
    const weak = await eva.post(`/link/${link}`, { name: 'eva', password: 'short', again: 'short' });
    expect([weak.status, weak.text.includes('needs at least')]).toEqual([422, true]);
    const redeemed = await eva.post(`/link/${link}`, { name: 'eva', password, again: password });
    expect([redeemed.status, redeemed.location]).toEqual([303, '/']);
    expect((await eva.get(`/link/${link}`)).status).toBe(409);
  });
  afterAll(() => close());

  const invited = async (name: string, permissions: readonly string[]): Promise<Browser> => {
    const asked = { name, permissions, scope: { full: true } };
    const { link } = (await api.ask<{ link: string }>('POST', '/api/v1/operators', { body: asked })).json;
    const browser = browse(api.app);
    await browser.get(`/link/${link}`);
    expect((await browser.post(`/link/${link}`, { password, again: password })).location).toBe('/');
    return browser;
  };

  it('19.2 who is not signed in is sent to where they can, and comes back to where they wanted to go', async () => {
    const stranger = browse(api.app);
    const asked = await stranger.get('/users?q=nov');
    expect([asked.status, asked.location]).toEqual([303, '/sign-in?next=%2Fusers%3Fq%3Dnov']);
    const wrong = await stranger.post('/sign-in', { name: 'eva', password: 'wrong' });
    expect([wrong.status, wrong.text.includes('Name or password is wrong')]).toEqual([401, true]);
    const form = { name: 'eva', password, next: '/users?q=nov' };
    expect((await stranger.post('/sign-in', form)).location).toBe('/users?q=nov');
    expect((await stranger.get('/users?q=nov')).text).toContain('Novák');
    expect((await stranger.post('/sign-in', { ...form, next: '//evil.example/' })).location).toBe('/');
    await stranger.get('/users');
    expect((await stranger.post('/sign-out')).location).toBe('/sign-in');
    expect((await stranger.get('/users')).status).toBe(303);
  });

  it('19.2 a form of another site or session does nothing, and a session that has ended says so', async () => {
    const off = `/users/${String(store.novak)}/sync/off`;
    const foreign = await eva.post(off, { csrf: 'somebody-elses', reason: 'x' });
    expect([foreign.status, foreign.text.includes('another session')]).toEqual([403, true]);
    expect((await browse(api.app).post(off, { reason: 'x' })).text).toContain('Your session has ended');
    const crossSite = await api.app.inject({
      ...{ method: 'POST', url: '/sign-in', payload: `name=eva&password=${encodeURIComponent(password)}` },
      headers: {
        ...{ host: '127.0.0.1:8474', 'content-type': 'application/x-www-form-urlencoded' },
        origin: 'https://evil.example',
      },
    });
    expect(crossSite.statusCode).toBe(403);
    const { json } = await api.ask<{ syncEnabled: boolean }>('GET', `/api/v1/users/${String(store.novak)}`);
    expect(json.syncEnabled).toBe(true);
  });

  it('6.3, 6.4 the switch in the row: off with a reason and undo; on again shows first what it changes', async () => {
    const list = await eva.get('/users?q=nov');
    const version = /name="version" value="(\d+)"/.exec(list.text)?.[1] ?? '';
    const back = '/users?q=nov';
    const off = await eva.post(`/users/${String(store.novak)}/sync/off`, {
      back,
      version,
      reason: 'on <b>leave</b>',
      until: '2099-12-31',
    });
    expect([off.status, off.location]).toEqual([303, back]);
    const after = await eva.get(back);
    expect(after.text).toContain('The synchronisation of Jan Novák is off');
    expect(after.text).toContain(`action="/users/${String(store.novak)}/sync/back-on"`);
    expect(after.text).toContain('on &lt;b&gt;leave&lt;/b&gt;');
    expect(after.text, 'the end of that day in Prague').toContain('datetime="2099-12-31T23:00:00.000Z"');
    expect((await eva.get(back)).text, 'said once').not.toContain('sync/back-on');
    const stale = await eva.post(`/users/${String(store.novak)}/sync/off`, { version, reason: 'again' });
    expect([stale.status, stale.text.includes('Somebody else has changed')]).toEqual([412, true]);
    const preview = await eva.get(`/users/${String(store.novak)}/acts/sync-on`);
    expect(preview.text).toContain('This is what it will change');
    const now = /name="version" value="(\d+)"/.exec(preview.text)?.[1] ?? '';
    const on = await eva.post(`/users/${String(store.novak)}/acts/sync-on`, {
      step: 'do',
      version: now,
      reason: 'back',
    });
    expect(on.location).toBe(`/users/${String(store.novak)}`);
    expect((await eva.get('/log?type=sync-switched')).text).toContain('back');
  });

  it('13.5 a stale form is refused, shows what was seen, what is now and what was typed, and does nothing', async () => {
    const set = `/users/${String(store.novak)}/acts/set`;
    const opened = await eva.post(set, { step: 'preview', field: 'email', value: 'mine@x.test', seen: 'jan@x.test' });
    const version = /name="version" value="(\d+)"/.exec(opened.text)?.[1] ?? '';
    const body = { value: 'theirs@x.test' };
    await api.ask('PUT', `/api/v1/users/${String(store.novak)}/fields/email`, { body });
    const form = { step: 'do', field: 'email', value: 'mine@x.test', seen: 'jan@x.test', version };
    const refused = await eva.post(set, form);
    expect(refused.status).toBe(412);
    for (const value of ['jan@x.test', 'theirs@x.test', 'mine@x.test']) expect(refused.text).toContain(value);
    const { json } = await api.ask<{ email: string }>('GET', `/api/v1/users/${String(store.novak)}`);
    expect(json.email).toBe('theirs@x.test');
    const current = /name="version" value="(\d+)"/.exec(refused.text)?.[1] ?? '';
    expect((await eva.post(set, { ...form, version: current })).status).toBe(303);
  });

  it('15.1, 15.2 the audit log has what people did and nothing else; each entry has an address; what is shown is exported', async () => {
    const eventsOn = (text: string): string[] => [...text.matchAll(/id="event-(\d+)"/g)].map(([, id]) => id ?? '');
    await database
      .knex('event')
      .insert({ actor_kind: 'sync', actor_name: 'sync', type: 'run-held', reason: 'by the sync' });
    const everything = await eva.get('/log');
    expect(everything.text).toContain('by the sync');
    const audit = await eva.get('/audit');
    expect(audit.text).not.toContain('by the sync');
    expect(audit.text).toContain('aria-current="page">What people did<');
    const own = eventsOn((await eva.get('/audit?actor=eva')).text);
    const kept = await database
      .knex('event')
      .where({ actor_kind: 'operator', actor_name: 'eva' })
      .orderBy('id', 'desc');
    expect(own).toEqual(kept.map(({ id }: { id: string }) => id));
    const entry = await eva.get(`/log/${own[0] ?? ''}`);
    expect([entry.status, eventsOn(entry.text)]).toEqual([200, [own[0]]]);
    expect((await eva.get('/log/999999999')).status).toBe(404);
    const filtered = await eva.get('/audit?actor=eva&since=2020-01-01');
    const link = /href="(\/api\/v1\/events\/export\?format=csv[^"]*)"/.exec(filtered.text)?.[1] ?? '';
    const csv = await eva.get(link.replaceAll('&amp;', '&'));
    const lines = csv.text.trim().split('\r\n').slice(1);
    expect([csv.status, lines.map((line) => line.split(',')[0]).sort()]).toEqual([200, [...own].sort()]);
  });

  it('11.4, 11.5, 9.6, 12.4 supervision, scope, a new user and a purge: each shown before it is done', async () => {
    const user = `/users/${String(store.novak)}`;
    const [team] = await database.knex('team').orderBy('id', 'desc').select<{ name: string }[]>('name');
    const acts = {
      supervision: { word: 'give', team: team?.name ?? '' },
      scope: { change: 'add', what: `team:${team?.name ?? ''}` },
    };
    for (const [act, form] of Object.entries(acts)) {
      const asking = await eva.get(`${user}/acts/${act}?word=give`);
      expect([asking.status, evaluatedIn(asking.text)], act).toEqual([200, []]);
      const shown = await eva.post(`${user}/acts/${act}`, { step: 'preview', ...form });
      expect(shown.text, act).toContain('This is what it will change');
      const version = /name="version" value="(\d+)"/.exec(shown.text)?.[1] ?? '';
      expect((await eva.post(`${user}/acts/${act}`, { step: 'do', version, ...form })).location, act).toBe(user);
    }
    const { json } = await api.ask<{ supervises: string[]; scope: { teams: string[] } }>('GET', `/api/v1${user}`);
    expect(json.supervises).toContain(team?.name);
    expect(json.scope.teams).toContain(team?.name);
    expect((await eva.get('/users/new')).text).toContain('name="mobileNumber"');
    expect((await eva.post('/users/new', { username: 'local1', language: 'en', email: 'l@x.test' })).location).toBe(
      '/users/1',
    );
    const purge = await eva.get(`${user}/purge`);
    expect(purge.text).toContain('Type “Jan Novák” to confirm');
    const current = /name="version" value="(\d+)"/.exec(purge.text)?.[1] ?? '';
    const wrong = await eva.post(`${user}/purge`, { version: current, word: 'yes' });
    expect([wrong.status, wrong.text.includes('Nothing was done')]).toEqual([422, true]);
    expect((await eva.post(`${user}/purge`, { version: current, word: 'Jan Novák' })).location).toBe('/users');
  });

  it('19.2 what was typed when the session ended is offered again after signing in; not what another site sent', async () => {
    const gone = await invited('gone', ['view', 'toggle-sync']);
    const path = `/users/${String(store.novak)}/sync/off`;
    await gone.get('/users');
    gone.cookies.clear();
    const ended = await gone.post(path, { reason: 'typed <b>long</b>', back: '/users' });
    expect([ended.status, ended.text.includes('not lost')]).toEqual([401, true]);
    const link = /href="(\/sign-in\?next=[^"]+)"/.exec(ended.text)?.[1] ?? '';
    await gone.get(link);
    const next = new URL(link, 'http://here').searchParams.get('next') ?? '';
    const back = await gone.post('/sign-in', { name: 'gone', password, next });
    expect(back.location).toBe(next);
    const offered = await gone.get(next);
    expect(offered.text).toContain('typed &lt;b&gt;long&lt;/b&gt;');
    expect(offered.text).toContain(`action="${path}"`);
    expect((await gone.post(path, { reason: 'typed <b>long</b>', back: '/users' })).location).toBe('/users');
    await api.ask('PUT', `/api/v1/users/${String(store.novak)}/sync`, { body: { enabled: true } });
    expect((await gone.get(`${next.slice(0, -4)}AAAA`)).text).toContain('Nothing is kept here');
    const foreign = await api.app.inject({
      ...{ method: 'POST', url: path, payload: 'reason=theirs' },
      headers: {
        ...{ host: '127.0.0.1:8474', 'content-type': 'application/x-www-form-urlencoded' },
        ...{ origin: 'https://evil.example', accept: 'text/html' },
      },
    });
    expect([foreign.statusCode, foreign.body.includes('/again')]).toEqual([401, false]);
  });

  it('every code leads to what it means; diagnostics name nobody', async () => {
    const refused = await eva.get('/users/999999');
    expect(refused.text).toContain('href="/errors#user-unknown"');
    const all = await eva.get('/errors');
    expect([all.status, evaluatedIn(all.text), all.text.includes('<tr id="user-unknown">')]).toEqual([200, [], true]);
    const found = await eva.get('/errors?q=PASSWORD', { 'hx-request-type': 'partial' });
    expect(found.text).toContain('id="login-refused"');
    expect(found.text).not.toContain('id="run-unknown"');
    const bundle = (await eva.get('/diagnostics')).text + (await eva.get('/api/v1/diagnostics')).text;
    expect(bundle).toContain('active-directory');
    for (const name of ['Novák', 'novak', 'jan@', 'by the sync']) expect(bundle).not.toContain(name);
  });

  it('19.1 a page asks for the same permissions as the API, and offers nothing that is not theirs', async () => {
    const looker = await invited('looker', ['view']);
    expect((await looker.get('/log')).status).toBe(403);
    const page = await looker.get(`/users/${String(store.novak)}`);
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/\/acts\/|sync\/off|href="\/log/);
    expect((await looker.post(`/users/${String(store.novak)}/sync/off`, { reason: 'x' })).status).toBe(403);
    expect((await looker.get(`/users/${String(store.novak)}/acts/deactivate`)).status).toBe(403);
    expect((await looker.post('/syncs')).status).toBe(403);
  });

  it('A5 pages hold no inline style or script, come with a strict policy, and are not kept', async () => {
    const paths = [
      '/',
      '/users',
      '/users?sync=off',
      `/users/${String(store.novak)}`,
      '/runs',
      '/log',
      '/nothing-here',
      '/users/999999',
    ];
    for (const path of [...paths, `/users/${String(store.novak)}/acts/set?field=email`]) {
      const page = await eva.get(path);
      expect(evaluatedIn(page.text), path).toEqual([]);
      expect(String(page.headers['content-security-policy']), path).toContain(
        "default-src 'none'; script-src 'self'; style-src 'self'",
      );
      expect(page.headers['cache-control'], path).toBe('no-store');
      expect(page.text, path).not.toMatch(/\[object|undefined|\bNaN\b/);
    }
    expect((await eva.get('/nothing-here')).status).toBe(404);
    expect((await eva.get('/users/999999')).text).toContain('There is nothing here');
    expect(api.failures).toEqual([]);
  });

  it('A5 htmx gets the part that changes, everybody else the page; the first visit weighs less than 150 kB', async () => {
    const part = await eva.get('/users?q=nov', { 'hx-request-type': 'partial' });
    expect(part.text).toMatch(/^\s*<div id="users">/);
    const page = await api.app.inject({ url: '/sign-in', headers: { host: '127.0.0.1', 'accept-encoding': 'gzip' } });
    const files = [...(await eva.get('/')).text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(
      ([, file]) => file ?? '',
    );
    let bytes = page.rawPayload.length;
    for (const file of files) {
      const asset = await api.app.inject({ url: file, headers: { host: '127.0.0.1', 'accept-encoding': 'gzip' } });
      expect([asset.statusCode, asset.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
      bytes += asset.rawPayload.length;
    }
    expect(files).toHaveLength(3);
    expect(bytes).toBeLessThan(150_000);
  });

  it('19.1 every page and every form × its permission: without it refused, with it alone let in', async () => {
    const prober = await invited('prober', []);
    const user = `/users/${String(store.novak)}`;
    const routes: readonly (readonly [Permission, 'get' | 'post', string])[] = [
      ...(
        [
          '/',
          '/users',
          user,
          '/questions',
          '/team-bindings',
          '/worklist',
          '/runs',
          '/sources/ad',
          '/bulk',
          '/bulk/999',
          '/selections/999',
        ] as const
      ).map((path) => ['view', 'get', path] as const),
      ...(['/log', '/audit', '/log/999999'] as const).map((path) => ['view-log', 'get', path] as const),
      ['toggle-sync', 'get', `${user}/acts/sync-on`],
      ['toggle-sync', 'post', `${user}/sync/off`],
      ['toggle-sync', 'post', `${user}/sync/back-on`],
      ...(['activate', 'deactivate'] as const).map((act) => ['activate', 'get', `${user}/acts/${act}`] as const),
      ...(['unlink', 'link', 'repurpose', 'set', 'unset', 'team', 'main-team', 'supervision', 'unlock'] as const).map(
        (act) => ['edit-users', 'post', `${user}/acts/${act}`] as const,
      ),
      ['assign-user-roles', 'post', `${user}/acts/role`],
      ['assign-user-roles', 'post', `${user}/acts/scope`],
      ['edit-users', 'get', '/users/new'],
      ['edit-users', 'post', '/users/new'],
      ['manage-operators', 'get', `${user}/purge`],
      ['manage-operators', 'post', `${user}/purge`],
      ['edit-users', 'post', `/worklist/${String(store.novak)}/seen`],
      ['edit-users', 'post', '/questions/999'],
      ...(
        [
          '/accounts/ignore',
          '/accounts/unignore',
          '/teams/x/rename',
          '/teams/x/remove',
          '/teams/x/merge',
          '/team-bindings',
        ] as const
      ).map((path) => ['edit-users', 'post', path] as const),
      ...(['/syncs', `${user}/refresh`, '/runs/999/approve', '/runs/999/discard', '/sources/ad/check'] as const).map(
        (path) => ['run-and-approve', 'post', path] as const,
      ),
      ...(['pause', 'resume', 'confirm'] as const).map(
        (act) => ['manage-sources', 'post', `/sources/none/${act}`] as const,
      ),
      ['manage-sources', 'get', '/diagnostics'],
      ['activate', 'post', '/operators/none/unlock'],
      ['manage-operators', 'get', '/operators'],
      ...(
        ['/operators', '/operators/none/link', '/operators/none/disable', '/tokens', '/tokens/999/revoke'] as const
      ).map((path) => ['manage-operators', 'post', path] as const),
    ];
    const may = (granted: readonly Permission[]) =>
      database.knex('operator').where({ name: 'prober' }).update({ permissions: granted });
    await prober.get('/sessions');
    const wrong: string[] = [];
    for (const [needed, method, path] of routes) {
      await may(permissions.filter((each) => each !== needed));
      if ((await prober[method](path)).status !== 403) wrong.push(`${path} without ${needed}`);
      await may([needed]);
      const { status } = await prober[method](path);
      if (status === 403 || status === 401 || status >= 500) wrong.push(`${path} with ${needed}: ${String(status)}`);
    }
    expect(wrong).toEqual([]);
  });

  it('19.1 what is out of scope is not there, on pages as in the API', async () => {
    await invited('narrow', ['view', 'view-log', 'toggle-sync']);
    await database.knex('operator').where({ name: 'narrow' }).update({ full_scope: false });
    const narrow = browse(api.app);
    await narrow.post('/sign-in', { name: 'narrow', password });
    expect((await narrow.get('/users?q=nov')).text).toContain('Nobody has');
    expect((await narrow.get(`/users/${String(store.novak)}`)).status).toBe(404);
    await narrow.get('/users');
    expect((await narrow.post(`/users/${String(store.novak)}/sync/off`, { reason: 'x' })).status).toBe(404);
    expect((await narrow.get('/log')).text).not.toContain('Novák');
  });

  it('A3.15 the same pages in Czech, chosen or asked for by the browser', async () => {
    expect((await browse(api.app).get('/sign-in', { 'accept-language': 'cs' })).text).toContain('Přihlásit se');
    expect((await eva.get('/preferences?theme=dark&language=cs&back=/users')).location).toBe('/users');
    const page = await eva.get('/users');
    expect(page.text).toMatch(/<html lang="cs" data-theme="dark">/);
    expect(page.text).toContain('Najít uživatele');
    await eva.get('/preferences?theme=auto&language=en');
  });
});
