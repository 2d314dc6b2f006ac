import { ruleName } from '../reconcile/match-keys.ts';
import type { Verdict } from '../reconcile/correlate.ts';
import type { Decided, ItemDraft, Planned, ReconcileTx, UnlinkedRow } from './ports.ts';
import { competes, correlateBatch, type KeysAhead } from './neighbourhood.ts';
import { stopIfAborted, type Pass, type Tally } from './pass.ts';
import { identityKinds, settleQuestions } from './questions.ts';

/** Counts the links and creations that a pass would make; writes nothing. */
export async function countIdentity(pass: Pass, tally: Tally, ahead: KeysAhead): Promise<void> {
  await eachDueBatch(pass, async (rows) => {
    const { verdicts } = await correlateBatch(pass, rows.filter(competes), ahead);
    for (const row of rows) {
      const verdict = verdicts.get(row.id);
      // A user who does not exist yet is counted by their account: each counts once either way.
      if (verdict?.kind === 'create') tally.add('created', row.id);
      if (verdict?.kind === 'link') tally.add('linked', verdict.userId);
    }
  });
}

/**
 * Decides whom every due, unlinked account belongs to, all from one state (spec 4.8): links and creations are planned,
 * the others' standing and questions are written. The plan is carried out only when it is whole.
 */
export async function planIdentity(pass: Pass): Promise<void> {
  await pass.store.inLease(pass.lease, async (tx) => {
    await tx.dropPlan(pass.runId);
    await tx.wakeQuestions(pass.rules.id);
  });
  let done = 0;
  await eachDueBatch(pass, async (rows) => {
    const { verdicts, accounts } = await correlateBatch(pass, rows.filter(competes), new Map());
    await pass.store.inLease(pass.lease, (tx) => writeVerdicts(tx, pass, rows, verdicts, accounts));
    done += rows.length;
    await pass.progress('planning', done);
  });
  await pass.store.inLease(pass.lease, (tx) => tx.setPhase(pass.runId, 'identity'));
}

/** Hands over the due accounts batch by batch; the next one is read while the last is worked on. */
async function eachDueBatch(pass: Pass, work: (rows: readonly UnlinkedRow[]) => Promise<void>): Promise<void> {
  const load = async (after: number): Promise<{ rows: UnlinkedRow[]; last: number } | null> => {
    const ids = await pass.store.read.dueUnlinked(pass.rules.id, after, pass.batchSize);
    const last = ids.at(-1);
    return last === undefined ? null : { rows: await pass.store.read.unlinked(ids, false), last };
  };
  let pending = load(0);
  for (;;) {
    stopIfAborted(pass);
    const batch = await pending;
    if (batch === null) return;
    pending = load(batch.last);
    // Its failure must not go unheard meanwhile: it is awaited in the next round.
    pending.catch(() => undefined);
    await work(batch.rows);
  }
}

async function writeVerdicts(
  tx: ReconcileTx,
  pass: Pass,
  rows: readonly UnlinkedRow[],
  verdicts: ReadonlyMap<number, Verdict>,
  accounts: ReadonlyMap<number, UnlinkedRow>,
): Promise<void> {
  const planned = rows.flatMap((row) => plannedOf(row, verdicts.get(row.id), pass));
  await tx.savePlan(pass.runId, planned);
  const waiting = new Set(planned.map((entry) => entry.accountId));
  // A new account may join others in a question: theirs is a new one too.
  const joined = [...accounts.values()].filter((row) => verdicts.get(row.id)?.kind === 'question');
  const undecided = rows.filter((row) => !waiting.has(row.id));
  const settled = [...new Map([...undecided, ...joined].map((row) => [row.id, row])).values()];
  await tx.saveDecided(settled.map((row) => decidedOf(row, verdicts.get(row.id))));
  const items = new Map(
    settled.flatMap((row) => questionOf(verdicts.get(row.id), accounts, pass)).map((item) => [item.subject, item]),
  );
  const accountIds = settled.map((row) => row.id);
  await settleQuestions(tx, pass, { kinds: [...identityKinds, 'unique-taken'], accountIds, userIds: [] }, [
    ...items.values(),
  ]);
  pass.counts.decided += settled.length;
  pass.counts.skipped += settled.filter((row) => verdicts.get(row.id)?.kind === 'wait').length;
}

function plannedOf(row: UnlinkedRow, verdict: Verdict | undefined, pass: Pass): Planned[] {
  const base = { externalId: row.externalId, accountId: row.id, contentHash: row.contentHash };
  if (verdict?.kind === 'create') return [{ ...base, kind: 'create', userId: null, rule: null }];
  if (verdict?.kind !== 'link') return [];
  return [{ ...base, kind: 'link', userId: verdict.userId, rule: ruleName(pass.rules.match[verdict.rule] ?? []) }];
}

function decidedOf(row: UnlinkedRow, verdict: Verdict | undefined): Decided {
  const base = { accountId: row.id, contentHash: row.contentHash, wakes: row.wakes, heldDigest: null };
  if (row.ignored) return { ...base, standing: 'ignored', reason: null, userId: null };
  if (verdict === undefined) return { ...base, standing: 'unmatched', reason: 'gone', userId: null };
  if (verdict.kind === 'wait') {
    const standing = verdict.reason === 'unlinked' ? 'unlinked' : 'waiting';
    return { ...base, standing, reason: verdict.reason, userId: verdict.userId };
  }
  if (verdict.kind === 'question') return { ...base, standing: 'question', reason: verdict.item, userId: null };
  return { ...base, standing: 'unmatched', reason: null, userId: null };
}

function questionOf(verdict: Verdict | undefined, accounts: ReadonlyMap<number, UnlinkedRow>, pass: Pass): ItemDraft[] {
  if (verdict?.kind !== 'question') return [];
  const named = verdict.accountIds.map((id) => ({ id, externalId: accounts.get(id)?.externalId ?? String(id) }));
  return [
    {
      kind: verdict.item,
      subject: `${verdict.accountIds.join(',')}:${verdict.userIds.join(',')}`,
      accountIds: verdict.accountIds,
      userIds: verdict.userIds,
      part: null,
      waitKeys: [],
      evidence: { source: pass.rules.id, accounts: named, users: verdict.userIds },
    },
  ];
}
