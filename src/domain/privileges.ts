import type { RoleName, TeamId } from './user.ts';

/** The roles that exist, with the privileges that each names (spec 10.2, 10.6): `roles.catalogue` of the configuration. */
export type RoleCatalogue = Readonly<Record<RoleName, readonly string[]>>;

/**
 * The privilege without which "can manage" is an empty word: whoever supervises teams needs a role that names it, for any
 * application. The role `supervisor` has it unless the catalogue says otherwise.
 */
export const managePrivilege = 'manage-teams';

/** One privilege of a role: `application:privilege`, or without application where it is one of them all. */
interface Privilege {
  readonly application: string | null;
  readonly privilege: string;
}

/** Takes apart what the catalogue says. The first colon separates; a text without one names no application. */
export function privilegeOf(text: string): Privilege {
  const [, application, privilege] = /^([^:]+):(.+)$/su.exec(text) ?? [];
  if (application === undefined || privilege === undefined) return { application: null, privilege: text.trim() };
  return { application: application.trim(), privilege: privilege.trim() };
}

/** The roles with which somebody can manage teams. */
export function managingRoles(catalogue: RoleCatalogue): readonly RoleName[] {
  return Object.entries(catalogue).flatMap(([role, privileges]) =>
    privileges.some((text) => privilegeOf(text).privilege === managePrivilege) ? [role] : [],
  );
}

/** The privileges that a user's supervision needs and none of their roles has (spec 10.6); empty where all is well. */
export function missingPrivileges(
  user: { readonly roles: readonly RoleName[]; readonly supervises: readonly TeamId[] },
  managing: readonly RoleName[],
): readonly string[] {
  if (user.supervises.length === 0 || user.roles.some((role) => managing.includes(role))) return [];
  return [managePrivilege];
}
