import { unknownRoleItems } from './decisions.ts';
import { settleDuplicates } from './duplicates.ts';
import { stopIfAborted, type Pass } from './pass.ts';
import type { PlanRange, RunTx } from './ports.ts';
import { identityKinds, openMissing, settleQuestions } from './questions.ts';

/** On a server two transactions may be under way: while one waits for the disk or its turn, the other uses the second core. */
const atOnce = 2;

/**
 * Carries the creations of the plan out, in the order in which accounts are stored, so that each batch touches neighbouring pages. Who is
 * created gets link, slot, value, names and event in one transaction: no crash leaves an empty user. Nothing is decided here:
 * what the plan says goes into its tables inside the database, where its grounds still hold.
 */
export async function createUsers(pass: Pass): Promise<void> {
  const batches = plannedBatches(pass);
  const workers = Array.from({ length: pass.overlap ? atOnce : 1 }, async () => {
    for await (const range of batches) await createBatch(pass, range);
  });
  const failed = (await Promise.allSettled(workers)).find((worker) => worker.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function* plannedBatches(pass: Pass): AsyncGenerator<PlanRange, void, void> {
  for (let after = 0; ;) {
    stopIfAborted(pass);
    const range = await pass.store.read.plannedCreations(pass.runId, after, pass.batchSize);
    if (range === null) return;
    after = range.last;
    yield range;
  }
}

async function createBatch(pass: Pass, range: PlanRange): Promise<void> {
  const made = await pass.store.inLease(pass.lease, async (tx) => {
    const taken = await tx.takePlanned(range);
    if (taken.length > 0) await createTaken(tx, pass, range);
    await tx.inTurn();
    if (taken.length > 0) await settleNeighbours(tx, pass, range, taken);
    return taken.length;
  });
  pass.counts.decided += made;
  pass.counts.created += made;
  pass.counts.linked += made;
  await pass.progress('identity', pass.counts.linked);
}

function createTaken(tx: RunTx, pass: Pass, range: PlanRange): Promise<void> {
  return tx.createPlanned(range, {
    source: pass.rules.id,
    policyId: pass.policy.id,
    guardClasses: pass.guard.letThrough ? null : ['created'],
    reason: `nobody matches this account of ${pass.rules.id}`,
  });
}

/** What concerns others than the new users: who wakes, what is asked, and what is asked no longer. */
async function settleNeighbours(
  tx: RunTx,
  pass: Pass,
  range: PlanRange,
  taken: readonly { readonly id: number; readonly unknownRoles: readonly string[] }[],
): Promise<void> {
  await tx.wakeMatching(range);
  const { found, planned } = await tx.usersNearPlanned(range);
  if (planned.length > 0) {
    const known = new Set(planned.map(({ userId }) => userId));
    const others = found.filter(({ userId }) => !known.has(userId));
    await settleDuplicates(tx, pass, planned, others);
  }
  const accountIds = taken.map(({ id }) => id);
  await settleQuestions(tx, pass, { kinds: [...identityKinds, 'unique-taken'], accountIds, userIds: [] }, []);
  const roles = unknownRoleItems(
    pass.rules.id,
    taken.flatMap((each) => each.unknownRoles),
  );
  if (roles.length > 0) await openMissing(tx, pass, roles);
}
