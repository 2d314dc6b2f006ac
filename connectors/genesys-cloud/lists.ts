import type { Ask, Query } from './api.ts';
import { expansionsOf } from './plan.ts';
import type { Source } from './source.ts';

const seeUsers = 'the permission directory:user:view, in all divisions,';
const seeTeams = 'the permission groups:team:view, in all divisions,';

/** Inactive and deleted users are in no list that does not ask for them. */
const anyState = ['state', 'any'] as const;

/** All users, page by page behind a cursor; unlike the plain list it is refused to whoever sees some divisions only. */
export function usersList({ plan, settings }: Source): Ask {
  return listed('list users', 'users/query', [pageSize(settings.pageSize), anyState, ...expand(plan)], seeUsers);
}

/** One user of the plain list, for the number of all. */
export function usersCount(): Ask {
  return listed('count users', 'users', [pageSize(1), ['pageNumber', '1'], anyState], seeUsers);
}

export function teamsList({ settings }: Source): Ask {
  return listed('list teams', 'teams', [pageSize(settings.pageSize)], seeTeams);
}

export function membersList({ settings }: Source, teamId: string): Ask {
  const path = `teams/${encodeURIComponent(teamId)}/members`;
  return listed('list members of a team', path, [pageSize(settings.pageSize)], seeTeams);
}

/** One user, with everything that the list of users gives of each. */
export function oneUser(id: string, { plan }: Pick<Source, 'plan'>): Ask {
  return listed('get user', `users/${encodeURIComponent(id)}`, [anyState, ...expand(plan)], seeUsers);
}

function expand(plan: Source['plan']): Query {
  return expansionsOf(plan).map((each) => ['expand', each] as const);
}

function pageSize(size: number): readonly [string, string] {
  return ['pageSize', String(size)];
}

function listed(doing: string, path: string, query: Query, permission: string): Ask {
  return { doing, path, query, permission };
}
