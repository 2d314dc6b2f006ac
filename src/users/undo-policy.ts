import { valueUnder } from '../apply/reconcile-policy.ts';
import { changesBetween } from '../domain/change.ts';
import { ActionRefusedError } from './errors.ts';
import { beyond } from './own-scope.ts';
import type { RequestReconcile } from './events.ts';
import type { PolicyMoved, Undone, UndoRequest, UndoStore, UndoWatch } from './undo-ports.ts';

/**
 * Undoes a run that moved users to another policy (spec 14.4): that policy is refused until the configuration says another,
 * and a run, which nothing holds, moves everybody back to the one before. People's words since then stay words.
 *
 * @throws ActionRefusedError
 */
export async function undoPolicyRun(
  store: UndoStore,
  request: UndoRequest,
  moved: PolicyMoved,
  requestReconcile: RequestReconcile,
  batchSize: number,
  watch?: UndoWatch,
): Promise<Undone> {
  const { former, run } = moved;
  if (former === null)
    throw new ActionRefusedError('nothing-to-undo', `Run ${run} moved nobody: all users had its policy before.`);
  if (!moved.standing)
    throw new ActionRefusedError(
      'not-undoable',
      `Run ${run} is not what users' policy comes from any more: a later one has moved them, or it was undone before.`,
    );
  if (!(await store.seesEverybody(request.operator)))
    throw beyond(request.operator, 'What a changed policy did to everybody');
  const back = await countMoving(store, request, former, batchSize, watch);
  if (!request.preview) {
    await store.transaction(request.operator, true, (tx) => tx.refusePolicy(moved, request));
    await requestReconcile([]);
  }
  const counts = { back, partly: 0, untouched: 0, already: 0, linksEnded: 0, deactivated: 0 };
  return { counts, named: [], told: [] };
}

/** The users whom the former policy would change. */
async function countMoving(
  store: UndoStore,
  { operator }: UndoRequest,
  former: NonNullable<PolicyMoved['former']>,
  batchSize: number,
  watch: UndoWatch | undefined,
): Promise<number> {
  let count = 0;
  for (let after = 0; ;) {
    const batch = await store.transaction(operator, false, async (tx) => {
      const ids = await tx.outdatedUsers(former.id, after, batchSize);
      const teamNames = new Map((await tx.teams()).map((team) => [team.id, team.name]));
      const moving = (await tx.users(ids, false)).filter(({ subject }) => {
        const value = valueUnder(subject, former.content, teamNames);
        return changesBetween(subject.user.value, value, teamNames).length > 0;
      });
      return { last: ids.at(-1), moving: moving.length };
    });
    watch?.signal.throwIfAborted();
    watch?.wentThrough(batchSize);
    if (batch.last === undefined) return count;
    after = batch.last;
    count += batch.moving;
  }
}
