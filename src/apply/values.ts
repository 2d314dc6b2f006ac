import type { UniqueField } from '../domain/fields.ts';
import type { Change } from '../domain/change.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import { resolveBids, type Bidder, type Outcome } from '../reconcile/bids.ts';
import { decideValues, namesOf, type ValueDecision } from '../reconcile/decide.ts';
import type { Names } from '../reconcile/re-use.ts';
import { renameBetween } from '../reconcile/rename.ts';
import {
  bidderOf,
  formerOf,
  keysAfter,
  keysBefore,
  keysNotApplied,
  keysOfAccount,
  lostFields,
  namesWrite,
  reuseItem,
  snapshotWrite,
  standingReason,
  takenItems,
  unknownRoleItems,
} from './decisions.ts';
import { digestOf } from '../digest.ts';
import { countAll } from './counted.ts';
import type { Decided, EventRow, ItemDraft, LinkedSubject, ReconcileTx, Shown, VoiceWrite } from './ports.ts';
import { asApproved, shown, type Show } from './shown.ts';
import type { KeysAhead } from './neighbourhood.ts';
import { stopIfAborted, type Pass, type Tally, type Writing } from './pass.ts';
import { settleDuplicates } from './duplicates.ts';
import { worldNow } from './teams.ts';
import { identityKinds, settleQuestions } from './questions.ts';

/** What the first taking learned: decisions are counted, nothing is written. */
export interface Taken {
  /** Unique fields that lose over the whole run, per user (spec 4.7). */
  readonly lost: ReadonlyMap<UserId, ReadonlySet<UniqueField>>;
  /** Users that exchange unique names with each other: written in one transaction. */
  readonly swapping: ReadonlySet<UserId>;
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
function isNewSuspicion({ row, decision }: Taking): boolean {
  const asked = row.account.before?.suspected === true;
  return decision.suspicion !== null && !asked && (decision.heldBack?.changes.length ?? 0) > 0;
}

interface Taking {
  readonly row: LinkedSubject;
  readonly decision: ValueDecision;
}

/** Takes the decision as if the names were the same person's, written in another way. */
function trusting(pass: Pass): (taking: Taking) => Taking {
  return ({ row }) => {
    const trusted = trustedRow(row);
    return { row: trusted, decision: decideValues(trusted.subject, trusted.account, pass.world) };
  };
}

/** Names that were seen in another format are no evidence, as after a change of the mapping. */
function trustedRow(row: LinkedSubject): LinkedSubject {
  const { before } = row.account;
  if (before === undefined) return row;
  return { ...row, account: { ...row.account, before: { ...before, seenBy: null, suspected: false } } };
}

function shownValues({ row, decision }: Taking): Shown {
  const { id: accountId, externalId, contentHash } = row.account;
  const { changes, classes } = decision;
  return shown({ kind: 'values', accountId, externalId, userId: row.subject.user.id, contentHash, changes, classes });
}

async function resolveAll(pass: Pass, bidders: readonly Bidder[]): Promise<ReadonlyMap<Bidder, Outcome>> {
  return resolveBids(bidders, await pass.store.read.claimHolders(bidders.flatMap((bidder) => bidder.wants)));
}

function splitOutcomes(outcomes: ReadonlyMap<Bidder, Outcome>): Pick<Taken, 'lost' | 'swapping'> {
  const lost = new Map<UserId, ReadonlySet<UniqueField>>();
  const swapping = new Set<UserId>();
  const givers = new Map(
    [...outcomes.keys()].flatMap((bidder) => bidder.gives.map((claim) => [`${claim.kind}=${claim.value}`, bidder])),
  );
  for (const [bidder, outcome] of outcomes) {
    if (outcome.lost.length > 0) lost.set(bidder.user, lostFields(outcome));
    if (!outcome.swaps) continue;
    swapping.add(bidder.user);
    for (const claim of bidder.wants) {
      const giver = givers.get(`${claim.kind}=${claim.value}`);
      if (giver !== undefined) swapping.add(giver.user);
    }
  }
  return { lost, swapping };
}

/** Applies the accounts of linked users, batch by batch, each decision taken again under lock (spec 13.5). */
export async function writeValues(pass: Pass, taken: Pick<Taken, 'lost' | 'swapping'>): Promise<void> {
  let done = 0;
  const write = async (ids: readonly UserId[]): Promise<void> => {
    stopIfAborted(pass);
    await pass.store.inLease(pass.lease, async (tx) => {
      const rows = await tx.subjects(pass.rules.id, ids, true);
      const now = { ...pass, world: await worldNow(tx, pass.world) };
      const { standing, trusted } = await standingUsers(tx, now, rows);
      await writeRows(tx, now, standing, taken.lost, trusted);
    });
    done += ids.length;
    await pass.progress('values', done);
  };
  await eachDueBatch(pass, async (ids) => {
    const batch = ids.filter((id) => !taken.swapping.has(id));
    if (batch.length > 0) await write(batch);
  });
  if (taken.swapping.size > 0) await write([...taken.swapping].sort((a, b) => a - b));
}

async function eachDueBatch(pass: Pass, work: (ids: readonly UserId[]) => Promise<void>): Promise<void> {
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

interface Standing {
  readonly standing: readonly LinkedSubject[];
  /** Of those, whose account was shown as the same person's, by another format of names (spec 8.3). */
  readonly trusted: ReadonlySet<UserId>;
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

interface Decision extends Taking {
  readonly outcome: Outcome;
}

/** Decides under lock on the users' accounts of one source, and writes what comes of it. */
export async function writeLinkedUsers(tx: ReconcileTx, pass: Writing, ids: readonly UserId[]): Promise<void> {
  const rows = await tx.subjects(pass.rules.id, ids, true);
  const now = { ...pass, world: await worldNow(tx, pass.world) };
  await writeRows(tx, now, rows, new Map(), new Set());
}

/**
 * Decides on the accounts of users that are locked, and writes snapshots, users, names, keys, questions and events. The pass has the
 * world as it is since they are locked. `lost`: unique fields that lose over the whole run; `trusted`: users whose accounts are
 * theirs whatever their names.
 */
async function writeRows(
  tx: ReconcileTx,
  pass: Writing,
  found: readonly LinkedSubject[],
  lost: Taken['lost'],
  trusted: ReadonlySet<UserId>,
): Promise<void> {
  const rows = found.map((row) => (trusted.has(row.subject.user.id) ? trustedRow(row) : row));
  const decisions = await decideTogether(tx, pass, rows, lost);
  const moved = decisions.filter(({ decision }) => decision.moved);
  await tx.saveSnapshots(
    decisions.flatMap(({ row, decision }) => snapshotWrite(row.subject.user.id, row.account, decision)),
  );
  await tx.saveVoices(decisions.flatMap((entry) => voiceWrite(entry, pass.rules.id)));
  await tx.saveNamesSeen(decisions.flatMap(({ row, decision }) => namesWrite(row, decision)));
  await tx.saveRenames(decisions.flatMap(renameOf), pass.runId);
  await tx.saveUsers(moved.map(({ row, decision }) => ({ userId: row.subject.user.id, value: decision.after })));
  await tx.endSupervisionWords(
    decisions.flatMap(({ row, decision }) => (decision.words === null ? [] : [row.subject.user.id])),
  );
  const bids = moved.map(({ row, decision }) =>
    bidderOf(row.account, row.subject.user.id, row.subject.user.value, decision.after),
  );
  await tx.saveClaims(bids.map((bid) => ({ userId: bid.user, take: bid.wants, release: bid.gives })));
  await saveKeys(tx, pass, decisions);
  await tx.saveAccountKeys(
    decisions.map(({ row: { account, subject }, decision }) => {
      const applied = decision.snapshot ?? subject.snapshots.find((slot) => slot.source === pass.rules.id);
      return { accountId: account.id, keys: keysNotApplied(keysOfAccount(account, pass), applied, pass) };
    }),
  );
  await tx.endRefusals(
    decisions.flatMap(({ row, decision }) =>
      decision.projection.spentRefusals.map((part) => ({ accountId: row.account.id, part })),
    ),
  );
  await tx.saveDecided(decisions.map(decidedRow));
  await tx.appendEvents(
    decisions.flatMap((entry) => eventsOf(entry, pass)),
    { source: pass.rules.id, runId: pass.runId },
  );
  await settleValueQuestions(tx, pass, decisions);
  const freed = bids.flatMap((bid) => bid.gives.map((claim) => `${claim.kind}=${claim.value}`));
  if (freed.length > 0) await tx.wakeByItems([], freed);
  await tx.wakeByKeys(
    decisions
      .filter((entry) => isDoubtedOtherwise(entry, pass))
      .flatMap(({ row }) => keysBefore(row.subject, row.linkedSources, pass)),
  );
  pass.counts.decided += decisions.length;
  pass.counts.updated += moved.length;
  pass.counts.skipped += decisions.filter(({ decision }) => (decision.heldBack?.changes.length ?? 0) > 0).length;
}

/**
 * Who matches by what the account says waits while it seems to be another person's (spec 8.3), whatever was asked about them before;
 * once it does no longer, they are decided on anew.
 */
function isDoubtedOtherwise({ row, decision }: Decision, { rules }: Writing): boolean {
  const { before } = row.account;
  if (rules.reusableIds === null || before === undefined) return false;
  if (decision.suspicion !== null) return !before.suspected;
  const [seen, now] = [before.namesSeen, namesOf(row.account)];
  const renamed =
    seen.firstName !== now.firstName || seen.lastName !== now.lastName || seen.displayName !== now.displayName;
  return before.suspected || renamed;
}

function voiceWrite({ row, decision: { voice } }: Taking, source: SourceId): VoiceWrite[] {
  return voice === null ? [] : [{ userId: row.subject.user.id, source, voice }];
}

function renameOf({ row, decision }: Decision): { accountId: number; changes: Change[] }[] {
  if (decision.snapshot === null) return [];
  const { source } = decision.snapshot;
  const changes = renameBetween(
    row.subject.snapshots.find((slot) => slot.source === source),
    decision.snapshot,
  );
  return changes.length === 0 ? [] : [{ accountId: row.account.id, changes }];
}

/** Decides a batch, and once more for those that lose a unique name. */
async function decideTogether(
  tx: ReconcileTx,
  pass: Writing,
  rows: readonly LinkedSubject[],
  lost: Taken['lost'],
): Promise<Decision[]> {
  const none: Outcome = { lost: [], swaps: false };
  const first = rows
    .map((row) => ({ row, decision: decideValues(row.subject, row.account, pass.world) }))
    .filter(({ row, decision }) => isCounted(pass, row, decision));
  const bidders = new Map(
    first.map((entry) => [
      bidderOf(entry.row.account, entry.row.subject.user.id, entry.row.subject.user.value, entry.decision.after),
      entry,
    ]),
  );
  const bidding = [...bidders.keys()].filter((bidder) => bidder.wants.length + bidder.gives.length > 0);
  if (bidding.length === 0) return first.map((entry) => ({ ...entry, outcome: none }));
  const holders = await tx.claimHolders(bidding.flatMap((bidder) => bidder.wants));
  const outcomes = resolveBids(bidding, holders);
  return [...bidders].map(([bidder, { row, decision }]) => {
    const known = lost.get(row.subject.user.id);
    const outcome = withKnownLosses(outcomes.get(bidder) ?? none, bidder, known, holders);
    if (outcome.lost.length === 0) return { row, decision, outcome };
    return { row, decision: decideValues(row.subject, row.account, pass.world, lostFields(outcome)), outcome };
  });
}

/** What changes nobody needs no counting. */
function isCounted({ counted }: Writing, { subject, account }: LinkedSubject, { classes }: ValueDecision): boolean {
  return classes.length === 0 || counted?.covers(subject.user.id, classes, account.externalId) !== false;
}

/** Adds what was lost to a rival in another batch. */
function withKnownLosses(
  outcome: Outcome,
  bidder: Bidder,
  known: ReadonlySet<UniqueField> | undefined,
  holders: ReadonlyMap<string, UserId>,
): Outcome {
  if (known === undefined) return outcome;
  const missing = bidder.wants.filter((claim) => known.has(claim.field) && !lostFields(outcome).has(claim.field));
  const added = missing.map((claim) => ({ claim, holder: holders.get(`${claim.kind}=${claim.value}`) ?? null }));
  return { ...outcome, lost: [...outcome.lost, ...added] };
}

async function saveKeys(tx: ReconcileTx, pass: Writing, decisions: readonly Decision[]): Promise<void> {
  const changed = decisions.flatMap(({ row, decision }) => {
    if (decision.snapshot === null && decision.voice === null) return [];
    const [before, after] = [
      keysBefore(row.subject, row.linkedSources, pass),
      keysAfter(row.subject, decision, row.linkedSources, pass),
    ];
    return before.join('\n') === after.join('\n') ? [] : [{ userId: row.subject.user.id, keys: after, before }];
  });
  if (changed.length === 0) return;
  await tx.saveUserKeys(changed);
  await tx.wakeByKeys([...new Set(changed.flatMap((entry) => [...entry.before, ...entry.keys]))]);
}

function decidedRow({ row, decision, outcome }: Decision): Decided {
  return {
    accountId: row.account.id,
    contentHash: row.account.contentHash,
    wakes: row.account.wakes,
    standing: 'linked',
    reason: standingReason(
      decision,
      outcome.lost.map((loss) => loss.claim),
    ),
    userId: row.subject.user.id,
    heldDigest: heldDigest(decision),
  };
}

/** Identifies what is held back, so that the history tells of it once (spec 15.1). */
function heldDigest(decision: ValueDecision): string | null {
  const held = decision.heldBack;
  if (held === null || held.changes.length === 0) return null;
  return digestOf([held.reason, held.changes]);
}

function eventsOf({ row, decision }: Decision, pass: Writing): EventRow[] {
  const base = { userId: row.subject.user.id, accountId: row.account.id, externalId: row.account.externalId };
  const events: EventRow[] = [];
  const held = heldDigest(decision);
  if (held !== null && held !== row.account.heldDigest && decision.heldBack !== null)
    events.push({
      ...base,
      type: 'refused',
      changes: decision.heldBack.changes,
      reason: decision.heldBack.reason,
      guardClasses: null,
    });
  if (held === null && row.account.heldDigest !== null)
    events.push({
      ...base,
      type: 'released',
      changes: [],
      reason: 'nothing is held back any more',
      guardClasses: null,
    });
  if (decision.changes.length > 0)
    events.push({
      ...base,
      type: 'user-changed',
      changes: decision.changes,
      reason: reasonOf(decision, pass.rules.id),
      guardClasses: pass.guard.letThrough ? null : decision.classes,
      former: formerOf(row.subject, pass.rules.id, decision.changes, decision.voice),
    });
  return events;
}

function reasonOf({ voice }: ValueDecision, source: string): string {
  if (voice === null) return `applied what ${source} says`;
  return `the account at ${source} ${voice === 'ended' ? 'is gone' : 'is disabled'}: what the user's other ACD says counts`;
}

async function settleValueQuestions(tx: ReconcileTx, pass: Writing, decisions: readonly Decision[]): Promise<void> {
  const accountIds = decisions.map(({ row }) => row.account.id);
  const taken = decisions.flatMap(({ row, outcome }) => takenItems(row.account, row.subject.user.id, outcome.lost));
  const reused = decisions.flatMap(({ row, decision }) => reuseItem(row, decision));
  await settleQuestions(tx, pass, { kinds: ['unique-taken', ...identityKinds], accountIds, userIds: [] }, [
    ...taken,
    ...reused,
  ]);
  const roles = unknownRoleItems(
    pass.rules.id,
    decisions.map(({ decision }) => decision),
  );
  if (roles.length > 0) await openMissing(tx, pass, roles);
  await settleDuplicates(
    tx,
    pass,
    decisions.map(({ row, decision }) => ({
      userId: row.subject.user.id,
      own: keysOfAccount(row.account, pass),
      keys: keysAfter(row.subject, decision, row.linkedSources, pass),
    })),
  );
}

/** Opens questions that belong to no single account, where they are not open yet. */
export async function openMissing(tx: ReconcileTx, pass: Writing, items: readonly ItemDraft[]): Promise<void> {
  const opened = await tx.openItemsOf(items.map((item) => ({ kind: item.kind, subject: item.subject })));
  const fresh = items.filter((item) => !opened.has(`${item.kind} ${item.subject}`));
  await tx.openNewItems(fresh, pass.rules.id, pass.runId);
  pass.counts.review += fresh.length;
}
