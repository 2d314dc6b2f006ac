import { digestOf } from '../digest.ts';
import { searchTextOf } from '../domain/search-text.ts';
import { fold } from '../domain/text.ts';
import type { Field, NamedField } from '../domain/fields.ts';
import type { FieldValues, HeldRole, UserState, UserValue } from '../domain/user.ts';

/** Fields with a column of their own; the others live in `more_fields`. */
const columnOf = {
  username: 'username',
  firstName: 'first_name',
  lastName: 'last_name',
  displayName: 'display_name',
  email: 'email',
  windowsLogin: 'windows_login',
  employeeId: 'employee_id',
  acdId: 'acd_id',
} as const satisfies Partial<Record<NamedField, string>>;

type Column = (typeof columnOf)[keyof typeof columnOf];
const columns = Object.entries(columnOf) as [keyof typeof columnOf, Column][];

/** The part of a `"user"` row that is the fold's value. */
export interface ValueRow extends Record<Column, string | null> {
  readonly acd_source: string | null;
  readonly more_fields: Record<string, string>;
  readonly roles: HeldRole[];
  readonly team_ids: number[];
  readonly main_team_id: number | null;
  readonly supervised_team_ids: number[];
}

/** Columns of a ValueRow with their types, for `forRows`. */
export const valueColumns =
  Object.values(columnOf)
    .map((column) => `${column} text`)
    .join(', ') +
  ', acd_source text, more_fields jsonb, roles jsonb, team_ids integer[], main_team_id integer, supervised_team_ids integer[], search_text text, name_key text';

/** The names of those columns. */
export const valueColumnNames = [
  ...Object.values(columnOf),
  'acd_source',
  'more_fields',
  'roles',
  'team_ids',
  'main_team_id',
  'supervised_team_ids',
  'search_text',
  'name_key',
] as const;

export function toValueRow(value: UserValue): ValueRow & DerivedColumns {
  const more: Record<string, string> = {};
  for (const [field, text] of Object.entries(value.fields) as [string, string][])
    if (!(field in columnOf)) more[field] = text;
  const named: Partial<Record<Column, string | null>> = {};
  for (const [field, column] of columns) named[column] = value.fields[field] ?? null;
  return {
    ...(named as Record<Column, string | null>),
    acd_source: value.acdSource,
    more_fields: more,
    roles: [...value.roles],
    team_ids: [...value.teams],
    main_team_id: value.mainTeam,
    supervised_team_ids: [...value.supervises],
    ...derivedColumns(value.fields),
  };
}

/** What users are found by. */
interface DerivedColumns {
  readonly search_text: string;
  readonly name_key: string | null;
}

export function derivedColumns(fields: FieldValues): DerivedColumns {
  return { search_text: searchTextOf(fields), name_key: nameKeyOf(fields) };
}

/** What an index can hold in any case. */
const mostOfNames = 500;

/** First and last name together, as two users are compared by them (spec 18.2); null where one is missing. */
function nameKeyOf({ firstName, lastName }: FieldValues): string | null {
  const [first, last] = [firstName ?? '', lastName ?? ''].map(fold);
  if (first === undefined || last === undefined || first === '' || last === '') return null;
  const names = `${first}\u001f${last}`;
  return names.length <= mostOfNames ? names : digestOf(names);
}

export function toValue(row: ValueRow): UserValue {
  const fields: Partial<Record<Field, string>> = {};
  for (const [field, column] of Object.entries(columnOf)) {
    const text = row[column];
    if (text !== null) fields[field as Field] = text;
  }
  return {
    fields: { ...fields, ...row.more_fields },
    acdSource: row.acd_source,
    roles: row.roles,
    teams: row.team_ids,
    mainTeam: row.main_team_id,
    supervises: row.supervised_team_ids,
  };
}

/** A `"user"` row as far as the sync reads it. */
export interface UserRow extends ValueRow {
  readonly id: number;
  readonly origin: string;
  readonly active: boolean;
  readonly sync_enabled: boolean;
  readonly sync_off_sources: string[];
  readonly policy_id: number;
  readonly merged_into: number | null;
}

export function toUserState(row: UserRow): UserState {
  return {
    id: row.id,
    origin: row.origin,
    active: row.active,
    syncEnabled: row.sync_enabled,
    syncOffSources: row.sync_off_sources,
    mergedInto: row.merged_into,
    value: toValue(row),
  };
}
