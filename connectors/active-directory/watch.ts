import { sidOf } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import { conditionsOf } from '../../src/connector-kit/ldap/filter.ts';
import { resolveRoleGroups } from '../../src/connector-kit/ldap/role-groups.ts';
import type { RoleGroup, RoleGroups } from '../../src/connector-kit/ldap/role-groups.ts';
import type { Reach } from './reach.ts';

/** Stands among the positions of a group that the configured filter asks for. */
const ofFilter = -1;

/**
 * The groups whose members a delta must follow, by objectGUID, with what membership means: the groups of the table of roles
 * with all that is in them, and those that the filter asks for. A change of membership is a change of the group, and not of
 * the member (directories.md 22).
 */
export type Watch = ReadonlyMap<string, RoleGroup>;

/** Finds the groups to be watched, as they are now. Throws a SourceError. */
export async function watchGroups(reach: Reach, roles: RoleGroups | undefined, signal: AbortSignal): Promise<Watch> {
  const watch = new Map(roles?.byGuid);
  const asked = conditionsOf(reach.filter).flatMap(({ attribute, value }) =>
    attribute.toLowerCase() === 'memberof' && value !== undefined ? [value] : [],
  );
  if (asked.length === 0) return watch;
  const filtered = await resolveRoleGroups(reach.connection, reach.domain, asked, sidOf, signal);
  for (const [guid, group] of filtered.byGuid) {
    const positions = [...(watch.get(guid)?.positions ?? []), ofFilter];
    watch.set(guid, { ...group, positions });
  }
  return watch;
}

/** The positions by objectGUID, as a cursor keeps them. */
export function positionsOf(watch: Watch): Record<string, number[]> {
  return Object.fromEntries([...watch].map(([guid, { positions }]) => [guid, [...positions]]));
}

/** How two states of the watched groups differ. */
export interface WatchChange {
  /** Groups that mean something else than before, or something now: whoever is in them is affected. */
  readonly changed: readonly RoleGroup[];
  /** The objectGUIDs of groups that meant something before and mean nothing now. */
  readonly lost: readonly string[];
}

export function compareWatch(before: Readonly<Record<string, readonly number[]>>, now: Watch): WatchChange {
  const meant = new Map(Object.entries(before).map(([guid, positions]) => [guid, positions.join()]));
  return {
    changed: [...now].flatMap(([guid, group]) => (meant.get(guid) === group.positions.join() ? [] : [group])),
    lost: [...meant.keys()].filter((guid) => !now.has(guid)),
  };
}

/** Whether the filter depends on a group. */
export function asksForGroup(positions: readonly number[]): boolean {
  return positions.includes(ofFilter);
}
