import { query, type Db } from '../../../src/store/sql.ts';
import { itemText } from './naive-correlation.ts';
import type { SlotView, UserView, WorldView } from './view.ts';

interface AccountRow {
  id: number;
  key: string;
  standing: string;
  reason: string | null;
  gone: boolean;
}
interface LinkRow {
  user_id: number;
  /** Whom it was linked to before they were merged into that user (spec 18). */
  first_user: number;
  account_id: number;
  current: boolean;
}
interface TeamRow {
  id: number;
  name: string;
  bound: string[];
}
interface UserRow {
  id: number;
  origin: string;
  active: boolean;
  off: string[];
  columns: Record<string, string | null>;
  more_fields: Record<string, string>;
  acd_source: string | null;
  roles: { role: string; givenBy: string }[];
  team_ids: number[];
  main_team_id: number | null;
  supervised_team_ids: number[];
  /** Of who was merged into another. */
  former_username: string | null;
}
interface SlotRow {
  user_id: number;
  source_id: string;
  results: {
    values: Record<string, string>;
    silentSince: Record<string, string>;
    roles: string[];
    teams: number[];
    supervises: number[];
    voice?: string;
  };
}
interface ItemRow {
  kind: string;
  subject: string;
  part: string | null;
  account_ids: number[];
  user_ids: number[];
}

/** Whose a link `l` was first: a merge gives it to who stays; of several merges the first counts. */
const firstUser = `coalesce((select m.other_id from merge m
  where m.links @> jsonb_build_array(jsonb_build_object('linkId', l.id)) order by m.id limit 1), l.user_id)`;

const userColumns = `jsonb_build_object('username', username, 'firstName', first_name, 'lastName', last_name, 'displayName', display_name,
  'email', email, 'windowsLogin', windows_login, 'employeeId', employee_id, 'acdId', acd_id)`;

/** What a store says that the world is. */
export async function viewOfStore(db: Db): Promise<WorldView> {
  const [accounts, links, users, slots, teams, items] = await Promise.all([
    query<AccountRow>(
      db,
      `select id, source_id || ':' || external_id as key, standing, standing_reason as reason, gone_since is not null as gone from account`,
    ),
    query<LinkRow>(
      db,
      `select l.user_id, l.account_id, l.until is null as current, ${firstUser} as first_user from link l order by l.id`,
    ),
    query<UserRow>(
      db,
      `select id, origin, active, case when sync_enabled then '{}' else array['*'] end || sync_off_sources as off, ${userColumns} as columns,
         more_fields, acd_source, roles, team_ids, main_team_id, supervised_team_ids,
         (select m.before #>> '{other,value,fields,username}' from merge m where m.other_id = "user".id) as former_username from "user"`,
    ),
    query<SlotRow>(db, 'select user_id, source_id, results from snapshot'),
    query<TeamRow>(
      db,
      `select id, name, array(select source_id || ':' || external_id from source_team s where s.team_id = t.id) as bound from team t`,
    ),
    query<ItemRow>(db, 'select kind, subject, part, account_ids, user_ids from review_item where closed_at is null'),
  ]);
  const keys = keysOfAll(users, accounts, links);
  const nameOf = new Map(teams.map((team) => [team.id, team.name]));
  const names = (ids: readonly number[]): string[] => ids.map((id) => nameOf.get(id) ?? `team ${String(id)}`).sort();
  const slotsOf = (user: number): [string, SlotView][] =>
    slots
      .filter((slot) => slot.user_id === user)
      .map(({ source_id, results: { values, silentSince, roles, teams: teamIds, supervises, voice } }) => [
        source_id,
        {
          values,
          silent: Object.keys(silentSince).sort(),
          roles,
          teams: names(teamIds),
          supervises: names(supervises),
          voice: voice ?? 'living',
        },
      ]);
  const userView = (row: UserRow): UserView => ({
    origin: row.origin,
    active: row.active,
    off: [...row.off].sort(),
    fields: fieldsOf(row),
    acdSource: row.acd_source,
    roles: Object.fromEntries(row.roles.map(({ role, givenBy }) => [role, givenBy])),
    teams: names(row.team_ids),
    mainTeam: row.main_team_id === null ? null : (names([row.main_team_id])[0] ?? null),
    supervises: names(row.supervised_team_ids),
    links: links
      .flatMap((link) => (link.user_id === row.id && link.current ? [keys.account(link.account_id)] : []))
      .sort(),
    slots: Object.fromEntries(slotsOf(row.id)),
  });
  const itemOf = (row: ItemRow): string => {
    const about =
      row.kind === 'unique-taken' ? row.part : row.account_ids.length + row.user_ids.length === 0 ? row.subject : null;
    return itemText(row.kind, row.account_ids.map(keys.account), row.user_ids.map(keys.user), about ?? '');
  };
  return {
    users: Object.fromEntries(users.map((row) => [keys.user(row.id), userView(row)])),
    accounts: Object.fromEntries(accounts.map(({ key, standing, reason, gone }) => [key, { standing, reason, gone }])),
    teams: Object.fromEntries(teams.map(({ name, bound }) => [name, bound.sort()])),
    items: items.map(itemOf).sort(),
  };
}

/** A user's fields as stored. */
function fieldsOf(row: UserRow): Record<string, string> {
  const columns = Object.entries(row.columns).flatMap(([field, value]) =>
    value === null ? [] : [[field, value] as const],
  );
  return { ...Object.fromEntries(columns), ...row.more_fields };
}

/** Names that are the same in every store: a user is the account that made it. */
function keysOfAll(
  users: readonly UserRow[],
  accounts: readonly { id: number; key: string }[],
  links: readonly { first_user: number; account_id: number }[],
): { account: (id: number) => string; user: (id: number) => string } {
  const accountKeys = new Map(accounts.map(({ id, key }) => [id, key]));
  const account = (id: number): string => accountKeys.get(id) ?? `account ${String(id)}`;
  const userKeys = new Map(
    users.map((row) => {
      const first = links.find((link) => link.first_user === row.id);
      const name =
        row.origin === 'local'
          ? `local:${row.columns['username'] ?? row.former_username ?? ''}`
          : first && account(first.account_id);
      return [row.id, name ?? `user ${String(row.id)}`];
    }),
  );
  return { account, user: (id) => userKeys.get(id) ?? `user ${String(id)}` };
}

/** The id of the user whom a view names so. */
export async function userIdOf(db: Db, key: string): Promise<number> {
  const [origin = '', name = ''] = key.split(':');
  const sql =
    origin === 'local'
      ? `select id from "user" where origin = 'local' and username = ?`
      : `select ${firstUser} as id from link l join account a on a.id = l.account_id where a.external_id = ? and a.source_id = ? and l.origin = 'created'`;
  const [row] = await query<{ id: number }>(db, sql, origin === 'local' ? [name] : [name, origin]);
  if (row === undefined) throw new Error(`the store has no user ${key}`);
  return row.id;
}
