import { digestOf } from '../digest.ts';
import type { ReconcileReads, Shown, ShownKind } from './ports.ts';
import type { Pass } from './pass.ts';

/** Takes decisions in as a held run shows them. */
export type Show = (decisions: readonly Shown[]) => Promise<void>;

/** A decision with the digest that says whether it still is the one that was shown. */
export function shown(decision: Omit<Shown, 'digest'>): Shown {
  const { kind, accountId, userId, contentHash, changes } = decision;
  return { ...decision, digest: digestOf([kind, accountId, userId, contentHash, changes]) };
}

/** Keeps what is shown with the run, in place of what it showed before a crash. */
export async function showing(pass: Pick<Pass, 'store' | 'lease' | 'runId'>): Promise<Show> {
  await pass.store.inLease(pass.lease, (tx) => tx.dropShown(pass.runId));
  return (decisions) => pass.store.inLease(pass.lease, (tx) => tx.saveShown(pass.runId, decisions));
}

/**
 * Of decisions as they come out now, those that an approved run may carry out: as they were shown (spec 13.2). All of them
 * where the run needs no approval. Inside a transaction `from` is that: a store may have one session only.
 */
export async function asApproved<T extends { readonly shown: Shown }>(
  pass: Pick<Pass, 'store' | 'runId' | 'approved' | 'counts'>,
  kind: ShownKind,
  decisions: readonly T[],
  from: ReconcileReads = pass.store.read,
): Promise<readonly T[]> {
  if (!pass.approved || decisions.length === 0) return decisions;
  const ids = decisions.map((decision) => subjectOf(decision.shown));
  const digests = await from.shownDigests(pass.runId, kind, ids);
  const standing = decisions.filter((decision) => digests.get(subjectOf(decision.shown)) === decision.shown.digest);
  pass.counts.skipped += decisions.length - standing.length;
  return standing;
}

/** What a decision is about: the account, or the user whom a policy moves. */
function subjectOf({ accountId, userId }: Shown): number {
  return accountId ?? userId ?? 0;
}
