import { claimKey, claimOf } from '../domain/claim.ts';
import type { UserId } from '../domain/user.ts';
import { resolveBids, type Bidder } from '../reconcile/bids.ts';
import { takenItems } from './decisions.ts';
import { stopIfAborted, type Pass } from './pass.ts';
import type { LosingCreation, PlannedLink, ReconcileReads, ReconcileTx, Rival } from './ports.ts';
import { identityKinds, settleQuestions } from './questions.ts';

/**
 * Decides who gets which unique name over the whole plan (spec 4.7): among equals the lowest external id wins. A creation that
 * loses one becomes a question; a link only leaves the field. Rows whose names nobody else has or wants, which are nearly all,
 * are not looked at.
 */
export async function settleNames(pass: Pass): Promise<void> {
  const rivals = await pass.store.read.contestedNames(pass.runId);
  if (rivals.length === 0) return;
  const bidders = rivals.map(bidderOf);
  const holders = await pass.store.read.claimHolders(bidders.flatMap((bidder) => bidder.wants));
  const losses = [...resolveBids(bidders, holders)]
    .filter(([, outcome]) => outcome.lost.length > 0)
    .map(([{ accountId }, outcome]) => ({
      accountId,
      lost: outcome.lost.map(({ claim, holder }) => ({ name: claimKey(claim), holder })),
    }));
  for (let at = 0; at < losses.length; at += pass.batchSize)
    await pass.store.inLease(pass.lease, (tx) => tx.loseNames(pass.runId, losses.slice(at, at + pass.batchSize)));
}

function bidderOf({ kind, userId, accountId, externalId, names, gives }: Rival): Bidder {
  return {
    user: userId,
    accountId,
    externalId,
    wants: names.map(claimOf),
    gives: gives.map(claimOf),
    allOrNothing: kind === 'create',
  };
}

/**
 * Asks about the creations that lose a unique name. It comes behind all others, when whoever has the name exists: where somebody
 * does not come about after all, those who lost to them stay due and are decided on anew.
 */
export async function askLosers(pass: Pass): Promise<void> {
  for (let after = 0; ;) {
    stopIfAborted(pass);
    const losers = await pass.store.read.losingCreations(pass.runId, after, pass.batchSize);
    const last = losers.at(-1);
    if (last === undefined) return;
    after = last.accountId;
    await pass.store.inLease(pass.lease, async (tx) => writeLosers(tx, pass, await lostToSomebody(tx, losers)));
    await pass.progress('identity', pass.counts.linked);
  }
}

async function writeLosers(tx: ReconcileTx, pass: Pass, losers: readonly LosingCreation[]): Promise<void> {
  await tx.saveDecided(
    losers.map(({ accountId, contentHash, wakes }) => ({ accountId, contentHash, wakes, ...waiting })),
  );
  const items = losers.flatMap(({ accountId, externalId, lost }) =>
    takenItems(
      { id: accountId, externalId },
      null,
      lost.map(({ name, holder }) => ({ claim: claimOf(name), holder })),
    ),
  );
  const accountIds = losers.map((loser) => loser.accountId);
  await settleQuestions(tx, pass, { kinds: [...identityKinds, 'unique-taken'], accountIds, userIds: [] }, items);
  pass.counts.decided += losers.length;
  pass.counts.skipped += losers.length;
}

const waiting = { standing: 'question', reason: 'unique-taken', userId: null, heldDigest: null } as const;

/** Of rows that lose names, those for which everybody exists who gets them. */
export async function lostToSomebody<Row extends Pick<PlannedLink, 'lost'>>(
  from: ReconcileReads,
  losers: readonly Row[],
): Promise<readonly Row[]> {
  const holders = losers.flatMap(({ lost }) => lost.flatMap(({ holder }) => holder ?? []));
  const exist: ReadonlySet<UserId> = await from.whichExist([...new Set(holders)]);
  return losers.filter(({ lost }) => lost.every(({ holder }) => holder === null || exist.has(holder)));
}
