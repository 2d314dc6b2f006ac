import type { GuardClass } from '../domain/change.ts';
import { cannotExceed, exceededClasses, type Exceeded } from '../reconcile/guard.ts';
import { countAbsences, writeAbsences } from './absences.ts';
import { countIdentity, planIdentity } from './plan-identity.ts';
import { Tally, type Pass } from './pass.ts';
import { closeKnownRoles, lookAtTeams, writeTeams, type TeamOutlook } from './teams.ts';
import { takeValues, writeValues, type Taken } from './values.ts';
import { writeIdentity } from './write-identity.ts';

/** How a reconcile ended. `suspicious`: the guard stopped it and nothing was applied (spec 13.1, 13.3). */
export type ReconcileEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'suspicious'; readonly exceeded: readonly Exceeded[]; readonly first: boolean };

const nothingTaken: Taken = { lost: new Map(), swapping: new Set(), keysAhead: new Map() };

/**
 * One reconcile of one source, in the order that makes the result independent of batches (spec 4.8): teams; gone; values of
 * accounts linked before; all correlation from that one state; links and creations with their first values.
 * Where a limit could be reached every decision is taken and counted first. It can be run again at any time: what is
 * already written is no longer due, and a plan that was whole is carried out as planned (`resumeIdentity`).
 */
export async function reconcileSource(pass: Pass, resumeIdentity: boolean): Promise<ReconcileEnd> {
  const outlook = await lookAtTeams(pass.store.read, pass.rules.id);
  pass.world = { ...pass.world, ...outlook.world };
  if (resumeIdentity) {
    await writeIdentity(pass);
    return { kind: 'done' };
  }
  const due = await pass.store.read.countDue(pass.rules.id);
  const observed = await pass.store.read.countAbsences(pass.rules.id);
  const absent = pass.decidesAbsences ? observed : { ...observed, absent: 0 };
  const teamsChanged = outlook.verdicts.length + outlook.turned.length > 0;
  if (due.linked + due.unlinked + absent.absent + absent.returned === 0 && !teamsChanged) return { kind: 'done' };
  const earlier = pass.guard.letThrough ? [] : await pass.store.read.guardedSince(pass.rules.id);
  const counts = mustCount(pass, due.linked + due.unlinked + absent.absent + earlier.length);
  const tally = new Tally();
  const taken = counts || due.linked > pass.batchSize ? await takeValues(pass, tally) : nothingTaken;
  if (counts) {
    await countAbsences(pass, tally);
    await countIdentity(pass, tally, taken.keysAhead);
    const end = await judge(pass, tally, earlier);
    if (end.kind === 'suspicious') return end;
  }
  await write(pass, outlook, taken);
  return { kind: 'done' };
}

async function write(pass: Pass, outlook: TeamOutlook, taken: Taken): Promise<void> {
  if (outlook.verdicts.length + outlook.turned.length > 0) {
    await pass.store.inLease(pass.lease, (tx) => writeTeams(tx, pass, outlook));
    pass.world = { ...pass.world, ...(await lookAtTeams(pass.store.read, pass.rules.id)).world };
  }
  await writeAbsences(pass);
  await writeValues(pass, taken);
  await planIdentity(pass);
  await writeIdentity(pass);
  await closeKnownRoles(pass);
}

/** The first taking is skipped where no limit can be reached (architecture 1). */
function mustCount(pass: Pass, countable: number): boolean {
  if (pass.guard.letThrough) return false;
  return pass.guard.firstReconcile === 'hold' || !cannotExceed(countable, pass.guard.limits);
}

/** Adds what the last 24 hours moved, each once, and compares with the limits (spec 13.1). */
async function judge(
  pass: Pass,
  tally: Tally,
  earlier: readonly { class: GuardClass; subject: number }[],
): Promise<ReconcileEnd> {
  const { firstReconcile, limits } = pass.guard;
  if (firstReconcile === 'apply') return { kind: 'done' };
  const now = tally.counts();
  const first =
    firstReconcile === 'hold' && now.linked + now.fieldChanged + now.fieldBlanked + now.teamMoved + now.roleTaken > 0;
  for (const decision of earlier) tally.add(decision.class, decision.subject);
  const exceeded = exceededClasses(tally.counts(), await pass.store.read.presentAccounts(pass.rules.id), limits);
  return first || exceeded.length > 0 ? { kind: 'suspicious', exceeded, first } : { kind: 'done' };
}
