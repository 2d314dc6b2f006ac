import type { Asker } from '../domain/permissions.ts';
import type { TeamNames } from '../domain/fold.ts';
import { changesBetween } from '../domain/change.ts';
import type { TeamId, UserId } from '../domain/user.ts';
import { applySource } from './act-together.ts';
import { ActionRefusedError } from './errors.ts';
import type { ShownChange } from './events.ts';
import type { ActionRules, UserTx } from './ports.ts';
import type { BindingState, MovedUser, SourceTeam, SourceTeamName } from './team-ports.ts';

/** Who changes a binding, and why. */
interface Binder extends Asker {
  readonly reason?: string | undefined;
  /** The event that it takes back. */
  readonly undoes?: number | undefined;
}

/** @throws ActionRefusedError */
export async function knownSourceTeam(tx: UserTx, { source, externalId }: SourceTeamName): Promise<SourceTeam> {
  const team = await tx.sourceTeam({ source, externalId });
  if (team !== null) return team;
  throw new ActionRefusedError(
    'team-unknown',
    `${source} has no team ${externalId}; \`rosterd team bindings\` lists the teams of sources with their ids.`,
  );
}

/**
 * Binds a team of a source to another team, or to none, with one event (spec 11.6); whatever way the person came: by the command, an
 * answer, or an undo. The next run of the source moves its members, under the guard. Gives the event's id; null where it is so already.
 */
export async function rebind(tx: UserTx, by: Binder, own: SourceTeam, after: BindingState): Promise<number | null> {
  const { source, externalId, team, ignored, undecided } = own;
  const before: BindingState = { team, ignored, undecided };
  if (team === after.team && ignored === after.ignored && undecided === after.undecided) return null;
  await tx.saveBinding(own, after);
  const names = new Map((await tx.teams()).map(({ id, name }) => [id, name]));
  return tx.appendTeamEvent(
    {
      ...{ operator: by.operator, may: by.may, reason: by.reason ?? null, source, externalId },
      ...(by.undoes === undefined ? {} : { undoes: by.undoes }),
      type: after.team === null ? 'team-unbound' : 'team-bound',
      changes: [bindingChange(own, before, after, names)],
    },
    { act: 'bind', source, externalId, before, after },
  );
}

/** Gives a team another name, with one event: nobody moves. */
export async function renameTeam(
  tx: UserTx,
  { operator, may, reason, undoes }: Binder,
  { id, name: before }: { readonly id: TeamId; readonly name: string },
  after: string,
): Promise<number> {
  await tx.renameTeams([{ teamId: id, name: after }]);
  return tx.appendTeamEvent(
    {
      ...{ operator, may, reason: reason ?? null, source: null, type: 'team-renamed' },
      ...(undoes === undefined ? {} : { undoes }),
      changes: [{ field: 'team', before, after }],
    },
    { act: 'rename', team: id, before, after },
  );
}

/** As the history and previews show it: such as `binding.North: none → Nordic`. */
export function bindingChange(
  { name }: Pick<SourceTeam, 'name'>,
  before: BindingState,
  after: BindingState,
  names: TeamNames,
): ShownChange {
  const shown = ({ team, ignored }: BindingState): string | null =>
    team === null ? (ignored ? 'none' : null) : (names.get(team) ?? null);
  return { field: `binding.${name}`, before: shown(before), after: shown(after) };
}

/**
 * Whom the source's next run moves: what it would apply to these users is applied, and the transaction has to be dropped. Users
 * whom the operator does not see are left out.
 */
export async function movedByNextRun(
  tx: UserTx,
  rules: ActionRules,
  operator: string,
  named: SourceTeamName,
): Promise<MovedUser[]> {
  const ids = await tx.usersOfSourceTeam(named);
  const seen = await tx.seenUsers(operator, ids);
  const userIds = ids.filter((id) => seen.has(id));
  if (userIds.length === 0) return [];
  const before = await valuesOf(tx, userIds);
  await applySource(tx, rules, named.source, userIds);
  const after = await valuesOf(tx, userIds);
  const teamNames = new Map((await tx.teams()).map(({ id, name }) => [id, name]));
  return userIds.flatMap((userId): MovedUser[] => {
    const [had, has] = [before.get(userId), after.get(userId)];
    if (had === undefined || has === undefined) return [];
    const changes = changesBetween(had, has, teamNames).filter(({ field }) => teamFields.has(field));
    return changes.length === 0 ? [] : [{ userId, username: has.fields.username ?? null, changes }];
  });
}

const teamFields: ReadonlySet<string> = new Set(['teams', 'mainTeam', 'supervises']);

async function valuesOf(tx: UserTx, userIds: readonly UserId[]) {
  return new Map((await tx.users(userIds, false)).map(({ subject: { user } }) => [user.id, user.value]));
}
