import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissions } from '../../../src/domain/permissions.ts';
import { openPostgres } from '../../support/api/databases.ts';
import { openFilledApi, type FilledApi } from '../../support/api/filled-api.ts';
import { evaluatedIn, type Browser } from '../../support/console/browse.ts';
import { signedIn } from '../../support/console/signed-in.ts';

describe('accounts and teams in the console', () => {
  let site: FilledApi;
  let eva: Browser;

  beforeAll(async () => {
    site = await openFilledApi(openPostgres);
    eva = await signedIn(site.api, 'eva', permissions);
  });
  afterAll(() => site.close());

  /** External ids in the rows of a page. */
  const idsOn = (markup: string): string[] =>
    [...markup.matchAll(/<tr id="account-\d+">\s*<th scope="row">\s*(\S+)/g)].map(([, id]) => id ?? '').sort();
  const apiIds = async (query: string): Promise<string[]> => {
    const { json } = await site.api.ask<{ items: { externalId: string }[] }>('GET', `/api/v1/accounts?${query}`);
    return json.items.map(({ externalId }) => externalId).sort();
  };

  it('4.5 each list has what the API has: matched, not matched, ignored, unlinked, all; by source and state', async () => {
    for (const [page, api] of [
      ['', 'matched=false'],
      ['tab=matched', 'match=linked'],
      ['tab=ignored', 'match=ignored'],
      ['tab=unlinked', 'match=unlinked'],
      ['tab=all', ''],
      ['tab=all&source=ad&state=present', 'source=ad&state=present'],
      ['why=unmatched&source=acd', 'match=unmatched&source=acd'],
    ] as const) {
      const { status, text } = await eva.get(`/accounts?${page}`);
      expect([status, idsOn(text)], page).toEqual([200, await apiIds(api)]);
      expect(evaluatedIn(text), page).toEqual([]);
    }
    expect((await apiIds('')).length).toBeGreaterThan(1);
  });

  it('4.5 the export of what is shown is a link that the same session may follow', async () => {
    const { text } = await eva.get('/accounts?tab=matched&source=ad');
    const link =
      /href="(\/api\/v1\/accounts\/export\?format=csv[^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const csv = await eva.get(link);
    expect(csv.status).toBe(200);
    expect(
      csv.text
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[1]),
    ).toEqual(idsOn(text));
  });

  it('2.7 an account is ignored with a reason, stands on its list, and is taken back from there', async () => {
    const { json } = await site.api.ask<{ items: { externalId: string; source: string }[] }>(
      'GET',
      '/api/v1/accounts?matched=false&state=present',
    );
    const { source = '', externalId: id = '' } = json.items[0] ?? {};
    await eva.get('/accounts');
    const back = `/accounts?source=${source}`;
    const done = await eva.post('/accounts/ignore', { source, externalId: id, reason: 'an <i>IVR</i>', back });
    expect(done.location).toBe(back);
    const ignored = await eva.get('/accounts?tab=ignored');
    expect(idsOn(ignored.text)).toContain(id);
    expect(ignored.text).toContain('an &lt;i&gt;IVR&lt;/i&gt;');
    await eva.post('/accounts/unignore', { source, externalId: id, reason: '' });
    expect(idsOn((await eva.get('/accounts?tab=ignored')).text)).not.toContain(id);
    expect((await eva.post('/accounts/ignore', { source, externalId: 'nobody' })).status).toBe(404);
  });

  it('every number of a source leads to the accounts that it counts', async () => {
    const { text } = await eva.get('/sources/ad');
    const numbers = [...text.matchAll(/<dd>\s*<a href="(\/accounts[^"]+)"\s*>(\d+)<\/a\s*>/g)];
    expect(numbers).toHaveLength(10);
    for (const [, link = '', count] of numbers) {
      const page = await eva.get(link.replaceAll('&amp;', '&'));
      expect([link, idsOn(page.text).length]).toEqual([link, Number(count)]);
    }
  });

  it('11.6 teams with their people and what is bound to them; renamed and removed where nobody is in them', async () => {
    const list = await eva.get('/teams');
    const { json } = await site.api.ask<{ items: { name: string; members: number }[] }>('GET', '/api/v1/teams');
    for (const { name, members } of json.items) {
      expect(list.text).toContain(`href="/teams/${encodeURIComponent(name)}">${name}</a>`);
      const users = await eva.get(`/users?team=${encodeURIComponent(name)}`);
      expect([...users.text.matchAll(/<tr id="user-/g)].length, name).toBe(members);
    }
    const [first] = json.items;
    const page = await eva.get(`/teams/${encodeURIComponent(first?.name ?? '')}`);
    expect([page.status, evaluatedIn(page.text)]).toEqual([200, []]);
    await site.database.knex('team').insert({ name: 'Nobody here', folded_name: 'nobody here' });
    expect((await eva.post('/teams/Nobody%20here/rename', { name: 'Still nobody' })).location).toBe(
      '/teams/Still%20nobody',
    );
    await eva.get('/teams/Still%20nobody');
    expect((await eva.post('/teams/Still%20nobody/remove')).location).toBe('/teams');
    expect((await eva.get('/teams/Still%20nobody')).status).toBe(404);
    const looker = await signedIn(site.api, 'looker', ['view']);
    await looker.get('/teams');
    expect((await looker.post('/teams/x/remove')).status).toBe(403);
    expect((await looker.get('/accounts')).text).not.toContain('/accounts/ignore');
    expect((await looker.post('/accounts/ignore', { source: 'ad', externalId: 'x' })).status).toBe(403);
  });

  it('11.6 one team goes over into another: whom it moves is shown first, then it is done; bindings are listed', async () => {
    const { json } = await site.api.ask<{ items: { name: string; members: number }[] }>('GET', '/api/v1/teams');
    const into = json.items.find(({ members }) => members > 0)?.name ?? '';
    await site.database.knex('team').insert({ name: 'Short-lived', folded_name: 'short-lived' });
    const page = await eva.get('/teams/Short-lived');
    expect(page.text).toContain('action="/teams/Short-lived/merge"');
    const asked = await eva.post('/teams/Short-lived/merge', { into, step: 'preview' });
    expect([asked.status, asked.text.includes(`Short-lived goes over into ${into}`)]).toEqual([200, true]);
    expect((await eva.get('/teams/Short-lived')).status, 'a preview does nothing').toBe(200);
    const done = await eva.post('/teams/Short-lived/merge', { into, step: 'do', reason: 'one too many' });
    expect([done.status, done.location]).toEqual([303, `/teams/${encodeURIComponent(into)}`]);
    expect((await eva.get('/teams/Short-lived')).status).toBe(404);
    expect((await eva.get('/team-bindings')).text).toContain('Teams of sources');
    const nobody = await eva.post('/team-bindings', { source: 'acd', externalId: 'nobody', step: 'preview' });
    expect([nobody.status >= 400, nobody.status < 500]).toEqual([true, true]);
  });
});
