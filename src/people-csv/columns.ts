import type { Field } from '../domain/fields.ts';
import { fold } from '../domain/text.ts';

/** The columns of `people.csv`, in the manual's order (spec 17.1). */
export const columnNames = [
  'ACD ID',
  'ACD Server ID',
  'Activated',
  'Company End Date',
  'Company Start Date',
  'Deactivated',
  'Department Start Date',
  'Display Time Zone',
  'Email',
  'Employee ID',
  'Enable Scheduling',
  'First Name',
  'Full Scope',
  'Last Name',
  'Locale',
  'Login',
  'Max Staffing Group',
  'Member Group',
  'QM Views',
  'Rank',
  'Roles',
  'Schedule Release Profile',
  'Scheduling Time Zone',
  'Scope Groups',
  'Scope Teams',
  'Skill Mappings',
  'Team',
  'User ID',
  'Work Condition Profile',
] as const;
export type ColumnName = (typeof columnNames)[number];

/** What the cells of a column hold; a mapping may say more of dates only. */
export type DataType = 'text' | 'id' | 'date' | 'true-false' | 'time-zone' | 'list';

/** Everything that is no text; ids are texts in which a spreadsheet's rounding is looked for. */
const typeOf: Readonly<Partial<Record<ColumnName, DataType>>> = {
  'ACD ID': 'id',
  Activated: 'date',
  'Company End Date': 'date',
  'Company Start Date': 'date',
  Deactivated: 'date',
  'Department Start Date': 'date',
  'Display Time Zone': 'time-zone',
  'Employee ID': 'id',
  'Enable Scheduling': 'true-false',
  'Full Scope': 'true-false',
  Login: 'id',
  Rank: 'id',
  Roles: 'list',
  'Scheduling Time Zone': 'time-zone',
  'Scope Groups': 'list',
  'Scope Teams': 'list',
  Team: 'list',
  'User ID': 'id',
};

/** The columns that are one field of the user each; what the application keeps and rosterd has no field for is an attribute. */
export const fieldOf = {
  'ACD ID': 'acdId',
  'ACD Server ID': 'acdServer',
  'Company End Date': 'companyEndDate',
  'Company Start Date': 'companyStartDate',
  'Department Start Date': 'departmentStartDate',
  'Display Time Zone': 'displayTimeZone',
  Email: 'email',
  'Employee ID': 'employeeId',
  'Enable Scheduling': 'attribute.enableScheduling',
  'First Name': 'firstName',
  'Last Name': 'lastName',
  Locale: 'locale',
  Login: 'username',
  'Max Staffing Group': 'attribute.maxStaffingGroup',
  'QM Views': 'qmViews',
  Rank: 'rank',
  'Schedule Release Profile': 'attribute.scheduleReleaseProfile',
  'Scheduling Time Zone': 'schedulingTimeZone',
  'Skill Mappings': 'attribute.skills',
  'Work Condition Profile': 'attribute.workConditionProfile',
} as const satisfies Partial<Record<ColumnName, Field>>;
export type FieldColumn = keyof typeof fieldOf;

/** What an import has to have (spec 17.1). */
export const requiredColumns = ['Email', 'First Name', 'Last Name'] as const satisfies readonly ColumnName[];

/** Fields that a blank cell leaves as they are (spec 17.4). */
const neverCleared: ReadonlySet<ColumnName> = new Set(['Login', 'First Name', 'Last Name']);

const byName: ReadonlyMap<string, ColumnName> = new Map(columnNames.map((name) => [fold(name), name]));

export function dataTypeOf(column: ColumnName): DataType {
  return typeOf[column] ?? 'text';
}

/** The column of that name, whatever its case; null where there is none. */
export function columnNamed(name: string): ColumnName | null {
  return byName.get(fold(name)) ?? null;
}

export function isFieldColumn(column: ColumnName): column is FieldColumn {
  return Object.hasOwn(fieldOf, column);
}

export function canBeCleared(column: ColumnName): boolean {
  return !neverCleared.has(column);
}

/** Columns that clear when they are missing: one field each; roles, teams and scopes need a column that is there (spec 17.4). */
export function clearsWhenMissing(column: ColumnName): column is FieldColumn {
  return isFieldColumn(column) && canBeCleared(column);
}

/** The column in which a field is seen; null for what people.csv does not have. */
export function columnOfField(field: string): ColumnName | null {
  return columnsByField.get(field) ?? null;
}

const columnsByField: ReadonlyMap<string, ColumnName> = new Map([
  ...(Object.entries(fieldOf) as [ColumnName, string][]).map(([column, field]): [string, ColumnName] => [
    field,
    column,
  ]),
  ['roles', 'Roles'],
  ['teams', 'Team'],
  ['mainTeam', 'Team'],
  ['memberGroup', 'Member Group'],
  ['fullScope', 'Full Scope'],
  ['scopeGroups', 'Scope Groups'],
  ['scopeTeams', 'Scope Teams'],
  ['active', 'Deactivated'],
]);
