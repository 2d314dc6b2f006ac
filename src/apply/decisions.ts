import { claimKey, claimsOf, type Claim } from '../domain/claim.ts';
import type { Change } from '../domain/change.ts';
import type { UniqueField } from '../domain/fields.ts';
import type { Snapshot, UserId, UserValue, Voice } from '../domain/user.ts';
import type { Bidder, Outcome } from '../reconcile/bids.ts';
import { namesOf, type ObservedAccount, type Subject, type ValueDecision } from '../reconcile/decide.ts';
import { formerSlot, type FormerSlot } from '../reconcile/former-slot.ts';
import type { Names } from '../reconcile/re-use.ts';
import { accountKeys, userKeys } from '../reconcile/match-keys.ts';
import type { ItemDraft, LinkedSubject, NamesWrite, SnapshotWrite } from './ports.ts';
import type { Writing } from './pass.ts';

/** What a decision takes and gives up of unique names. */
export function bidderOf(
  account: Pick<ObservedAccount, 'id' | 'externalId'>,
  user: UserId,
  before: UserValue,
  after: UserValue,
  creates = false,
): Bidder {
  const [had, has] = [claimsOf(before), claimsOf(after)];
  const [hadKeys, hasKeys] = [new Set(had.map(claimKey)), new Set(has.map(claimKey))];
  return {
    user,
    accountId: account.id,
    externalId: account.externalId,
    wants: has.filter((claim) => !hadKeys.has(claimKey(claim))),
    gives: had.filter((claim) => !hasKeys.has(claimKey(claim))),
    allOrNothing: creates,
  };
}

export function lostFields(outcome: Outcome | undefined): Set<UniqueField> {
  return new Set(outcome?.lost.map((loss) => loss.claim.field) ?? []);
}

/** The questions `unique-taken` of one account (spec 4.7): one per field, naming both users. */
export function takenItems(
  account: Pick<ObservedAccount, 'id' | 'externalId'>,
  user: UserId | null,
  losses: Outcome['lost'],
): ItemDraft[] {
  return losses.map(({ claim, holder }) => ({
    kind: 'unique-taken',
    subject: `${String(account.id)}:${claim.field}`,
    accountIds: [account.id],
    userIds: [user, holder].filter((id) => id !== null).sort((a, b) => a - b),
    part: claim.field,
    waitKeys: [claimKey(claim)],
    evidence: { externalId: account.externalId, field: claim.field, value: claim.value, user, holder },
  }));
}

/** The same questions about a user whom a policy gives the name: no account asks for it (spec 14.4). */
export function takenByPolicyItems(user: UserId, losses: Outcome['lost']): ItemDraft[] {
  return losses.map(({ claim, holder }) => ({
    kind: 'unique-taken',
    subject: `policy:${String(user)}:${claim.field}`,
    accountIds: [],
    userIds: [user, holder].filter((id) => id !== null),
    part: claim.field,
    waitKeys: [],
    evidence: { field: claim.field, value: claim.value, user, holder },
  }));
}

/** The question `possible-duplicate` of two users, the lower id first (spec 4.9). */
export function duplicateItem(pair: readonly UserId[]): ItemDraft {
  return {
    kind: 'possible-duplicate',
    subject: pair.join(':'),
    accountIds: [],
    userIds: pair,
    part: null,
    waitKeys: [],
    evidence: { users: pair },
  };
}

/** The questions `unknown-role`: one per source and role, whoever has it (spec 10.2). */
export function unknownRoleItems(source: string, unknown: readonly string[]): ItemDraft[] {
  return [...new Set(unknown)].sort().map((role) => ({
    kind: 'unknown-role',
    subject: `${source}:${role}`,
    accountIds: [],
    userIds: [],
    part: 'roles',
    waitKeys: [],
    evidence: { source, role },
  }));
}

/** Every key under which a user is found after a decision. */
export function keysAfter(
  subject: Subject,
  decision: ValueDecision,
  linkedSources: readonly string[],
  pass: Pick<Writing, 'allMatchRules'>,
): string[] {
  const slots = subject.snapshots.filter(
    (slot) => linkedSources.includes(slot.source) && slot.source !== decision.snapshot?.source,
  );
  return userKeys(
    decision.after.fields,
    decision.snapshot === null ? slots : [...slots, decision.snapshot],
    pass.allMatchRules,
  );
}

/** Every key under which a user is found now. */
export function keysBefore(
  subject: Subject,
  linkedSources: readonly string[],
  pass: Pick<Writing, 'allMatchRules'>,
): string[] {
  const slots = subject.snapshots.filter((slot) => linkedSources.includes(slot.source));
  return userKeys(subject.user.value.fields, slots, pass.allMatchRules);
}

/** The keys of an account's own values, by the rules of its source. */
export function keysOfAccount(account: Pick<ObservedAccount, 'content'>, pass: Pick<Writing, 'rules'>): string[] {
  return accountKeys(account.content.values, pass.rules).filter((key) => key !== null);
}

/**
 * An account's `own` keys that its applied snapshot does not have: nobody is found by them, and whoever comes to match by them
 * may be the same person as its user (spec 4.9).
 */
export function keysNotApplied(
  own: readonly string[],
  applied: Pick<Snapshot, 'values'> | undefined,
  pass: Pick<Writing, 'rules'>,
): string[] {
  const keys = accountKeys(applied?.values ?? {}, pass.rules);
  return own.filter((key) => !keys.includes(key));
}

export function snapshotWrite(
  userId: UserId,
  account: Pick<ObservedAccount, 'id' | 'content' | 'before'>,
  decision: ValueDecision,
): SnapshotWrite[] {
  if (decision.snapshot === null) return [];
  return [{ userId, accountId: account.id, snapshot: decision.snapshot, namesSeen: namesSeenNow(account) }];
}

/** The names that an account carries now, as they are kept beside what is applied of it. */
export function namesSeenNow(account: Pick<ObservedAccount, 'content' | 'before'>): SnapshotWrite['namesSeen'] {
  const alike = account.before?.namesSeen.alike;
  return { ...namesOf(account), ...(alike === undefined ? {} : { alike }) };
}

/**
 * The names of a linked account that are kept although its slot does not move (spec 8.3): those that were applied; also of
 * an account that is held back, where its names are read by another mapping now, or where it has returned under its own name.
 */
export function namesWrite({ subject, account }: LinkedSubject, decision: ValueDecision): NamesWrite[] {
  const { before } = account;
  if (before === undefined || decision.snapshot !== null || decision.suspicion !== null || account.absent) return [];
  const { alike, wasGone, ...seen } = before.namesSeen;
  const names = namesOf(account);
  const remapped = before.seenBy !== before.readBy;
  const differ = (Object.keys(names) as (keyof Names)[]).some((name) => names[name] !== seen[name]);
  if (!remapped && wasGone !== true && (!differ || decision.heldBack !== null)) return [];
  const kept = decision.heldBack === null || remapped ? names : seen;
  return [{ userId: subject.user.id, accountId: account.id, namesSeen: { ...kept, ...(alike && { alike }) } }];
}

/** The question `possible-id-reuse` of a linked account (spec 8.3). */
export function reuseItem({ subject, account }: LinkedSubject, { suspicion }: ValueDecision): ItemDraft[] {
  if (suspicion === null) return [];
  const user = subject.user.id;
  return [
    {
      kind: 'possible-id-reuse',
      subject: `${String(account.id)}:${String(user)}`,
      accountIds: [account.id],
      userIds: [user],
      part: null,
      waitKeys: [],
      evidence: { externalId: account.externalId, user, ...suspicion },
    },
  ];
}

/** What changes of a user replaced in the slot of the source that they come from, for the history. */
export function formerOf(
  { user, snapshots }: Subject,
  source: string,
  changes: readonly Change[],
  voice: Voice | null = null,
): FormerSlot {
  const slot = snapshots.find((each) => each.source === source);
  return formerSlot(slot, user.value, changes, voice);
}

/** Why a linked account's standing is what it is, for lists and explain. */
export function standingReason(decision: ValueDecision, lost: readonly Claim[]): string | null {
  if (decision.heldBack !== null) return decision.heldBack.reason;
  const { unknownRoles, undecidedTeams, refused } = decision.projection;
  if (lost.length > 0) return 'unique-taken';
  if (unknownRoles.length > 0) return 'unknown-role';
  if (undecidedTeams.length > 0) return 'team-name-taken';
  return refused.length > 0 ? 'refused' : null;
}
