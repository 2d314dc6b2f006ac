import { isDeepStrictEqual } from 'node:util';
import { claimKey } from '../domain/claim.ts';
import type { UserId } from '../domain/user.ts';
import { resolveBids, type Bidder, type Outcome } from '../reconcile/bids.ts';
import { inParts } from '../reconcile/exchanges.ts';
import { decideValues } from '../reconcile/decide.ts';
import { bidderOf, lostFields } from './decisions.ts';
import type { ClaimWrite, LinkedSubject, ReconcileTx, Shown } from './ports.ts';
import { asApproved } from './shown.ts';
import { stopIfAborted, type Pass } from './pass.ts';
import { worldNow } from './teams.ts';
import {
  eachDueBatch,
  isNewSuspicion,
  shownValues,
  splitOutcomes,
  trusting,
  type Taken,
  type Taking,
} from './take-values.ts';
import { isCounted, writeRows } from './values.ts';

/** Applies the accounts of linked users, batch by batch, each decision taken again under lock (spec 13.5). */
export async function writeValues(pass: Pass, taken: Pick<Taken, 'lost' | 'swapping'>): Promise<void> {
  let done = 0;
  const write = async (ids: readonly UserId[]): Promise<void> => {
    stopIfAborted(pass);
    await pass.store.inLease(pass.lease, async (tx) => {
      const page = await lockPage(tx, pass, ids);
      await writeRows(tx, page.now, page.standing, taken.lost, page.trusted);
    });
    done += ids.length;
    await pass.progress('values', done);
  };
  const swapping = new Set(taken.swapping.flat());
  await eachDueBatch(pass, async (ids) => {
    const batch = ids.filter((id) => !swapping.has(id));
    if (batch.length > 0) await write(batch);
  });
  for (const part of inParts(taken.swapping, pass.batchSize)) {
    if (part.length <= pass.batchSize) await write(part.sort((a, b) => a - b));
    else {
      await pass.store.inLease(pass.lease, (tx) => writeCircle(tx, pass, part));
      done += part.length;
      await pass.progress('values', done);
    }
  }
}

interface Standing {
  readonly standing: readonly LinkedSubject[];
  /** Of those, whose account was shown as the same person's, by another format of names (spec 8.3). */
  readonly trusted: ReadonlySet<UserId>;
}

/** Users under lock who may be written, with the world as it is since. */
interface LockedPage extends Standing {
  readonly now: Pass;
}

async function lockPage(tx: ReconcileTx, pass: Pass, ids: readonly UserId[]): Promise<LockedPage> {
  const rows = await tx.subjects(pass.rules.id, ids, true);
  const now = { ...pass, world: await worldNow(tx, pass.world) };
  return { now, ...(await standingUsers(tx, now, rows)) };
}

/**
 * Writes users who exchange names in a circle that is longer than a batch: in one transaction, page by page. All are locked first and
 * settle once more who gets which name; what moves is set free before the first page takes a name.
 */
async function writeCircle(tx: ReconcileTx, pass: Pass, ids: readonly UserId[]): Promise<void> {
  const sorted = [...ids].sort((a, b) => a - b);
  const pages = Array.from({ length: Math.ceil(sorted.length / pass.batchSize) }, (_, page) =>
    sorted.slice(page * pass.batchSize, (page + 1) * pass.batchSize),
  );
  const bidders = new Map<UserId, Bidder>();
  for (const page of pages)
    for (const bidder of bidsOf(await lockPage(tx, pass, page))) bidders.set(bidder.user, bidder);
  const settled = [...bidders.values()];
  const holders = await tx.claimHolders(settled.flatMap((bidder) => bidder.wants));
  const outcomes = resolveBids(settled, holders);
  const { lost } = splitOutcomes(outcomes);
  await tx.saveClaims([...outcomes].flatMap(([bidder, outcome]) => givenTo(bidder, outcome, holders)));
  for (const page of pages) {
    stopIfAborted(pass);
    const locked = await lockPage(tx, pass, page);
    if (bidsOf(locked).some((bidder) => !isDeepStrictEqual(bidder, bidders.get(bidder.user)))) throw new MovedOn();
    await writeRows(tx, locked.now, locked.standing, lost, locked.trusted);
  }
}

/** An answer that concerns the circle has come between: the transaction starts anew, as after a conflict of two of them. */
class MovedOn extends Error {
  override readonly name = 'MovedOn';
  readonly code = '40001';
}

function bidsOf({ now, standing }: LockedPage): Bidder[] {
  return standing.flatMap((row) => {
    const decision = decideValues(row.subject, row.account, now.world);
    const { user } = row.subject;
    return isCounted(now, row, decision) ? [bidderOf(row.account, user.id, user.value, decision.after)] : [];
  });
}

/** The names that a bidder gets from others, as those give them up. */
function givenTo({ user, wants }: Bidder, outcome: Outcome, holders: ReadonlyMap<string, UserId>): ClaimWrite[] {
  const lost = lostFields(outcome);
  return wants.flatMap((claim) => {
    const holder = holders.get(claimKey(claim));
    if (lost.has(claim.field) || holder === undefined || holder === user) return [];
    return [{ userId: holder, take: [], release: [claim] }];
  });
}

/** The users whose decision an approved run may carry out; what changes nothing needs no approval. */
async function standingUsers(tx: ReconcileTx, pass: Pass, rows: readonly LinkedSubject[]): Promise<Standing> {
  if (!pass.approved) return { standing: rows, trusted: new Set() };
  const takings = rows.map((row) => ({ row, decision: decideValues(row.subject, row.account, pass.world) }));
  const changing = takings.filter(({ decision }) => decision.changes.length > 0).map(withShown);
  const suspected = takings.filter(isNewSuspicion).map(trusting(pass)).map(withShown);
  const usersOf = (entries: readonly Taking[]): UserId[] => entries.map(({ row }) => row.subject.user.id);
  const trusted = usersOf(await asApproved(pass, 'values', suspected, tx));
  const standing = await asApproved(pass, 'values', changing, tx);
  const still = takings.filter(({ decision }) => decision.changes.length === 0);
  return { standing: [...standing, ...still].map(({ row }) => row), trusted: new Set(trusted) };
}

function withShown(taking: Taking): Taking & { readonly shown: Shown } {
  return { ...taking, shown: shownValues(taking) };
}
