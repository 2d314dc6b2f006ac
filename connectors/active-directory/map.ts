import type { AccountRecord } from '../../src/domain/account.ts';
import type { Field } from '../../src/domain/fields.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import {
  orUnread,
  positionOf,
  readFields,
  readTeams,
  unreadOf,
  UnusableEntry,
  usableValues,
} from '../../src/connector-kit/ldap/field-plan.ts';
import type { DefaultFields, FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import { expiryMs } from '../../src/connector-kit/ldap/microsoft-values.ts';
import { isCutShort } from '../../src/connector-kit/ldap/ranges.ts';
import { groupFacts, namesOfGroups } from '../../src/connector-kit/ldap/role-groups.ts';
import type { RoleGroups } from '../../src/connector-kit/ldap/role-groups.ts';
import { isWindowsLogin } from '../../src/connector-kit/windows-login.ts';
import { objectGuid, userAccountControl } from './schema.ts';

/** Which attribute each field comes from where `mapping` does not say otherwise. */
export const defaultFields: DefaultFields = [
  ['username', 'sAMAccountName'],
  ['firstName', 'givenName'],
  ['lastName', 'sn'],
  ['displayName', 'displayName'],
  ['email', 'mail'],
  ['employeeId', 'employeeID'],
  ['mobileNumber', 'mobile'],
  ['phoneNumber', 'telephoneNumber'],
  ['department', 'department'],
  ['company', 'company'],
  ['jobTitle', 'title'],
];

/** What `mapping` may name beside fields; the Windows login is always made of domain and log-on name. */
export const mappable = { parts: ['team'], fixed: ['windowsLogin'] } as const satisfies {
  parts: readonly 'team'[];
  fixed: readonly Field[];
};

/** Read of every account beside the mapped attributes. */
export const accountAttributes: readonly string[] = [
  'objectGUID',
  'sAMAccountName',
  'userAccountControl',
  'accountExpires',
  'lockoutTime',
];
/** Read only where the table of equivalents names groups. */
export const groupAttributes: readonly string[] = ['memberOf', 'primaryGroupID'];
/** In lower case. */
export const binaryAttributes: ReadonlySet<string> = new Set(['objectguid', 'objectsid']);

/** What a mapping needs to know of the read that it belongs to. */
export interface MapContext {
  readonly plan: FieldPlan;
  readonly netbiosName: string;
  /** Attributes (lower case) that can be read; see provenAttributes. */
  readonly proven: ReadonlySet<string>;
  /** Undefined where the table of equivalents names none. */
  readonly groups: RoleGroups | undefined;
}

/** The canonical objectGUID; undefined where the entry has none. */
export function idOf(entry: Entry): string | undefined {
  const parsed = objectGuid.safeParse(entry.octets.get('objectguid')?.[0]);
  return parsed.success ? parsed.data : undefined;
}

/** An entry as an account; undefined for the trust account of another domain. Throws UnusableEntry. */
export function mapEntry(entry: Entry, externalId: string, context: MapContext): AccountRecord | undefined {
  const uac = entry.texts.get('useraccountcontrol')?.[0];
  const parsed = uac === undefined ? undefined : userAccountControl.safeParse(uac);
  if (parsed?.success === false) throw new UnusableEntry('userAccountControl is no 32-bit number');
  if (parsed?.data.trust === true) return undefined;
  const { plan, proven } = context;
  const unread: string[] = [];
  const { values, ...several } = readFields(entry, plan.fields, proven, unread);
  const login = orUnread(unread, () => windowsLogin(entry, context.netbiosName));
  if (login !== undefined) values.windowsLogin = login;
  const blocked = plan.fields.some(({ field }) => field === 'blocked') ? undefined : lockedOut(entry);
  if (blocked !== undefined) values.blocked = blocked;
  const roleFacts = context.groups === undefined ? {} : rolesOf(entry, context.groups, proven);
  const teams = readTeams(entry, plan.parts.team, proven, unread);
  return {
    externalId,
    values,
    ...several,
    ...(parsed === undefined ? {} : { disabled: parsed.data.disabled }),
    ...roleFacts,
    ...(teams === undefined ? {} : { teams }),
    ...unreadOf(positionOf(entry), unread),
  };
}

/** Whether the account has expired at a time (milliseconds since 1970); it counts as living all the same. */
export function hasExpired(entry: Entry, nowMs: number): boolean {
  const expires = expiryMs(entry.texts.get('accountexpires')?.[0] ?? '');
  return expires !== undefined && expires <= nowMs;
}

/**
 * `true` after a lock-out, null once that was lifted (lockoutTime 0, MS-ADA1 2.358), undefined where the account never was
 * locked out or nothing of it can be read. A lock-out that has run out by itself stands until the next log-on.
 */
function lockedOut(entry: Entry): 'true' | null | undefined {
  const since = usableValues(entry, 'lockouttime')[0];
  if (since === undefined) return undefined;
  return since === '0' ? null : 'true';
}

function windowsLogin(entry: Entry, netbiosName: string): string {
  const name = usableValues(entry, 'samaccountname')[0];
  if (name === undefined) throw new UnusableEntry('sAMAccountName cannot be read, so that there is no Windows login');
  const login = `${netbiosName}\\${name}`;
  if (!isWindowsLogin(login)) throw new UnusableEntry('sAMAccountName makes no valid Windows login (DOMAIN\\login)');
  return login;
}

/** The groups of an entry that the table names; nothing (not read) where nothing shows that memberOf can be read, or where it came only in part. */
export function rolesOf(
  entry: Entry,
  groups: RoleGroups,
  proven: ReadonlySet<string>,
): Pick<AccountRecord, 'roleFacts' | 'groupsNotRead'> {
  const memberOf = entry.texts.get('memberof');
  if (memberOf === undefined && !proven.has('memberof')) return {};
  if (isCutShort(entry, 'memberof')) return {};
  return groupFacts(namesOfGroups(groups, memberOf ?? [], entry.texts.get('primarygroupid')?.[0]), groups);
}
