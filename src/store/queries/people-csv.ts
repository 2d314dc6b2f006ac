import type { Knex } from 'knex';
import { memberGroupOf } from '../../domain/groups.ts';
import { sightOf, type Sight } from '../../domain/scope.ts';
import { compareText, fold } from '../../domain/text.ts';
import type { ExportedPerson } from '../../people-csv/exported-person.ts';
import { toValue } from '../user-rows.ts';
import { groupTree } from '../scope-reads.ts';
import { seesUser } from '../sight.ts';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { nothingSaid, saidScopesOf } from './said-scopes.ts';
import { allOf, sqlRows } from './sql.ts';
import { userColumns, type UserRow } from './user-json.ts';
import { searchTime, selectedUsers, type UserSelection } from './user-selection.ts';

/** Whom an export is of: a list of users, within groups and teams where some are named (by name). */
export interface PeopleSelection extends UserSelection {
  readonly groups?: readonly string[] | undefined;
  readonly teams?: readonly string[] | undefined;
}

/** One who asks sees no such group or team. */
class UnknownScopeError extends Error {
  readonly code: 'group-unknown' | 'team-unknown';

  constructor(what: 'group' | 'team', name: string) {
    super(`There is no ${what} "${name}".`);
    this.name = 'UnknownScopeError';
    this.code = `${what}-unknown`;
  }
}

/** Users as `people.csv` has them, in pages by id (spec 17.1): a fixed number of statements per page. */
export function createPeopleQueries(knex: Knex, sight: Sight | null) {
  return {
    page: (selection: PeopleSelection, page: PageRequest): Promise<Page<ExportedPerson>> =>
      // A search has a time limit of its own, for which it needs a transaction. Others have none: what knex makes for one is old from the
      // start for the garbage collector and holds on to its result, so that an export of a million users would pile up.
      selection.search === undefined
        ? pageOfPeople(knex, selection, page, sight)
        : knex.transaction((transaction) => pageOfPeople(transaction, selection, page, sight)),
  };
}

async function pageOfPeople(
  knex: Knex,
  selection: PeopleSelection,
  page: PageRequest,
  sight: Sight | null,
): Promise<Page<ExportedPerson>> {
  const selected = selectedUsers(selection);
  if (selection.search !== undefined) await sqlRows(knex, `set local statement_timeout = '${searchTime}'`);
  const within = await namedScope(knex, selection, sight);
  const rows = await sqlRows<UserRow>(
    knex,
    `select ${userColumns} from "user" u
      where ${allOf(['u.id > :after', seesUser(sight, 'u'), seesUser(within, 'u'), ...selected.conditions])}
      order by u.id limit :limit`,
    { after: idAfter(page.after), limit: page.limit + 1, ...selected.bindings },
  );
  const cut = pageOf(rows, page.limit, (row) => String(row.id));
  return { items: await peopleOf(knex, cut.rows), next: cut.next };
}

/** What is in the groups and teams that are named, as an operator with just these in their scope would see it. */
async function namedScope(
  knex: Knex,
  { groups = [], teams = [] }: PeopleSelection,
  sight: Sight | null,
): Promise<Sight | null> {
  if (groups.length + teams.length === 0) return null;
  const tree = await groupTree(knex, '');
  const all = await sqlRows<{ id: number; name: string }>(knex, 'select id, name from team');
  const seen = (kind: 'groups' | 'teams', id: number): boolean => sight === null || sight[kind].includes(id);
  const idsOf = (
    names: readonly string[],
    known: readonly { readonly id: number; readonly name: string }[],
    what: 'group' | 'team',
  ): number[] =>
    names.map((name) => {
      const found = known.find((each) => fold(each.name) === fold(name) && seen(`${what}s`, each.id));
      if (found === undefined) throw new UnknownScopeError(what, name);
      return found.id;
    });
  const scope = {
    full: false,
    groups: idsOf(groups, [...tree.groups.values()], 'group'),
    teams: idsOf(teams, all, 'team'),
  };
  return sightOf(
    '',
    scope,
    tree,
    all.map(({ id }) => id),
  );
}

/** Dates of activation and deactivation as UTC days, by user (spec 9.4). Who came active was activated by the creation. */
export async function activationDates(
  knex: Knex,
  ids: readonly number[],
): Promise<ReadonlyMap<number, Pick<ExportedPerson, 'activated' | 'deactivated'>>> {
  const rows = await sqlRows<{ id: number; activated: string | null; deactivated: string | null }>(
    knex,
    `select u.id, to_char(coalesce(
          (select e.at from event e where e.user_id = u.id and e.type = 'activated' order by e.id desc limit 1),
          case when u.active or u.deactivated_at is not null then u.created_at end) at time zone 'UTC', 'YYYY-MM-DD') as activated,
        to_char(case when u.active then null else u.deactivated_at end at time zone 'UTC', 'YYYY-MM-DD') as deactivated
       from "user" u where u.id = any (cast(:ids as integer[]))`,
    { ids },
  );
  return new Map(rows.map(({ id, ...dates }) => [id, dates]));
}

async function peopleOf(knex: Knex, rows: readonly UserRow[]): Promise<ExportedPerson[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const said = await saidScopesOf(knex, ids);
  const dates = await activationDates(knex, ids);
  const tree = await groupTree(knex, '');
  const teamIds = new Set([
    ...rows.flatMap((row) => row.team_ids),
    ...[...said.values()].flatMap(({ scope }) => scope.teams),
  ]);
  const teams = await sqlRows<{ id: number; name: string }>(
    knex,
    'select id, name from team where id = any (cast(:ids as integer[]))',
    { ids: [...teamIds] },
  );
  const names = new Map(teams.map(({ id, name }) => [id, name]));
  const namesOf = (kind: ReadonlyMap<number, string>, list: readonly number[]): string[] =>
    list.flatMap((id) => kind.get(id) ?? []).sort(compareText);
  const groupNames = new Map([...tree.groups.values()].map(({ id, name }) => [id, name]));
  return rows.map((row) => {
    const { fields } = toValue({
      ...row,
      roles: [],
      team_ids: [],
      supervised_team_ids: [],
      more_fields: { ...row.more_fields },
    });
    const { memberGroup, scope } = said.get(row.id) ?? nothingSaid;
    const main = names.get(row.main_team_id ?? 0);
    const others = namesOf(
      names,
      row.team_ids.filter((id) => id !== row.main_team_id),
    );
    return {
      id: row.id,
      fields: { ...fields, ...(row.employee_id === null && row.acd_id !== null ? { employeeId: row.acd_id } : {}) },
      activated: dates.get(row.id)?.activated ?? null,
      deactivated: dates.get(row.id)?.deactivated ?? null,
      roles: row.roles.map(({ role }) => role),
      teams: main === undefined ? others : [main, ...others],
      group: groupNames.get(memberGroupOf(tree, memberGroup, row.main_team_id)) ?? '',
      scope: {
        full: scope.full,
        groups: namesOf(groupNames, scope.groups),
        teams: namesOf(names, scope.teams),
      },
    };
  });
}
