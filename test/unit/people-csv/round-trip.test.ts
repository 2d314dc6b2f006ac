import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvLine } from '../../../src/domain/spreadsheet.ts';
import { normalise } from '../../../src/domain/text.ts';
import type { Field } from '../../../src/domain/fields.ts';
import { columnNames, fieldOf, type FieldColumn } from '../../../src/people-csv/columns.ts';
import { cellsOf, type ExportedPerson } from '../../../src/people-csv/exported-person.ts';
import type { RowSubject } from '../../../src/people-csv/row-plan.ts';
import { person, planned, slot, world } from './builders.ts';

/** As the store reads a user for the export. */
function exportedFrom({ subject, activated, deactivated }: RowSubject): ExportedPerson {
  const { teamNames } = world();
  const { words, user } = subject;
  const { fields, mainTeam, teams, roles } = user.value;
  const nameOf = (team: number): string => teamNames.get(team) ?? '';
  return {
    ...{ id: user.id, activated, deactivated },
    fields: { ...fields, employeeId: fields.employeeId ?? fields.acdId },
    roles: roles.map(({ role }) => role),
    teams: [...new Set([mainTeam ?? 1, ...teams])].map(nameOf),
    group: words.memberGroup === 1 || mainTeam !== 2 ? 'Company' : 'North',
    scope: {
      full: words.fullScope,
      groups: words.scopeGroups.map((id) => (id === 1 ? 'Company' : 'North')),
      teams: words.scopeTeams.map(nameOf),
    },
  };
}

const fields = Object.values(fieldOf).filter((field) => !field.includes('enableScheduling')) as Field[];
// What a source says may hold everything that is a text, formulas and what cannot be seen included.
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
    fc.constantFrom('=1+1', "'=1", '+420 1', '@x', 'a;=b', 'zero\u200bwidth', '"quoted"', "'", '-', '0042', 'x,y;z'),
  )
  .map((each) => normalise(each.replaceAll(/[\p{Cc}\ufffd]/gu, '')))
  .filter((each) => each !== '');
const typed: Readonly<Partial<Record<Field, fc.Arbitrary<string>>>> = {
  companyStartDate: fc.constantFrom('2024-01-02', '2020-12-31'),
  companyEndDate: fc.constantFrom('2024-05-06'),
  departmentStartDate: fc.constantFrom('2024-07-08'),
  displayTimeZone: fc.constantFrom('Europe/Prague', 'ACT'),
  schedulingTimeZone: fc.constantFrom('US/Pacific-New'),
};
const values = fc.record(Object.fromEntries(fields.map((field) => [field, typed[field] ?? text])), {
  requiredKeys: ['username', 'firstName', 'lastName'],
});
const someOf = (ids: readonly number[]) => fc.subarray([...ids]);

it('17.4 what was exported and is imported as it is changes nothing', () => {
  fc.assert(
    fc.property(
      fc.record({
        supplied: values,
        said: values,
        teams: someOf([1, 2, 3, 4]),
        given: someOf([1, 2, 3, 4]),
        main: fc.constantFrom(null, 2, 3),
        group: fc.constantFrom(null, 1),
        full: fc.boolean(),
        scopeTeams: someOf([1, 2, 3, 4]),
        scheduling: fc.constantFrom('true', 'false'),
      }),
      ({ supplied, said, teams, given, main, group, full, scopeTeams, scheduling }) => {
        const user = person({
          snapshots: [slot('acd', supplied, { teams, roles: ['agent'] })],
          words: {
            ...{ overrides: { ...said, 'attribute.enableScheduling': scheduling }, teamsGiven: given, mainTeam: main },
            ...{ memberGroup: group, fullScope: full, scopeTeams, rolesGiven: ['trainer'] },
          },
        });
        const [cells = []]: string[][] = parse(csvLine(cellsOf(exportedFrom(user))), { ltrim: true });
        const named = Object.fromEntries(columnNames.map((column, index) => [column, cells[index] ?? '']));
        const plan = planned(named, user);
        expect(plan.errors).toEqual([]);
        expect(plan.changes).toEqual([]);
        expect(plan.kept.filter(({ why }) => why === 'not-taken-over')).toEqual([]);
      },
    ),
  );
});

it('17.1 the line of a person has a cell for every column', () => {
  const column: FieldColumn = 'QM Views';
  const user = person({ words: { localValues: { qmViews: 'All' } }, snapshots: [slot('acd', { username: 'a' })] });
  const cells = cellsOf(exportedFrom(user));
  expect(cells).toHaveLength(columnNames.length);
  expect(cells[columnNames.indexOf(column)]).toBe('All');
});
