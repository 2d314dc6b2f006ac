import { heard } from '../heard.ts';
import { mayMove } from '../domain/user.ts';
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
import type {
  ClaimWrite,
  Decided,
  EventRow,
  LinkWrite,
  NewUser,
  Planned,
  PlanPlace,
  ReconcileReads,
  ReconcileTx,
  UnlinkedRow,
} from './ports.ts';
import { decideNewLink, newSubject } from './foresee.ts';
import { worldNow } from './teams.ts';
import { inLanes, type Turn } from './lanes.ts';
import { correlateBatch } from './neighbourhood.ts';
import { stopIfAborted, type Pass } from './pass.ts';
import { identityKinds, openMissing, settleQuestions } from './questions.ts';
import { keysNear, settleDuplicates } from './duplicates.ts';

/**
 * Carries the plan out, lowest external id first, so that it wins among equals (spec 4.7); where there are no equals, in the
 * order in which the accounts are stored, which is a fifth faster. Who is created or newly linked gets link, snapshot, value, claims and event in one transaction: no crash leaves an empty user. While one batch is
 * written, the next is read, decided and, where it links nobody, begun.
 */
export async function writeIdentity(pass: Pass): Promise<void> {
  let done = 0;
  // What links somebody depends on users that the batch in front may change.
  const alone = (batch: Batch): boolean => batch.planned.some((entry) => entry.userId !== null);
  let formerAlone = true;
  await inLanes<Batch>({
    batches: prepared(pass),
    overlaps: (batch) => {
      const overlaps = pass.overlap && !formerAlone && !alone(batch);
      formerAlone = alone(batch);
      return overlaps;
    },
    write: (batch, turn) => pass.store.inLease(pass.lease, (tx) => writeBatch(tx, pass, batch, turn())),
    written: async (batch) => {
      done += batch.planned.length;
      await pass.progress('identity', done);
    },
  });
  await pass.store.inLease(pass.lease, (tx) => tx.dropPlan(pass.runId));
}

/** The plan in batches; each is read and decided while the one before it is written. */
async function* prepared(pass: Pass): AsyncGenerator<Batch, void, void> {
  const alone = await pass.store.read.planWithoutRivals(pass.runId);
  let pending = heard(prepare(pass, alone ? { by: 'accountId', after: 0 } : { by: 'externalId', after: '' }));
  for (;;) {
    stopIfAborted(pass);
    const batch = await pending;
    if (batch === null) return;
    pending = heard(prepare(pass, batch.end));
    yield batch;
  }
}

/** A batch of the plan: its creations are decided already, its links depend on what is found under lock. */
interface Batch {
  readonly planned: readonly Planned[];
  readonly end: PlanPlace;
  readonly creations: readonly Taken[];
}

/** A candidate with the decision that was taken on it. */
interface Taken {
  readonly candidate: Candidate;
  readonly decision: ValueDecision;
}

async function prepare(pass: Pass, start: PlanPlace): Promise<Batch | null> {
  const { read } = pass.store;
  const planned = await read.planned(pass.runId, start, pass.batchSize);
  const last = planned.at(-1);
  if (last === undefined) return null;
  const creating = planned.filter((entry) => entry.userId === null);
  const ids = await read.allocateUserIds(creating.length);
  const accounts = await unlinkedById(read, creating);
  const now = creating.length === 0 ? pass : { ...pass, world: await worldNow(read, pass.world) };
  const creations = creating.flatMap((entry, index): Taken[] => {
    const [account, id] = [accounts.get(entry.accountId), ids[index]];
    if (!isAsPlanned(account, entry) || id === undefined) return [];
    const candidate = { planned: entry, account, subject: newSubject(id, pass), linkedSources: [] };
    return [{ candidate, decision: decideNewLink(candidate, now) }];
  });
  const end: PlanPlace =
    start.by === 'accountId' ? { by: start.by, after: last.accountId } : { by: start.by, after: last.externalId };
  return { planned, end, creations };
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
  /** The unique names that it takes and gives up. */
  readonly bid: Bidder;
}

async function writeBatch(tx: ReconcileTx, pass: Pass, batch: Batch, turn: Turn): Promise<void> {
  const free = await tx.takeUnlinked(batch.creations.map(({ candidate, decision }) => decidedRow(candidate, decision)));
  const taken = batch.creations.filter(({ candidate }) => free.has(candidate.account.id));
  const linking = await linkCandidates(tx, pass, batch);
  const now = linking.length === 0 ? pass : { ...pass, world: await worldNow(tx, pass.world) };
  const candidates = linking.map((candidate) => ({ candidate, decision: decideNewLink(candidate, now) }));
  const moved = await movedOn(tx, pass, [...taken, ...candidates], free);
  const creations = taken.filter(({ candidate }) => !moved.has(candidate));
  const links = candidates.filter(({ candidate }) => !moved.has(candidate));
  const decisions = await decideTogether(tx, now, creations, links);
  turn.named();
  const [made, waiting] = [decisions.filter(isMade), decisions.filter((entry) => !isMade(entry))];
  await writeUsers(tx, pass, made);
  await turn.former;
  await tx.wakeAccounts([...moved].map(({ account }) => account.id));
  await spreadKeys(tx, pass, made);
  await tx.saveDecided([
    ...made.filter(isLink).map((entry) => decidedRow(entry, entry.decision, entry.outcome)),
    ...waiting.map(waitingRow),
  ]);
  await settleIdentityQuestions(tx, pass, decisions, made);
  pass.counts.decided += decisions.length;
  pass.counts.created += made.filter((entry) => !isLink(entry)).length;
  pass.counts.linked += made.length;
  pass.counts.skipped += waiting.length;
}

/**
 * Who was woken since they were planned, as by a user who has come to match them, is asked again (spec 13.5): those of whom
 * something else is decided now. They are left to the next run. What the plan itself has done was decided with them.
 */
async function movedOn(
  tx: ReconcileTx,
  pass: Pass,
  taken: readonly Taken[],
  wakesNow: ReadonlyMap<number, number>,
): Promise<ReadonlySet<Candidate>> {
  const woken = taken
    .map(({ candidate }) => candidate)
    .filter(({ account, planned }) => (wakesNow.get(account.id) ?? account.wakes) !== planned.wakes);
  if (woken.length === 0) return new Set();
  const usersByKeys: ReconcileTx['usersByKeys'] = async (keys) => {
    const found = await tx.usersByKeys(keys);
    const own = await tx.linkedInRun(pass.runId, [...new Set(found.map((hit) => hit.userId))]);
    return found.filter((hit) => !own.has(hit.userId));
  };
  const { verdicts } = await correlateBatch(
    pass,
    { ...tx, usersByKeys },
    woken.map(({ account }) => account),
    new Map(),
  );
  return new Set(
    woken.filter(({ account, planned }) => {
      const verdict = verdicts.get(account.id);
      return verdict?.kind !== planned.kind || (verdict.kind === 'link' && verdict.userId !== planned.userId);
    }),
  );
}

function isLink(entry: Decision): boolean {
  return entry.planned.kind === 'link';
}

/** A creation that lost one of its names waits as a whole; a link only leaves the field (spec 4.7). */
function isMade(entry: Decision): boolean {
  return isLink(entry) || (entry.outcome.lost.length === 0 && entry.decision.after.fields.username !== undefined);
}

/** The links of a batch that are still possible, under lock. */
async function linkCandidates(tx: ReconcileTx, pass: Pass, batch: Batch): Promise<Candidate[]> {
  const planned = batch.planned.filter((entry) => entry.userId !== null);
  const userIds = planned.flatMap((entry) => entry.userId ?? []);
  if (userIds.length === 0) return [];
  const accounts = await unlinkedById(tx, planned, true);
  const users = new Map((await tx.users(userIds, true)).map((row) => [row.subject.user.id, row]));
  const free = new Map((await tx.candidates(pass.rules.id, userIds)).map((user) => [user.id, user]));
  return planned.flatMap((entry): Candidate[] => {
    const account = accounts.get(entry.accountId);
    const [row, user] = [users.get(entry.userId ?? 0), free.get(entry.userId ?? 0)];
    const linkable = user?.linkedAccount === null && !user.takesNone && !user.merged;
    if (!isAsPlanned(account, entry) || row === undefined || !linkable) return [];
    if (isInDoubt(account, ruleOf(entry, pass), user)) return [];
    if (!mayMove(row.subject.user, pass.rules.id)) return [];
    return [{ planned: entry, account, subject: row.subject, linkedSources: row.linkedSources }];
  });
}

/** The place of the rule that a planned link was found by; -1 where the configuration has it no longer. */
function ruleOf({ rule }: Planned, pass: Pass): number {
  return pass.rules.match.findIndex((fields) => ruleName(fields) === rule);
}

/** Settles who gets which unique name, and takes it; links that lose one are decided once more. */
async function decideTogether(
  tx: ReconcileTx,
  pass: Pass,
  creations: readonly Taken[],
  links: readonly Taken[],
): Promise<Decision[]> {
  const taken = [...creations, ...links].map(withBid);
  const named = taken.filter(({ decision }) => decision.after.fields.username !== undefined);
  // The common case: everybody is new, and every name is free.
  if (links.length === 0 && (await tx.takeFreeClaims(named.map(claimsOf)))) return taken;
  const bidders = taken.map((entry) => entry.bid);
  const outcomes = resolveBids(bidders, await tx.claimHolders(bidders.flatMap((bidder) => bidder.wants)));
  const decisions = taken.map((entry): Decision => {
    const outcome = outcomes.get(entry.bid) ?? nothingLost;
    if (outcome.lost.length === 0 || !isLink(entry)) return { ...entry, outcome };
    return { ...withBid({ candidate: entry, decision: decideNewLink(entry, pass, lostFields(outcome)) }), outcome };
  });
  await tx.saveClaims(decisions.filter(isMade).map(claimsOf));
  return decisions;
}

const nothingLost: Outcome = { lost: [], swaps: false };

function withBid({ candidate, decision }: Taken): Decision {
  const { account, subject, planned } = candidate;
  const bid = bidderOf(account, subject.user.id, subject.user.value, decision.after, planned.kind === 'create');
  return { ...candidate, decision, outcome: nothingLost, bid };
}

function claimsOf({ bid }: Decision): ClaimWrite {
  return { userId: bid.user, take: bid.wants, release: bid.gives };
}

/** Writes who is created or linked. Statements are handed over together: each is made ready while the one before it runs. */
async function writeUsers(tx: ReconcileTx, pass: Pass, made: readonly Decision[]): Promise<void> {
  const moved = made.filter((entry) => isLink(entry) && entry.decision.moved);
  await Promise.all([
    tx.insertUsers(
      made.filter((entry) => !isLink(entry)).map((entry) => newUserOf(entry, pass)),
      pass.policy.id,
    ),
    tx.insertLinks(made.map(linkOf), pass.rules.id, pass.runId),
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

function newUserOf({ subject, account, decision }: Decision, pass: Pass): NewUser {
  const active = pass.rules.newUsersActive && !account.disabled;
  return { userId: subject.user.id, origin: pass.rules.id, active, value: decision.after };
}

function linkOf({ planned, account, subject }: Decision): LinkWrite {
  return {
    accountId: account.id,
    userId: subject.user.id,
    origin: planned.kind === 'create' ? 'created' : 'correlated',
    rule: planned.rule,
  };
}

function ownKeys({ keys }: UnlinkedRow): string[] {
  return keys.filter((key) => key !== null);
}

/** Keeps match keys, wakes whom they and freed names concern, and looks for users who may be the same person. */
async function spreadKeys(tx: ReconcileTx, pass: Pass, made: readonly Decision[]): Promise<void> {
  const linked = made.map(({ planned, account, subject, decision, linkedSources }) => ({
    userId: subject.user.id,
    own: ownKeys(account),
    before: planned.kind === 'create' ? [] : keysBefore(subject, linkedSources, pass),
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
  );
  const freed = made.flatMap(({ bid }) => bid.gives.map((claim) => `${claim.kind}=${claim.value}`));
  await tx.wakeByItems(
    made.filter(isLink).map(({ subject }) => subject.user.id),
    freed,
  );
  const users = found.flatMap(({ key, userId }) => (userId === null ? [] : [{ key, userId }]));
  await settleDuplicates(tx, pass, linked, users);
}

function decidedRow({ account, subject }: Candidate, decision: ValueDecision, outcome = nothingLost): Decided {
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
    // A creation is undone as a whole.
    ...(created ? {} : { former: formerOf(subject, pass.rules.id, decision.changes) }),
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
}
