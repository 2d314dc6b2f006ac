import type { SourceId, UserId } from '../domain/user.ts';
import { actTogether } from './act-together.ts';
import type { Act, ActingUser } from './act.ts';
import { ActionRefusedError } from './errors.ts';
import { mergedMember } from './merged-member.ts';
import type { ActionRules } from './ports.ts';
import type { MergedMember, MovedUser, TeamActed } from './team-ports.ts';
import type { NamedTeam, SlotOfUser, TeamRequest, TeamTransaction } from './team-transaction.ts';

type WithWoken = TeamActed & { readonly woken: readonly SourceId[] };

/**
 * One team takes the other's place in bindings, memberships, supervision, people's words, scopes and what was applied of accounts,
 * inactive users' and those of ended links too, so that nothing names the other any more, and it goes. @throws ActionRefusedError
 */
export async function mergeTeams(
  tx: TeamTransaction,
  rules: ActionRules,
  request: TeamRequest,
  from: NamedTeam,
  into: NamedTeam,
): Promise<WithWoken> {
  if (from.id === into.id) throw new ActionRefusedError('same-team', `"${from.name}" is one team: name another one.`);
  if ((await tx.useOf(from.id)).isDefault)
    throw new ActionRefusedError(
      'team-in-use',
      `"${from.name}" is or was the default team (organization.defaultTeam): merge "${into.name}" into it, or name another default first.`,
    );
  const { operator, may } = request;
  const bindings = await tx.bindingsOf(from.id);
  const users = await tx.usersOf(from.id);
  const members: MergedMember[] = [];
  const because = request.reason === undefined ? '' : `: ${request.reason}`;
  const asked = { ...request, reason: `team "${from.name}" merged into "${into.name}"${because}` };
  const { moved, woken } = await onMembers(tx, rules, asked, users, ({ subject }) => {
    const { after, member } = mergedMember(subject, from.id, into.id);
    members.push(member);
    return after;
  });
  await tx.moveBindings(bindings, into.id);
  const operators = await tx.moveOperatorScopes(from.id, into.id, null);
  const group = (await tx.groupTree()).placed.get(from.id) ?? null;
  const count = String(moved.length);
  const event = await tx.appendTeamEvent(
    {
      ...{ operator, may, source: null, type: 'team-merged', reason: request.reason ?? null },
      changes: [
        { field: 'team', before: from.name, after: into.name },
        { field: 'members', before: null, after: count },
        ...bindings.map(({ source, externalId }) => ({
          field: `binding.${source}.${externalId}`,
          before: from.name,
          after: into.name,
        })),
      ],
    },
    { act: 'merge', team: from.id, name: from.name, group, into: into.id, bindings, operators, members },
  );
  await tx.remove(from.id);
  const told = bindings.map(({ source, externalId }) => `${source} ${externalId} is bound to ${into.name}.`);
  return { event, moved, told: [...told, `There is no team ${from.name} any more.`], woken };
}

type After = Required<Pick<Act, 'words' | 'snapshots' | 'present'>>;

/** Changes words and slots of these users, each with one event, all of them or nobody. @throws ActionRefusedError */
export async function onMembers(
  tx: TeamTransaction,
  rules: ActionRules,
  { operator, may, reason }: TeamRequest,
  userIds: readonly UserId[],
  change: (user: ActingUser) => After | null,
): Promise<{ readonly moved: readonly MovedUser[]; readonly woken: readonly SourceId[] }> {
  const slots: SlotOfUser[] = [];
  const names = new Map<UserId, string | null>();
  const { became, woken } = await actTogether(tx, rules, { userIds, operator, may, reason }, (user) => {
    const { id, value } = user.subject.user;
    const after = change(user);
    if (after === null) return null;
    names.set(id, value.fields.username ?? null);
    slots.push(...after.snapshots.map((slot) => ({ userId: id, slot })));
    return { event: { type: 'user-changed', source: null }, ...after };
  });
  await tx.saveSlotTeams(slots);
  const moved = [...became].map(([userId, acted]): MovedUser => {
    if ('refused' in acted) throw acted.refused;
    return { userId, username: names.get(userId) ?? null, changes: acted.changes };
  });
  return { moved: moved.filter(({ changes }) => changes.length > 0), woken };
}
