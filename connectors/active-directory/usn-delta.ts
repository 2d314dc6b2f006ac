import type { Page } from '../../src/connector-kit/contract.ts';
import { unusable } from '../../src/connector-kit/cursor.ts';
import { inGroupsOf } from '../../src/connector-kit/ldap/changed-people.ts';
import { showDeleted } from '../../src/connector-kit/ldap/controls.ts';
import { dnKey } from '../../src/connector-kit/ldap/dn.ts';
import { and, atLeast, equals, parseFilter } from '../../src/connector-kit/ldap/filter.ts';
import type { Filter } from '../../src/connector-kit/ldap/filter.ts';
import { anyOf } from './changes.ts';
import type { Changes } from './changes.ts';
import type { Cursor } from './cursor.ts';
import { deletedObjects } from './place.ts';
import type { Reading } from './reading.ts';
import { asksForGroup, compareWatch } from './watch.ts';
import type { Watch } from './watch.ts';

const users = parseFilter('(objectClass=user)');
const containers = parseFilter('(|(objectClass=organizationalUnit)(objectClass=container))');
const idsPerSearch = 50;

/** What a delta by uSNChanged works with. */
export interface UsnDelta {
  readonly reading: Reading;
  readonly changes: Changes;
  readonly watch: Watch;
  readonly before: Cursor;
  readonly seesDeleted: boolean;
}

/**
 * Reads what has a higher uSNChanged than this number: people anew, tombstones as gone, people below a container that has
 * changed (it may have been moved here; what is in it has no change of its own). Then it goes through the ids of everybody,
 * which tells who is there no more, with everybody's groups where a watched group has changed: a group tells who is in it,
 * and not who was. Throws a SourceError; gives the notes.
 */
export async function* readByUsn(delta: UsnDelta, usn: bigint): AsyncGenerator<Page, readonly string[], void> {
  const { reading, changes, seesDeleted } = delta;
  const { base, domain } = reading.reach;
  const since = atLeast('uSNChanged', usn + 1n);
  const groupsChanged = await haveGroupsChanged(delta, since);
  yield* changes.people(base, since);
  if (dnKey(base) !== dnKey(domain.dn)) {
    for await (const page of changes.entries(base, and(containers, since)))
      for (const { dn } of page) if (dnKey(dn) !== dnKey(base)) yield* changes.people(dn, users);
  }
  if (seesDeleted) {
    const tombstones = and(users, equals('isDeleted', 'TRUE'), since);
    const deleted: string[] = [];
    for await (const guid of changes.guids(deletedObjects(domain), tombstones, [showDeleted()])) deleted.push(guid);
    yield* changes.gone(deleted, 'deleted');
  }
  yield* changes.everybody(groupsChanged);
  return [
    `${changes.count} people read for their uSNChanged, and the ids of everybody`,
    ...(groupsChanged ? ['a group of the table of roles has changed: the groups of everybody were read'] : []),
  ];
}

/** Throws a SourceError `cursor-unusable` where the filter asks for one of them: whom it brings in has no change of their own. */
async function haveGroupsChanged({ watch, before, changes, reading }: UsnDelta, since: Filter): Promise<boolean> {
  const { changed, lost } = compareWatch(before.watch, watch);
  const different = [...changed.map(({ positions }) => positions), ...lost.map((guid) => before.watch[guid] ?? [])];
  for (const some of inGroupsOf(idsPerSearch, watch.keys()))
    for await (const guid of changes.guids(reading.reach.domain.dn, and(since, anyOf(some))))
      different.push(watch.get(guid)?.positions ?? []);
  if (different.some(asksForGroup))
    throw unusable('a group that the filter asks for has changed, and DirSync is refused');
  return different.length > 0;
}
