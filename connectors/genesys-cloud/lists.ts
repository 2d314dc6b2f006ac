import type { Ask, Query } from './api.ts';
import { expansionsOf } from './plan.ts';
import type { Source } from './source.ts';

const seeUsers = 'the permission directory:user:view, in all divisions,';
const seeTeams = 'the permission groups:team:view, in all divisions,';

/** Inactive and deleted users are in no list that does not ask for them. */
const anyState = ['state', 'any'] as const;

/** All users, page by page behind a cursor; unlike the plain list it is refused to whoever sees some divisions only. */
export function usersList({ plan, settings }: Source): Ask {
  const expand = expansionsOf(plan).map((each) => ['expand', each] as const);
  return listed('list users', 'users/query', [pageSize(settings.pageSize), anyState, ...expand], seeUsers);
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

export function oneUser(id: string): Ask {
  return listed('get user', `users/${encodeURIComponent(id)}`, [anyState], seeUsers);
}

function pageSize(size: number): readonly [string, string] {
  return ['pageSize', String(size)];
}

function listed(doing: string, path: string, query: Query, permission: string): Ask {
  return { doing, path, query, permission };
}
