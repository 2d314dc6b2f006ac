import { memberGroupOf, type GroupTree } from '../domain/groups.ts';
import { includesGroup, includesTeam, includesUser, type Scope } from '../domain/scope.ts';
import type { GroupId, TeamId, UserId, Words } from '../domain/user.ts';
import type { Subject } from '../reconcile/decide.ts';
import { ActionRefusedError } from './errors.ts';

/** What telling whether somebody may assign something needs of the database. */
export interface ScopeReads {
  /** All groups and teams; until the end of the transaction no group of it is changed. */
  groupTree(): Promise<GroupTree>;
  /** The scope of an operator: everything for the command line's local ones, nothing for one who is not known. */
  operatorScope(operator: string): Promise<Scope>;
  teams(): Promise<readonly { readonly id: TeamId; readonly name: string }[]>;
}

/** Who is there for whom: what is out of an operator's scope is not (spec 19.1). */
export interface SightReads {
  /** Those of the users whom the operator sees. */
  seenUsers(operator: string, userIds: readonly UserId[]): Promise<ReadonlySet<UserId>>;
}

/** What an act on a user assigns or takes away: what people say of roles, teams, supervision, group and scope. */
export interface Assigned {
  readonly teams: readonly TeamId[];
  readonly groups: readonly GroupId[];
  readonly fullScope: boolean;
}

const teamWords = ['teamsGiven', 'teamsTaken', 'supervisesGiven', 'supervisesTaken', 'scopeTeams'] as const;

/** Null where the two say the same of all these. */
export function assignedBetween(before: Words, after: Words): Assigned | null {
  const teams = [
    ...teamWords.flatMap((list) => differing(before[list], after[list])),
    ...differing(one(before.mainTeam), one(after.mainTeam)),
  ];
  const groups = [
    ...differing(before.scopeGroups, after.scopeGroups),
    ...differing(one(before.memberGroup), one(after.memberGroup)),
  ];
  const fullScope = before.fullScope !== after.fullScope;
  const roles = [...differing(before.rolesGiven, after.rolesGiven), ...differing(before.rolesTaken, after.rolesTaken)];
  if (roles.length + teams.length + groups.length === 0 && !fullScope) return null;
  return { teams, groups, fullScope };
}

function differing<Item>(before: readonly Item[], after: readonly Item[]): Item[] {
  return [...before.filter((item) => !after.includes(item)), ...after.filter((item) => !before.includes(item))];
}

function one<Item>(item: Item | null): Item[] {
  return item === null ? [] : [item];
}

/**
 * Nobody assigns a role, team or group beyond their own scope (spec 10.5), nor takes one away: the user must be in the scope
 * of who asks, as they are before the act, and so must every team and group that is named. Only a full scope gives or takes
 * one.
 *
 * @throws ActionRefusedError
 */
export async function refuseBeyondScope(
  tx: ScopeReads & { nameOfUser(userId: number): Promise<string> },
  operator: string,
  { user, words: before }: Pick<Subject, 'user' | 'words'>,
  after: Words,
): Promise<void> {
  const assigned = assignedBetween(before, after);
  if (assigned === null) return;
  const scope = await tx.operatorScope(operator);
  if (scope.full) return;
  if (assigned.fullScope) throw beyond(operator, 'The full scope');
  const tree = await tx.groupTree();
  const { teams, mainTeam } = user.value;
  const own = { group: memberGroupOf(tree, before.memberGroup, mainTeam), teams };
  if (!includesUser(scope, own, tree)) throw beyond(operator, capital(await tx.nameOfUser(user.id)));
  await refuseForeign(tx, { operator, scope, tree }, assigned);
}

/** Who asks, with what they may assign. */
export interface Assigner {
  readonly operator: string;
  readonly scope: Scope;
  readonly tree: GroupTree;
}

/** Refuses teams and groups that the scope does not include. @throws ActionRefusedError */
export async function refuseForeign(
  tx: ScopeReads,
  { operator, scope, tree }: Assigner,
  { teams, groups }: Omit<Assigned, 'fullScope'>,
): Promise<void> {
  const group = groups.find((each) => !includesGroup(scope, each, tree));
  if (group !== undefined) throw beyond(operator, `The group "${tree.groups.get(group)?.name ?? String(group)}"`);
  const team = teams.find((each) => !includesTeam(scope, each, tree));
  if (team === undefined) return;
  const name = (await tx.teams()).find(({ id }) => id === team)?.name ?? String(team);
  throw beyond(operator, `The team "${name}"`);
}

/** The refusal itself; `what` begins the sentence. */
export function beyond(operator: string, what: string): ActionRefusedError {
  return new ActionRefusedError(
    'beyond-scope',
    `${what} is outside the scope of ${operator}: somebody whose scope includes it has to do this.`,
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
