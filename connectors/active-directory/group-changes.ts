import { sidOf } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import { unusable } from '../../src/connector-kit/cursor.ts';
import type { LinkChange } from '../../src/connector-kit/ldap/dir-sync.ts';
import { and, equals, or, parseFilter } from '../../src/connector-kit/ldap/filter.ts';
import type { Changes } from './changes.ts';
import type { Cursor } from './cursor.ts';
import { idOf } from './map.ts';
import type { Reading } from './reading.ts';
import { asksForGroup, compareWatch } from './watch.ts';
import type { Watch } from './watch.ts';

const users = parseFilter('(objectClass=user)');

/** Whom changes of watched groups concern. */
export interface AffectedMembers {
  readonly guids: ReadonlySet<string>;
  /** A group does not tell whom it has lost: only a look at everybody's groups does. */
  readonly unclear: boolean;
}

/**
 * The objectGUIDs of those whose groups mean something else than before: they came into a watched group or left it, or the
 * group itself now means something else, because it was put into another one, taken out, renamed or deleted. Throws a
 * SourceError, `cursor-unusable` where a group that the filter asks for does not tell enough.
 */
export async function affectedMembers(
  delta: { readonly reading: Reading; readonly changes: Changes; readonly watch: Watch; readonly before: Cursor },
  changed: ReadonlyMap<string, LinkChange>,
): Promise<AffectedMembers> {
  const { watch, before, changes } = delta;
  const guids = new Set<string>();
  const unclear = [...changed].filter(([, change]) => change.unclear).map(([guid]) => guid);
  for (const [guid, change] of changed)
    if (watch.has(guid) || guid in before.watch) for (const member of change.guids) guids.add(member);
  const difference = compareWatch(before.watch, watch);
  const { found, missing } = await findLost(difference.lost, delta);
  for (const group of [...difference.changed, ...found])
    for await (const guid of changes.guids(delta.reading.reach.domain.dn, membersOf(group))) guids.add(guid);
  const silent = [...unclear.filter((guid) => watch.has(guid) || guid in before.watch), ...missing];
  if (silent.some((guid) => asksForGroup(watch.get(guid)?.positions ?? before.watch[guid] ?? [])))
    throw unusable('a group that the filter asks for does not tell whom it has lost');
  return { guids, unclear: silent.length > 0 };
}

interface Named {
  readonly dn: string;
  readonly rid: string | undefined;
}

/** Groups that are watched no more, as far as they still exist: their members keep the link. */
async function findLost(
  lost: readonly string[],
  { reading, changes }: { readonly reading: Reading; readonly changes: Changes },
): Promise<{ found: readonly Named[]; missing: readonly string[] }> {
  const found = new Map<string, Named>();
  const { sid } = reading.reach.domain;
  for await (const entries of changes.objects(lost, ['objectGUID', 'objectSid']))
    for (const entry of entries) {
      const [guid, ownSid] = [idOf(entry), sidOf(entry)];
      const rid = ownSid?.startsWith(`${sid}-`) === true ? ownSid.slice(sid.length + 1) : undefined;
      if (guid !== undefined) found.set(guid, { dn: entry.dn, rid });
    }
  return { found: [...found.values()], missing: lost.filter((guid) => !found.has(guid)) };
}

/** Users directly in a group, by link or as their primary group. */
function membersOf({ dn, rid }: Named): ReturnType<typeof and> {
  const linked = equals('memberOf', dn);
  return and(users, rid === undefined ? linked : or(linked, equals('primaryGroupID', rid)));
}
