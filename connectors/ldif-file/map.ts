import type { AccountRecord, RejectedRecord, RoleFacts } from '../../src/domain/account.ts';
import type { AccountPart, Field } from '../../src/domain/fields.ts';
import { dnKey, parseDn } from '../../src/connector-kit/ldap/dn.ts';
import {
  isLogin,
  orUnread,
  readDisabled,
  readFields,
  readFlag,
  unreadOf,
  UnusableEntry,
  usableValues,
} from '../../src/connector-kit/ldap/field-plan.ts';
import type { DefaultFields, FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import { groupProblems } from '../../src/connector-kit/ldap/role-groups.ts';
import { isWindowsLogin } from '../../src/connector-kit/windows-login.ts';
import type { LdifEntry } from '../../src/connector-kit/ldif.ts';
import { nameKey, teamsNamed } from '../../src/connector-kit/value.ts';
import { loginIds, objectGuid, stableIds, userAccountControl } from './schema.ts';

/** Which attribute each field comes from where `mapping` does not say otherwise: Active Directory's, then RFC 2798's and 2307's. */
export const defaultFields: DefaultFields = [
  ['username', 'sAMAccountName', 'uid'],
  ['firstName', 'givenName'],
  ['lastName', 'sn'],
  ['displayName', 'displayName', 'cn'],
  ['email', 'mail'],
  ['employeeId', 'employeeID', 'employeeNumber'],
  ['mobileNumber', 'mobile'],
  ['phoneNumber', 'telephoneNumber'],
  ['department', 'department', 'departmentNumber'],
  ['company', 'company'],
  ['jobTitle', 'title'],
];

/** What `mapping` may name beside fields. */
export const mappable = {
  parts: ['externalId', 'disabled', 'supervisor', 'profile', 'group', 'role', 'team', 'supervises'],
  fixed: [],
} as const satisfies { parts: readonly AccountPart[]; fixed: readonly Field[] };

/** Read of every entry beside the mapped attributes; in lower case. */
export const entryAttributes: readonly string[] = [
  ...stableIds,
  ...loginIds,
  ...['objectclass', 'useraccountcontrol', 'nsaccountlock', 'memberof', 'msds-principalname', 'ncname', 'netbiosname'],
];

/** What a mapping needs to know of the file that an entry stands in. */
export interface MapContext {
  readonly plan: FieldPlan;
  /** The attribute (lower case) of the external id. */
  readonly idAttribute: string;
  /** Attributes (lower case) that occur in the file: the others are not read. */
  readonly present: ReadonlySet<string>;
  /** The NetBIOS name of the domain that a DN belongs to. */
  netbiosNameOf(dn: string): string | undefined;
  readonly groups: GroupNames;
}

/** What became of an entry; `skipped` says what it is, where it is nobody. */
export type Outcome =
  { readonly record: AccountRecord } | { readonly rejected: RejectedRecord } | { readonly skipped: string };

/** Where in the file an entry stands. */
export function positionOf(entry: LdifEntry): string {
  return `line ${String(entry.line)}`;
}

/** An entry as an account. */
export function mapEntry(entry: LdifEntry, context: MapContext): Outcome {
  const noPerson = whatItIs(entry);
  if (noPerson !== undefined) return { skipped: noPerson };
  const position = positionOf(entry);
  const { plan, idAttribute } = context;
  const id = idOf(entry, idAttribute);
  // An attribute that the mapping makes the log-in name is compared as one, whatever it is (spec 2.4).
  const externalId = id !== undefined && isLogin(plan, idAttribute) ? nameKey(id) : id;
  const problem =
    entry.flaw ??
    (isChange(entry) ? 'it is a change of an entry, not an entry: export the entries themselves' : undefined);
  if (problem !== undefined)
    return { rejected: { position, reason: problem, ...(externalId === undefined ? {} : { externalId }) } };
  if (externalId === undefined)
    return { rejected: { position, reason: `it has no usable ${context.idAttribute}, which is the id in this file` } };
  try {
    return { record: { externalId, ...contentOf(entry, context) } };
  } catch (error) {
    if (!(error instanceof UnusableEntry)) throw error;
    return { rejected: { externalId, position, reason: error.message } };
  }
}

const groupClasses: ReadonlySet<string> = new Set(['group', 'groupofnames', 'groupofuniquenames', 'posixgroup']);

/** Whether an entry is a group. */
export function isGroup(entry: LdifEntry): boolean {
  return entry.texts.get('objectclass')?.some((name) => groupClasses.has(name.toLowerCase())) === true;
}

const people: ReadonlySet<string> = new Set(['person', 'organizationalperson', 'inetorgperson', 'user']);
/** Derived from `user` or `person` in Active Directory, and nobody who could log in. */
const machines: ReadonlySet<string> = new Set(['computer', 'contact']);

/** Undefined for a person, and for a record of which that cannot be told. */
function whatItIs(entry: LdifEntry): string | undefined {
  if (isChange(entry)) return undefined;
  const classes = (entry.texts.get('objectclass') ?? []).map((name) => name.toLowerCase());
  if (classes.length === 0) return entry.flaw === undefined ? 'without objectClass' : undefined;
  const machine = classes.find((name) => machines.has(name));
  if (machine !== undefined) return machine;
  if (!classes.some((name) => people.has(name))) return 'not people';
  return isTrust(entry) ? 'trust accounts' : undefined;
}

/** ldifde writes `changetype: add` into every entry that it exports. */
function isChange(entry: LdifEntry): boolean {
  return entry.changeType !== undefined && entry.changeType !== 'add';
}

function isTrust(entry: LdifEntry): boolean {
  const control = userAccountControl.safeParse(entry.texts.get('useraccountcontrol')?.[0]);
  return control.success && control.data.trust;
}

/** Whether an entry is a person that can be used for choosing the attribute of the id. */
export function isPerson(entry: LdifEntry): boolean {
  return entry.flaw === undefined && !isChange(entry) && whatItIs(entry) === undefined;
}

const idAttributes: readonly string[] = [...stableIds, ...loginIds];

/** The better of an attribute of ids and those that an entry has: a file's id must not depend on its first entry. */
export function betterId(best: string | undefined, entry: LdifEntry): string | undefined {
  const worseFrom = best === undefined ? idAttributes.length : idAttributes.indexOf(best);
  return idAttributes.slice(0, worseFrom).find((attribute) => idOf(entry, attribute) !== undefined) ?? best;
}

/** Undefined where the entry has none, several, or one that is not of its form. */
function idOf(entry: LdifEntry, attribute: string): string | undefined {
  if (attribute === 'objectguid') {
    const parsed = objectGuid.safeParse(entry.octets.get(attribute)?.[0]);
    return parsed.success ? parsed.data : undefined;
  }
  const values = entry.texts.get(attribute) ?? [];
  if (values.length !== 1) return undefined;
  try {
    const value = usableValues(entry, attribute)[0];
    // Directories write UUIDs and compare account names without case.
    return value !== undefined && (stableIds.includes(attribute) || loginIds.includes(attribute))
      ? nameKey(value)
      : value;
  } catch (error) {
    if (error instanceof UnusableEntry) return undefined;
    throw error;
  }
}

function contentOf(entry: LdifEntry, context: MapContext): Omit<AccountRecord, 'externalId'> {
  const { plan, present } = context;
  const unread: string[] = [];
  const { values, ...several } = readFields(entry, plan.fields, present, unread);
  if (!plan.fields.some(({ field }) => field === 'windowsLogin')) {
    const windowsLogin = orUnread(unread, () => windowsLoginOf(entry, context));
    if (windowsLogin !== undefined) values.windowsLogin = windowsLogin;
  }
  const disabled = disabledOf(entry, context);
  const roleFacts = roleFactsOf(entry, context, unread);
  const teams = orUnread(unread, () => namesOf(entry, plan.parts.team, present));
  const supervises = orUnread(unread, () => namesOf(entry, plan.parts.supervises, present));
  return {
    values,
    ...several,
    ...(disabled === undefined ? {} : { disabled }),
    ...(roleFacts === undefined ? {} : { roleFacts }),
    ...(context.groups.notRead.length === 0 ? {} : { groupsNotRead: context.groups.notRead }),
    ...(teams === undefined ? {} : { teams: teamsNamed(teams) }),
    ...(supervises === undefined ? {} : { supervises: teamsNamed(supervises) }),
    ...unreadOf(positionOf(entry), unread),
  };
}

/** Undefined (not read) where nothing names the domain. */
function windowsLoginOf(entry: LdifEntry, context: MapContext): string | undefined {
  const login = usableValues(entry, 'msds-principalname')[0] ?? composedLogin(entry, context);
  if (login !== undefined && !isWindowsLogin(login))
    throw new UnusableEntry('sAMAccountName makes no valid Windows login (DOMAIN\\login)');
  return login;
}

function composedLogin(entry: LdifEntry, context: MapContext): string | undefined {
  const name = usableValues(entry, 'samaccountname')[0];
  const domain = name === undefined ? undefined : context.netbiosNameOf(entry.dn);
  return domain === undefined ? undefined : `${domain}\\${name ?? ''}`;
}

function disabledOf(entry: LdifEntry, { plan, present }: MapContext): boolean | undefined {
  if (plan.parts.disabled !== undefined) return readDisabled(entry, plan.parts.disabled, present);
  const text = usableValues(entry, 'useraccountcontrol')[0];
  if (text === undefined) return readFlag(entry, 'nsaccountlock', present);
  const control = userAccountControl.safeParse(text);
  if (!control.success) throw new UnusableEntry('userAccountControl is no 32-bit number');
  return control.data.disabled;
}

function roleFactsOf(entry: LdifEntry, { plan, present, groups }: MapContext, unread: string[]): RoleFacts | undefined {
  const { supervisor, profile, role, group = 'memberof' } = plan.parts;
  const memberOf = groups.named.length === 0 ? undefined : orUnread(unread, () => wholeList(entry, group, present));
  const profiles = orUnread(unread, () => namesOf(entry, profile, present));
  const roles = orUnread(unread, () => namesOf(entry, role, present));
  const flag = supervisor === undefined ? undefined : orUnread(unread, () => readFlag(entry, supervisor, present));
  const facts = {
    ...(flag === undefined ? {} : { supervisor: flag }),
    ...(memberOf === undefined || groups.notRead.length === groups.named.length
      ? {}
      : { groups: groups.among(memberOf) }),
    ...(profiles === undefined ? {} : { profiles }),
    ...(roles === undefined ? {} : { roles }),
  };
  return Object.keys(facts).length === 0 ? undefined : facts;
}

function namesOf(
  entry: LdifEntry,
  attribute: string | undefined,
  present: ReadonlySet<string>,
): readonly string[] | undefined {
  return attribute === undefined ? undefined : wholeList(entry, attribute, present);
}

/** Undefined (not read) where the file does not have the attribute at all. */
function wholeList(entry: LdifEntry, attribute: string, present: ReadonlySet<string>): readonly string[] | undefined {
  return present.has(attribute) ? usableValues(entry, attribute) : undefined;
}

/** How many DNs are kept; what thousands of accounts share is taken apart once. */
const mostKnown = 10_000;

/**
 * The groups of the table of equivalents, found by DN or by the name in front of it. A name that two groups of the file have
 * means neither, and a group that the file does not show at all is not read (spec 2.3).
 */
export class GroupNames {
  readonly named: readonly string[];
  readonly #byKey = new Map<string, string>();
  readonly #known = new Map<string, { readonly key: string; readonly name: string | undefined }>();
  /** The groups that the file shows of each name, by key. */
  readonly #shown = new Map<string, Set<string>>();

  constructor(named: readonly string[]) {
    this.named = named;
    for (const name of named) this.#byKey.set((parseDn(name)?.length ?? 0) > 1 ? dnKey(name) : nameKey(name), name);
  }

  /** Takes note of a group that the file shows. */
  note(group: string): void {
    const { key, name } = this.#find(group);
    if (name === undefined) return;
    const shown = this.#shown.get(name) ?? new Set<string>();
    if (shown.size < 2) shown.add(key);
    this.#shown.set(name, shown);
  }

  /** Of the named ones those that cannot be found for certain. */
  get notRead(): readonly string[] {
    return this.named.filter((name) => this.#shown.get(name)?.size !== 1);
  }

  /** For people: why groups are not read. */
  get problems(): readonly string[] {
    const why = (name: string): string =>
      (this.#shown.get(name)?.size ?? 0) > 1 ? 'is ambiguous: name it by its DN' : 'does not occur in the file';
    return groupProblems(new Map(this.notRead.map((name) => [name, why(name)])));
  }

  /** The named ones among an account's groups, as the table writes them. */
  among(groups: readonly string[]): readonly string[] {
    const { notRead } = this;
    const names = groups.map((group) => this.#find(group).name).filter((name) => name !== undefined);
    return [...new Set(names)].filter((name) => !notRead.includes(name)).sort();
  }

  #find(group: string): { readonly key: string; readonly name: string | undefined } {
    const known = this.#known.get(group);
    if (known !== undefined) return known;
    const key = dnKey(group);
    const first = parseDn(group)?.[0];
    const name =
      this.#byKey.get(key) ?? this.#byKey.get(first === undefined ? '' : first.slice(first.indexOf('=') + 1));
    const found = { key, name };
    if (this.#known.size < mostKnown) this.#known.set(group, found);
    return found;
  }
}
