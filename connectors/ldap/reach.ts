import type { Kit } from '../../src/connector-kit/contract.ts';
import type { LdapConnection } from '../../src/connector-kit/ldap/connection.ts';
import type { FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import { conditionsOf, parseFilter } from '../../src/connector-kit/ldap/filter.ts';
import { readGroupMembers } from '../../src/connector-kit/ldap/group-members.ts';
import type { GroupMembers } from '../../src/connector-kit/ldap/group-members.ts';
import { readNamingContext } from '../../src/connector-kit/ldap/naming-context.ts';
import type { NamingContext } from '../../src/connector-kit/ldap/naming-context.ts';
import { provenAttributes } from '../../src/connector-kit/ldap/proof.ts';
import type { Config } from './config.ts';
import { readVendor } from './vendor.ts';
import type { Vendor } from './vendor.ts';

/** Everything that a session knows of whom it talks to. */
export interface Reach {
  readonly connection: LdapConnection;
  readonly context: NamingContext;
  readonly vendor: Vendor;
  readonly settings: Config;
  readonly plan: FieldPlan;
}

/** Finds out whom a connection talks to. Throws a SourceError. */
export async function reachOf(
  connection: LdapConnection,
  settings: Config,
  mapped: FieldPlan,
  signal: AbortSignal,
): Promise<Reach> {
  const vendor = await readVendor(connection, signal);
  const context = await readNamingContext(connection, settings.baseDn, signal);
  const externalId = mapped.parts.externalId ?? vendor.idAttribute;
  return { connection, context, vendor, settings, plan: { ...mapped, parts: { ...mapped.parts, externalId } } };
}

/** Whom it talks to (spec 2.6). */
export function systemOf({ dn, entryUuid }: NamingContext): string {
  return entryUuid === undefined ? dn : `${dn} ${entryUuid}`;
}

/** The groups that the table of roles names; undefined where it names none. Throws a SourceError. */
export async function groupsOf(
  { connection, context }: Reach,
  { roleGroups }: Pick<Kit, 'roleGroups'>,
  signal: AbortSignal,
): Promise<GroupMembers | undefined> {
  return roleGroups.length === 0 ? undefined : readGroupMembers(connection, context.dn, roleGroups, signal);
}

/** Those of these attributes (lower case) that somebody shows; see provenAttributes. */
export function proofOf(
  { connection, settings }: Reach,
  attributes: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const filter = parseFilter(settings.filter);
  return provenAttributes(connection, { base: settings.baseDn, filter, attributes }, signal);
}

/** Attributes that servers keep by themselves, without a new time of change (lower case). */
const undated: ReadonlySet<string> = new Set([
  ...['memberof', 'ismemberof', 'nsrole', 'nsroledn', 'pwdaccountlockedtime', 'pwdfailuretime', 'pwdchangedtime'],
  ...['authtimestamp', 'pwdlastsuccess'],
]);

/** What of mapping and filter changes without a trace, so that no delta can follow it. Groups in the filter are watched. */
export function undatedOf({ plan, settings }: Pick<Reach, 'plan' | 'settings'>): string[] {
  const mapped = [...plan.fields.flatMap(({ attributes }) => attributes), plan.parts.team ?? ''];
  const asked = conditionsOf(parseFilter(settings.filter)).flatMap(({ attribute, value }) =>
    attribute.toLowerCase() === 'memberof' && value !== undefined ? [] : [attribute.toLowerCase()],
  );
  return [...new Set([...mapped, ...asked])].filter((attribute) => undated.has(attribute));
}

/** The groups whose members the filter asks for, by DN. */
export function groupsOfFilter({ settings }: Pick<Reach, 'settings'>): string[] {
  return conditionsOf(parseFilter(settings.filter)).flatMap(({ attribute, value }) =>
    attribute.toLowerCase() === 'memberof' && value !== undefined ? [value] : [],
  );
}
