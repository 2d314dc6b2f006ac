import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { applied, importRows, shownImport } from './importing.ts';

let database: OpenDatabase;
let site: Site;

beforeAll(async () => {
  database = await openPostgres();
  site = await openSite(database.knex);
  for (const id of ['1', '2', '3'])
    site.acd.put(id, { acdId: id, username: `a${id}`, firstName: 'Anna', lastName: `N${id}`, email: `a${id}@x.cz` });
  await site.sync();
  for (const login of ['b1', 'b2'])
    await site.ask('POST', '/users', {
      body: { fields: { username: login, language: 'cs', email: `${login}@x.cz`, firstName: 'Anna', lastName: 'N1' } },
    });
  for (const login of ['b1', 'b2']) await site.ask('PUT', `/users/${login}/active`, { body: { active: true } });
});
afterAll(async () => {
  await site.close();
  await database.close();
});

it('18.3 a row about somebody who was merged away after it was shown is left and says into whom; so is one of a new file', async () => {
  const [primary, other] = [await site.user('a1'), await site.user('b1')];
  const lines = [
    'User ID,First Name,Last Name,Email',
    `${String(other.id)},Eva,N1,new@x.cz`,
    `${String((await site.user('a2')).id)},Eva,N2,a2@x.cz`,
  ];
  const file = `${lines.join('\n')}\n`;
  const shown = await shownImport(site, file, { keepMissing: true });
  expect(shown.shown.errors).toBe(0);
  const merged = await site.ask('POST', `/users/${String(primary.id)}/merge`, {
    body: { other: String(other.id), choices: {}, prefer: 'primary' },
  });
  expect(merged.status, merged.text).toBe(200);
  const done = await applied(site, shown);
  expect(done.progress).toMatchObject({ changed: 1, refused: 1 });
  const [refused] = await importRows(site, done.id, '&outcome=refused');
  expect(refused).toMatchObject({ userId: other.id, code: 'user-merged' });
  expect(refused?.message).toContain(`was merged into user ${String(primary.id)}`);
  expect((await site.user('a1')).email).toBe('a1@x.cz');

  const again = await shownImport(site, file, { keepMissing: true });
  expect((await importRows(site, again.id, '&class=errors')).map(({ errors }) => errors)).toMatchObject([
    [{ column: 'User ID', code: 'user-merged' }],
  ]);
});
