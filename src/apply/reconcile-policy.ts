import { changesBetween, classesOf, sameValue, type Change } from '../domain/change.ts';
import { fold } from '../domain/fold.ts';
import type { Policy, UserValue } from '../domain/user.ts';
import { resolveBids } from '../reconcile/bids.ts';
import { exceededClasses } from '../reconcile/guard.ts';
import type { Subject } from '../reconcile/decide.ts';
import { bidderOf } from './decisions.ts';
import type { ReconcileTx } from './ports.ts';
import { stopIfAborted, Tally, type Pass } from './pass.ts';
import type { ReconcileEnd } from './reconcile-source.ts';

/** A pass over users instead of a source's accounts. */
export type PolicyPass = Omit<Pass, 'rules' | 'world'> & { readonly teamNames: ReadonlyMap<number, string> };

/**
 * Moves every user to the policy in force, and no snapshot (spec 14.4): decided and counted first, guarded like every other
 * run. A user who would take another's unique name stays with the policy they have.
 */
export async function reconcilePolicy(pass: PolicyPass): Promise<ReconcileEnd> {
  const tally = new Tally();
  let users = 0;
  await eachBatch(pass, async (ids) => {
    users += ids.length;
    for (const { subject } of await pass.store.read.users(ids, false))
      for (const name of classesOf(changesOf(subject, pass))) tally.add(name, subject.user.id);
  });
  const exceeded = exceededClasses(tally.counts(), users, pass.guard.limits);
  if (exceeded.length > 0 && !pass.guard.letThrough) return { kind: 'held', exceeded, first: false, suspicions: 0 };
  await eachBatch(pass, (ids) => pass.store.inLease(pass.lease, (tx) => writeBatch(tx, pass, ids)));
  return { kind: 'done' };
}

async function eachBatch(pass: PolicyPass, work: (ids: readonly number[]) => Promise<void>): Promise<void> {
  for (let after = 0; ;) {
    stopIfAborted(pass);
    const ids = await pass.store.read.outdatedUsers(pass.policy.id, after, pass.batchSize);
    const last = ids.at(-1);
    if (last === undefined) return;
    after = last;
    await work(ids);
  }
}

async function writeBatch(tx: ReconcileTx, pass: PolicyPass, ids: readonly number[]): Promise<void> {
  const subjects = (await tx.users(ids, true)).map(({ subject }) => ({
    subject,
    after: valueUnder(subject, pass.policy.content, pass),
  }));
  const bidders = subjects.map(({ subject, after }) =>
    bidderOf({ id: subject.user.id, externalId: String(subject.user.id) }, subject.user.id, subject.user.value, after),
  );
  const outcomes = resolveBids(bidders, await tx.claimHolders(bidders.flatMap((bidder) => bidder.wants)));
  const moving = subjects.flatMap((entry, index) => {
    const bidder = bidders[index];
    return bidder === undefined || (outcomes.get(bidder)?.lost.length ?? 0) > 0 ? [] : [{ ...entry, bidder }];
  });
  await tx.saveUsers(
    moving
      .filter(({ subject, after }) => !sameValue(subject.user.value, after))
      .map(({ subject, after }) => ({ userId: subject.user.id, value: after })),
  );
  await tx.savePolicy(
    moving.map(({ subject }) => subject.user.id),
    pass.policy.id,
  );
  await tx.saveClaims(
    moving.map(({ subject, bidder }) => ({ userId: subject.user.id, take: bidder.wants, release: bidder.gives })),
  );
  const changed = moving
    .map(({ subject }) => ({ subject, changes: changesOf(subject, pass) }))
    .filter(({ changes }) => changes.length > 0);
  await tx.appendEvents(
    changed.map(({ subject, changes }) => ({
      type: 'user-changed',
      userId: subject.user.id,
      accountId: null,
      externalId: null,
      changes,
      reason: 'the configuration ranks the sources anew',
      guardClasses: pass.guard.letThrough ? null : classesOf(changes),
    })),
    { source: null, runId: pass.runId },
  );
  pass.counts.updated += changed.length;
}

function changesOf(subject: Subject, pass: PolicyPass): Change[] {
  return changesBetween(subject.user.value, valueUnder(subject, pass.policy.content, pass), pass.teamNames);
}

function valueUnder(subject: Subject, policy: Policy, pass: PolicyPass): UserValue {
  const { user, words, snapshots } = subject;
  return fold({ origin: user.origin, words, snapshots, policy, teamNames: pass.teamNames, present: user.value });
}
