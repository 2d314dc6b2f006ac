import type { SourceId, UserId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { ManyDecisions, PolicyMoved, UndoStep, UndoStore, UndoTarget } from './undo-ports.ts';

/** The decisions that an undo takes back, batch by batch, the latest first. @throws ActionRefusedError */
export async function* undoSteps(
  store: UndoStore,
  target: UndoTarget,
  batchSize: number,
): AsyncGenerator<readonly UndoStep[]> {
  if (!isOfMany(target)) {
    yield [await singleStep(store, target)];
    return;
  }
  if ('run' in target) await refuseRun(store, target.run);
  else await refuseUnknownSource(store, target.source);
  for (let before: number | null = null; ;) {
    const page = untilRepeated(await store.ofMany(target, before, batchSize));
    const last = page.at(-1);
    if (last === undefined) return;
    before = last.id;
    yield page;
  }
}

/** Whether a run as a whole, or everything since a moment, is undone: whom a person has changed since stays as they are. */
export function isOfMany(target: UndoTarget): target is ManyDecisions {
  return 'since' in target || ('run' in target && !('userId' in target));
}

async function refuseUnknownSource(store: UndoStore, source: SourceId | undefined): Promise<void> {
  if (source === undefined || (await store.sourceExists(source))) return;
  throw new ActionRefusedError('source-unknown', `There is no source ${source}.`);
}

/** Where a whole run is undone that moved users to another policy, what it did; null otherwise. @throws ActionRefusedError */
export async function policyMoved(store: UndoStore, target: UndoTarget): Promise<PolicyMoved | null> {
  if (!('run' in target) || 'userId' in target) return null;
  const run = await store.run(target.run);
  if (run?.source !== null) return null;
  refuseUnfinished(target.run, run);
  return store.policyMoved(target.run);
}

/** The later of two decisions on one user is undone before the earlier one. */
function untilRepeated(page: readonly UndoStep[]): readonly UndoStep[] {
  const seen = new Set<UserId>();
  const end = page.findIndex(({ userId }) => seen.size === seen.add(userId).size);
  return end === -1 ? page : page.slice(0, end);
}

async function singleStep(store: UndoStore, target: Exclude<UndoTarget, ManyDecisions>): Promise<UndoStep> {
  if ('event' in target) {
    const event = await store.event(target.event);
    if (event === null) throw new ActionRefusedError('event-unknown', `There is no event ${target.event}.`);
    if (event.undoable) return event;
    throw new ActionRefusedError(
      'not-undoable',
      `Event ${target.event} is no decision of the sync that changed a user by an account: what people did is done the other way round by hand.`,
    );
  }
  if (!('userId' in target)) throw new Error('a run is not undone in a single step');
  const { userId, run, field } = target;
  if (run !== undefined) await refuseRun(store, run);
  const found = await store.latestOf(userId, run ?? null, field ?? null);
  if (found !== null) return found;
  const what = `${field === undefined ? '' : `the ${field} of `}user ${userId}${run === undefined ? '' : ` in run ${run}`}`;
  throw new ActionRefusedError('nothing-to-undo', `The sync has changed nothing of ${what}.`);
}

async function refuseRun(store: UndoStore, id: number): Promise<void> {
  const run = await store.run(id);
  if (run === null) throw new ActionRefusedError('run-unknown', `There is no run ${id}.`);
  if (run.source === null)
    throw new ActionRefusedError(
      'not-undoable',
      `Run ${id} applied a changed configuration, which holds for everybody: undo the run as a whole.`,
    );
  refuseUnfinished(id, run);
}

function refuseUnfinished(id: number, { finished }: { readonly finished: boolean }): void {
  if (!finished)
    throw new ActionRefusedError('run-not-finished', `Run ${id} has not ended: wait for it, or cancel it first.`);
}
