import { sightOf, type Sight } from '../domain/scope.ts';
import { groupTree, scopeReads } from './scope-reads.ts';
import { query, type Db } from './sql.ts';

/** What an operator sees; null where that is everything: for these it costs one statement. */
export async function operatorSight(db: Db, operator: string): Promise<Sight | null> {
  const scope = await scopeReads(db).operatorScope(operator);
  if (scope.full) return null;
  const teams = await query<{ id: number }>(db, 'select id from team');
  return sightOf(
    operator,
    scope,
    await groupTree(db, ''),
    teams.map(({ id }) => id),
  );
}

/**
 * The condition under which somebody sees the user with this alias (spec 19.1): by one of their teams, or by the group that a
 * person chose for them. The group of the main team is in it with the team. Who was merged into another is seen with that one, who
 * has their teams. Ids are numbers of ours and stand in the text.
 */
export function seesUser(sight: Sight | null, user: string): string {
  if (sight === null) return 'true';
  const stays = `select from "user" stays where stays.id = ${user}.merged_into and ${isInSight(sight, 'stays')}`;
  return `(${isInSight(sight, user)} or ${user}.merged_into is not null and exists (${stays}))`;
}

function isInSight(sight: Sight, user: string): string {
  return `(${user}.team_ids && cast('${list(sight.teams)}' as integer[])
    or exists (select from word chosen where chosen.user_id = ${user}.id and chosen.kind = 'member-group'
                and chosen.ref = any (cast('${list(sight.groups)}' as text[]))))`;
}

/** The same for the user whose id an expression gives; nobody sees one that is null. */
export function seesUserId(sight: Sight | null, id: string): string {
  return sight === null
    ? 'true'
    : `exists (select from "user" seen where seen.id = ${id} and ${seesUser(sight, 'seen')})`;
}

/** The same for an account: by the user whom it is linked to or waits for. One that is nobody's is seen by a full scope. */
export function seesAccount(sight: Sight | null, account: string): string {
  if (sight === null) return 'true';
  const linked = `(select held.user_id from link held where held.account_id = ${account}.id and held.until is null)`;
  return seesUserId(sight, `coalesce(${linked}, ${account}.standing_user)`);
}

/** The same for a review item: everybody whom it is about is seen, and it is about somebody. */
export function seesItem(sight: Sight | null, item: string): string {
  if (sight === null) return 'true';
  return `(cardinality(${item}.user_ids) > 0
    and not exists (select from unnest(${item}.user_ids) as named(id) where not ${seesUserId(sight, 'named.id')})
    and not exists (select from link named where named.account_id = any (${item}.account_ids) and named.until is null
                     and not ${seesUserId(sight, 'named.user_id')}))`;
}

/**
 * The same for an event: of a user who is seen, or of sources and runs as a whole. What tells of an account, a group or a team
 * that is nobody's is seen by a full scope.
 */
export function seesEvent(sight: Sight | null, event: string): string {
  if (sight === null) return 'true';
  const ofAll = `${event}.user_id is null and ${event}.account_id is null and ${event}.type ~ '^(source|run)-'`;
  return `(${seesUserId(sight, `${event}.user_id`)} or (${ofAll}))`;
}

/** Those of the users whom an operator sees. */
export async function seenUsers(db: Db, operator: string, userIds: readonly number[]): Promise<ReadonlySet<number>> {
  const sight = await operatorSight(db, operator);
  if (sight === null) return new Set(userIds);
  const sql = `select u.id from "user" u where u.id = any(?) and ${seesUser(sight, 'u')}`;
  return new Set((await query<{ id: number }>(db, sql, [[...userIds]])).map(({ id }) => id));
}

function list(ids: readonly number[]): string {
  return `{${ids.map(Number).join(',')}}`;
}
