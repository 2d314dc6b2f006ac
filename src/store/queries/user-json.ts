import type { Knex } from 'knex';
import { sourceFields, type NamedField } from '../../domain/fields.ts';
import { memberGroupOf, type GroupTree } from '../../domain/groups.ts';
import { missingPrivileges } from '../../domain/privileges.ts';
import { scopeOf } from '../../domain/scope.ts';
import type { RoleName } from '../../domain/user.ts';
import { groupTree } from '../scope-reads.ts';
import { nothingSaid, saidScopesOf, type SaidScope } from './said-scopes.ts';
import { iso, sqlRows } from './sql.ts';

/** The columns that {@link UserRow} holds, of a table named `u`. */
export const userColumns = `u.id, u.origin, u.active, u.sync_enabled, u.sync_off_sources, u.version, u.username, u.first_name,
  u.last_name, u.display_name, u.email, u.windows_login, u.employee_id, u.acd_id, u.acd_source, u.more_fields, u.roles,
  u.team_ids, u.main_team_id, u.supervised_team_ids, cast(u.start_date as text) as start_date, u.merged_into, u.created_at,
  u.deactivated_at`;

export interface UserRow {
  readonly id: number;
  readonly origin: string;
  readonly active: boolean;
  readonly sync_enabled: boolean;
  readonly sync_off_sources: readonly string[];
  readonly version: number;
  readonly username: string | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly display_name: string | null;
  readonly email: string | null;
  readonly windows_login: string | null;
  readonly employee_id: string | null;
  readonly acd_id: string | null;
  readonly acd_source: string | null;
  readonly more_fields: Readonly<Record<string, string>>;
  readonly roles: readonly { readonly role: string; readonly givenBy: string }[];
  readonly team_ids: readonly number[];
  readonly main_team_id: number | null;
  readonly supervised_team_ids: readonly number[];
  readonly start_date: string;
  readonly merged_into: number | null;
  readonly created_at: Date;
  readonly deactivated_at: Date | null;
}

/** An account linked to the user, or the one that was last (`unlinked`); one per source (spec 12.5). */
export interface ProfileJson {
  readonly source: string;
  readonly kind: string;
  readonly externalId: string;
  readonly state: 'present' | 'disabled' | 'gone' | 'unlinked';
  readonly lastSeenAt: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly displayName: string | null;
}

/** A switched-off sync with who, when, why and until when (spec 6.4, 6.5); `source` is null where it is for all. */
export interface SyncOffJson {
  readonly enabled: false;
  readonly source: string | null;
  readonly by: string;
  readonly at: string;
  readonly reason: string | null;
  readonly until: string | null;
}

/** The named fields that `more_fields` holds because the user table has no column of theirs. */
const columnFields = [
  'username',
  'firstName',
  'lastName',
  'displayName',
  'email',
  'windowsLogin',
  'employeeId',
  'acdId',
] as const satisfies NamedField[];
type FurtherField = Exclude<NamedField, (typeof columnFields)[number]>;
const furtherFields = sourceFields.filter(
  (field): field is FurtherField => !(columnFields as readonly string[]).includes(field),
);
const attributePrefix = 'attribute.';

/** A user as the API answers it. */
export type UserJson = Awaited<ReturnType<typeof hydrateUsers>>[number];

/**
 * Adds teams, group and scope, profiles and switches to rows of users: a fixed number of statements, however many users.
 * `managing` are the roles with which somebody can manage teams.
 */
export async function hydrateUsers(knex: Knex, rows: readonly UserRow[], managing: readonly RoleName[]) {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  // One after the other: the caller may be in a transaction, which is one connection.
  const said = await saidScopesOf(knex, ids);
  const tree = await groupTree(knex, '');
  const teamNames = await teamNamesOf(knex, rows, [...said.values()]);
  const profiles = await profilesOf(knex, ids);
  const switches = await switchesOf(knex, ids);
  const teamName = (id: number): string => teamNames.get(id) ?? `team ${id}`;
  const groupName = (id: number): string => tree.groups.get(id)?.name ?? `group ${id}`;
  return rows.map((row) => ({
    id: row.id,
    origin: row.origin,
    username: row.username,
    firstName: row.first_name,
    lastName: row.last_name,
    displayName: row.display_name,
    email: row.email,
    windowsLogin: row.windows_login,
    employeeId: row.employee_id ?? row.acd_id,
    employeeIdDerived: row.employee_id === null && row.acd_id !== null,
    acdId: row.acd_id,
    acdSource: row.acd_source,
    ...furtherFieldsOf(row),
    active: row.active,
    syncEnabled: row.sync_enabled,
    sync: switches.get(row.id) ?? [],
    version: row.version,
    createdAt: iso(row.created_at),
    deactivatedAt: row.active ? null : iso(row.deactivated_at),
    startDate: row.start_date,
    mergedInto: row.merged_into,
    roles: row.roles.map(({ role, givenBy }) => ({ role, givenBy })),
    teams: row.team_ids
      .map((id) => ({ name: teamName(id), main: id === row.main_team_id }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    supervises: row.supervised_team_ids.map(teamName).sort(),
    missingPrivileges: missingPrivileges(
      { roles: row.roles.map(({ role }) => role), supervises: row.supervised_team_ids },
      managing,
    ),
    ...belongingOf(row, said.get(row.id) ?? nothingSaid, tree, { teamName, groupName }),
    attributes: Object.entries(row.more_fields)
      .filter(([field]) => field.startsWith(attributePrefix))
      .map(([field, value]) => ({ name: field.slice(attributePrefix.length), value })),
    profiles: profiles.get(row.id) ?? [],
  }));
}

function furtherFieldsOf(row: UserRow): Record<FurtherField, string | null> {
  const pairs = furtherFields.map((field) => [field, row.more_fields[field] ?? null] as const);
  return Object.fromEntries(pairs) as Record<FurtherField, string | null>;
}

/** The group that a user belongs to, and their scope with their own group and teams in it (spec 11.5). */
function belongingOf(
  row: UserRow,
  { memberGroup, scope: said }: SaidScope,
  tree: GroupTree,
  { teamName, groupName }: Readonly<Record<'teamName' | 'groupName', (id: number) => string>>,
) {
  const group = memberGroupOf(tree, memberGroup, row.main_team_id);
  const { full, groups, teams } = scopeOf(said, { group, teams: row.team_ids });
  return {
    group: groupName(group),
    scope: { full, groups: groups.map(groupName).sort(), teams: teams.map(teamName).sort() },
  };
}

async function teamNamesOf(
  knex: Knex,
  rows: readonly UserRow[],
  said: readonly SaidScope[],
): Promise<Map<number, string>> {
  const ofUsers = rows.flatMap((row) => [...row.team_ids, ...row.supervised_team_ids]);
  const ids = [...new Set([...ofUsers, ...said.flatMap(({ scope }) => scope.teams)])];
  if (ids.length === 0) return new Map();
  const teams = await sqlRows<{ id: number; name: string }>(
    knex,
    'select id, name from team where id = any (cast(:ids as integer[]))',
    { ids },
  );
  return new Map(teams.map((team) => [team.id, team.name]));
}

async function switchesOf(knex: Knex, ids: readonly number[]): Promise<Map<number, SyncOffJson[]>> {
  const rows = await sqlRows<{
    user_id: number;
    source_id: string;
    operator_name: string;
    at: Date;
    reason: string | null;
    until: Date | null;
  }>(
    knex,
    `select user_id, source_id, operator_name, at, reason, until from sync_off
      where user_id = any (cast(:ids as integer[])) order by user_id, source_id`,
    { ids },
  );
  return groupByUser<(typeof rows)[number], SyncOffJson>(rows, (row) => ({
    enabled: false,
    source: row.source_id === '*' ? null : row.source_id,
    by: row.operator_name,
    at: iso(row.at),
    reason: row.reason,
    until: iso(row.until),
  }));
}

interface ProfileRow {
  readonly user_id: number;
  readonly source_id: string;
  readonly kind: string;
  readonly external_id: string;
  readonly state: ProfileJson['state'];
  readonly last_seen_at: Date;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly display_name: string | null;
}

/** Two branches, because current and ended links have an index each. */
async function profilesOf(knex: Knex, ids: readonly number[]): Promise<Map<number, ProfileJson[]>> {
  const rows = await sqlRows<ProfileRow>(
    knex,
    `with related as (
       select user_id, source_id, account_id, cast(null as timestamptz) as until, last_seen_under from link
        where until is null and user_id = any (cast(:ids as integer[]))
       union all
       select user_id, source_id, account_id, until, last_seen_under from link
        where until is not null and user_id = any (cast(:ids as integer[]))
     ), latest as (
       select distinct on (user_id, source_id) * from related
        order by user_id, source_id, until is null desc, until desc
     )
     select l.user_id, l.source_id, s.kind, a.external_id,
            case when l.until is not null then 'unlinked' when a.gone_since is not null then 'gone'
                 when a.disabled then 'disabled' else 'present' end as state,
            case when l.until is not null then coalesce(l.last_seen_under, l.until)
                 when a.absent_since is null and a.gone_since is null then greatest(s.last_complete_at, a.changed_at)
                 else coalesce(l.last_seen_under, a.changed_at) end as last_seen_at,
            a.content #>> '{values,firstName}' as first_name, a.content #>> '{values,lastName}' as last_name,
            a.content #>> '{values,displayName}' as display_name
       from latest l join account a on a.id = l.account_id join source_state s on s.source_id = l.source_id
      order by l.user_id, l.source_id`,
    { ids },
  );
  return groupByUser(rows, (row) => ({
    source: row.source_id,
    kind: row.kind,
    externalId: row.external_id,
    state: row.state,
    lastSeenAt: iso(row.last_seen_at),
    firstName: row.first_name,
    lastName: row.last_name,
    displayName: row.display_name,
  }));
}

function groupByUser<Row extends { readonly user_id: number }, Item>(
  rows: readonly Row[],
  itemOf: (row: Row) => Item,
): Map<number, Item[]> {
  const groups = new Map<number, Item[]>();
  for (const row of rows) {
    const group = groups.get(row.user_id);
    if (group === undefined) groups.set(row.user_id, [itemOf(row)]);
    else group.push(itemOf(row));
  }
  return groups;
}
