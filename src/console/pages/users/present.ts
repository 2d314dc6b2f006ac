import type { User } from '../../../api/schemas/users.ts';

/** As much of a user as a name needs. */
export type Named = Pick<User, 'id' | 'displayName' | 'firstName' | 'lastName' | 'username'>;

/** What a user is called: as they are known, else by what there is. */
export function nameOf({ id, displayName, firstName, lastName, username }: Named): string {
  const full = [firstName, lastName].filter((part) => part !== null && part !== '').join(' ');
  return [displayName, full, username].find((name) => name !== null && name !== '') ?? String(id);
}

export function mainTeamOf({ teams }: Pick<User, 'teams'>): string {
  const main = teams.find((team) => team.main)?.name ?? '';
  return teams.length > 1 ? `${main} +${String(teams.length - 1)}` : main;
}

/** Whether there is a sync of this user that somebody could switch. */
export function hasSync({ profiles, sync }: Pick<User, 'profiles' | 'sync'>): boolean {
  return profiles.length > 0 || sync.length > 0;
}

/** What users are called, by id. */
export function namesOf(users: readonly Named[]): ReadonlyMap<number, string> {
  return new Map(users.map((user) => [user.id, nameOf(user)]));
}
