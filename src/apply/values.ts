import type { UniqueField } from '../domain/fields.ts';
import type { Change } from '../domain/change.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import { resolveBids, type Bidder, type Outcome } from '../reconcile/bids.ts';
import { decideValues, namesOf, type ValueDecision } from '../reconcile/decide.ts';
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
import type { Decided, EventRow, LinkedSubject, ReconcileTx, VoiceWrite } from './ports.ts';
import { type Writing } from './pass.ts';
import { settleDuplicates } from './duplicates.ts';
import { worldNow } from './teams.ts';
import { identityKinds, openMissing, settleQuestions } from './questions.ts';
import { trustedRow, type Taken, type Taking } from './take-values.ts';

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
export async function writeRows(
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
      .filter((entry) => isDoubtedOtherwise(entry, pass) || saysOtherwise(entry))
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

/**
 * What a linked account says tells others of its source apart from its user also where it is not applied (spec 4.2, 4.12): who matches
 * that user is decided on anew.
 */
function saysOtherwise({ row, decision }: Decision): boolean {
  return row.account.changed && (decision.heldBack !== null || decision.projection.refused.length > 0);
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
export function isCounted(
  { counted }: Writing,
  { subject, account }: LinkedSubject,
  { classes }: ValueDecision,
): boolean {
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
    // Of an account that is held back nobody is asked what its roles mean: nothing of it is applied.
    decisions.flatMap(({ decision }) => (decision.heldBack === null ? decision.projection.unknownRoles : [])),
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
