import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { applied, importRows, shownImport } from './importing.ts';

/**
 * An export of twelve users of the demo in which LibreOffice 7.4 has changed the e-mail addresses of the first ten: it quotes texts, ends
 * lines with LF, writes TRUE and FALSE as texts, and has taken the leading zeros of ACD and employee ids.
 */
const fixture = join(import.meta.dirname, '../../fixtures/people/from-libreoffice.csv');

let database: OpenDatabase;
let site: Site;
let file: string;

beforeAll(async () => {
  const text = await readFile(fixture, 'utf8');
  const rows = parse<Record<string, string>>(text, { columns: true });
  database = await openPostgres();
  site = await openSite(database.knex);
  for (const row of rows) {
    const id = `000${String(row['ACD ID'])}`;
    site.acd.put(
      id,
      {
        ...{ acdId: id, username: row['Login'] ?? '', email: (row['Email'] ?? '').replace(/\.org$/, '') },
        ...{ firstName: row['First Name'] ?? '', lastName: row['Last Name'] ?? '' },
        employeeId: `000${String(row['Employee ID'])}`,
      },
      { teams: [{ id: row['Team'] ?? '', name: row['Team'] ?? '' }] },
    );
  }
  await site.sync();
  const say = (user: string, field: string, value: string) =>
    site.ask('PUT', `/users/${user}/fields/${field}`, { body: { value } });
  await say('hmuller', 'attribute.skills', '-2;=SUM(A1) "x", y');
  await say('sobrien', 'qmViews', '@all; =x');
  for (const user of ['jnovakova', 'mprochazka'])
    await site.ask('PUT', `/users/${user}/roles/supervisor`, { body: { word: 'give' } });
  const ids = new Map(
    await Promise.all(rows.map(async ({ Login }) => [Login, (await site.user(Login ?? '')).id] as const)),
  );
  const [head, ...lines] = text.trimEnd().split('\n');
  const own = lines.map((line, at) => line.replace(/,\d+,$/, `,${String(ids.get(rows[at]?.['Login'] ?? ''))},`));
  file = `${[head, ...own].join('\n')}\n`;
});
afterAll(async () => {
  await site.close();
  await database.close();
});

it.each([
  ['as it is', ''],
  ['with a byte order mark', '\ufeff'],
])('17.4 a file in which LibreOffice has changed ten cells changes exactly these, %s', async (_how, mark) => {
  const shown = await shownImport(site, `${mark}${file}`);
  expect(shown.shown).toMatchObject({ rows: 12, unchanged: 2, errors: 0, unread: [] });
  expect(shown.shown.counts).toMatchObject({ override: 10, cleared: 0, changed: 0, created: 0, teams: 0, roles: 0 });
  const changes = (await importRows(site, shown.id)).flatMap((row) => row.changes);
  expect(changes.map(({ column, before, after }) => [column, `${String(before)}.org` === after])).toEqual(
    Array.from({ length: 10 }, () => ['Email', true]),
  );
});

it('17.4 it is done as it was shown', async () => {
  expect((await applied(site, await shownImport(site, file))).progress).toMatchObject({ changed: 10, refused: 0 });
  expect(await site.user('hmuller')).toMatchObject({ email: 'hans.muller@corp.example.org', acdId: '00053' });
  expect((await shownImport(site, file)).shown).toMatchObject({ unchanged: 12 });
});
