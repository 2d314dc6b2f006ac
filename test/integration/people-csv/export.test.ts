import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CsvPerson } from '../../../src/api/schemas/people-csv.ts';
import { columnNames } from '../../../src/people-csv/columns.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe.each(databases)('17.1 the export of people.csv on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put(
      '4711',
      { acdId: '4711', username: 'jnovak', firstName: 'Jan', lastName: 'Novák', email: 'jan@x.cz', rank: '=1+1' },
      { teams: [{ id: 's', name: 'Sales; North' }] },
    );
    site.acd.put('4712', { acdId: '4712', username: 'emala', firstName: 'Eva', lastName: 'Malá', employeeId: 'E2' });
    await site.sync();
    await site.ask('POST', '/groups', { body: { name: 'North', below: 'Default' } });
    await site.ask('PUT', '/teams/Sales%3B%20North/group', { body: { group: 'North' } });
    await site.ask('PUT', '/users/jnovak/teams/Default', { body: { word: 'give' } });
    await site.ask('PUT', '/users/jnovak/scope', { body: { change: 'set', groups: ['North'], teams: ['Default'] } });
    await site.ask('PUT', '/users/emala/active', { body: { active: false, insist: true, reason: 'left' } });
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const exported = async (query = ''): Promise<Record<string, string>[]> => {
    const { status, text } = await site.ask('GET', `/csv/people/export${query}`);
    expect(status, text).toBe(200);
    return parse(text, { columns: true });
  };

  it('has all columns in the manual’s order, and formulas in quotes (17.4)', async () => {
    const { text } = await site.ask('GET', '/csv/people/export');
    expect(text.split('\r\n')[0]).toBe(columnNames.join(','));
    const [jan] = await exported();
    const today = new Date().toISOString().slice(0, 10);
    expect(jan).toMatchObject({
      ...{ 'ACD ID': '4711', 'Employee ID': '4711', Email: 'jan@x.cz', 'First Name': 'Jan', Login: 'jnovak' },
      ...{ Rank: "'=1+1", Roles: 'agent', Team: '"Sales; North";Default', 'Member Group': 'North' },
      ...{ 'Full Scope': 'FALSE', 'Scope Groups': 'North', 'Scope Teams': 'Default', Locale: 'en' },
      ...{ Activated: today, Deactivated: '', 'Display Time Zone': 'Europe/Prague' },
    });
  });

  it('is of active users, of all, of a search, of a group or a team', async () => {
    const logins = async (query: string) => (await exported(query)).map(({ Login }) => Login);
    expect(await logins('')).toEqual(['jnovak']);
    expect(await logins('?all=true')).toEqual(['jnovak', 'emala']);
    expect(await logins('?all=true&search=mala')).toEqual(['emala']);
    expect(await logins('?all=true&group=North')).toEqual(['jnovak']);
    expect(await logins('?all=true&team=default')).toEqual(['jnovak', 'emala']);
    expect((await site.ask('GET', '/csv/people/export?group=Nowhere')).json).toMatchObject({ code: 'group-unknown' });
  });

  it('is read in pages by key', async () => {
    const first = await site.ask<{ items: CsvPerson[]; next: string }>('GET', '/csv/people?all=true&limit=1');
    expect(first.json.items).toHaveLength(1);
    const { json } = await site.ask<{ items: CsvPerson[]; next: null }>(
      'GET',
      `/csv/people?all=true&limit=1&after=${first.json.next}`,
    );
    expect(json.items.map(({ cells }) => cells[columnNames.indexOf('Login')])).toEqual(['emala']);
    expect(json.next).toBeNull();
  });
});
