import { claimKey } from '../domain/claim.ts';
import type { UniqueField } from '../domain/fields.ts';
import type { NamesAhead } from './foresee.ts';
import type { UserId } from '../domain/user.ts';
import { resolveBids, type Bidder, type Outcome } from '../reconcile/bids.ts';
import { exchanges } from '../reconcile/exchanges.ts';
import { decideValues, type ValueDecision } from '../reconcile/decide.ts';
import type { Names } from '../reconcile/re-use.ts';
import { bidderOf, keysAfter, keysBefore, lostFields } from './decisions.ts';
import { countAll } from './counted.ts';
import type { LinkedSubject, Shown } from './ports.ts';
import { shown, type Show } from './shown.ts';
import type { KeysAhead } from './neighbourhood.ts';
import { stopIfAborted, type Pass } from './pass.ts';
import { type Tally } from './tally.ts';

/** What the first taking learned: decisions are counted, nothing is written. */
export interface Taken {
  /** Unique fields that lose over the whole run, per user (spec 4.7). */
  readonly lost: ReadonlyMap<UserId, ReadonlySet<UniqueField>>;
  /** Users between whom unique names move, givers before takers; a circle of them stands together (see `exchanges`). */
  readonly swapping: readonly (readonly UserId[])[];
  /** What becomes of unique names once the values are written; creations count on it. */
  readonly names: NamesAhead;
  /** Match keys that users will have once their values are written; correlation counts on them. */
  readonly keysAhead: KeysAhead;
  /** Accounts that now seem to be another person's, and would change a user if they were not (spec 8.3). */
  readonly suspicions: number;
}

/**
 * Takes every decision on linked accounts without writing it: counts for the guard, unique names over the whole run, and
 * shows what would change where that is asked for.
 */
export async function takeValues(
  pass: Pass,
  tally: Tally,
  showing?: { readonly show: Show; readonly suspicions: boolean },
): Promise<Taken> {
  const bidders: Bidder[] = [];
  const keysAhead = new Map<UserId, { keys: readonly string[]; names: Pick<Names, 'firstName' | 'lastName'> }>();
  let [suspicions, done] = [0, 0];
  await eachDueBatch(pass, async (ids) => {
    done += ids.length;
    await pass.progress(showing === undefined ? 'counting' : 'showing', done);
    const rows = await pass.store.read.subjects(pass.rules.id, ids, false);
    const decisions = rows.map((row) => ({ row, decision: decideValues(row.subject, row.account, pass.world) }));
    const suspected = decisions.filter(isNewSuspicion);
    suspicions += suspected.length;
    await showing?.show(decisions.filter(({ decision }) => decision.changes.length > 0).map(shownValues));
    if (showing?.suspicions === true) await showing.show(suspected.map(trusting(pass)).map(shownValues));
    for (const { row, decision } of decisions) {
      const { user } = row.subject;
      for (const name of decision.classes) tally.add(name, user.id);
      const bidder = bidderOf(row.account, user.id, user.value, decision.after);
      if (bidder.wants.length + bidder.gives.length > 0) bidders.push(bidder);
      if (decision.snapshot === null && decision.voice === null) continue;
      const keys = keysAfter(row.subject, decision, row.linkedSources, pass);
      const { firstName = null, lastName = null } = decision.after.fields;
      const renamed = decision.changes.some(({ field }) => field === 'firstName' || field === 'lastName');
      if (renamed || keys.join('\n') !== keysBefore(row.subject, row.linkedSources, pass).join('\n'))
        keysAhead.set(user.id, { keys, names: { firstName, lastName } });
    }
  });
  const outcomes = await resolveAll(pass, bidders);
  return { ...splitOutcomes(outcomes), keysAhead, suspicions };
}

/** Not asked about one by one yet, and with something that it keeps back: a person's refusal of that is an answer. */
export function isNewSuspicion({ row, decision }: Taking): boolean {
  const asked = row.account.before?.suspected === true;
  return decision.suspicion !== null && !asked && (decision.heldBack?.changes.length ?? 0) > 0;
}

export interface Taking {
  readonly row: LinkedSubject;
  readonly decision: ValueDecision;
}

/** Takes the decision as if the names were the same person's, written in another way. */
export function trusting(pass: Pass): (taking: Taking) => Taking {
  return ({ row }) => {
    const trusted = trustedRow(row);
    return { row: trusted, decision: decideValues(trusted.subject, trusted.account, pass.world) };
  };
}

/** Names that were seen in another format are no evidence, as after a change of the mapping. */
export function trustedRow(row: LinkedSubject): LinkedSubject {
  const { before } = row.account;
  if (before === undefined) return row;
  return { ...row, account: { ...row.account, before: { ...before, seenBy: null, suspected: false } } };
}

export function shownValues({ row, decision }: Taking): Shown {
  const { id: accountId, externalId, contentHash } = row.account;
  const { changes, classes } = decision;
  return shown({ kind: 'values', accountId, externalId, userId: row.subject.user.id, contentHash, changes, classes });
}

async function resolveAll(pass: Pass, bidders: readonly Bidder[]): Promise<ReadonlyMap<Bidder, Outcome>> {
  return resolveBids(bidders, await pass.store.read.claimHolders(bidders.flatMap((bidder) => bidder.wants)));
}

export function splitOutcomes(outcomes: ReadonlyMap<Bidder, Outcome>): Pick<Taken, 'lost' | 'swapping' | 'names'> {
  const lost = new Map<UserId, ReadonlySet<UniqueField>>();
  const names = { freed: new Set<string>(), taken: new Set<string>() };
  for (const [bidder, outcome] of outcomes) {
    const fields = lostFields(outcome);
    if (fields.size > 0) lost.set(bidder.user, fields);
    for (const claim of bidder.gives) if (!fields.has(claim.field)) names.freed.add(claimKey(claim));
    for (const claim of bidder.wants) if (!fields.has(claim.field)) names.taken.add(claimKey(claim));
  }
  return { lost, swapping: exchanges(outcomes), names };
}

export async function eachDueBatch(pass: Pass, work: (ids: readonly UserId[]) => Promise<void>): Promise<void> {
  for (let after = 0; ;) {
    stopIfAborted(pass);
    const due = await pass.store.read.dueUsers(pass.rules.id, after, pass.batchSize);
    const last = due.at(-1);
    if (last === undefined) return;
    after = last.accountId;
    await work(due.map((row) => row.userId));
  }
}

/** Counts everything that could become of linked users who are due, without deciding. */
export async function countDueUsers(pass: Pass, tally: Tally): Promise<void> {
  await eachDueBatch(pass, (ids) => {
    for (const id of ids) countAll(tally, id);
    return Promise.resolve();
  });
}
