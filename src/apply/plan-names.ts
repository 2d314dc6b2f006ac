import { claimKey, claimOf } from '../domain/claim.ts';
import { resolveBids, type Bidder, type Outcome } from '../reconcile/bids.ts';
import { takenItems } from './decisions.ts';
import type { Pass } from './pass.ts';
import type { Rival } from './ports.ts';
import { identityKinds, settleQuestions } from './questions.ts';

/** A row of the plan that gets a name less than it wants. */
interface Loser {
  readonly rival: Rival;
  readonly outcome: Outcome;
}

/**
 * Decides who gets which unique name over the whole plan (spec 4.7): among equals the lowest external id wins. A creation that
 * loses one leaves the plan and becomes a question; a link only leaves the field. Rows whose names nobody else has or wants,
 * which are nearly all, are not looked at.
 */
export async function settleNames(pass: Pass): Promise<void> {
  const rivals = await pass.store.read.contestedNames(pass.runId);
  if (rivals.length === 0) return;
  const bidders = new Map(rivals.map((rival) => [bidderOf(rival), rival]));
  const holders = await pass.store.read.claimHolders([...bidders.keys()].flatMap((bidder) => bidder.wants));
  const outcomes = resolveBids([...bidders.keys()], holders);
  const losers = [...bidders].flatMap(([bidder, rival]): Loser[] => {
    const outcome = outcomes.get(bidder);
    return outcome === undefined || outcome.lost.length === 0 ? [] : [{ rival, outcome }];
  });
  for (let at = 0; at < losers.length; at += pass.batchSize)
    await writeLosses(pass, losers.slice(at, at + pass.batchSize));
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

async function writeLosses(pass: Pass, losers: readonly Loser[]): Promise<void> {
  const [creations, links] = [losers.filter(isCreation), losers.filter((loser) => !isCreation(loser))];
  const accountIds = creations.map(({ rival }) => rival.accountId);
  await pass.store.inLease(pass.lease, async (tx) => {
    await tx.loseNames(
      pass.runId,
      links.map(({ rival, outcome }) => ({
        accountId: rival.accountId,
        lost: outcome.lost.map(({ claim, holder }) => ({ name: claimKey(claim), holder })),
      })),
    );
    await tx.saveDecided(
      creations.map(({ rival: { accountId, contentHash, wakes } }) => ({ accountId, contentHash, wakes, ...waiting })),
    );
    await tx.leavePlanned(pass.runId, accountIds);
    const items = creations.flatMap(({ rival, outcome }) =>
      takenItems({ id: rival.accountId, externalId: rival.externalId }, null, outcome.lost),
    );
    await settleQuestions(tx, pass, { kinds: [...identityKinds, 'unique-taken'], accountIds, userIds: [] }, items);
  });
  pass.counts.decided += creations.length;
  pass.counts.skipped += creations.length;
}

const waiting = { standing: 'question', reason: 'unique-taken', userId: null, heldDigest: null } as const;

function isCreation({ rival }: Loser): boolean {
  return rival.kind === 'create';
}
