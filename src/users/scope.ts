import { groupOfTeam, memberGroupOf, withAncestors, type GroupTree } from '../domain/groups.ts';
import { includesTeam, scopeOf } from '../domain/scope.ts';
import type { GroupId, TeamId, Words } from '../domain/user.ts';
import { knownGroup, said, teamNamed } from './said.ts';
import { actOnUser, type ActingUser, type UserActed, type UserActionBasis, type UserRequest } from './user-action.ts';

/** `user scope set|add|remove`: what people say of the scope, beside the user's own group and teams (spec 11.5). */
interface ScopeRequest extends UserRequest {
  /** `set` replaces everything that was said before. */
  readonly change: 'set' | 'add' | 'remove';
  /** Everything (*full scope*). */
  readonly full: boolean;
  /** By name. */
  readonly groups: readonly string[];
  readonly teams: readonly string[];
}

export type ChangeScope = (request: ScopeRequest) => Promise<UserActed>;

/** Throws an ActionRefusedError. Names that the scope has, or has not, already are no error. */
export function createChangeScope(basis: UserActionBasis): ChangeScope {
  return (request) =>
    actOnUser(basis, request, async (user) => {
      const tree = await user.tx.groupTree();
      const groups = request.groups.map((name) => knownGroup(tree, name).id);
      const teams = request.teams.map((name) => teamNamed(user, name));
      const words = withScope(user.subject.words, request, groups, teams);
      return said(user, words, request.change === 'remove' ? stillIncluded(user, words, teams, tree) : []);
    });
}

function withScope(
  words: Words,
  { change, full }: ScopeRequest,
  groups: readonly GroupId[],
  teams: readonly TeamId[],
): Words {
  if (change === 'set')
    return { ...words, fullScope: full, scopeGroups: [...new Set(groups)], scopeTeams: [...new Set(teams)] };
  const changed = (before: readonly number[], named: readonly number[]): number[] =>
    change === 'add' ? [...new Set([...before, ...named])] : before.filter((each) => !named.includes(each));
  return {
    ...words,
    fullScope: full ? change === 'add' : words.fullScope,
    scopeGroups: changed(words.scopeGroups, groups),
    scopeTeams: changed(words.scopeTeams, teams),
  };
}

/** Removing a team changes nothing while something else that is in the scope includes it (spec 11.5). */
function stillIncluded(
  { subject, teamNames }: ActingUser,
  words: Words,
  removed: readonly TeamId[],
  tree: GroupTree,
): string[] {
  const { teams, mainTeam } = subject.user.value;
  const said = { full: words.fullScope, groups: words.scopeGroups, teams: words.scopeTeams };
  const scope = scopeOf(said, { group: memberGroupOf(tree, words.memberGroup, mainTeam), teams });
  return removed
    .filter((team) => includesTeam(scope, team, tree))
    .map((team) => {
      const group = withAncestors(tree, groupOfTeam(tree, team)).find((each) => scope.groups.includes(each));
      const name = group === undefined ? undefined : tree.groups.get(group)?.name;
      return `The team "${teamNames.get(team) ?? ''}" is still in the scope, ${whyIncluded(scope.full, name)}.`;
    });
}

function whyIncluded(full: boolean, group: string | undefined): string {
  if (full) return 'which is everything';
  return group === undefined ? "as one of the user's own" : `by the group "${group}"`;
}
