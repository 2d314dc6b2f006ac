import type { Kit } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { sidOf } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import type { ActiveDirectoryDomain } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import type { LdapConnection } from '../../src/connector-kit/ldap/connection.ts';
import { isWithin } from '../../src/connector-kit/ldap/dn.ts';
import type { FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import { and, parseFilter } from '../../src/connector-kit/ldap/filter.ts';
import type { Filter } from '../../src/connector-kit/ldap/filter.ts';
import { provenAttributes } from '../../src/connector-kit/ldap/proof.ts';
import { resolveRoleGroups } from '../../src/connector-kit/ldap/role-groups.ts';
import type { RoleGroups } from '../../src/connector-kit/ldap/role-groups.ts';
import type { Config } from './config.ts';

/** objectClass=user alone would match computers (MS-ADTS: class computer is derived from user). */
export const people = parseFilter('(&(objectCategory=person)(objectClass=user))');
const users = parseFilter('(objectClass=user)');

/** Everything that a session knows of whom it talks to. */
export interface Reach {
  readonly connection: LdapConnection;
  readonly domain: ActiveDirectoryDomain;
  readonly base: string;
  readonly filter: Filter;
  readonly plan: FieldPlan;
}

/** The base that is read. Throws a fatal SourceError when it is not in the domain of the server. */
export function baseOf(settings: Config, domain: ActiveDirectoryDomain): string {
  const base = settings.baseDn ?? domain.dn;
  if (isWithin(base, domain.dn)) return base;
  const message = `baseDn ${base} is not in ${domain.dn}, the domain of this server: name a domain controller of its own domain in connection.url`;
  throw new SourceError('fatal', 'configuration', message);
}

/** Which entries are read. */
export function filterOf(settings: Config): Filter {
  return settings.filter === undefined ? people : and(people, parseFilter(settings.filter));
}

/** The groups that the table of roles names; undefined where it names none. Throws a SourceError. */
export async function groupsOf(reach: Reach, kit: Kit, signal: AbortSignal): Promise<RoleGroups | undefined> {
  if (kit.roleGroups.length === 0) return undefined;
  return resolveRoleGroups(reach.connection, reach.domain, kit.roleGroups, sidOf, signal);
}

/**
 * The attributes (lower case) that somebody shows; see provenAttributes. memberOf is looked for in the whole domain: in a small base perhaps nobody is in a group, or nobody
 * is any more.
 */
export async function proofOf(
  reach: Reach,
  groups: RoleGroups | undefined,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { connection, base, filter, plan, domain } = reach;
  const proven = await provenAttributes(connection, { base, filter, attributes: plan.attributes, paged: true }, signal);
  if (groups === undefined) return proven;
  const memberOf = await provenAttributes(
    connection,
    { base: domain.dn, filter: users, attributes: ['memberof'], paged: true },
    signal,
  );
  return new Set([...proven, ...memberOf]);
}
