import type { Sight } from '../../domain/scope.ts';
import { seesUser } from '../sight.ts';
import type { Knex } from 'knex';
import { fold } from '../../domain/text.ts';
import type { RoleName } from '../../domain/user.ts';
import { hydrateUsers, userColumns, type UserJson, type UserRow } from './user-json.ts';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { allOf, sqlRows } from './sql.ts';
import type { RulesOf } from './explanation.ts';
import { searchTime, selectedUsers, type UserSelection } from './user-selection.ts';
import { waitingChanges, type WaitingChange } from './waiting-changes.ts';

/** Which users a list shows. */
type UserFilter = PageRequest & UserSelection;

/** A name that stands for two users: one by id, another by username; or one ACD id in two ACDs. */
class AmbiguousUserError extends Error {
  readonly code = 'user-ambiguous';

  constructor(reference: string, [one, other]: readonly [number, number]) {
    super(`"${reference}" names user ${one} and user ${other}: write id:${one} or id:${other}`);
    this.name = 'AmbiguousUserError';
  }
}

/** `waiting`: where users with sync off are listed (spec 6.5). */
type ListedUser = UserJson & { readonly waiting?: readonly WaitingChange[] };

export interface UserQueries {
  list(filter: UserFilter): Promise<Page<ListedUser>>;
  get(id: number): Promise<UserJson | null>;
  /**
   * The id of the user that `12`, `id:12`, `jnovak`, `username:12`, `employee-id:E7` or `acd-id:4711` names.
   *
   * @throws AmbiguousUserError
   */
  resolve(reference: string): Promise<number | null>;
  /** The same for many at once, in their order. @throws AmbiguousUserError */
  resolveAll(references: readonly string[]): Promise<readonly (number | null)[]>;
  /** What these users are called; who is out of sight is not among them. */
  named(ids: readonly number[]): Promise<readonly NamedUser[]>;
}

type NamedUser = Pick<UserJson, 'id' | 'displayName' | 'firstName' | 'lastName' | 'username'>;
const largestId = 2_147_483_647;

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
  const selected = selectedUsers(filter);
  if (filter.search !== undefined) await sqlRows(knex, `set local statement_timeout = '${searchTime}'`);
  const rows = await sqlRows<UserRow>(
    knex,
    `select ${userColumns} from "user" u
      where ${allOf(['u.id > :after', seesUser(sight, 'u'), ...selected.conditions])}
      order by u.id limit :limit`,
    { after: idAfter(filter.after), limit: filter.limit + 1, ...selected.bindings },
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

/** One statement however many are named. */
async function resolveUsers(
  knex: Knex,
  references: readonly string[],
  sight: Sight | null,
): Promise<(number | null)[]> {
  const named = references.map((reference, position) => ({ position, ...namedBy(reference) }));
  const found = await sqlRows<{ position: number; user_id: number }>(
    knex,
    `select distinct r.position, u.id as user_id
       from json_to_recordset(cast(:named as json)) as r(position integer, id integer, kind text, value text)
       cross join lateral (
         select r.id as id where r.id is not null
         union all
         select c.user_id from claim c where c.value = r.value and c.kind = any (
           case r.kind when 'acdId' then array(select 'acdId:' || source_id from source_state) || array['acdId:local']
                       else array[r.kind] end)
         union all
         -- Nobody has the name: who had it when they were merged into another (spec 18.3).
         select max(m.other_id) from merge m where r.kind = 'username' and m.other_username = r.value
            and m.undone_at is null and not exists (select from claim where kind = 'username' and value = r.value)) who
       join "user" u on u.id = who.id and ${seesUser(sight, 'u')}
      order by r.position, u.id`,
    { named: JSON.stringify(named) },
  );
  const idsOf = Map.groupBy(found, (row) => row.position);
  return references.map((reference, position) => {
    const [id, other] = (idsOf.get(position) ?? []).map((row) => row.user_id);
    if (id !== undefined && other !== undefined) throw new AmbiguousUserError(reference, [id, other]);
    return id ?? null;
  });
}

const claimKinds = { username: 'username', 'employee-id': 'employeeId', 'acd-id': 'acdId' } as const;

/** What a reference may stand for: an id, a unique name, or, where it does not say which, an id or a username. */
function namedBy(reference: string): {
  readonly id: number | null;
  readonly kind: string | null;
  readonly value: string | null;
} {
  const [, how, name = ''] = /^(?:(id|username|employee-id|acd-id):)?(.*)$/su.exec(reference) ?? [];
  const isId = (how === undefined || how === 'id') && /^[1-9]\d{0,9}$/.test(name) && Number(name) <= largestId;
  const id = isId ? Number(name) : null;
  if (how === 'id') return { id, kind: null, value: null };
  return { id, kind: claimKinds[(how ?? 'username') as keyof typeof claimKinds], value: fold(name) };
}
