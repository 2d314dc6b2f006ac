import type { ReconcileTx, ItemDraft, OpenItem } from './ports.ts';
import { digestOf } from '../digest.ts';
import type { SourceId } from '../domain/user.ts';
import type { Writing } from './pass.ts';

/** Kinds that ask whom an account belongs to; they hold the account (spec 4.10). */
export const identityKinds = [
  'ambiguous-match',
  'already-linked',
  'inactive-match',
  'possible-id-reuse',
  'contradicted-match',
] as const;

/**
 * Makes the open questions of some accounts and users those that this pass derived: new ones open, those that no longer
 * arise close themselves, unchanged ones stay as they are (spec 4.10).
 */
export async function settleQuestions(
  tx: ReconcileTx,
  pass: Pick<Writing, 'runId' | 'counts'> & { readonly rules: { readonly id: SourceId | null } },
  scope: { kinds: readonly string[]; accountIds: readonly number[]; userIds: readonly number[] },
  desired: readonly ItemDraft[],
  stillArises: (item: OpenItem) => boolean = () => false,
): Promise<void> {
  const open = await tx.openItems(scope.kinds, scope.accountIds, scope.userIds);
  if (open.length === 0 && desired.length === 0) return;
  const wanted = new Map(desired.map((item) => [identity(item), item]));
  const closing: number[] = [];
  for (const item of open) {
    const draft = wanted.get(identity(item));
    if (draft !== undefined && digestOf(draft.evidence) === item.evidenceDigest) wanted.delete(identity(item));
    else if (draft !== undefined || !stillArises(item)) closing.push(item.id);
  }
  await tx.closeItems(closing);
  await tx.openNewItems([...wanted.values()], pass.rules.id, pass.runId);
  pass.counts.review += wanted.size;
}

function identity(item: Pick<ItemDraft, 'kind' | 'subject'>): string {
  return `${item.kind} ${item.subject}`;
}

/** Opens questions that belong to no single account, where they are not open yet. */
export async function openMissing(tx: ReconcileTx, pass: Writing, items: readonly ItemDraft[]): Promise<void> {
  const opened = await tx.openItemsOf(items.map((item) => ({ kind: item.kind, subject: item.subject })));
  const fresh = items.filter((item) => !opened.has(`${item.kind} ${item.subject}`));
  await tx.openNewItems(fresh, pass.rules.id, pass.runId);
  pass.counts.review += fresh.length;
}
