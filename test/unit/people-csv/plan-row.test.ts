import { describe, expect, it } from 'vitest';
import { permissions } from '../../../src/domain/permissions.ts';
import { columnNames } from '../../../src/people-csv/columns.ts';
import type { RowPlan } from '../../../src/people-csv/row-plan.ts';
import { newPerson, person, planned, slot, world } from './builders.ts';

const names = { Email: 'a@x.cz', 'First Name': 'Jan', 'Last Name': 'Novák' };
const told = ({ changes }: RowPlan) => changes.map(({ field, before, after, how }) => [field, before, after, how]);
const codes = ({ errors }: RowPlan) => errors.map(({ column, code }) => [column, code]);
const basic = { email: 'a@x.cz', firstName: 'Jan', lastName: 'Novák', username: 'jnovak' } as const;
const synced = person({ snapshots: [slot('acd', { ...basic, acdId: '4711' }, { roles: ['agent'], teams: [2] })] });
const local = person({
  origin: 'local',
  words: {
    localValues: { ...basic, language: 'cs', employeeId: 'E1', rank: '3' },
    rolesGiven: ['agent', 'trainer'],
    teamsGiven: [2],
    scopeTeams: [3],
  },
});

describe('17.4 cells and what people and sources own', () => {
  it('a cell equal to the present value changes nothing, the employee id that is a copy of the ACD id included', () => {
    const plan = planned({ ...names, 'User ID': '7', 'Employee ID': '4711', Team: 'Sales', Roles: 'agent' }, synced);
    expect(plan).toMatchObject({ changes: [], classes: [], kept: [], errors: [] });
    expect(plan.words).toBe(synced.subject.words);
  });

  it('what a source supplies becomes an override only where the cell differs, and the plan says so', () => {
    const plan = planned({ ...names, Email: 'b@x.cz', 'User ID': '7' }, synced);
    expect(told(plan)).toEqual([['email', 'a@x.cz', 'b@x.cz', 'override']]);
    expect(plan.words.overrides).toEqual({ email: 'b@x.cz' });
    expect(plan.classes).toEqual(['override']);
    expect(plan.guardClasses).toEqual(['fieldChanged']);
  });

  it('other fields are simply edited', () => {
    const plan = planned({ ...names, Rank: '9', 'User ID': '7' }, local);
    expect(told(plan)).toEqual([['rank', '3', '9', 'changed']]);
    expect(plan.words.localValues).toMatchObject({ rank: '9' });
  });

  it('a blank cell clears what people own, in a class of its own; what a source supplies stays and is told', () => {
    const cleared = planned({ ...names, Rank: '', 'Employee ID': '', 'User ID': '7' }, local);
    expect(told(cleared)).toEqual([
      ['employeeId', 'E1', null, 'cleared'],
      ['rank', '3', null, 'cleared'],
    ]);
    expect(cleared.classes).toEqual(['cleared']);
    expect(cleared.guardClasses).toEqual(['fieldBlanked']);
    const kept = planned({ ...names, Email: '', 'ACD ID': '', 'User ID': '7' }, synced);
    expect(kept.changes).toEqual([]);
    expect(kept.kept.map(({ column, why }) => [column, why])).toEqual([
      ['ACD ID', 'supplied'],
      ['Email', 'supplied'],
    ]);
  });

  it('an override that is cleared gives way to the source', () => {
    const pinned = person({ snapshots: [slot('acd', basic)], words: { overrides: { email: 'b@x.cz' } } });
    expect(told(planned({ ...names, Email: '', 'User ID': '7' }, pinned))).toEqual([
      ['email', 'b@x.cz', 'a@x.cz', 'cleared'],
    ]);
  });

  it('a missing column clears like a blank cell; roles, teams, scopes, login and names only by a column that is there', () => {
    const missing = columnNames.filter((column) => column === 'Rank' || column === 'Employee ID');
    const plan = planned({ ...names, 'User ID': '7' }, local, { missing });
    expect(told(plan)).toEqual([
      ['employeeId', 'E1', null, 'cleared'],
      ['rank', '3', null, 'cleared'],
    ]);
    expect(planned({ ...names, 'User ID': '7' }, local).changes).toEqual([]);
  });

  it('Activated, Login and names are never cleared', () => {
    const blank = { Email: 'a@x.cz', 'First Name': '', 'Last Name': '', Login: '', Activated: '', Deactivated: '' };
    const plan = planned({ ...blank, 'User ID': '7' }, local);
    expect(plan).toMatchObject({ changes: [], errors: [], activation: null });
    expect(plan.kept.map(({ column, why }) => [column, why])).toEqual([
      ...[
        ['First Name', 'cannot-be-cleared'],
        ['Last Name', 'cannot-be-cleared'],
        ['Login', 'cannot-be-cleared'],
      ],
    ]);
  });

  it('the organisation supplies time zone and locale where nobody does: a blank cell changes nothing', () => {
    const plan = planned({ ...names, Locale: '', 'Display Time Zone': '', 'User ID': '7' }, synced);
    expect(plan).toMatchObject({ changes: [], kept: [], errors: [] });
  });

  it('the last address of a local user stays', () => {
    expect(codes(planned({ ...names, Email: '', 'User ID': '7' }, local))).toEqual([['Email', 'required']]);
  });
});

describe('17.1 lists', () => {
  it('roles: given where they are not held, taken where a source supplies them, withdrawn where people gave them', () => {
    const plan = planned({ ...names, Roles: 'Supervisor;agent', 'User ID': '7' }, local);
    expect(plan.words).toMatchObject({ rolesGiven: ['agent', 'supervisor'], rolesTaken: [] });
    expect(told(plan)).toEqual([['roles', ['agent', 'trainer'], ['agent', 'supervisor'], 'changed']]);
    expect(plan.guardClasses).toEqual(['roleTaken']);
    const taken = planned({ ...names, Roles: 'trainer', 'User ID': '7' }, synced);
    expect(taken.words).toMatchObject({ rolesGiven: ['trainer'], rolesTaken: ['agent'] });
    expect(taken.classes).toEqual(['override']);
  });

  it('12.2 a number that a spreadsheet has taken the leading zeros of is no other value', () => {
    const known = person({ snapshots: [slot('acd', { username: 'anna', employeeId: '000427' })] });
    const plan = planned({ ...names, 'Employee ID': '427', 'User ID': '7' }, known);
    expect(plan.kept.filter(({ column }) => column === 'Employee ID')).toMatchObject([{ why: 'not-taken-over' }]);
    expect(plan.words.overrides.employeeId).toBeUndefined();
    for (const other of ['0427', '4270', '42'])
      expect(planned({ ...names, 'Employee ID': other, 'User ID': '7' }, known).words.overrides).toMatchObject({
        employeeId: other,
      });
  });

  it('a blank cell of roles and teams clears what people gave, and leaves what a source supplies', () => {
    expect(planned({ ...names, Roles: '', Team: '', 'User ID': '7' }, local).words).toMatchObject({
      ...{ rolesGiven: [], rolesTaken: [], teamsGiven: [], teamsTaken: [] },
    });
    const plan = planned({ ...names, Roles: '', Team: '', 'User ID': '7' }, synced);
    expect(plan.changes).toEqual([]);
    expect(plan.kept.map(({ column }) => column)).toEqual(['Roles', 'Team']);
  });

  it('teams: the first one is the main team, and names may hold semicolons', () => {
    const plan = planned({ ...names, Team: '"Support; ""night""";Sales', 'User ID': '7' }, local);
    expect(plan.words).toMatchObject({ teamsGiven: [2, 3], mainTeam: 3 });
    expect(plan.classes).toEqual(['teams']);
    const both = planned({ ...names, Team: 'Sales;Default', 'User ID': '7' }, person({ origin: 'local' }));
    // The default team is had for want of another: beside one it is given.
    expect(both.value).toMatchObject({ teams: [1, 2], mainTeam: 2 });
    const moved = planned({ ...names, Team: 'Default', 'User ID': '7' }, synced);
    expect(moved.words).toMatchObject({ teamsGiven: [1], teamsTaken: [2], mainTeam: null });
    expect(moved.classes).toEqual(['override', 'teams']);
  });

  it('group and scope are people’s, and cleared by a blank cell', () => {
    const plan = planned(
      {
        ...names,
        'Member Group': 'company',
        'Full Scope': 'TRUE',
        'Scope Groups': 'North',
        'Scope Teams': '',
        'User ID': '7',
      },
      local,
    );
    expect(plan.words).toMatchObject({ memberGroup: 1, fullScope: true, scopeGroups: [2], scopeTeams: [] });
    expect(plan.classes).toEqual(['cleared', 'teams', 'scope']);
    expect(planned({ ...names, 'Member Group': 'North', 'User ID': '7' }, local).changes).toEqual([]);
  });
});

describe('17.3 new users and activation', () => {
  const row = { ...names, Login: 'new', 'User ID': '0' };

  it('User ID 0 is a new user, with the agent role, the language of the locale, and inactive', () => {
    const plan = planned({ ...row, Locale: 'cs' }, newPerson());
    expect(plan.errors).toEqual([]);
    expect(plan.words).toMatchObject({
      localValues: { username: 'new', locale: 'cs', language: 'cs' },
      rolesGiven: ['agent'],
    });
    expect(plan).toMatchObject({ classes: ['created'], guardClasses: ['created'], activation: null });
    expect(planned({ ...row, Roles: '', Team: '' }, newPerson()).words).toMatchObject({
      localValues: { language: 'en' },
      rolesGiven: ['agent'],
    });
  });

  it('a new user needs e-mail, names and login', () => {
    const plan = planned({ Email: '', 'First Name': '', 'Last Name': '', Login: '', 'User ID': '0' }, newPerson());
    expect(codes(plan)).toEqual([
      ...[
        ['Login', 'required'],
        ['First Name', 'required'],
        ['Last Name', 'required'],
        ['Email', 'required'],
      ],
    ]);
  });

  it('12/31/2999 activates a deactivated user; a date that has come deactivates an active one', () => {
    const inactive = person({ snapshots: [slot('acd', basic)], active: false });
    const activated = planned({ ...names, Deactivated: '12/31/2999', 'User ID': '7' }, inactive);
    expect(activated).toMatchObject({ activation: 'activate', classes: ['activated'] });
    expect(planned({ ...row, Deactivated: '12/31/2999' }, newPerson())).toMatchObject({
      ...{ activation: 'activate', classes: ['created', 'activated'] },
    });
    expect(planned({ ...names, Deactivated: '12/31/2999', 'User ID': '7' }, synced).activation).toBeNull();
    expect(planned({ ...names, Deactivated: '2026-11-30', 'User ID': '7' }, synced).activation).toBe('deactivate');
    expect(codes(planned({ ...names, Deactivated: '2026-12-01', 'User ID': '7' }, synced))).toEqual([
      ['Deactivated', 'date-in-future'],
    ]);
  });

  it('other dates say what rosterd notes itself, and are named where they differ', () => {
    const inactive = person({ snapshots: [slot('acd', basic)], active: false });
    const same = planned({ ...names, Activated: '2024-01-02', Deactivated: '2025-05-06', 'User ID': '7' }, inactive);
    expect(same).toMatchObject({ activation: null, kept: [], changes: [] });
    const differs = planned({ ...names, Activated: '2023-01-02', Deactivated: '2025-05-07', 'User ID': '7' }, inactive);
    expect(differs.kept.map(({ column, why }) => [column, why])).toEqual([
      ['Activated', 'not-taken-over'],
      ['Deactivated', 'not-taken-over'],
    ]);
  });

  it('a merged user is not activated', () => {
    const merged = person({ snapshots: [slot('acd', basic)], active: false, mergedInto: 3 });
    expect(codes(planned({ ...names, Deactivated: '12/31/2999', 'User ID': '7' }, merged))).toEqual([
      ['Deactivated', 'user-merged'],
    ]);
  });
});

describe('17.5 what is wrong is named by column, all at once', () => {
  it.each([
    ['Email', 'nobody', 'value-invalid'],
    ['Rank', 'first', 'value-invalid'],
    ['Locale', 'not a tag', 'value-invalid'],
    ['First Name', 'x'.repeat(401), 'value-invalid'],
    ['Last Name', 'No\u0007vak', 'value-unusable'],
    ['Last Name', 'Nov\ufffdk', 'value-invalid'],
    ['Last Name', 'zero\u200bwidth', 'value-invalid'],
    ['Display Time Zone', 'Europe/Brno', 'time-zone-unknown'],
    ['Company Start Date', '31/31/2024', 'date-invalid'],
    ['Company Start Date', '05/06/2024', 'date-ambiguous'],
    ['Enable Scheduling', 'maybe', 'true-false-invalid'],
    ['Full Scope', '2', 'true-false-invalid'],
    ['Roles', 'agent;boss', 'role-unknown'],
    ['Team', 'Nowhere', 'team-unknown'],
    ['Member Group', 'Nowhere', 'group-unknown'],
    ['Scope Groups', 'Nowhere', 'group-unknown'],
    ['Scope Teams', '"Sales', 'list-invalid'],
    ['Employee ID', '4,20778E+11', 'number-rounded'],
    ['User ID', 'seven', 'user-id-invalid'],
    ['Login', 'other', 'field-read-only'],
  ] as const)('%s %j: %s', (column, text, code) => {
    expect(codes(planned({ ...names, 'User ID': '7', [column]: text }, synced))).toEqual([[column, code]]);
  });

  it('several mistakes of one row', () => {
    const cells = { ...names, Email: 'nobody', Rank: 'x', Roles: 'boss', 'User ID': '7' };
    expect(codes(planned(cells, synced))).toEqual([
      ...[
        ['Email', 'value-invalid'],
        ['Rank', 'value-invalid'],
        ['Roles', 'role-unknown'],
      ],
    ]);
  });

  it('a row that names nobody', () => {
    expect(codes(planned({ ...names, Login: '' }, synced))).toContainEqual(['User ID', 'user-unnamed']);
  });

  it('without Assign User Roles and Edit QM Views exactly those columns are refused (19.1)', () => {
    const may = new Set(permissions.filter((each) => each !== 'assign-user-roles' && each !== 'edit-qm-views'));
    const cells = {
      ...{ ...names, Rank: '1', Team: 'Default', 'QM Views': 'All', Roles: 'agent;trainer', 'Full Scope': 'TRUE' },
      ...{ 'Scope Groups': 'North', 'Scope Teams': 'Sales', 'User ID': '7' },
    };
    const asker = { operator: 'anna', may };
    expect(codes(planned(cells, synced, { asker }))).toEqual(
      ['Full Scope', 'QM Views', 'Roles', 'Scope Groups', 'Scope Teams'].map((column) => [
        column,
        'permission-missing',
      ]),
    );
    // Permissions follow from changes: what is in the file and as it was needs none.
    expect(codes(planned({ ...names, Roles: 'agent', 'User ID': '7' }, synced, { asker }))).toEqual([]);
    expect(codes(planned({ ...names, Login: 'new', 'User ID': '0' }, newPerson(), { asker }))).toEqual([]);
  });

  it('nobody assigns a team or group beyond their own scope (10.5)', () => {
    const scope = { full: false, groups: [], teams: [2] };
    const cells = { ...names, Team: 'Sales;Default', 'Full Scope': 'TRUE', 'User ID': '7' };
    expect(codes(planned(cells, synced, { scope }))).toEqual([
      ['Full Scope', 'beyond-scope'],
      ['Team', 'beyond-scope'],
    ]);
    expect(codes(planned({ ...names, Login: 'new', 'User ID': '0' }, newPerson(), { scope }))).toEqual([
      ['Team', 'beyond-scope'],
    ]);
    expect(codes(planned({ ...names, Team: 'Sales', Login: 'new', 'User ID': '0' }, newPerson(), { scope }))).toEqual(
      [],
    );
  });

  it('a world of many teams finds them by name, whatever the case', () => {
    expect(world().teamsByName.get('sales')).toBe(2);
  });
});
