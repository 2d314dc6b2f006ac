import { permissions, type Permission } from './permissions.ts';

/** The three ready profiles (spec 19.1): sets of permissions with a name, nothing that is stored. */
export const profiles = {
  operator: ['view', 'view-log'],
  admin: permissions.filter((permission) => permission !== 'manage-operators'),
  owner: permissions,
} as const satisfies Readonly<Record<string, readonly Permission[]>>;
export type Profile = keyof typeof profiles;

/** The profile that has exactly these permissions; null where none does. */
export function profileOf(given: readonly Permission[]): Profile | null {
  const names = Object.keys(profiles) as Profile[];
  return names.find((name) => sameMembers(profiles[name], given)) ?? null;
}

function sameMembers(one: readonly Permission[], other: readonly Permission[]): boolean {
  return one.length === new Set(other).size && one.every((each) => other.includes(each));
}
