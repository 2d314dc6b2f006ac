import { Buffer } from 'node:buffer';
import type { AccountRecord } from '../../domain/account.ts';
import { SourceError } from '../errors.ts';
import type { LdapConnection, Search } from './connection.ts';
import { resultCode, ResultFailure } from './failures.ts';
import type { Entry } from './messages.ts';
import { searchPages } from './paging.ts';
import { dnKey, parseDn } from './dn.ts';
import { and, equals, matchesRule, or, parseFilter } from './filter.ts';
import { guidText } from './microsoft-values.ts';

/** Walks the whole chain of a link attribute (LDAP_MATCHING_RULE_TRANSITIVE_EVAL, MS-ADTS 3.1.1.3.4.4.3). */
const binary = new Set(['objectguid', 'objectsid']);
const inChain = '1.2.840.113556.1.4.1941';
const anyGroup = parseFilter('(objectClass=group)');
const pageSize = 500;
const noOctets = Buffer.alloc(0);

/** A group of the table of equivalents, or one within it. */
export interface RoleGroup {
  readonly dn: string;
  /** The last number of its SID; undefined for a group of another domain, which can be nobody's primary group. */
  readonly rid: string | undefined;
  /** The positions in `named` that membership means. */
  readonly positions: readonly number[];
}

/** The groups of the table of equivalents, resolved once per read. */
export interface RoleGroups {
  /** The names as the table gives them. */
  readonly named: readonly string[];
  /** For people: why groups are not read. */
  readonly problems: readonly string[];
  /** Of `named`, those that could not be found for certain: whether somebody is in them is not read (spec 2.3). */
  readonly notRead: readonly string[];
  /** The positions in `named` that membership in a group means, by the group's `dnKey`. */
  readonly byDn: ReadonlyMap<string, readonly number[]>;
  /** The same by the last number of the group's SID, which primaryGroupID holds. */
  readonly byRid: ReadonlyMap<string, readonly number[]>;
  /** All of these groups by objectGUID. */
  readonly byGuid: ReadonlyMap<string, RoleGroup>;
}

/**
 * Finds the groups that a table of equivalents names in Active Directory, by DN or by name (sAMAccountName or cn), and every
 * group that is a member of them, however deep. `sidOf` gives a group's SID as text. Throws a SourceError.
 */
export async function resolveRoleGroups(
  connection: LdapConnection,
  domain: { readonly dn: string; readonly sid: string },
  named: readonly string[],
  sidOf: (entry: Entry) => string | undefined,
  signal: AbortSignal,
): Promise<RoleGroups> {
  const byDn = new Map<string, number[]>();
  const byRid = new Map<string, number[]>();
  const byGuid = new Map<string, RoleGroup>();
  const unread = new Map<string, string>();
  for (const [position, name] of named.entries()) {
    const found = await findGroup(connection, domain.dn, name, signal);
    const [group, another] = found;
    if (group === undefined || another !== undefined) {
      unread.set(name, group === undefined ? 'does not exist, or may not be seen' : 'is ambiguous: name it by its DN');
      continue;
    }
    const nested = matchesRule('memberOf', inChain, group.dn);
    const below = await searchGroups(connection, domain.dn, and(anyGroup, nested), signal);
    for (const each of [group, ...below]) {
      addPosition(byDn, dnKey(each.dn), position);
      const sid = sidOf(each);
      const rid = sid?.startsWith(`${domain.sid}-`) === true ? sid.slice(domain.sid.length + 1) : undefined;
      if (rid !== undefined) addPosition(byRid, rid, position);
      const guid = guidText(each.octets.get('objectguid')?.[0] ?? noOctets);
      if (guid !== undefined) byGuid.set(guid, { dn: each.dn, rid, positions: byDn.get(dnKey(each.dn)) ?? [] });
    }
  }
  return { named, problems: groupProblems(unread), notRead: [...unread.keys()], byDn, byRid, byGuid };
}

/** The part of a record that says which of the table's groups an account is in; nothing where none of them could be read. */
export function groupFacts(
  names: readonly string[],
  { named, notRead }: { readonly named: readonly string[]; readonly notRead: readonly string[] },
): Pick<AccountRecord, 'roleFacts' | 'groupsNotRead'> {
  if (named.length > 0 && notRead.length === named.length) return {};
  return { roleFacts: { groups: names }, ...(notRead.length === 0 ? {} : { groupsNotRead: notRead }) };
}

/** What is said of groups that are not read: each by its name in the table, with the reason. */
export function groupProblems(unread: ReadonlyMap<string, string>): string[] {
  return [...unread].map(([name, why]) => `the group "${name}" ${why} (not read: who has its role keeps it)`);
}

/** The names of the table's groups that an account is in, by its groups' DNs and its primary group. */
export function namesOfGroups(
  groups: RoleGroups,
  memberOf: readonly string[],
  primaryGroupId: string | undefined,
): string[] {
  const positions = new Set<number>();
  for (const dn of memberOf) for (const position of positionsOf(groups, dn)) positions.add(position);
  for (const position of groups.byRid.get(primaryGroupId ?? '') ?? []) positions.add(position);
  return groups.named.filter((_, position) => positions.has(position));
}

/** The same DNs come with thousands of accounts: taking each apart once is what makes this cheap. */
const knownPositions = new WeakMap<RoleGroups, Map<string, readonly number[]>>();

function positionsOf(groups: RoleGroups, dn: string): readonly number[] {
  let known = knownPositions.get(groups);
  if (known === undefined) knownPositions.set(groups, (known = new Map<string, readonly number[]>()));
  let positions = known.get(dn);
  if (positions === undefined) known.set(dn, (positions = groups.byDn.get(dnKey(dn)) ?? []));
  return positions;
}

function addPosition(map: Map<string, number[]>, key: string, position: number): void {
  const positions = map.get(key);
  if (positions === undefined) map.set(key, [position]);
  else if (!positions.includes(position)) positions.push(position);
}

async function findGroup(
  connection: LdapConnection,
  domainDn: string,
  name: string,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  if ((parseDn(name)?.length ?? 0) > 1) return groupByDn(connection, name, signal);
  const byName = or(equals('sAMAccountName', name), equals('cn', name));
  const found = await searchGroups(connection, domainDn, and(anyGroup, byName), signal);
  // A log-on name is unique in the domain, a cn is not: the first decides.
  const exact = found.filter((entry) => entry.texts.get('samaccountname')?.[0]?.toLowerCase() === name.toLowerCase());
  return exact.length === 1 ? exact : found;
}

async function groupByDn(connection: LdapConnection, dn: string, signal: AbortSignal): Promise<readonly Entry[]> {
  const answer = await connection.search(groupSearch(dn, 'base', anyGroup), signal);
  if (answer.failure === undefined) return answer.entries;
  if (answer.failure instanceof ResultFailure && answer.failure.resultCode === resultCode.noSuchObject) return [];
  throw answer.failure;
}

async function searchGroups(
  connection: LdapConnection,
  base: string,
  filter: Search['filter'],
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const page of searchPages(connection, groupSearch(base, 'sub', filter), pageSize, signal)) {
    entries.push(...page.entries);
    if (page.failure instanceof ResultFailure && page.failure.truncates) {
      throw new SourceError(
        'retryable',
        'busy',
        `the groups of the table of roles cannot be read whole: ${page.failure.message}`,
      );
    }
    if (page.failure !== undefined) throw page.failure;
  }
  return entries;
}

function groupSearch(base: string, scope: Search['scope'], filter: Search['filter']): Search {
  return { base, scope, filter, attributes: ['sAMAccountName', 'objectGUID', 'objectSid'], binary };
}
