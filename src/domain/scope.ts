import { sortedIds } from './sorted-ids.ts';
import { groupOfTeam, withAncestors, type GroupTree } from './groups.ts';
import type { GroupId, TeamId } from './user.ts';

/** Groups and teams, or everything (*full scope*, spec 11.5). What a group includes follows from the tree as it is now. */
export interface Scope {
  readonly full: boolean;
  readonly groups: readonly GroupId[];
  readonly teams: readonly TeamId[];
}

/** Where a user belongs: one group, and one team at least. */
export interface Belonging {
  readonly group: GroupId;
  readonly teams: readonly TeamId[];
}

/** A user's scope: what people said, and the user's own group and teams (spec 11.5). Lists are in the order of ids. */
export function scopeOf(said: Scope, own: Belonging): Scope {
  return {
    full: said.full,
    groups: sortedIds([...said.groups, own.group]),
    teams: sortedIds([...said.teams, ...own.teams]),
  };
}

/** Whether the scope includes a group: it or one that it is below. */
export function includesGroup(scope: Scope, group: GroupId, tree: GroupTree): boolean {
  return scope.full || withAncestors(tree, group).some((each) => scope.groups.includes(each));
}

/** Whether the scope includes a team: by itself, or as one below a group of the scope. */
export function includesTeam(scope: Scope, team: TeamId, tree: GroupTree): boolean {
  return scope.teams.includes(team) || includesGroup(scope, groupOfTeam(tree, team), tree);
}

/** Whether the scope includes a user: their group, or one of their teams. */
export function includesUser(scope: Scope, user: Belonging, tree: GroupTree): boolean {
  return includesGroup(scope, user.group, tree) || user.teams.some((team) => includesTeam(scope, team, tree));
}

/** What an operator sees where they do not see everything: groups and teams of their scope, those below them included. */
export interface Sight {
  readonly operator: string;
  readonly groups: readonly GroupId[];
  readonly teams: readonly TeamId[];
}

/** Null: everything. */
export function sightOf(operator: string, scope: Scope, tree: GroupTree, teams: readonly TeamId[]): Sight | null {
  if (scope.full) return null;
  return {
    operator,
    groups: [...tree.groups.keys()].filter((group) => includesGroup(scope, group, tree)),
    teams: teams.filter((team) => includesTeam(scope, team, tree)),
  };
}
