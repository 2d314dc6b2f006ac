import { describe, expect, it } from 'vitest';
import { columnNames } from '../../../src/people-csv/columns.ts';
import { mappingProblem, placeColumns } from '../../../src/people-csv/mapping.ts';

const places = (header: readonly string[], mapping = {}) => placeColumns(header, { columns: {}, ...mapping });

describe('17.2 the columns of a file', () => {
  it('are found in any order and case', () => {
    const { places: found, problems } = places(['last name', 'EMAIL', 'User ID', 'First Name']);
    expect(problems).toEqual([]);
    expect([...found.columns].map(([name, { index }]) => [name, index])).toEqual([
      ...[
        ['Email', 1],
        ['First Name', 3],
        ['Last Name', 0],
        ['User ID', 2],
      ],
    ]);
  });

  it('have names of their own where a mapping says so, with the form of their dates', () => {
    const mapping = {
      columns: { Email: { header: 'E-mail' }, 'Company Start Date': { dates: 'MM/DD/YYYY' } },
      dates: 'DD/MM/YYYY',
    };
    const header = [
      'E-mail',
      'First Name',
      'Last Name',
      'Login',
      'Company Start Date',
      'Company End Date',
      'Shoe size',
    ];
    const { places: found, problems } = places(header, mapping);
    expect(problems).toEqual([]);
    expect(found.columns.get('Email')?.index).toBe(0);
    expect(found.columns.get('Company Start Date')?.dates).toBe('MM/DD/YYYY');
    expect(found.columns.get('Company End Date')?.dates).toBe('DD/MM/YYYY');
    expect(found.unread).toEqual(['Shoe size']);
  });

  it('17.1 Email, First Name and Last Name must be there, and something that says whom a row is about', () => {
    const { problems } = places(['Email', 'Rank']);
    expect(problems.map(({ column, code }) => [column, code])).toEqual([
      ...[
        ['First Name', 'column-missing'],
        ['Last Name', 'column-missing'],
        ['User ID', 'column-missing'],
      ],
    ]);
  });

  it('may not be there twice, nor be mapped twice', () => {
    expect(places(['Email', 'First Name', 'Last Name', 'Login', 'email']).problems).toMatchObject([
      { column: 'Email', code: 'column-repeated' },
    ]);
    const twice = { columns: { 'ACD ID': { header: 'Login' } } };
    expect(places(['Email', 'First Name', 'Last Name', 'Login'], twice).problems).toMatchObject([
      { code: 'mapping-invalid' },
    ]);
    expect(mappingProblem({ columns: { 'ACD ID': { header: 'X' }, Rank: { header: 'x' } } })).toContain('twice');
    expect(mappingProblem({ columns: { Rank: { dates: 'DD/MM/YYYY' } } })).toContain('no column of dates');
  });

  it('17.1 are 29, in alphabetical order', () => {
    expect(columnNames).toHaveLength(29);
    expect([...columnNames]).toEqual([...columnNames].sort((a, b) => a.localeCompare(b, 'en')));
  });
});
