import { digestOf } from '../digest.ts';
import type { UserId } from '../domain/user.ts';
import type { Verdict } from '../reconcile/correlate.ts';
import { isOverLimit } from '../reconcile/guard.ts';
import type { ItemDraft, ReconcileTx, UnlinkedRow } from './ports.ts';
import type { Pass } from './pass.ts';
import { settleQuestions } from './questions.ts';

/** The kind of the question about an account whose only match cannot be its person (spec 4.12). */
export const contradicted = 'contradicted-match';

/** An account with the user whom it matches and who seems to be another person. */
export interface Contradiction {
  readonly row: Pick<UnlinkedRow, 'id' | 'externalId' | 'askedAlone'>;
  readonly userId: UserId;
}

export function isContradiction(verdict: Verdict | undefined): boolean {
  return verdict?.kind === 'question' && verdict.item === contradicted;
}

export function contradictionsIn(
  rows: readonly UnlinkedRow[],
  verdicts: ReadonlyMap<number, Verdict>,
): Contradiction[] {
  return rows.flatMap(({ id, externalId, askedAlone }) => {
    const verdict = verdicts.get(id);
    const userId = verdict?.kind === 'question' && verdict.item === contradicted ? verdict.userIds[0] : undefined;
    return userId === undefined ? [] : [{ row: { id, externalId, askedAlone }, userId }];
  });
}

/**
 * Asks about each contradiction of a run by itself; where they are more than the guard allows links, one question of the source
 * asks about all of them (spec 4.12). That one stands while any account waits for it.
 */
export async function askAboutContradictions(pass: Pass, found: readonly Contradiction[]): Promise<void> {
  const source = pass.rules.id;
  const open = await pass.store.read.openItemsOfSource(contradicted, source);
  const whole = open.find((item) => item.subject === source);
  if (found.length === 0 && whole === undefined) return;
  const unasked = found.filter(({ row }) => !row.askedAlone);
  const present = await pass.store.read.presentAccounts(source);
  const tooMany = isOverLimit(unasked.length, present, pass.guard.limits.linked);
  for (let at = 0; at < found.length; at += pass.batchSize) {
    const some = found.slice(at, at + pass.batchSize);
    const alone = some.filter(({ row }) => !tooMany || row.askedAlone);
    const accountIds = some.map(({ row }) => row.id);
    await pass.store.inLease(pass.lease, (tx) =>
      settleQuestions(tx, pass, { kinds: [contradicted], accountIds, userIds: [] }, alone.map(itemOf(pass))),
    );
  }
  if (tooMany || whole !== undefined)
    await pass.store.inLease(pass.lease, (tx) => settleWhole(tx, pass, whole?.id ?? null));
}

function itemOf(pass: Pass): (contradiction: Contradiction) => ItemDraft {
  return ({ row, userId }) => ({
    kind: contradicted,
    subject: digestOf([[row.id], [userId]]),
    accountIds: [row.id],
    userIds: [userId],
    part: null,
    waitKeys: [],
    evidence: { source: pass.rules.id, accounts: [{ id: row.id, externalId: row.externalId }], users: [userId] },
  });
}

/** The question about all accounts of a source at once that nobody is asked about one by one. */
async function settleWhole(tx: ReconcileTx, pass: Pass, open: number | null): Promise<void> {
  const source = pass.rules.id;
  const waiting = await tx.contradictedTogether(source);
  if (waiting.count === 0) {
    await tx.closeItems(open === null ? [] : [open]);
    return;
  }
  const item: ItemDraft = {
    kind: contradicted,
    subject: source,
    accountIds: [],
    userIds: [],
    part: null,
    waitKeys: [],
    evidence: { source, together: waiting.count, accounts: waiting.accounts, users: [] },
  };
  if (open !== null) return tx.refreshItems([item]);
  await tx.openNewItems([item], source, pass.runId);
  pass.counts.review++;
}
