import { changesBetween, classesOf, sameValue, type Change } from '../domain/change.ts';
import { claimKey } from '../domain/claim.ts';
import { fold, type TeamNames } from '../domain/fold.ts';
import type { Policy, SourceId, UserId, UserValue } from '../domain/user.ts';
import { resolveBids, type Bidder, type Outcome } from '../reconcile/bids.ts';
import { exceededClasses } from '../reconcile/guard.ts';
import type { Subject } from '../reconcile/decide.ts';
import { userKeys } from '../reconcile/match-keys.ts';
import { Counted } from './counted.ts';
import { bidderOf, keysBefore, takenByPolicyItems } from './decisions.ts';
import type { OpenItem, ReconcileTx, Shown } from './ports.ts';
import { settleQuestions } from './questions.ts';
import { stopIfAborted, type Pass, type PassPhase } from './pass.ts';
import { Tally, withEarlier } from './tally.ts';
import type { ReconcileEnd } from './reconcile-source.ts';
import { asApproved, showing, shown } from './shown.ts';

/** A pass over users instead of a source's accounts. */
export type PolicyPass = Omit<Pass, 'rules' | 'world'> & {
  readonly teamNames: ReadonlyMap<number, string>;
  /** Why users move, as their events say it. */
  readonly reason: string;
};

/** What becomes of one user under the pass's policy. */
interface Move {
  readonly subject: Subject;
  readonly linkedSources: readonly SourceId[];
  readonly after: UserValue;
  readonly changes: readonly Change[];
}

type BiddingMove = Move & { readonly bidder: Bidder };
type LosingMove = BiddingMove & Pick<Outcome, 'lost'>;

/**
 * Moves every user to the pass's policy, and no snapshot (spec 14.4): decided and counted first, guarded and held like every
 * other run. A user who would take another's unique name stays with the policy they have, and is asked about.
 */
export async function reconcilePolicy(pass: PolicyPass): Promise<ReconcileEnd> {
  if (!pass.guard.letThrough) {
    const exceeded = await exceededBy(pass);
    if (exceeded.length > 0) {
      await showMoves(pass);
      return { kind: 'held', exceeded, first: false, suspicions: 0 };
    }
  }
  await eachBatch(pass, 'policy', (ids) => pass.store.inLease(pass.lease, (tx) => writeBatch(tx, pass, ids)));
  return { kind: 'done' };
}

async function exceededBy(pass: PolicyPass): Promise<ReturnType<typeof exceededClasses>> {
  const tally = new Tally();
  let users = 0;
  await eachBatch(pass, 'counting', async (ids) => {
    users += ids.length;
    for (const { subject, changes } of await movesOf(pass, ids))
      for (const name of classesOf(changes)) tally.add(name, subject.user.id);
  });
  const before = withEarlier(tally, await pass.store.read.guardedSince(null));
  const { limits } = pass.guard;
  pass.counted = new Counted({ tally, before, present: users, limits });
  return exceededClasses(tally.counts(), before.counts(), users, limits);
}

/** Takes every decision once more and keeps it with the run, for people to see and approve (spec 13.2). */
async function showMoves(pass: PolicyPass): Promise<void> {
  const show = await showing(pass);
  await eachBatch(pass, 'showing', async (ids) => {
    const moves = await movesOf(pass, ids);
    await show(moves.filter(({ changes }) => changes.length > 0).map(shownMove));
  });
}

function shownMove({ subject, changes }: Move): Shown {
  const nothing = { accountId: null, externalId: null, contentHash: null };
  return shown({ kind: 'policy', ...nothing, userId: subject.user.id, changes, classes: classesOf(changes) });
}

async function eachBatch(
  pass: PolicyPass,
  phase: PassPhase,
  work: (ids: readonly number[]) => Promise<void>,
): Promise<void> {
  for (let [after, done] = [0, 0]; ;) {
    stopIfAborted(pass);
    await pass.progress(phase, done);
    const ids = await pass.store.read.outdatedUsers(pass.policy.id, after, pass.batchSize);
    const last = ids.at(-1);
    if (last === undefined) return;
    after = last;
    await work(ids);
    done += ids.length;
  }
}

async function movesOf(pass: PolicyPass, ids: readonly number[], tx?: ReconcileTx): Promise<Move[]> {
  const rows = await (tx ?? pass.store.read).users(ids, tx !== undefined);
  return rows.map(({ subject, linkedSources }) => {
    const after = valueUnder(subject, pass.policy.content, pass.teamNames);
    return { subject, linkedSources, after, changes: changesBetween(subject.user.value, after, pass.teamNames) };
  });
}

/** Decides anew under lock (spec 13.5) and writes one batch. */
async function writeBatch(tx: ReconcileTx, pass: PolicyPass, ids: readonly number[]): Promise<void> {
  const { moving, losing } = await settleNames(tx, await standing(tx, pass, await movesOf(pass, ids, tx)));
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
  await saveKeys(tx, pass, moving);
  const changed = moving.filter(({ changes }) => changes.length > 0);
  await tx.appendEvents(
    changed.map(({ subject, changes }) => ({
      type: 'user-changed',
      userId: subject.user.id,
      accountId: null,
      externalId: null,
      changes,
      reason: pass.reason,
      guardClasses: pass.guard.letThrough ? null : classesOf(changes),
    })),
    { source: null, runId: pass.runId },
  );
  const freed = moving.flatMap(({ bidder }) => bidder.gives.map(claimKey));
  if (freed.length > 0) await tx.wakeByItems([], freed);
  await askAboutNames(tx, pass, ids, losing);
  pass.counts.updated += changed.length;
}

/** Those that were counted, or that an approved run may carry out; what changes nothing needs neither. */
async function standing(tx: ReconcileTx, pass: PolicyPass, moves: readonly Move[]): Promise<readonly Move[]> {
  const changing = moves.filter(
    ({ subject: { user }, changes }) =>
      changes.length > 0 && pass.counted?.covers(user.id, classesOf(changes), String(user.id)) !== false,
  );
  const approved = await asApproved(
    pass,
    'policy',
    changing.map((move) => ({ ...move, shown: shownMove(move) })),
    tx,
  );
  return [...moves.filter(({ changes }) => changes.length === 0), ...approved];
}

/** Who gets all names that the policy gives them. The others stay as a whole, and so do those who want what they would have given up. */
async function settleNames(
  tx: ReconcileTx,
  moves: readonly Move[],
): Promise<{ moving: readonly BiddingMove[]; losing: readonly LosingMove[] }> {
  let moving = moves.map((move) => {
    const { id, value } = move.subject.user;
    return { ...move, bidder: bidderOf({ id, externalId: String(id) }, id, value, move.after) };
  });
  const holders = await tx.claimHolders(moving.flatMap(({ bidder }) => bidder.wants));
  const losing: LosingMove[] = [];
  for (;;) {
    const bidders = moving.map(({ bidder }) => bidder);
    const outcomes = resolveBids(bidders, holders);
    const losers = moving.flatMap((move) => {
      const lost = outcomes.get(move.bidder)?.lost ?? [];
      return lost.length === 0 ? [] : [{ ...move, lost }];
    });
    if (losers.length === 0) return { moving, losing };
    losing.push(...losers);
    const left = new Set(losers.map(({ bidder }) => bidder));
    moving = moving.filter(({ bidder }) => !left.has(bidder));
  }
}

/** The questions about these users whom the policy gives a name that another one has (spec 4.7). */
async function askAboutNames(
  tx: ReconcileTx,
  pass: PolicyPass,
  ids: readonly UserId[],
  losing: readonly LosingMove[],
): Promise<void> {
  const items = losing.flatMap(({ subject, lost }) => takenByPolicyItems(subject.user.id, lost));
  const own = new Set(ids.map(String));
  const isAnothers = ({ subject }: OpenItem): boolean => {
    const [kind, user = ''] = subject.split(':');
    return kind !== 'policy' || !own.has(user);
  };
  const scope = { kinds: ['unique-taken'], accountIds: [], userIds: ids };
  await settleQuestions(tx, { ...pass, rules: { id: null } }, scope, items, isAnothers);
}

async function saveKeys(tx: ReconcileTx, pass: PolicyPass, moving: readonly Move[]): Promise<void> {
  const moved = moving
    // Nobody is found by who was merged into another.
    .filter(({ subject }) => subject.user.mergedInto === null)
    .map(({ subject, linkedSources, after }) => {
      const slots = subject.snapshots.filter((slot) => linkedSources.includes(slot.source));
      const keys = userKeys(after.fields, slots, pass.allMatchRules);
      return { userId: subject.user.id, keys, before: keysBefore(subject, linkedSources, pass) };
    })
    .filter(({ keys, before }) => keys.join('\n') !== before.join('\n'));
  if (moved.length === 0) return;
  await tx.saveUserKeys(moved);
  await tx.wakeByKeys([...new Set(moved.flatMap(({ keys, before }) => [...before, ...keys]))]);
}

/** What a user would be under another policy. */
export function valueUnder(subject: Subject, policy: Policy, teamNames: TeamNames): UserValue {
  const { user, words, snapshots } = subject;
  return fold({ origin: user.origin, words, snapshots, policy, teamNames, present: user.value });
}
