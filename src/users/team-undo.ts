import { ActionRefusedError } from './errors.ts';
import type { RequestReconcile } from './events.ts';
import { unmergedMember } from './merged-member.ts';
import type { ActionRules } from './ports.ts';
import { bindingChange, knownSourceTeam, movedByNextRun, rebind, renameTeam } from './team-bindings.ts';
import { onMembers } from './team-merge.ts';
import type { KeptTeamAct, MovedUser, TeamDone } from './team-ports.ts';
import { refuseForeignTeams, refuseTakenName } from './teams.ts';
import type { TeamStore, TeamTransaction } from './team-transaction.ts';
import type { Undone, UndoneUser, UndoRequest } from './undo-ports.ts';

/** Takes back an act on teams of which an event tells (spec 11.6, 15.3); null where it tells of none. @throws ActionRefusedError */
export type UndoTeamAct = (request: UndoRequest, event: number) => Promise<Undone | null>;

/** What an undo comes to: whom it moves, at once or by the next run, and which sources have something to decide. */
interface Taken {
  readonly moved: readonly MovedUser[];
  /** Users of whom something has changed since, and stays. */
  readonly kept: readonly Pick<UndoneUser, 'userId' | 'username' | 'kept'>[];
  readonly told: readonly string[];
  readonly woken: readonly string[];
}

export function createUndoTeamAct(
  store: TeamStore,
  rules: ActionRules,
  requestReconcile: RequestReconcile,
): UndoTeamAct {
  return async (request, event) => {
    const undo = (end: 'keep' | 'drop'): Promise<Taken | 'already' | null> =>
      store.transaction(request.operator, end, async (tx) => {
        await tx.lockTeams();
        const kept = await tx.teamAct(event);
        if (kept === null) return null;
        if ('field' in request.target && request.target.field !== undefined)
          throw new ActionRefusedError(
            'not-undoable',
            'What was done to a team is undone as a whole: leave the field out.',
          );
        if (kept.undone) return 'already';
        const taken = await takeBack(tx, rules, { request, event, end }, kept);
        await tx.noteUndone(event, request.operator);
        return taken;
      });
    const shown = await undo('drop');
    if (shown === null) return null;
    if (shown === 'already') return undone({ moved: [], kept: [], told: ['It was undone already.'], woken: [] });
    if (request.preview) return undone(shown);
    const taken = await undo('keep');
    if (taken === null || taken === 'already') return undone(shown);
    if (taken.woken.length > 0) await requestReconcile(taken.woken);
    // Whom the next run moves was found by carrying it out, which only a preview can do.
    return undone({ ...taken, moved: shown.moved });
  };
}

interface Undoing {
  readonly request: UndoRequest;
  readonly event: number;
  readonly end: 'keep' | 'drop';
}

function takeBack(tx: TeamTransaction, rules: ActionRules, undoing: Undoing, { done }: KeptTeamAct): Promise<Taken> {
  switch (done.act) {
    case 'bind':
      return undoBind(tx, rules, undoing, done);
    case 'rename':
      return undoRename(tx, undoing, done);
    case 'remove':
      return undoRemove(tx, undoing, done);
    case 'merge':
      return undoMerge(tx, rules, undoing, done);
  }
}

type Done<Act extends TeamDone['act']> = Extract<TeamDone, { readonly act: Act }>;

async function undoBind(
  tx: TeamTransaction,
  rules: ActionRules,
  undoing: Undoing,
  { source, externalId, before, after }: Done<'bind'>,
): Promise<Taken> {
  const { operator } = undoing.request;
  const own = await knownSourceTeam(tx, { source, externalId });
  await refuseForeignTeams(tx, operator, [before.team, own.team]);
  const names = new Map((await tx.teams()).map(({ id, name }) => [id, name]));
  if (own.team !== after.team || own.ignored !== after.ignored)
    throw changedSince(undoing, `${own.name} is bound to ${names.get(own.team ?? 0) ?? 'no team'} by now`);
  if (before.team !== null && !names.has(before.team))
    throw changedSince(undoing, `the team that ${own.name} was bound to is no more: undo its merge or removal first`);
  await rebind(tx, by(undoing), own, before);
  const { after: back } = bindingChange(own, own, before, names);
  const to = before.team === null && !before.ignored ? 'to be decided on again' : `bound to ${String(back)} again`;
  return {
    moved: undoing.end === 'drop' ? await movedByNextRun(tx, rules, operator, { source, externalId }) : [],
    kept: [],
    told: [`${source} ${own.name} (${externalId}) is ${to}; the next run of ${source} moves whom that concerns.`],
    woken: [source],
  };
}

async function undoRename(
  tx: TeamTransaction,
  undoing: Undoing,
  { team: id, before, after }: Done<'rename'>,
): Promise<Taken> {
  const team = (await tx.teams()).find((each) => each.id === id);
  if (team?.name !== after)
    throw changedSince(undoing, team === undefined ? `the team is no more` : `it is called ${team.name} by now`);
  await refuseForeignTeams(tx, undoing.request.operator, [id]);
  await refuseTakenName(tx, before, id);
  await renameTeam(tx, by(undoing), team, before);
  return { moved: [], kept: [], told: [`${after} is called ${before} again; nobody moves.`], woken: [] };
}

async function undoRemove(
  tx: TeamTransaction,
  undoing: Undoing,
  { team: id, name, group }: Done<'remove'>,
): Promise<Taken> {
  await restored(tx, undoing, { id, name, group });
  return { moved: [], kept: [], told: [`There is a team ${name} again.`], woken: [] };
}

async function undoMerge(
  tx: TeamTransaction,
  rules: ActionRules,
  undoing: Undoing,
  { team: id, name, group, into, bindings, operators, members }: Done<'merge'>,
): Promise<Taken> {
  const { operator, may } = undoing.request;
  const other = (await tx.teams()).find((each) => each.id === into);
  if (other === undefined)
    throw changedSince(undoing, 'the team that it was merged into is no more: undo its merge or removal first');
  await refuseForeignTeams(tx, operator, [into]);
  await restored(tx, undoing, { id, name, group });
  const byUser = new Map(members.map((member) => [member.user, member]));
  const kept: Taken['kept'][number][] = [];
  const still = await tx.unmerged([...byUser.keys()]);
  const asked = { team: name, operator, may, reason: by(undoing).reason };
  const { moved, woken } = await onMembers(tx, rules, asked, still, ({ subject }) => {
    const member = byUser.get(subject.user.id);
    if (member === undefined) return null;
    const { left, ...after } = unmergedMember(subject, member, id, into);
    const { id: userId, value } = subject.user;
    const stays = left.map((field) => ({ field, undone: name, now: null, why: 'changed-since' as const }));
    if (stays.length > 0) kept.push({ userId, username: value.fields.username ?? null, kept: stays });
    return after;
  });
  const now = await tx.bindingsOf(into);
  const back = bindings.filter(({ source, externalId }) =>
    now.some((each) => each.source === source && each.externalId === externalId),
  );
  await tx.moveBindings(back, id);
  await tx.moveOperatorScopes(into, id, operators);
  const told = [
    `There is a team ${name} again.`,
    ...back.map(({ source, externalId }) => `${source} ${externalId} is bound to it.`),
    ...(back.length < bindings.length
      ? [`${String(bindings.length - back.length)} of its bindings have changed since, and stay.`]
      : []),
  ];
  return { moved, kept, told, woken };
}

async function restored(
  tx: TeamTransaction,
  undoing: Undoing,
  team: { readonly id: number; readonly name: string; readonly group: number | null },
): Promise<void> {
  await refuseTakenName(tx, team.name, team.id);
  const { operator, may } = undoing.request;
  const known = team.group !== null && (await tx.groupTree()).groups.has(team.group);
  await tx.restore({ ...team, group: known ? team.group : null });
  await refuseForeignTeams(tx, operator, [team.id]);
  const changes = [{ field: 'team', before: null, after: team.name }];
  const { reason, undoes } = by(undoing);
  await tx.appendTeamEvent({ operator, may, source: null, type: 'team-restored', reason, undoes, changes }, null);
}

function by({ request: { operator, may, reason }, event }: Undoing) {
  return { operator, may, undoes: event, reason: reason === undefined ? 'undone' : `undone: ${reason}` };
}

function changedSince({ event }: Undoing, what: string): ActionRefusedError {
  return new ActionRefusedError('not-undoable', `What event ${String(event)} did has changed since: ${what}.`);
}

function undone({ moved, kept, told }: Taken): Undone {
  const byUser = new Map(kept.map((user) => [user.userId, user.kept]));
  const movedIds = new Set(moved.map(({ userId }) => userId));
  const named = [
    ...moved.map((user): UndoneUser => {
      const stays = byUser.get(user.userId) ?? [];
      return { ...user, kept: stays, outcome: stays.length > 0 ? 'partly' : 'back' };
    }),
    ...kept
      .filter(({ userId }) => !movedIds.has(userId))
      .map((user): UndoneUser => ({ ...user, changes: [], outcome: 'untouched' })),
  ];
  const of = (outcome: UndoneUser['outcome']): number => named.filter((user) => user.outcome === outcome).length;
  const counts = { back: of('back'), partly: of('partly'), untouched: of('untouched'), already: 0 };
  return { counts: { ...counts, linksEnded: 0, deactivated: 0 }, named, told };
}
