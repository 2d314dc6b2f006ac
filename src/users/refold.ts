import { bidderOf, keysBefore } from '../apply/decisions.ts';
import type { ReconcileTx } from '../apply/ports.ts';
import { changesBetween, sameValue, type Change } from '../domain/change.ts';
import { claimKey } from '../domain/claim.ts';
import { fold, type TeamNames } from '../domain/fold.ts';
import { voiceOf, type Snapshot, type SourceId, type UserId, type UserValue } from '../domain/user.ts';
import { resolveBids } from '../reconcile/bids.ts';
import type { Subject } from '../reconcile/decide.ts';
import { userKeys, type Matching } from '../reconcile/match-keys.ts';

/** A user under lock, with the voices of slots as an act on many users leaves them. */
export interface Refolding {
  readonly subject: Subject;
  /** Sources of all links as the act leaves them. */
  readonly linkedSources: readonly SourceId[];
  readonly snapshots: readonly Snapshot[];
}

/** What one user has become. */
export interface Refolded {
  readonly userId: UserId;
  readonly value: UserValue;
  readonly changes: readonly Change[];
}

/**
 * Folds users anew of whose slots an act on many users has moved the voices, and writes voices, values, unique names and match keys. Who
 * would take another's unique name is left as they are, slots included.
 */
export async function refold(
  tx: ReconcileTx,
  rows: readonly Refolding[],
  teamNames: TeamNames,
  allMatchRules: Matching,
): Promise<Refolded[]> {
  const decided = rows.map((row) => {
    const { user } = row.subject;
    const value = hasSeveralAcds(row)
      ? fold({ origin: user.origin, ...row.subject, ...row, teamNames, present: user.value })
      : user.value;
    return { row, value, bidder: bidderOf({ id: user.id, externalId: String(user.id) }, user.id, user.value, value) };
  });
  const outcomes = resolveBids(
    decided.map(({ bidder }) => bidder),
    await tx.claimHolders(decided.flatMap(({ bidder }) => bidder.wants)),
  );
  const standing = decided.filter(({ bidder }) => (outcomes.get(bidder)?.lost.length ?? 0) === 0);
  await tx.saveVoices(standing.flatMap(({ row }) => movedVoices(row)));
  const moved = standing.filter(({ row, value }) => !sameValue(row.subject.user.value, value));
  await tx.saveUsers(moved.map(({ row, value }) => ({ userId: row.subject.user.id, value })));
  await tx.saveClaims(moved.map(({ bidder }) => ({ userId: bidder.user, take: bidder.wants, release: bidder.gives })));
  const keys = standing
    .map(({ row: { subject, linkedSources, snapshots }, value }) => ({
      userId: subject.user.id,
      keys: userKeys(
        value.fields,
        snapshots.filter((slot) => linkedSources.includes(slot.source)),
        allMatchRules,
      ),
      before: keysBefore(subject, linkedSources, { allMatchRules }),
    }))
    .filter(({ keys: after, before }) => after.join('\n') !== before.join('\n'));
  await tx.saveUserKeys(keys);
  await tx.wakeByKeys([...new Set(keys.flatMap((each) => [...each.before, ...each.keys]))]);
  const freed = moved.flatMap(({ bidder }) => bidder.gives.map(claimKey));
  if (freed.length > 0) await tx.wakeByItems([], freed);
  return standing.map(({ row, value }) => ({
    userId: row.subject.user.id,
    value,
    changes: changesBetween(row.subject.user.value, value, teamNames),
  }));
}

/** Voices count among several ACDs only; most users have one, and stay as they are. */
function hasSeveralAcds({ subject, snapshots }: Refolding): boolean {
  const acds = subject.policy.rank.filter(
    ({ id, as }) => as === 'acd' && snapshots.some(({ source }) => source === id),
  );
  return acds.length > 1;
}

function movedVoices({ subject, snapshots }: Refolding): Parameters<ReconcileTx['saveVoices']>[0] {
  return snapshots.flatMap((slot) => {
    const before = subject.snapshots.find(({ source }) => source === slot.source);
    const moves = before !== undefined && voiceOf(before) !== voiceOf(slot);
    return moves ? [{ userId: subject.user.id, source: slot.source, voice: voiceOf(slot) }] : [];
  });
}
