import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnNames, type ColumnName } from '../../../src/people-csv/columns.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { importRows, shownImport } from './importing.ts';

/** A mistake: what the cell says, of a new user unless another id is given, and how it is named. */
interface Mistake {
  readonly column: ColumnName | null;
  readonly code: string;
  readonly cells: Readonly<Partial<Record<ColumnName, string>>>;
}

const mistake = (column: ColumnName, text: string, code: string): Mistake => ({
  ...{ column, code, cells: { [column]: text } },
});

const mistakes: readonly Mistake[] = [
  mistake('Email', 'nobody', 'value-invalid'),
  mistake('Email', '', 'required'),
  mistake('First Name', '', 'required'),
  mistake('Last Name', 'tab\u0001', 'value-unusable'),
  mistake('Login', '', 'required'),
  mistake('Login', 'agent1', 'unique-taken'),
  mistake('Employee ID', 'E-SHARED', 'unique-repeated'),
  mistake('Employee ID', '4.20778E+11', 'number-rounded'),
  mistake('Rank', 'first', 'value-invalid'),
  mistake('Locale', 'not a tag', 'value-invalid'),
  mistake('Display Time Zone', 'Europe/Brno', 'time-zone-unknown'),
  mistake('Scheduling Time Zone', '+02:00', 'time-zone-unknown'),
  mistake('Company Start Date', '31/31/2024', 'date-invalid'),
  mistake('Company End Date', '05/06/2024', 'date-ambiguous'),
  mistake('Enable Scheduling', 'maybe', 'true-false-invalid'),
  mistake('Roles', 'agent;boss', 'role-unknown'),
  mistake('Team', 'Nowhere', 'team-unknown'),
  mistake('Member Group', 'Nowhere', 'group-unknown'),
  mistake('Scope Teams', '"Sales', 'list-invalid'),
  mistake('Schedule Release Profile', 'x'.repeat(401), 'value-invalid'),
  mistake('User ID', '999999', 'user-unknown'),
  mistake('User ID', 'seven', 'user-id-invalid'),
  { column: null, code: 'row-unreadable', cells: {} },
];

describe('17.5 a file of 5,000 rows with every kind of mistake', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    site.acd.put('1', { acdId: '1', username: 'agent1', firstName: 'Anna', lastName: 'Nová' });
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  it('names each by row and column in one go, and applies nothing', async () => {
    const every = 50;
    const lines = [columnNames.join(',')];
    const expected: string[] = [];
    for (let row = 2; row <= 5_001; row++) {
      const wrong = row % every === 0 ? mistakes[(row / every) % mistakes.length] : undefined;
      const cells: Partial<Record<ColumnName, string>> = {
        ...{ 'User ID': '0', Email: `p${String(row)}@x.cz`, 'First Name': 'P', 'Last Name': `Q${String(row)}` },
        ...{ Login: `p${String(row)}`, ...wrong?.cells },
      };
      if (wrong?.code === 'user-unknown') cells['User ID'] = String(900_000 + row);
      if (row === 10) cells['Employee ID'] = 'E-SHARED';
      const texts = columnNames.map((column) => `"${(cells[column] ?? '').replaceAll('"', '""')}"`);
      lines.push(wrong?.code === 'row-unreadable' ? 'too,few' : texts.join(','));
      if (wrong !== undefined) expected.push(`${String(row)} ${String(wrong.column)} ${wrong.code}`);
    }
    const count = async () => Number((await database.knex('user').count<{ count: string }[]>())[0]?.count);
    const users = await count();
    const shown = await shownImport(site, `${lines.join('\n')}\n`);
    expect(shown.shown).toMatchObject({ rows: 5_000, errors: 100, counts: { created: 4_900 } });
    const named = (await importRows(site, shown.id, '&class=errors')).flatMap(({ row, errors }) =>
      errors.map(({ column, code }) => `${String(row)} ${String(column)} ${code}`),
    );
    expect(named).toEqual(expected);
    expect(new Set(expected.map((each) => each.replace(/^\d+ /, ''))).size).toBe(mistakes.length);
    const refused = await site.ask('POST', `/csv/imports/${String(shown.id)}/apply`, {
      body: { digest: shown.digest, beyondLimits: true },
    });
    expect(refused.json).toMatchObject({ status: 409, code: 'import-has-errors' });
    expect(await count()).toBe(users);
  }, 120_000);
});
