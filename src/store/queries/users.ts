import type { Sight } from '../../domain/scope.ts';
import { seesUser, seesUserId } from '../sight.ts';
import type { Knex } from 'knex';
import { searchable } from '../../domain/search-text.ts';
import { fold } from '../../domain/text.ts';
import type { RoleName } from '../../domain/user.ts';
import { hydrateUsers, userColumns, type UserJson, type UserRow } from './user-json.ts';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { allOf, likeLiteral, sqlRows } from './sql.ts';
import type { RulesOf } from './explanation.ts';
import { waitingChanges, type WaitingChange } from './waiting-changes.ts';

/** Which users a list shows: active ones unless `all` (spec 9.4). */
interface UserFilter extends PageRequest {
  readonly all: boolean;
  /** Words that must each be somewhere in the user's names, logins, ids and e-mail address. */
  readonly search?: string | undefined;
  readonly sync?: 'on' | 'off' | undefined;
  /** Inactive users only. */
  readonly deactivatedBefore?: Date | undefined;
}

/** A name that stands for two users: one by id, another by username. */
class AmbiguousUserError extends Error {
  readonly code = 'user-ambiguous';

  constructor(reference: string, byName: number) {
    super(
      `"${reference}" is the id of one user and the username of user ${byName}: write id:${reference} or username:${reference}`,
    );
    this.name = 'AmbiguousUserError';
  }
}

/** `waiting`: where users with sync off are listed (spec 6.5). */
type ListedUser = UserJson & { readonly waiting?: readonly WaitingChange[] };

export interface UserQueries {
  list(filter: UserFilter): Promise<Page<ListedUser>>;
  get(id: number): Promise<UserJson | null>;
  /** The id of the user that `12`, `id:12`, `jnovak` or `username:12` names. @throws AmbiguousUserError */
  resolve(reference: string): Promise<number | null>;
  /** The same for many at once, in their order. @throws AmbiguousUserError */
  resolveAll(references: readonly string[]): Promise<readonly (number | null)[]>;
  /** What these users are called; who is out of sight is not among them. */
  named(ids: readonly number[]): Promise<readonly NamedUser[]>;
}

type NamedUser = Pick<UserJson, 'id' | 'displayName' | 'firstName' | 'lastName' | 'username'>;

const syncOff = `(not u.sync_enabled or u.sync_off_sources <> '{}')`;
const largestId = 2_147_483_647;
const searchedWords = 5;
/** A search that no index serves must not go on behind an answer that nobody waits for any more (`give-up.ts`). */
export const searchTime = '20s';

/** Users as people and programs see them. `managing`: the roles with which somebody can manage teams. */
export function createUserQueries(
  knex: Knex,
  rulesOf: RulesOf,
  managing: readonly RoleName[],
  sight: Sight | null,
): UserQueries {
  return {
    // One transaction per page: on the embedded database each statement would wait for its turn behind the sync's batches.
    list: (filter) => knex.transaction((transaction) => listUsers(transaction, filter, rulesOf, managing, sight)),
    async get(id) {
      const rows = await sqlRows<UserRow>(
        knex,
        `select ${userColumns} from "user" u where u.id = :id and ${seesUser(sight, 'u')}`,
        { id },
      );
      const [user] = await hydrateUsers(knex, rows, managing);
      return user ?? null;
    },
    resolve: async (reference) => (await resolveUsers(knex, [reference], sight))[0] ?? null,
    resolveAll: (references) => resolveUsers(knex, references, sight),
    named: (ids) =>
      sqlRows<NamedUser>(
        knex,
        `select u.id, u.display_name as "displayName", u.first_name as "firstName", u.last_name as "lastName", u.username
           from "user" u where u.id = any(cast(:ids as integer[])) and ${seesUser(sight, 'u')}`,
        { ids: [...ids] },
      ),
  };
}

async function listUsers(
  knex: Knex,
  filter: UserFilter,
  rulesOf: RulesOf,
  managing: readonly RoleName[],
  sight: Sight | null,
): Promise<Page<ListedUser>> {
  const search = searchOf(filter.search);
  if (search.conditions.length > 0) await sqlRows(knex, `set local statement_timeout = '${searchTime}'`);
  const rows = await sqlRows<UserRow>(
    knex,
    `select ${userColumns} from "user" u
      where ${allOf(['u.id > :after', seesUser(sight, 'u'), ...conditionsOf(filter), ...search.conditions])}
      order by u.id limit :limit`,
    { after: idAfter(filter.after), limit: filter.limit + 1, ...search.bindings, ...timesOf(filter) },
  );
  const page = pageOf(rows, filter.limit, (row) => String(row.id));
  const items = await hydrateUsers(knex, page.rows, managing);
  if (filter.sync !== 'off') return { items, next: page.next };
  const waiting = await waitingChanges(
    knex,
    items.map((user) => user.id),
    rulesOf,
  );
  return { items: items.map((user) => ({ ...user, waiting: waiting.get(user.id) ?? [] })), next: page.next };
}

/** Users by what a list of them is asked with. */
export type UserSelection = Omit<UserFilter, keyof PageRequest>;

/** The ids of all users that such a list has, in their order. */
export async function idsOfUsers(knex: Knex, filter: UserSelection, sight: Sight | null): Promise<number[]> {
  const search = searchOf(filter.search);
  const conditions = allOf([seesUser(sight, 'u'), ...conditionsOf(filter), ...search.conditions]);
  const sql = `select u.id from "user" u where ${conditions} order by u.id`;
  return (await sqlRows<{ id: number }>(knex, sql, { ...search.bindings, ...timesOf(filter) })).map((row) => row.id);
}

export function conditionsOf({ all, sync, deactivatedBefore }: UserSelection): (string | false)[] {
  // Who was never active is inactive since the creation.
  const deactivated =
    'not u.active and coalesce(u.deactivated_at, u.created_at) < cast(:deactivatedBefore as timestamptz)';
  return [
    deactivatedBefore === undefined ? !all && 'u.active' : deactivated,
    sync === 'off' && syncOff,
    sync === 'on' && `not ${syncOff}`,
  ];
}

export function timesOf({ deactivatedBefore }: UserSelection): Record<string, string> {
  return deactivatedBefore === undefined ? {} : { deactivatedBefore: deactivatedBefore.toISOString() };
}

/**
 * Each word must be in what the user is searched by (spec 15.2), anywhere. Trigrams serve words of three letters and more; of
 * shorter ones, and where the database has no trigrams, users are read by id until the page is full.
 */
export function searchOf(text: string | undefined): { conditions: string[]; bindings: Record<string, unknown> } {
  const words = searchable(text ?? '')
    .split(/\s+/)
    .filter((word) => word !== '');
  const bindings: Record<string, unknown> = {};
  const conditions = words.slice(0, searchedWords).map((word, index) => {
    bindings[`part${index}`] = `%${likeLiteral(word)}%`;
    return `u.search_text like :part${index}`;
  });
  return { conditions, bindings };
}

/** One statement however many are named. */
async function resolveUsers(
  knex: Knex,
  references: readonly string[],
  sight: Sight | null,
): Promise<(number | null)[]> {
  const named = references.map(namedBy);
  const found = await sqlRows<{ position: number; by_id: number | null; by_name: number | null }>(
    knex,
    `select r.position, u.id as by_id, c.user_id as by_name
       from json_to_recordset(cast(:named as json)) as r(position integer, id integer, username text)
       left join "user" u on u.id = r.id and ${seesUser(sight, 'u')}
       left join lateral (
         select user_id from claim where kind = 'username' and value = r.username
         union all
         -- Nobody has the name: who had it when they were merged into another (spec 18.3).
         select max(other_id) from merge where other_username = r.username and undone_at is null
            and not exists (select from claim where kind = 'username' and value = r.username)
         having max(other_id) is not null) as c on ${seesUserId(sight, 'c.user_id')}
      order by r.position`,
    { named: JSON.stringify(named.map((each, position) => ({ position, ...each }))) },
  );
  return found.map(({ position, by_id: byId, by_name: byName }) => {
    if (byId !== null && byName !== null && byId !== byName)
      throw new AmbiguousUserError(references[position]?.replace(/^(?:id|username):/, '') ?? '', byName);
    return byId ?? byName;
  });
}

/** What a reference may stand for: an id, a folded username, or either. */
function namedBy(reference: string): { readonly id: number | null; readonly username: string | null } {
  const [, how, name = ''] = /^(?:(id|username):)?(.*)$/su.exec(reference) ?? [];
  const isId = how !== 'username' && /^[1-9]\d{0,9}$/.test(name) && Number(name) <= largestId;
  return { id: isId ? Number(name) : null, username: how === 'id' ? null : fold(name) };
}
