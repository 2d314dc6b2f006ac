import { compareText, fold } from './text.ts';
import type { GroupId, TeamId } from './user.ts';

/** A group contains teams and other groups (spec 11.5). */
export interface Group {
  readonly id: GroupId;
  /** Unique among all groups, whatever the case. */
  readonly name: string;
  /** Null at the top. */
  readonly parent: GroupId | null;
}

/** All groups, and which of them each team is in. */
export interface GroupTree {
  readonly groups: ReadonlyMap<GroupId, Group>;
  /** `organization.defaultGroup`. */
  readonly defaultGroup: GroupId;
  /** Teams that a person has put into a group; every other one is in the default group. */
  readonly placed: ReadonlyMap<TeamId, GroupId>;
}

/** The group that a team is in: every team is in one. */
export function groupOfTeam(tree: GroupTree, team: TeamId): GroupId {
  return tree.placed.get(team) ?? tree.defaultGroup;
}

/**
 * The group that a user belongs to (spec 11.5): the one that a person chose, else that of the main team. Since every user has
 * a main team and every team a group, nobody is without one.
 */
export function memberGroupOf(tree: GroupTree, chosen: GroupId | null, mainTeam: TeamId | null): GroupId {
  if (chosen !== null && tree.groups.has(chosen)) return chosen;
  return mainTeam === null ? tree.defaultGroup : groupOfTeam(tree, mainTeam);
}

/** The group and everything that it is below, itself first. */
export function withAncestors(tree: GroupTree, group: GroupId): readonly GroupId[] {
  const line: GroupId[] = [];
  for (let next = tree.groups.get(group); next !== undefined && !line.includes(next.id);) {
    line.push(next.id);
    next = next.parent === null ? undefined : tree.groups.get(next.parent);
  }
  return line;
}

/** The group of that name, whatever its case; null where there is none. */
export function groupNamed(tree: GroupTree, name: string): Group | null {
  return [...tree.groups.values()].find((group) => fold(group.name) === fold(name)) ?? null;
}

/** Names from the top down to the group itself, of every group; each group after the one that it is below, by name. */
export function groupPaths(tree: GroupTree): ReadonlyMap<GroupId, readonly string[]> {
  const pathOf = (group: GroupId): string[] =>
    withAncestors(tree, group)
      .flatMap((id) => tree.groups.get(id)?.name ?? [])
      .reverse();
  const paths = [...tree.groups.keys()].map((id): [GroupId, string[]] => [id, pathOf(id)]);
  return new Map(paths.sort(([, a], [, b]) => comparePaths(a, b)));
}

/** By name from the top; nothing sorts before the separator, so that a group precedes those below it. */
function comparePaths(a: readonly string[], b: readonly string[]): number {
  const text = (path: readonly string[]): string => path.map(fold).join('\u0000');
  return compareText(text(a), text(b));
}
