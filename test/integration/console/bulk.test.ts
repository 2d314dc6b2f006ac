import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissions } from '../../../src/domain/permissions.ts';
import { createBulkStore } from '../../../src/store/bulk-store.ts';
import { createBulk, type BulkRequest } from '../../../src/users/bulk.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { fillStore, type FilledStore } from '../../support/api/filled-store.ts';
import { testApi, type TestApi } from '../../support/api/test-api.ts';
import { browse, evaluatedIn, type Browser } from '../../support/console/browse.ts';
import { signedIn } from '../../support/console/signed-in.ts';

describe('bulk actions in the console without script', () => {
  let database: OpenDatabase;
  let store: FilledStore;
  let api: TestApi;
  let eva: Browser;
  /** What was done, to whom; `refuse` are those who are not. */
  const done: (readonly [BulkRequest['action'], string | null, readonly number[]])[] = [];
  const refuse = new Set<number>();

  beforeAll(async () => {
    database = await openPostgres();
    store = await fillStore(database.knex);
    const bulk = createBulk({
      store: createBulkStore(database.knex),
      acts: async ({ action, value }, userIds) => {
        done.push([action, value, userIds]);
        return {
          results: userIds.map((userId) =>
            refuse.has(userId)
              ? { userId, outcome: 'refused', code: 'not-a-member', message: 'They are <i>not</i> in it.' }
              : { userId, outcome: 'changed', code: null, message: null },
          ),
          woken: [],
        };
      },
      mergesWith: () => ({ mergeAll: () => expect.unreachable() }),
      requestReconcile: async () => undefined,
      exclusively: (work) => work(new AbortController().signal),
      log: { error: (_data, message) => expect.unreachable(message) },
    });
    api = await testApi(database.knex, { bulk });
    eva = await signedIn(api, 'eva', permissions);
  });
  afterAll(async () => {
    await api.app.close();
    await database.close();
  });

  /** Visits the page of a job until it has ended. */
  const ended = async (address: string): Promise<string> => {
    for (let round = 0; round < 500; round += 1) {
      const { text } = await eva.get(address);
      if (text.includes('Finished')) return text;
    }
    throw new Error(`the job at ${address} does not end`);
  };

  it('16 chosen by ticks: exactly these, with their names; then the result of each by name, and back to the same filter', async () => {
    const list = '/users?q=nov&active=all';
    const page = await eva.get(list);
    expect(page.text).toContain('Choose Jan Novák');
    expect(evaluatedIn(page.text)).toEqual([]);
    const chosen = await eva.post('/selections', { which: 'ticked', list, ids: String(store.novak) });
    expect(chosen.location).toMatch(/^\/selections\/\d+$/);
    const selection = await eva.get(chosen.location ?? '');
    for (const text of ['1 user chosen', 'Jan Novák', 'nov', 'href="/users?q=nov&amp;active=all"'])
      expect(selection.text).toContain(text);
    const asking = await eva.get(`${chosen.location ?? ''}?action=assign-role`);
    expect(asking.text).toContain('Give a role: 1 user');
    const without = await eva.post(chosen.location ?? '', { action: 'assign-role' });
    expect([without.status, without.text.includes('needs the name of a role')]).toEqual([422, true]);
    expect(done).toEqual([]);
    refuse.add(store.novak);
    const asked = await eva.post(chosen.location ?? '', { action: 'assign-role', value: 'supervisor', reason: 'new' });
    expect(asked.location).toMatch(/^\/bulk\/\d+\?list=%2Fusers%3Fq%3Dnov%26active%3Dall$/);
    const results = await ended(asked.location ?? '');
    expect(done).toEqual([['assign-role', 'supervisor', [store.novak]]]);
    expect(results).toContain('They are &lt;i&gt;not&lt;/i&gt; in it.');
    expect(results).toContain('href="/users?q=nov&amp;active=all"');
    expect(results).toMatch(/outcome=refused">1</);
    const job = asked.location?.split('?')[0] ?? '';
    expect((await eva.get(`${job}?outcome=changed`)).text).toContain('No user has this result');
    expect((await eva.get('/bulk')).text).toContain(`href="${job}"`);
  });

  it('16 all that fit the filter are counted when chosen; above 100 a word has to be typed', async () => {
    const more = (first: number, last: number) =>
      database.knex.raw(
        `insert into "user" (username, origin, active, search_text, policy_id)
         select 'bulk-' || n, 'local', true, 'bulk-' || n, (select min(id) from policy) from generate_series(?::int, ?::int) n`,
        [first, last],
      );
    await more(1, 101);
    const chosen = await eva.post('/selections', { which: 'all', list: '/users?q=bulk-' });
    const selection = chosen.location ?? '';
    await more(102, 102);
    expect((await eva.get(`${selection}?action=disable-sync`)).text).toContain('Type “apply” to do it to 101 users');
    const form = { action: 'disable-sync', reason: 'move' };
    const unsure = await eva.post(selection, { ...form, word: 'yes' });
    expect([unsure.status, unsure.text.includes('Nothing was done')]).toEqual([422, true]);
    expect(unsure.text, 'what was typed is still there').toContain('value="move"');
    done.length = 0;
    const asked = await eva.post(selection, { ...form, word: ' Apply ' });
    await ended(asked.location ?? '');
    expect(done.flatMap(([, , ids]) => ids)).toHaveLength(101);
  });

  it('16 nobody ticked, a choice of somebody else, and an address that is no list choose nobody', async () => {
    const none = await eva.post('/selections', { which: 'ticked', list: '/users' });
    expect([none.status, none.text.includes('Nobody is chosen')]).toEqual([422, true]);
    expect((await eva.post('/selections', { which: 'all', list: '/operators' })).status).toBe(422);
    const mine = await eva.post('/selections', { which: 'ticked', list: '/users', ids: String(store.novak) });
    const other = await signedIn(api, 'other', permissions);
    const foreign = await other.get(mine.location ?? '');
    expect([foreign.status, foreign.text.includes('Novák')]).toEqual([404, false]);
    await other.get('/users');
    expect((await other.post(mine.location ?? '', { action: 'enable-sync' })).status).toBe(404);
    await database.knex('user_selection').update({ made_at: database.knex.raw(`now() - interval '25 hours'`) });
    expect((await eva.get(mine.location ?? '')).status).toBe(404);
  });

  it('19.1 who may do nothing to many is offered nothing, and an action asks for its own permission', async () => {
    const looker = await signedIn(api, 'looker', ['view']);
    expect((await looker.get('/users')).text).not.toContain('name="ids"');
    const switcher = await signedIn(api, 'switcher', ['view', 'toggle-sync']);
    await switcher.get('/users');
    const { location } = await switcher.post('/selections', {
      which: 'ticked',
      list: '/users',
      ids: String(store.novak),
    });
    expect((await switcher.get(location ?? '')).text).not.toContain('Give a role');
    const refused = await switcher.post(location ?? '', { action: 'assign-role', value: 'supervisor' });
    expect(refused.status).toBe(403);
    expect((await browse(api.app).post('/selections', { which: 'all', list: '/users' })).status).toBe(401);
  });
});
