import type { Asker } from '../domain/permissions.ts';
import { groupNamed, groupOfTeam, withAncestors, type Group, type GroupTree } from '../domain/groups.ts';
import { fold, normalise } from '../domain/text.ts';
import type { GroupId, TeamId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent, ShownChange } from './events.ts';
import { beyond, refuseForeign, type ScopeReads } from './own-scope.ts';
import { knownGroup } from './said.ts';

/** What every act on a group is asked with; groups and teams are given by name. */
interface GroupRequest extends Asker {
  readonly group: string;
  readonly reason?: string | undefined;
}

/** Who belongs to a group or has it in a scope because a person said so. */
interface GroupUse {
  readonly users: number;
  readonly operators: number;
}

/** What acts on groups need inside one transaction. */
export interface GroupTransaction extends ScopeReads {
  /** One change of groups at a time: what is decided on holds until the end. */
  lockGroups(): Promise<void>;
  add(name: string, parent: GroupId | null): Promise<void>;
  change(group: Group): Promise<void>;
  remove(group: GroupId): Promise<void>;
  useOf(group: GroupId): Promise<GroupUse>;
  /** Null: into the default group. */
  moveTeam(team: TeamId, group: GroupId | null): Promise<void>;
  appendEvent(event: PersonsEvent): Promise<void>;
}

/** Runs work in one transaction, again from the start where a concurrent writer was in the way. */
export interface GroupStore {
  transaction<T>(work: (transaction: GroupTransaction) => Promise<T>): Promise<T>;
}

/** What people do to the tree of groups (spec 11.5). Each throws an ActionRefusedError. */
export interface Groups {
  /** `below`: the group that contains it; undefined at the top. */
  add(request: GroupRequest & { readonly below?: string | undefined }): Promise<void>;
  /** Another name, another place in the tree (`below` null: the top), or both. */
  change(
    request: GroupRequest & { readonly name?: string | undefined; readonly below?: string | null | undefined },
  ): Promise<void>;
  /** Only an empty group that nobody belongs to or has in a scope. */
  remove(request: GroupRequest): Promise<void>;
  /** Puts a team into a group, out of the one that it is in; null: into the default group. */
  moveTeam(
    request: Omit<GroupRequest, 'group'> & { readonly team: string; readonly group: string | null },
  ): Promise<void>;
}

export function createGroups(store: GroupStore): Groups {
  const inTree = (work: (tx: GroupTransaction, tree: GroupTree) => Promise<void>): Promise<void> =>
    store.transaction(async (tx) => {
      await tx.lockGroups();
      await work(tx, await tx.groupTree());
    });
  return {
    add: (request) =>
      inTree(async (tx, tree) => {
        const parent = request.below === undefined ? null : knownGroup(tree, request.below);
        const name = freeName(tree, request.group, null);
        await refuseForeignGroups(tx, tree, request.operator, [parent]);
        await tx.add(name, parent?.id ?? null);
        const told = [change('group', null, name), change('below', null, parent?.name ?? null)];
        await tell(tx, request, 'group-added', told);
      }),
    change: (request) => inTree((tx, tree) => changeGroup(tx, tree, request)),
    remove: (request) =>
      inTree(async (tx, tree) => {
        const group = knownGroup(tree, request.group);
        await refuseForeignGroups(tx, tree, request.operator, [group, parentOf(tree, group)]);
        refuseUsed(tree, group, await tx.useOf(group.id));
        await tx.remove(group.id);
        await tell(tx, request, 'group-removed', [change('group', group.name, null)]);
      }),
    moveTeam: (request) => inTree((tx, tree) => moveTeam(tx, tree, request)),
  };
}

async function changeGroup(
  tx: GroupTransaction,
  tree: GroupTree,
  request: Parameters<Groups['change']>[0],
): Promise<void> {
  const group = knownGroup(tree, request.group);
  const before = parentOf(tree, group);
  const { below } = request;
  const after = below === undefined ? before : below === null ? null : knownGroup(tree, below);
  const name = request.name === undefined ? group.name : freeName(tree, request.name, group);
  const moved = before?.id !== after?.id;
  if (!moved && name === group.name) return;
  await refuseForeignGroups(tx, tree, request.operator, moved ? [group, before, after] : [group]);
  if (after !== null && withAncestors(tree, after.id).includes(group.id))
    throw new ActionRefusedError(
      'group-below-itself',
      `"${after.name}" is the group "${group.name}" or below it: move it out of there first.`,
    );
  await tx.change({ id: group.id, name, parent: after?.id ?? null });
  const told = [change('group', group.name, name), change('below', before?.name ?? null, after?.name ?? null)];
  await tell(
    tx,
    request,
    'group-changed',
    told.filter((each) => each.before !== each.after || each.field === 'group'),
  );
}

async function moveTeam(
  tx: GroupTransaction,
  tree: GroupTree,
  request: Parameters<Groups['moveTeam']>[0],
): Promise<void> {
  const team = (await tx.teams()).find(({ name }) => fold(name) === fold(request.team));
  if (team === undefined) throw new ActionRefusedError('team-unknown', `There is no team "${request.team}".`);
  const before = groupOfTeam(tree, team.id);
  const after = request.group === null ? tree.defaultGroup : knownGroup(tree, request.group).id;
  if (before === after) return;
  const nameOf = (group: GroupId): string => tree.groups.get(group)?.name ?? '';
  const { operator } = request;
  const scope = await tx.operatorScope(operator);
  await refuseForeign(tx, { operator, scope, tree }, { teams: [team.id], groups: [before, after] });
  await tx.moveTeam(team.id, after === tree.defaultGroup ? null : after);
  const told = [change('team', team.name, team.name), change('group', nameOf(before), nameOf(after))];
  await tell(tx, request, 'team-moved', told);
}

/** Whoever widens or narrows what a group includes must have both ends in their scope; the top is everything. */
async function refuseForeignGroups(
  tx: GroupTransaction,
  tree: GroupTree,
  operator: string,
  touched: readonly (Group | null)[],
): Promise<void> {
  const scope = await tx.operatorScope(operator);
  if (scope.full) return;
  if (touched.includes(null)) throw beyond(operator, 'The top of the tree of groups');
  const groups = touched.flatMap((group) => (group === null ? [] : [group.id]));
  await refuseForeign(tx, { operator, scope, tree }, { teams: [], groups });
}

function parentOf(tree: GroupTree, { parent }: Group): Group | null {
  return parent === null ? null : (tree.groups.get(parent) ?? null);
}

function freeName(tree: GroupTree, wanted: string, own: Group | null): string {
  const holder = groupNamed(tree, wanted);
  if (holder === null || holder.id === own?.id) return normalise(wanted);
  throw new ActionRefusedError('group-name-taken', `There is a group "${holder.name}" already: names are unique.`);
}

function refuseUsed(tree: GroupTree, { id, name }: Group, { users, operators }: GroupUse): void {
  const groups = [...tree.groups.values()].filter((group) => group.parent === id).length;
  const teams = [...tree.placed.values()].filter((group) => group === id).length;
  const uses = [
    ...(id === tree.defaultGroup ? ['it is the default group (organization.defaultGroup)'] : []),
    ...(groups > 0 ? [`${groups} groups are in it (\`rosterd group move\`)`] : []),
    ...(teams > 0 ? [`${teams} teams are in it (\`rosterd group team\`)`] : []),
    ...(users > 0
      ? [`${users} users were put into it or have it in their scope (\`rosterd user group\`, \`rosterd user scope\`)`]
      : []),
    ...(operators > 0 ? [`${operators} operators have it in their scope`] : []),
  ];
  if (uses.length > 0)
    throw new ActionRefusedError('group-in-use', `The group "${name}" cannot be removed: ${uses.join('; ')}.`);
}

function change(field: string, before: string | null, after: string | null): ShownChange {
  return { field, before, after };
}

async function tell(
  tx: GroupTransaction,
  { operator, may, reason }: Pick<GroupRequest, 'operator' | 'may' | 'reason'>,
  type: PersonsEvent['type'],
  changes: readonly ShownChange[],
): Promise<void> {
  await tx.appendEvent({ operator, may, type, source: null, userId: null, changes, reason: reason ?? null });
}
