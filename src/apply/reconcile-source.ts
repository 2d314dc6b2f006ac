import { cannotExceed, exceededClasses, isOverLimit, type Exceeded } from '../reconcile/guard.ts';
import { countTurned, takeAbsences, writeAbsences } from './absences.ts';
import { Counted } from './counted.ts';
import { planIdentity, takeIdentity } from './plan-identity.ts';
import { namesAsTheyAre } from './foresee.ts';
import { type Pass } from './pass.ts';
import { Tally, withEarlier, type GuardedDecision } from './tally.ts';
import { showing } from './shown.ts';
import { closeKnownRoles, lookAtTeams, writeTeams, type TeamOutlook } from './teams.ts';
import { countDueUsers, takeValues, type Taken } from './take-values.ts';
import { writeValues } from './write-values.ts';
import { createUsers } from './create-users.ts';
import { askLosers } from './plan-names.ts';
import { writeLinks } from './write-links.ts';

/** How a reconcile ended. `held`: nothing was applied, and what would have been is shown (spec 13.1–13.3). */
export type ReconcileEnd = { readonly kind: 'done' } | ({ readonly kind: 'held' } & Held);

interface Held {
  readonly exceeded: readonly Exceeded[];
  readonly first: boolean;
  /** Accounts that now seem to be other people's, where they are too many to be asked about one by one (spec 8.3). */
  readonly suspicions: number;
}

interface Manner {
  /** A crash came after the plan was whole: it is carried out as planned. */
  readonly resumeIdentity: boolean;
  /** The import itself is a reason to ask first, whatever the guard's limits (spec 3.3). */
  readonly holdAnyway: boolean;
}

const nothingTaken: Taken = {
  lost: new Map(),
  swapping: [],
  names: namesAsTheyAre,
  keysAhead: new Map(),
  suspicions: 0,
};

/**
 * One reconcile of one source, in the order that makes the result independent of batches (spec 4.8): teams; gone; values of
 * accounts linked before; all correlation from that one state; links and creations with their first values.
 * Where a limit could be reached every decision is taken and counted first. It can be run again at any time: what is
 * already written is no longer due.
 */
export async function reconcileSource(pass: Pass, { resumeIdentity, holdAnyway }: Manner): Promise<ReconcileEnd> {
  const outlook = await lookAtTeams(pass.store.read, pass.rules.id);
  pass.world = { ...pass.world, ...outlook.world };
  if (resumeIdentity) {
    await carryOutIdentity(pass);
    return { kind: 'done' };
  }
  if (holdAnyway) {
    const { suspicions } = await takeValues(pass, new Tally());
    const present = await pass.store.read.presentAccounts(pass.rules.id);
    return hold(pass, outlook, { exceeded: [], first: false, suspicions: tooMany(pass, suspicions, present) });
  }
  await wakeDoubtsOver(pass);
  const found = await pass.store.read.countDue(pass.rules.id);
  if (found.linked > 0) await pass.store.inLease(pass.lease, (tx) => tx.wakeTaken(pass.rules.id));
  const due = found.linked > 0 ? await pass.store.read.countDue(pass.rules.id) : found;
  const observed = await pass.store.read.countAbsences(pass.rules.id);
  const absent = pass.decidesAbsences ? observed.absent : 0;
  const teamsChanged = outlook.verdicts.length + outlook.turned.length > 0;
  if (due.linked + due.unlinked + absent + observed.returned === 0 && !teamsChanged) return { kind: 'done' };
  const earlier = pass.guard.letThrough ? [] : await pass.store.read.guardedSince(pass.rules.id);
  const present = await pass.store.read.presentAccounts(pass.rules.id);
  const counts = mustCount(pass, due.linked + due.unlinked + absent + earlier.length, present);
  const tally = new Tally();
  const taken = counts || due.linked > pass.batchSize ? await takeValues(pass, tally) : nothingTaken;
  if (counts) {
    await takeAbsences(pass, tally);
    await takeIdentity(pass, tally, taken);
    const verdict = judge(pass, tally, { earlier, present, suspected: taken.suspicions });
    if (verdict !== null) return hold(pass, outlook, verdict);
  }
  if (!pass.guard.letThrough) pass.counted = await countedOf(pass, counts ? tally : null, { earlier, present });
  await write(pass, outlook, taken);
  if (pass.counts.decided > 500) await pass.store.analyse();
  return { kind: 'done' };
}

/** What held a match in doubt may have passed without a decision: the old names came back before anybody saw the new ones. */
async function wakeDoubtsOver(pass: Pass): Promise<void> {
  const over = await pass.store.read.doubtsOver(pass.rules.id);
  if (over.length > 0) await pass.store.inLease(pass.lease, (tx) => tx.wakeAccounts(over));
}

/** Takes every decision once more and keeps it with the run, for people to see and approve (spec 13.2). */
async function hold(pass: Pass, outlook: TeamOutlook, why: Held): Promise<ReconcileEnd> {
  await settleShownTeams(pass, outlook);
  const [show, tally] = [await showing(pass), new Tally()];
  await takeAbsences(pass, tally, show);
  const taken = await takeValues(pass, tally, { show, suspicions: why.suspicions > 0 });
  await takeIdentity(pass, tally, taken, show);
  return { kind: 'held', ...why };
}

/**
 * New teams are decided on when they are shown: what people approve then finds the teams that they have seen, and a name that
 * another source has taken is a question before and not after (spec 13.2). Renames wait: users show them.
 */
async function settleShownTeams(pass: Pass, { verdicts }: TeamOutlook): Promise<void> {
  const decided = verdicts.filter(({ kind }) => kind !== 'rename');
  if (decided.every(({ kind }) => kind === 'unchanged')) return;
  const nothingTurned = { verdicts: decided, turned: [] };
  await pass.store.inLease(pass.lease, (tx) => writeTeams(tx, pass, nothingTurned));
  pass.world = { ...pass.world, ...(await lookAtTeams(pass.store.read, pass.rules.id)).world };
}

async function write(pass: Pass, outlook: TeamOutlook, taken: Taken): Promise<void> {
  if (outlook.verdicts.length + outlook.turned.length > 0) {
    await pass.store.inLease(pass.lease, (tx) => writeTeams(tx, pass, outlook));
    pass.world = { ...pass.world, ...(await lookAtTeams(pass.store.read, pass.rules.id)).world };
  }
  await writeAbsences(pass);
  await writeValues(pass, taken);
  await planIdentity(pass);
  await carryOutIdentity(pass);
  await closeKnownRoles(pass);
}

/** Links and creations as they are planned; what a crash broke off goes on with the rows that are left. */
async function carryOutIdentity(pass: Pass): Promise<void> {
  await writeLinks(pass, { losing: false });
  await createUsers(pass);
  await writeLinks(pass, { losing: true });
  await askLosers(pass);
  await pass.store.inLease(pass.lease, (tx) => tx.dropPlan(pass.runId));
}

/** The first taking is skipped where no limit can be reached (architecture 1). */
function mustCount(pass: Pass, countable: number, present: number): boolean {
  if (pass.guard.letThrough) return false;
  return pass.guard.firstReconcile || !cannotExceed(countable, present, pass.guard.limits);
}

interface Countable {
  /** What the last 24 hours moved under the guard. */
  readonly earlier: readonly GuardedDecision[];
  readonly present: number;
  readonly suspected: number;
}

/** What the guard lets through; where nothing was counted, whatever becomes of who is due now. */
async function countedOf(
  pass: Pass,
  counted: Tally | null,
  { earlier, present }: Omit<Countable, 'suspected'>,
): Promise<Counted> {
  const tally = counted ?? new Tally();
  if (counted === null) {
    await countDueUsers(pass, tally);
    await countTurned(pass, tally);
  }
  const { limits, firstReconcile } = pass.guard;
  const none = { number: 0, percent: 0 };
  return new Counted({
    tally,
    before: withEarlier(tally, earlier),
    present,
    limits: firstReconcile ? { ...limits, linked: none } : limits,
  });
}

/** Adds what the last 24 hours moved, each once, and compares with the limits (spec 13.1); null where all is well. */
function judge(pass: Pass, tally: Tally, { earlier, present, suspected }: Countable): Held | null {
  const { firstReconcile, limits } = pass.guard;
  const now = tally.counts();
  const first = firstReconcile && now.linked + now.fieldChanged + now.fieldBlanked + now.teamMoved + now.roleTaken > 0;
  const before = withEarlier(tally, earlier).counts();
  const exceeded = exceededClasses(tally.counts(), before, present, limits);
  const suspicions = tooMany(pass, suspected, present);
  return first || exceeded.length > 0 || suspicions > 0 ? { exceeded, first, suspicions } : null;
}

/** Suspicions of one run beyond the limit of links, which they would break: one question instead of many (spec 8.3). */
function tooMany(pass: Pass, suspicions: number, present: number): number {
  return isOverLimit(suspicions, present, pass.guard.limits.linked) ? suspicions : 0;
}
