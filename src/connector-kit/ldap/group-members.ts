import { hash } from 'node:crypto';
import { compareText, fold } from '../../domain/text.ts';
import type { LdapConnection, Search } from './connection.ts';
import { dnKey, parseDn } from './dn.ts';
import { and, equals, parseFilter } from './filter.ts';
import type { Entry } from './messages.ts';
import { searchPages } from './paging.ts';
import { readOne, readSome } from './read-one.ts';
import { groupProblems } from './role-groups.ts';

/** The groups of RFC 4519 and RFC 2307; none of them says on the member's side who is in it. */
const anyGroup = parseFilter('(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))');
const groupPageSize = 500;
const attributes = ['member', 'uniqueMember', 'memberUid', 'gidNumber'];

/** What membership can be told by on the member's side, beside the DN: POSIX groups name `uid`, or are somebody's primary group. */
export const memberAttributes: readonly string[] = ['uid', 'gidNumber'];

/** Who is in the groups of the table of equivalents; read once per read. */
export interface GroupMembers {
  /** The names as the table gives them. */
  readonly named: readonly string[];
  /** For people: why groups are not read. */
  readonly problems: readonly string[];
  /** Of `named`, those that could not be found for certain, or show no members: whether somebody is in them is not read (spec 2.3). */
  readonly notRead: readonly string[];
  /** The positions in `named`, by the `dnKey` of a member. */
  readonly byDn: ReadonlyMap<string, ReadonlySet<number>>;
  /** The same by folded uid, for POSIX groups. */
  readonly byUid: ReadonlyMap<string, ReadonlySet<number>>;
  /** The same by gidNumber, which names the primary group of a person. */
  readonly byGid: ReadonlyMap<string, ReadonlySet<number>>;
}

/** A table of equivalents under construction. */
interface Gathering {
  /** The `dnKey` of every group there is, so that members are not asked one by one what they are. */
  readonly groupKeys: ReadonlySet<string>;
  readonly byDn: Map<string, Set<number>>;
  readonly byUid: Map<string, Set<number>>;
  readonly byGid: Map<string, Set<number>>;
}

/**
 * Finds the groups that a table of equivalents names, by DN or cn, with all their members, those of groups among the members
 * included. Throws a SourceError.
 */
export async function readGroupMembers(
  connection: LdapConnection,
  base: string,
  named: readonly string[],
  signal: AbortSignal,
): Promise<GroupMembers> {
  const groupKeys = await readGroupKeys(connection, base, signal);
  const gathering: Gathering = { groupKeys, byDn: new Map(), byUid: new Map(), byGid: new Map() };
  const unread = new Map<string, string>();
  for (const [position, name] of named.entries()) {
    const [group, another] = await findGroups(connection, base, name, signal);
    if (group === undefined) unread.set(name, 'does not exist, or may not be seen');
    else if (another !== undefined) unread.set(name, 'is ambiguous: name it by its DN');
    else if (!(await gather(connection, group, position, gathering, signal)))
      unread.set(name, 'shows no members: nobody is in it, or they may not be read');
  }
  const { byDn, byUid, byGid } = gathering;
  return { named, problems: groupProblems(unread), notRead: [...unread.keys()], byDn, byUid, byGid };
}

/** The names of the table's groups that an entry is in. */
export function namesOfMember(groups: GroupMembers, entry: Entry): string[] {
  const byDn = groups.byDn.size === 0 ? undefined : groups.byDn.get(dnKey(entry.dn));
  const found = [
    byDn,
    ...(entry.texts.get('uid') ?? []).map((uid) => groups.byUid.get(fold(uid))),
    ...(entry.texts.get('gidnumber') ?? []).map((gid) => groups.byGid.get(gid)),
  ];
  const { named, notRead } = groups;
  return named.filter(
    (name, position) => !notRead.includes(name) && found.some((each) => each?.has(position) === true),
  );
}

/** Changes whenever somebody comes into one of the groups or leaves it, or one cannot be read any more. */
export function digestOfMembers({ named, notRead, byDn, byUid, byGid }: GroupMembers): string {
  const sorted = (map: ReadonlyMap<string, ReadonlySet<number>>): string[] =>
    [...map].map(([key, positions]) => `${[...positions].join()} ${key}`).sort(compareText);
  return hash('sha256', JSON.stringify([named, notRead, sorted(byDn), sorted(byUid), sorted(byGid)]), 'base64url');
}

async function findGroups(
  connection: LdapConnection,
  base: string,
  name: string,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  if ((parseDn(name)?.length ?? 0) > 1) {
    const group = await readOne(connection, searchFor(name, 'base', anyGroup), signal);
    return group === undefined ? [] : [group];
  }
  return readSome(connection, searchFor(base, 'sub', and(anyGroup, equals('cn', name))), 2, signal);
}

/** Notes a group's members and those of its subgroups under a position; false when it shows none. */
async function gather(
  connection: LdapConnection,
  top: Entry,
  position: number,
  gathering: Gathering,
  signal: AbortSignal,
): Promise<boolean> {
  const seen = new Set([dnKey(top.dn)]);
  const toVisit = [top];
  let members = 0;
  for (let group = toVisit.pop(); group !== undefined; group = toVisit.pop()) {
    for (const uid of group.texts.get('memberuid') ?? []) note(gathering.byUid, fold(uid), position);
    for (const gid of group.texts.get('gidnumber') ?? []) note(gathering.byGid, gid, position);
    const dns = [...(group.texts.get('member') ?? []), ...(group.texts.get('uniquemember') ?? [])];
    members += dns.length + (group.texts.get('memberuid')?.length ?? 0);
    for (const dn of dns) note(gathering.byDn, dnKey(dn), position);
    for (const each of await subgroupsOf(connection, group, gathering.groupKeys, signal)) {
      if (seen.has(dnKey(each.dn))) continue;
      seen.add(dnKey(each.dn));
      toVisit.push(each);
    }
  }
  return members > 0;
}

async function subgroupsOf(
  connection: LdapConnection,
  group: Entry,
  groupKeys: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  for (const dn of [...(group.texts.get('member') ?? []), ...(group.texts.get('uniquemember') ?? [])]) {
    if (!groupKeys.has(dnKey(dn))) continue;
    const subgroup = await readOne(connection, searchFor(dn, 'base', anyGroup), signal);
    if (subgroup !== undefined) found.push(subgroup);
  }
  return found;
}

/** Throws a SourceError also where the list is cut short: a missing subgroup would take roles away. */
async function readGroupKeys(
  connection: LdapConnection,
  base: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  const search: Search = { base, scope: 'sub', filter: anyGroup, attributes: ['1.1'] };
  for await (const page of searchPages(connection, search, groupPageSize, signal)) {
    for (const entry of page.entries) keys.add(dnKey(entry.dn));
    if (page.failure !== undefined) throw page.failure;
  }
  return keys;
}

function note(map: Map<string, Set<number>>, key: string, position: number): void {
  const positions = map.get(key);
  if (positions === undefined) map.set(key, new Set([position]));
  else positions.add(position);
}

function searchFor(base: string, scope: Search['scope'], filter: Search['filter']): Search {
  return { base, scope, filter, attributes };
}
