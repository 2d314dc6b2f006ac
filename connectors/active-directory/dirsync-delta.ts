import type { Page } from '../../src/connector-kit/contract.ts';
import { unusable } from '../../src/connector-kit/cursor.ts';
import { inGroupsOf } from '../../src/connector-kit/ldap/changed-people.ts';
import { readSync } from '../../src/connector-kit/ldap/dir-sync.ts';
import type { SyncChanges } from '../../src/connector-kit/ldap/dir-sync.ts';
import { isWithin } from '../../src/connector-kit/ldap/dn.ts';
import { and, conditionsOf, not, or, parseFilter } from '../../src/connector-kit/ldap/filter.ts';
import type { Filter } from '../../src/connector-kit/ldap/filter.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import { anyOf } from './changes.ts';
import type { Changes } from './changes.ts';
import type { Cursor } from './cursor.ts';
import { affectedMembers } from './group-changes.ts';
import { accountAttributes, idOf } from './map.ts';
import { isRefusal } from './place.ts';
import type { Reading } from './reading.ts';
import type { Watch } from './watch.ts';

const users = parseFilter('(objectClass=user)');
const computers = parseFilter('(objectClass=computer)');
const groups = parseFilter('(objectClass=group)');
const containers = parseFilter('(|(objectClass=organizationalUnit)(objectClass=container))');
const idsPerSearch = 50;

/** What a delta by DirSync works with. */
export interface DirSyncDelta {
  readonly reading: Reading;
  readonly changes: Changes;
  readonly watch: Watch;
  readonly before: Cursor;
  readonly signal: AbortSignal;
}

/** How it ended. */
export interface DirSyncEnd {
  readonly cookie: string;
  readonly showsEverybody: boolean;
  readonly notes: readonly string[];
}

/**
 * Reads what DirSync reports as changed: people anew, by their ids; those whom it finds outside of base and filter, and
 * tombstones, as gone; and whoever is affected by a change of a watched group or by the move of a container. Throws a
 * SourceError, `cursor-unusable` where the server does not take the cookie any more.
 */
export async function* readByDirSync(delta: DirSyncDelta, cookie: string): AsyncGenerator<Page, DirSyncEnd, void> {
  const { changes, before, watch } = delta;
  const seen = await readSyncSince(delta, cookie);
  const members = await affectedMembers(delta, seen.members);
  const touched = new Set([...seen.touched, ...members.guids].filter((guid) => !seen.deleted.has(guid)));
  yield* peopleAmong(delta, touched);
  yield* changes.gone(seen.deleted, 'deleted');
  if (members.unclear) yield* changes.everybody(true);
  const watched = new Set([...Object.keys(before.watch), ...watch.keys()]).size;
  return {
    cookie: seen.cookie,
    showsEverybody: members.unclear,
    notes: [
      `${seen.touched.size} objects changed and ${seen.deleted.size} deleted in the domain; ${changes.count} people read`,
      ...(watched === 0 ? [] : [`${watched} groups watched, ${members.guids.size} members affected`]),
      ...(members.unclear ? ['the groups of everybody were read, since a group does not tell whom it has lost'] : []),
    ],
  };
}

async function readSyncSince({ reading, watch, before, signal }: DirSyncDelta, cookie: string): Promise<SyncChanges> {
  const { connection, domain } = reading.reach;
  const watchesGroups = watch.size > 0 || Object.keys(before.watch).length > 0;
  const search = {
    base: domain.dn,
    filter: filterOf(reading, watchesGroups),
    attributes: attributesOf(reading, watchesGroups),
  };
  try {
    return await readSync(connection, search, cookie, signal);
  } catch (error) {
    if (isRefusal(error)) throw unusable(`DirSync is refused now: ${error.message}`);
    throw error;
  }
}

/** objectClass stays on tombstones, objectCategory does not (directories.md 31). */
function filterOf({ reach }: Reading, watchesGroups: boolean): Filter {
  const movable = reach.base === reach.domain.dn ? [] : [containers];
  return and(not(computers), or(users, ...(watchesGroups ? [groups] : []), ...movable));
}

/** A change of what is not named does not count, so that log-ons and the like are never heard of; a move changes `name`. */
function attributesOf({ reach }: Reading, watchesGroups: boolean): string[] {
  const asked = conditionsOf(reach.filter).map(({ attribute }) => attribute.toLowerCase());
  const always = ['isDeleted', 'name', ...accountAttributes].map((attribute) => attribute.toLowerCase());
  // Another primary group changes the members of both groups as well (MS-SAMR 3.1.1.8.2).
  const ofGroups = watchesGroups ? ['member'] : [];
  const all = new Set([...always, ...reach.plan.attributes, ...asked, ...ofGroups]);
  all.delete('accountexpires');
  all.delete('memberof');
  all.delete('');
  return [...all];
}

/**
 * People among changed objects. Those within base and filter are records. Of the others, users exist outside of it, and what
 * is below a container that was moved or renamed has moved along, without a change of its own (directories.md 25). What is
 * not found at all is concluded nothing of.
 */
async function* peopleAmong(
  { reading: { reach }, changes }: DirSyncDelta,
  guids: ReadonlySet<string>,
): AsyncGenerator<Page, void, void> {
  for (const some of inGroupsOf(idsPerSearch, guids)) yield* changes.people(reach.base, anyOf(some));
  const others = [...guids].filter((guid) => !changes.wasRead(guid));
  const moved: string[] = [];
  for await (const entries of changes.objects(others, ['objectGUID', 'objectClass'])) {
    const outside = entries.filter((entry) => hasClass(entry, 'user')).flatMap((entry) => idOf(entry) ?? []);
    yield* changes.gone(outside, 'out-of-scope');
    moved.push(...entries.filter((entry) => isContainer(entry)).map((entry) => entry.dn));
  }
  for (const dn of moved) yield* peopleBelow(dn, reach.base, changes);
}

async function* peopleBelow(dn: string, base: string, changes: Changes): AsyncGenerator<Page, void, void> {
  if (isWithin(dn, base)) {
    yield* changes.people(dn, users);
    return;
  }
  // The base itself is found by its name: whoever is in it was not moved out of it.
  if (isWithin(base, dn)) return;
  const outside: string[] = [];
  for await (const guid of changes.guids(dn, users)) outside.push(guid);
  yield* changes.gone(outside, 'out-of-scope');
}

function isContainer(entry: Entry): boolean {
  return hasClass(entry, 'organizationalunit') || hasClass(entry, 'container');
}

function hasClass(entry: Entry, name: string): boolean {
  return entry.texts.get('objectclass')?.some((each) => each.toLowerCase() === name) === true;
}
