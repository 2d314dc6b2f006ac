import { mayMove } from '../domain/user.ts';
import { claimOf } from '../domain/claim.ts';
import type { UniqueField } from '../domain/fields.ts';
import { isInDoubt } from '../reconcile/correlate.ts';
import { resolveBids, type Bidder, type Outcome } from '../reconcile/bids.ts';
import type { Subject, ValueDecision } from '../reconcile/decide.ts';
import { ruleName } from '../reconcile/match-keys.ts';
import {
  bidderOf,
  formerOf,
  keysAfter,
  keysBefore,
  keysNotApplied,
  lostFields,
  snapshotWrite,
  standingReason,
  takenItems,
  unknownRoleItems,
} from './decisions.ts';
import { keysNear, settleDuplicates } from './duplicates.ts';
import { decideNewLink } from './new-links.ts';
import { stopIfAborted, type Pass } from './pass.ts';
import type { Decided, EventRow, PlannedLink, ReconcileReads, ReconcileTx, UnlinkedRow } from './ports.ts';
import { lostToSomebody } from './plan-names.ts';
import { identityKinds, openMissing, settleQuestions } from './questions.ts';
import { worldNow } from './teams.ts';

/**
 * Carries links of the plan out, the lowest external id first, so that it wins among equals (spec 4.7). Who is newly linked gets slot,
 * value and event in the same transaction. Those that lose no name come before the creations, for which names that they give up
 * are free; those that lose one come behind them, when whoever gets it exists.
 */
export async function writeLinks(pass: Pass, { losing }: { readonly losing: boolean }): Promise<void> {
  for (let after = ''; ;) {
    stopIfAborted(pass);
    const planned = await pass.store.read.plannedLinks(pass.runId, { after, limit: pass.batchSize, losing });
    const last = planned.at(-1);
    if (last === undefined) return;
    after = last.externalId;
    await pass.store.inLease(pass.lease, async (tx) => writeBatch(tx, pass, await lostToSomebody(tx, planned)));
    await pass.progress('identity', pass.counts.linked);
  }
}

/** A planned link with everything that it depends on, under lock. */
interface Candidate {
  readonly planned: PlannedLink;
  readonly account: UnlinkedRow;
  readonly subject: Subject;
  readonly linkedSources: readonly string[];
}

interface Decision extends Candidate {
  readonly decision: ValueDecision;
  readonly outcome: Outcome;
  /** The unique names that it takes and gives up. */
  readonly bid: Bidder;
}

async function writeBatch(tx: ReconcileTx, pass: Pass, planned: readonly PlannedLink[]): Promise<void> {
  const candidates = await stillPossible(tx, pass, planned);
  const made = await decideTogether(tx, { ...pass, world: await worldNow(tx, pass.world) }, candidates);
  await writeUsers(tx, pass, made);
  await spreadKeys(tx, pass, made);
  await tx.saveDecided(made.map(decidedRow));
  await settleIdentityQuestions(tx, pass, made);
  pass.counts.decided += made.length;
  pass.counts.linked += made.length;
}

/** The links of a batch whose grounds hold still: the others stay due, and are decided on anew (spec 13.5). */
async function stillPossible(tx: ReconcileTx, pass: Pass, planned: readonly PlannedLink[]): Promise<Candidate[]> {
  const accounts = await unlinkedById(tx, planned);
  const userIds = planned.map((entry) => entry.userId);
  const users = new Map((await tx.users(userIds, true)).map((row) => [row.subject.user.id, row]));
  const free = new Map((await tx.candidates(pass.rules.id, userIds)).map((user) => [user.id, user]));
  return planned.flatMap((entry): Candidate[] => {
    const account = accounts.get(entry.accountId);
    const [row, user] = [users.get(entry.userId), free.get(entry.userId)];
    const linkable = user?.linkedAccount === null && !user.takesNone && !user.merged;
    if (!isAsPlanned(account, entry) || row === undefined || !linkable) return [];
    if (isInDoubt(account, ruleOf(entry, pass), user)) return [];
    if (!mayMove(row.subject.user, pass.rules.id)) return [];
    return [{ planned: entry, account, subject: row.subject, linkedSources: row.linkedSources }];
  });
}

async function unlinkedById(from: ReconcileReads, planned: readonly PlannedLink[]): Promise<Map<number, UnlinkedRow>> {
  const rows = await from.unlinked(
    planned.map((entry) => entry.accountId),
    true,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

function isAsPlanned(account: UnlinkedRow | undefined, planned: PlannedLink): account is UnlinkedRow {
  const same = account?.contentHash === planned.contentHash && account.wakes === planned.wakes;
  return same && !account.absent && !account.ignored;
}

/** The place of the rule that a planned link was found by; -1 where the configuration has it no longer. */
function ruleOf({ rule }: PlannedLink, pass: Pass): number {
  return pass.rules.match.findIndex((fields) => ruleName(fields) === rule);
}

/** Settles who gets which unique name; links that lose one, here or to others of the plan, are decided without it. */
async function decideTogether(tx: ReconcileTx, pass: Pass, candidates: readonly Candidate[]): Promise<Decision[]> {
  const first = candidates.map((candidate) => withBid(pass, candidate, lostToOthers(candidate)));
  const bidders = first.map((entry) => entry.bid);
  const outcomes = resolveBids(bidders, await tx.claimHolders(bidders.flatMap((bidder) => bidder.wants)));
  const decisions = first.map((entry): Decision => {
    const outcome = outcomes.get(entry.bid) ?? nothingLost;
    if (outcome.lost.length === 0) return entry;
    const lost = [...entry.outcome.lost, ...outcome.lost];
    return { ...withBid(pass, entry, { ...outcome, lost }) };
  });
  await tx.saveClaims(decisions.map(({ bid }) => ({ userId: bid.user, take: bid.wants, release: bid.gives })));
  return decisions;
}

const nothingLost: Outcome = { lost: [], swaps: false };

function lostToOthers({ planned }: Candidate): Outcome {
  return { lost: planned.lost.map(({ name, holder }) => ({ claim: claimOf(name), holder })), swaps: false };
}

function withBid(pass: Pass, candidate: Candidate, outcome: Outcome): Decision {
  const { account, subject, planned, linkedSources } = candidate;
  const lost: ReadonlySet<UniqueField> = lostFields(outcome);
  const decision = decideNewLink(candidate, pass, lost);
  const bid = bidderOf(account, subject.user.id, subject.user.value, decision.after);
  return { planned, account, subject, linkedSources, decision, outcome, bid };
}

/** Writes who is linked. Statements are handed over together: each is made ready while the one before it runs. */
async function writeUsers(tx: ReconcileTx, pass: Pass, made: readonly Decision[]): Promise<void> {
  const moved = made.filter((entry) => entry.decision.moved);
  await Promise.all([
    tx.insertLinks(
      made.map(({ planned, account, subject }) => ({
        accountId: account.id,
        userId: subject.user.id,
        origin: 'correlated',
        rule: planned.rule,
      })),
      pass.rules.id,
      pass.runId,
    ),
    tx.saveSnapshots(
      made.flatMap(({ subject, account, decision }) => snapshotWrite(subject.user.id, account, decision)),
    ),
    tx.saveUsers(moved.map(({ subject, decision }) => ({ userId: subject.user.id, value: decision.after }))),
    tx.endSupervisionWords(made.flatMap(({ subject, decision }) => (decision.words === null ? [] : [subject.user.id]))),
    tx.saveAccountKeys(
      made.map(({ account, decision }) => ({
        accountId: account.id,
        keys: keysNotApplied(ownKeys(account), decision.snapshot ?? undefined, pass),
      })),
    ),
    tx.appendEvents(
      made.map((entry) => eventOf(entry, pass)),
      { source: pass.rules.id, runId: pass.runId },
    ),
  ]);
}

function ownKeys({ keys }: UnlinkedRow): string[] {
  return keys.filter((key) => key !== null);
}

/** Keeps match keys, wakes whom they and freed names concern, and looks for users who may be the same person. */
async function spreadKeys(tx: ReconcileTx, pass: Pass, made: readonly Decision[]): Promise<void> {
  const linked = made.map(({ account, subject, decision, linkedSources }) => ({
    userId: subject.user.id,
    own: ownKeys(account),
    before: keysBefore(subject, linkedSources, pass),
    keys: keysAfter(subject, decision, [...linkedSources, pass.rules.id], pass),
  }));
  await tx.saveUserKeys(linked);
  const wakes = new Set(linked.flatMap((entry) => [...entry.before, ...entry.keys]));
  const keys = new Set([...wakes, ...linked.flatMap(keysNear)]);
  const found = await tx.holdersOfKeys(
    [...keys],
    linked.map((entry) => entry.userId),
  );
  await tx.wakeAccounts(
    found.flatMap(({ key, accountId }) => (accountId !== null && wakes.has(key) ? [accountId] : [])),
    pass.runId,
  );
  const freed = made.flatMap(({ bid }) => bid.gives.map((claim) => `${claim.kind}=${claim.value}`));
  await tx.wakeByItems(
    made.map(({ subject }) => subject.user.id),
    freed,
    pass.runId,
  );
  const users = found.flatMap(({ key, userId }) => (userId === null ? [] : [{ key, userId }]));
  await settleDuplicates(tx, pass, linked, users);
}

function decidedRow({ account, subject, decision, outcome }: Decision): Decided {
  const lost = outcome.lost.map((loss) => loss.claim);
  return {
    accountId: account.id,
    contentHash: account.contentHash,
    wakes: account.wakes,
    heldDigest: null,
    standing: 'linked',
    reason: standingReason(decision, lost),
    userId: subject.user.id,
  };
}

function eventOf({ planned, account, subject, decision }: Decision, pass: Pass): EventRow {
  return {
    type: 'link-made',
    userId: subject.user.id,
    accountId: account.id,
    externalId: account.externalId,
    changes: decision.changes,
    reason: `matched by ${planned.rule ?? ''}`,
    guardClasses: pass.guard.letThrough ? null : ['linked'],
    former: formerOf(subject, pass.rules.id, decision.changes),
  };
}

async function settleIdentityQuestions(tx: ReconcileTx, pass: Pass, made: readonly Decision[]): Promise<void> {
  const taken = made.flatMap(({ account, subject, outcome }) => takenItems(account, subject.user.id, outcome.lost));
  const accountIds = made.map(({ account }) => account.id);
  await settleQuestions(tx, pass, { kinds: [...identityKinds, 'unique-taken'], accountIds, userIds: [] }, taken);
  const roles = unknownRoleItems(
    pass.rules.id,
    made.flatMap(({ decision }) => decision.projection.unknownRoles),
  );
  if (roles.length > 0) await openMissing(tx, pass, roles);
}
