import { agentRole, emptyValue, mayMove, noWords, type Snapshot, type UserId } from '../domain/user.ts';
import { resolveBids, type Outcome } from '../reconcile/bids.ts';
import { decideValues, type Subject, type ValueDecision } from '../reconcile/decide.ts';
import {
  bidderOf,
  keysAfter,
  keysBefore,
  lostFields,
  snapshotWrite,
  standingReason,
  takenItems,
  unknownRoleItems,
} from './decisions.ts';
import type { Decided, EventRow, LinkWrite, Planned, ReconcileReads, ReconcileTx, UnlinkedRow } from './ports.ts';
import { stopIfAborted, type Pass } from './pass.ts';
import { identityKinds, settleQuestions } from './questions.ts';
import { settleDuplicates } from './duplicates.ts';
import { openMissing } from './values.ts';

/**
 * Carries the plan out, lowest external id first, so that it wins among equals (spec 4.7). Who is created or newly linked
 * gets link, snapshot, value, claims and event in one transaction: no crash leaves an empty user. While one batch is
 * written, the next is read and decided.
 */
export async function writeIdentity(pass: Pass): Promise<void> {
  let done = 0;
  let pending = prepare(pass, '');
  for (;;) {
    stopIfAborted(pass);
    const batch = await pending;
    if (batch === null) break;
    pending = prepare(pass, batch.last);
    // Its failure must not go unheard while this batch is written: it is awaited in the next round.
    pending.catch(() => undefined);
    await pass.store.inLease(pass.lease, (tx) => writeBatch(tx, pass, batch));
    done += batch.planned.length;
    await pass.progress('identity', done);
  }
  await pass.store.inLease(pass.lease, (tx) => tx.dropPlan(pass.runId));
}

/** A batch of the plan: its creations are decided already, its links depend on what is found under lock. */
interface Batch {
  readonly planned: readonly Planned[];
  readonly last: string;
  readonly creations: readonly Taken[];
}

/** A candidate with the decision that was taken on it. */
interface Taken {
  readonly candidate: Candidate;
  readonly decision: ValueDecision;
}

async function prepare(pass: Pass, after: string): Promise<Batch | null> {
  const { read } = pass.store;
  const planned = await read.planned(pass.runId, after, pass.batchSize);
  const last = planned.at(-1);
  if (last === undefined) return null;
  const creating = planned.filter((entry) => entry.userId === null);
  const ids = await read.allocateUserIds(creating.length);
  const accounts = await unlinkedById(read, creating);
  const creations = creating.flatMap((entry, index): Taken[] => {
    const [account, id] = [accounts.get(entry.accountId), ids[index]];
    if (!isAsPlanned(account, entry) || id === undefined) return [];
    const candidate = { planned: entry, account, subject: newSubject(id, account, pass), linkedSources: [] };
    return [{ candidate, decision: decide(candidate, pass) }];
  });
  return { planned, last: last.externalId, creations };
}

async function unlinkedById(
  from: ReconcileReads,
  planned: readonly Planned[],
  lock = false,
): Promise<Map<number, UnlinkedRow>> {
  const ids = planned.map((entry) => entry.accountId);
  const rows = ids.length === 0 ? [] : await from.unlinked(ids, lock);
  return new Map(rows.map((row) => [row.id, row]));
}

/** What no longer holds, or was carried out before a crash, is left out: what is due is decided anew (spec 13.5). */
function isAsPlanned(account: UnlinkedRow | undefined, planned: Planned): account is UnlinkedRow {
  return account?.contentHash === planned.contentHash && !account.absent && !account.ignored;
}

/** A planned link or creation with everything that it depends on, under lock. */
interface Candidate {
  readonly planned: Planned;
  readonly account: UnlinkedRow;
  readonly subject: Subject;
  readonly linkedSources: readonly string[];
}

interface Decision extends Candidate {
  readonly decision: ValueDecision;
  readonly outcome: Outcome;
}

async function writeBatch(tx: ReconcileTx, pass: Pass, batch: Batch): Promise<void> {
  const untouched = await tx.lockUnlinked(batch.creations.map(({ candidate: { account } }) => account));
  const creations = batch.creations.filter(({ candidate }) => untouched.has(candidate.account.id));
  const links = await linkCandidates(tx, pass, batch);
  const decisions = await decideTogether(tx, pass, [...creations, ...links]);
  const [made, waiting] = [decisions.filter(isMade), decisions.filter((entry) => !isMade(entry))];
  await writeUsers(tx, pass, made);
  await tx.saveDecided([...made.map(decidedRow), ...waiting.map(waitingRow)]);
  await tx.appendEvents(
    made.map((entry) => eventOf(entry, pass)),
    { source: pass.rules.id, runId: pass.runId },
  );
  await settleIdentityQuestions(tx, pass, decisions, made);
  pass.counts.decided += decisions.length;
  pass.counts.created += made.filter((entry) => entry.planned.kind === 'create').length;
  pass.counts.linked += made.length;
  pass.counts.skipped += waiting.length;
}

/** A creation that lost one of its names waits as a whole; a link only leaves the field (spec 4.7). */
function isMade(entry: Decision): boolean {
  return (
    entry.planned.kind === 'link' ||
    (entry.outcome.lost.length === 0 && entry.decision.after.fields.username !== undefined)
  );
}

/** The links of a batch that are still possible, decided under lock. */
async function linkCandidates(tx: ReconcileTx, pass: Pass, batch: Batch): Promise<Taken[]> {
  const planned = batch.planned.filter((entry) => entry.userId !== null);
  const userIds = planned.flatMap((entry) => entry.userId ?? []);
  if (userIds.length === 0) return [];
  const accounts = await unlinkedById(tx, planned, true);
  const users = new Map((await tx.users(userIds, true)).map((row) => [row.subject.user.id, row]));
  const free = new Map((await tx.candidates(pass.rules.id, userIds)).map((user) => [user.id, user]));
  return planned.flatMap((entry): Taken[] => {
    const account = accounts.get(entry.accountId);
    const [row, user] = [users.get(entry.userId ?? 0), free.get(entry.userId ?? 0)];
    const linkable = user?.linkedAccount === null && !user.takesNone && !user.merged;
    if (!isAsPlanned(account, entry) || row === undefined || !linkable) return [];
    if (!mayMove(row.subject.user, pass.rules.id)) return [];
    const candidate = { planned: entry, account, subject: row.subject, linkedSources: row.linkedSources };
    return [{ candidate, decision: decide(candidate, pass) }];
  });
}

/** Nothing holds an account back that the plan let through; a disabled one creates an inactive user. */
function decide(candidate: Candidate, pass: Pass, lost?: ReturnType<typeof lostFields>): ValueDecision {
  const account = { ...candidate.account, disabled: false, refusals: new Map<string, string>() };
  return decideValues(candidate.subject, account, pass.world, lost);
}

/** A user who is about to be created, as the fold sees them (spec 4.6). */
function newSubject(id: UserId, account: UnlinkedRow, pass: Pass): Subject {
  const slot: Snapshot = {
    source: pass.rules.id,
    values: {},
    silentSince: {},
    roles: [agentRole],
    teams: [],
    supervises: [],
  };
  return {
    user: {
      id,
      origin: pass.rules.id,
      active: true,
      syncEnabled: true,
      syncOffSources: [],
      mergedInto: null,
      value: emptyValue,
    },
    words: noWords,
    snapshots: [slot],
    policy: pass.policy.content,
  };
}

/** Settles who gets which unique name, and decides once more for links that lose one. */
async function decideTogether(tx: ReconcileTx, pass: Pass, taken: readonly Taken[]): Promise<Decision[]> {
  const bidders = taken.map(({ candidate, decision }) => {
    const { user } = candidate.subject;
    return bidderOf(candidate.account, user.id, user.value, decision.after, candidate.planned.kind === 'create');
  });
  const outcomes = resolveBids(bidders, await tx.claimHolders(bidders.flatMap((bidder) => bidder.wants)));
  return taken.map(({ candidate, decision }, index) => {
    const bidder = bidders[index];
    const outcome = (bidder === undefined ? undefined : outcomes.get(bidder)) ?? { lost: [], swaps: false };
    const again = outcome.lost.length > 0 && candidate.planned.kind === 'link';
    return { ...candidate, outcome, decision: again ? decide(candidate, pass, lostFields(outcome)) : decision };
  });
}

async function writeUsers(tx: ReconcileTx, pass: Pass, made: readonly Decision[]): Promise<void> {
  const created = made.filter((entry) => entry.planned.kind === 'create');
  const linked = made.filter((entry) => entry.planned.kind === 'link');
  await tx.insertUsers(
    created.map(({ subject, account, decision }) => ({
      userId: subject.user.id,
      origin: pass.rules.id,
      active: pass.rules.newUsersActive && !account.disabled,
      value: decision.after,
    })),
    pass.policy.id,
  );
  await tx.insertLinks(made.map(linkOf), pass.rules.id, pass.runId);
  await tx.saveSnapshots(
    made.flatMap(({ subject, account, decision }) => snapshotWrite(subject.user.id, account, decision)),
  );
  const moved = linked.filter(({ decision }) => decision.moved);
  await tx.saveUsers(moved.map(({ subject, decision }) => ({ userId: subject.user.id, value: decision.after })));
  const bids = made.map(({ account, subject, decision }) =>
    bidderOf(account, subject.user.id, subject.user.value, decision.after),
  );
  await tx.saveClaims(
    bids.map((bid, index) => ({ userId: made[index]?.subject.user.id ?? 0, take: bid.wants, release: bid.gives })),
  );
  await tx.dropAccountKeys(made.map(({ account }) => account.id));
  await saveKeys(tx, pass, made);
  const freed = bids.flatMap((bid) => bid.gives.map((claim) => `${claim.kind}=${claim.value}`));
  await tx.wakeByItems(
    linked.map(({ subject }) => subject.user.id),
    freed,
  );
}

function linkOf({ planned, account, subject }: Decision): LinkWrite {
  return {
    accountId: account.id,
    userId: subject.user.id,
    origin: planned.kind === 'create' ? 'created' : 'correlated',
    rule: planned.rule,
  };
}

async function saveKeys(tx: ReconcileTx, pass: Pass, made: readonly Decision[]): Promise<void> {
  const rows = made.map(({ planned, subject, decision, linkedSources }) => ({
    userId: subject.user.id,
    before: planned.kind === 'create' ? [] : keysBefore(subject, linkedSources, pass),
    keys: keysAfter(subject, decision, [...linkedSources, pass.rules.id], pass),
  }));
  await tx.saveUserKeys(rows);
  await tx.wakeByKeys([...new Set(rows.flatMap((row) => [...row.before, ...row.keys]))]);
}

function decidedRow({ account, subject, decision, outcome }: Decision): Decided {
  const lost = outcome.lost.map((loss) => loss.claim);
  return {
    ...decidedBase(account),
    standing: 'linked',
    reason: standingReason(decision, lost),
    userId: subject.user.id,
  };
}

function waitingRow({ account, outcome }: Decision): Decided {
  const reason = outcome.lost.length > 0 ? 'unique-taken' : 'no-username';
  return { ...decidedBase(account), standing: outcome.lost.length > 0 ? 'question' : 'waiting', reason, userId: null };
}

function decidedBase(account: UnlinkedRow): Pick<Decided, 'accountId' | 'contentHash' | 'wakes' | 'heldDigest'> {
  return { accountId: account.id, contentHash: account.contentHash, wakes: account.wakes, heldDigest: null };
}

function eventOf({ planned, account, subject, decision }: Decision, pass: Pass): EventRow {
  const created = planned.kind === 'create';
  return {
    type: created ? 'user-created' : 'link-made',
    userId: subject.user.id,
    accountId: account.id,
    externalId: account.externalId,
    changes: decision.changes,
    reason: created ? `nobody matches this account of ${pass.rules.id}` : `matched by ${planned.rule ?? ''}`,
    guardClasses: pass.guard.letThrough ? null : [created ? 'created' : 'linked'],
  };
}

async function settleIdentityQuestions(
  tx: ReconcileTx,
  pass: Pass,
  decisions: readonly Decision[],
  made: readonly Decision[],
): Promise<void> {
  const taken = decisions.flatMap(({ planned, account, subject, outcome }) =>
    takenItems(account, planned.kind === 'create' ? null : subject.user.id, outcome.lost),
  );
  const accountIds = decisions.map(({ account }) => account.id);
  await settleQuestions(tx, pass, { kinds: [...identityKinds, 'unique-taken'], accountIds, userIds: [] }, taken);
  const roles = unknownRoleItems(
    pass.rules.id,
    made.map(({ decision }) => decision),
  );
  if (roles.length > 0) await openMissing(tx, pass, roles);
  await settleDuplicates(
    tx,
    pass,
    made.map(({ subject, account, decision, linkedSources }) => ({
      userId: subject.user.id,
      account,
      keys: keysAfter(subject, decision, [...linkedSources, pass.rules.id], pass),
    })),
  );
}
