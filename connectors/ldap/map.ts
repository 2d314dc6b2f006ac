import type { AccountRecord } from '../../src/domain/account.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import {
  isLogin,
  positionOf,
  readDisabled,
  readFields,
  readTeams,
  unreadOf,
} from '../../src/connector-kit/ldap/field-plan.ts';
import type { DefaultFields, FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import type { GroupMembers } from '../../src/connector-kit/ldap/group-members.ts';
import { namesOfMember } from '../../src/connector-kit/ldap/group-members.ts';
import { groupFacts } from '../../src/connector-kit/ldap/role-groups.ts';
import { nameKey } from '../../src/connector-kit/value.ts';
import { externalId as externalIdSchema } from './schema.ts';

/** Which attributes each field comes from where `mapping` does not say otherwise (RFC 2798, RFC 4519); the first with a value counts. */
export const defaultFields: DefaultFields = [
  ['username', 'uid'],
  ['firstName', 'givenName'],
  ['lastName', 'sn'],
  ['displayName', 'displayName', 'cn'],
  ['email', 'mail'],
  ['employeeId', 'employeeNumber'],
  ['mobileNumber', 'mobile'],
  ['phoneNumber', 'telephoneNumber'],
  ['language', 'preferredLanguage'],
  ['department', 'departmentNumber'],
  ['company', 'o'],
  ['jobTitle', 'title'],
];

/** What `mapping` may name beside fields. */
export const mappable = { parts: ['externalId', 'disabled', 'team'], fixed: [] } as const satisfies {
  parts: readonly ('externalId' | 'disabled' | 'team')[];
  fixed: readonly never[];
};

/** What a mapping needs to know of the read that it belongs to. */
export interface MapContext {
  readonly plan: FieldPlan;
  /** Attributes (lower case) that can be read; see provenAttributes. */
  readonly proven: ReadonlySet<string>;
  /** Undefined where the table of equivalents names none, or where they cannot be read. */
  readonly groups: GroupMembers | undefined;
}

/** The attribute that identifies an entry, in lower case: the mapped one, else that of the server's kind; entryUUID is the standard's (RFC 4530). */
export function idAttributeOf(plan: FieldPlan): string {
  return plan.parts.externalId ?? 'entryuuid';
}

/** The external id of an entry; undefined where it has none, several, or one that cannot be used. */
export function idOf(entry: Entry, plan: FieldPlan): string | undefined {
  const attribute = idAttributeOf(plan);
  const parsed = externalIdSchema.safeParse(entry.texts.get(attribute));
  if (!parsed.success) return undefined;
  return isLogin(plan, attribute) ? nameKey(parsed.data) : parsed.data;
}

/** Why `idOf` gives none. */
export function whyNoId(entry: Entry, plan: FieldPlan): string {
  const attribute = idAttributeOf(plan);
  const values = entry.texts.get(attribute) ?? [];
  const which = `${attribute}, which is the id`;
  if (values.length !== 1) return `it shows ${values.length === 0 ? 'no' : 'several values of'} ${which}`;
  return `its ${which}, is no text that can be used: name an attribute of text in mapping.externalId, such as entryUUID, or take that line out`;
}

/** An entry as an account. Throws UnusableEntry. */
export function mapEntry(entry: Entry, externalId: string, context: MapContext): AccountRecord {
  const { plan, proven, groups } = context;
  const unread: string[] = [];
  const fields = readFields(entry, plan.fields, proven, unread);
  const disabled = plan.parts.disabled === undefined ? undefined : readDisabled(entry, plan.parts.disabled, proven);
  const teams = readTeams(entry, plan.parts.team, proven, unread);
  return {
    externalId,
    ...fields,
    ...(disabled === undefined ? {} : { disabled }),
    ...(groups === undefined ? {} : groupFacts(namesOfMember(groups, entry), groups)),
    ...(teams === undefined ? {} : { teams }),
    ...unreadOf(positionOf(entry), unread),
  };
}
