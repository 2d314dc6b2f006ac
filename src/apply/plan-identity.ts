import { digestOf } from '../digest.ts';
import { mostNamed } from '../domain/review-answers.ts';
import { compareText } from '../domain/text.ts';
import type { Verdict } from '../reconcile/correlate.ts';
import {
  askAboutContradictions,
  contradicted,
  contradictionsIn,
  isContradiction,
  type Contradiction,
} from './contradictions.ts';
import { eachDueBatch, isAskedTogether, type Correlated } from './due-batches.ts';
import { foresee, namesAsTheyAre, type Foreseen } from './foresee.ts';
import type { Pass } from './pass.ts';
import { settleNames } from './plan-names.ts';
import { decideBatch, type DecidedBatch } from './plan-rows.ts';
import type { Decided, ItemDraft, ReconcileTx, Shown, UnlinkedRow } from './ports.ts';
import { identityKinds, settleQuestions } from './questions.ts';
import { asApproved, type Show } from './shown.ts';
import type { Taken } from './take-values.ts';
import { type Tally } from './tally.ts';

/** Counts the links and creations that a pass would make, and shows them where that is asked for; writes nothing. */
export async function takeIdentity(
  pass: Pass,
  tally: Tally,
  { keysAhead, names }: Pick<Taken, 'keysAhead' | 'names'>,
  show?: Show,
): Promise<void> {
  let done = 0;
  const decide = async (batch: Correlated): Promise<readonly Shown[]> => {
    const foreseen = await foresee(pass, batch, await decideBatch(pass, batch, 'none'), names);
    return foreseen.map((entry) => entry.shown);
  };
  await eachDueBatch(pass, keysAhead, decide, async ({ rows, verdicts }, foreseen) => {
    done += rows.length;
    await pass.progress(show === undefined ? 'counting' : 'showing', done);
    await show?.(foreseen);
    // A user who does not exist yet is counted by their account: each counts once either way.
    for (const { kind, accountId } of foreseen)
      if (kind === 'create' && accountId !== null) tally.add('created', accountId);
    for (const verdict of verdictsOf(rows, verdicts)) if (verdict.kind === 'link') tally.add('linked', verdict.userId);
  });
}

function verdictsOf(rows: readonly UnlinkedRow[], verdicts: ReadonlyMap<number, Verdict>): readonly Verdict[] {
  return rows.flatMap((row) => verdicts.get(row.id) ?? []);
}

/**
 * Decides whom every due, unlinked account belongs to, all from one state (spec 4.8): links and creations become rows of the plan,
 * the others' standing and questions are written. The plan is carried out only when it is whole.
 */
export async function planIdentity(pass: Pass): Promise<void> {
  await pass.store.inLease(pass.lease, async (tx) => {
    await tx.dropPlan(pass.runId);
    await tx.wakeQuestions(pass.rules.id);
  });
  let [done, planned] = [0, 0];
  const contradictions: Contradiction[] = [];
  await eachDueBatch(
    pass,
    new Map(),
    async (batch) => allowed(pass, batch, await decideBatch(pass, batch, 'allocated')),
    async (batch, decided) => {
      await pass.store.inLease(pass.lease, (tx) => writePlanned(tx, pass, batch, decided));
      contradictions.push(...contradictionsIn(decided.rows, batch.verdicts));
      planned += decided.creations.length + decided.links.length;
      done += batch.rows.length;
      await pass.progress('planning', done);
    },
  );
  if (planned > 0) await settleNames(pass);
  await askAboutContradictions(pass, contradictions);
  await pass.store.inLease(pass.lease, (tx) => tx.setPhase(pass.runId, 'identity'));
}

/** What a batch comes to, with its accounts, without those that are left to the next run. */
interface Planned extends DecidedBatch {
  readonly rows: readonly UnlinkedRow[];
}

/** The accounts whose link or creation was counted, or which an approved run may carry out, and all others that change nobody. */
async function allowed(pass: Pass, batch: Correlated, decided: DecidedBatch): Promise<Planned> {
  if (!pass.approved && pass.counted === null) return { rows: batch.rows, ...decided };
  const left = await leftOut(pass, batch, await foresee(pass, batch, decided, namesAsTheyAre));
  const stays = ({ accountId }: { readonly accountId: number }): boolean => !left.has(accountId);
  return {
    rows: batch.rows.filter((row) => !left.has(row.id)),
    creations: decided.creations.filter(stays),
    links: decided.links.filter(stays),
    nameless: decided.nameless.filter((row) => !left.has(row.id)),
  };
}

async function leftOut(
  pass: Pass,
  { verdicts }: Correlated,
  foreseen: readonly Foreseen[],
): Promise<ReadonlySet<number>> {
  const of = (kind: 'link' | 'create'): readonly Foreseen[] => foreseen.filter((entry) => entry.shown.kind === kind);
  // Who cannot be created becomes a question, which nobody counts.
  const moving = [...of('link'), ...of('create')];
  const standing = pass.approved
    ? [...(await asApproved(pass, 'link', of('link'))), ...(await asApproved(pass, 'create', of('create')))]
    : moving.filter(({ row }) => isCounted(pass, row, verdicts.get(row.id)));
  const stays = new Set(standing);
  return new Set(moving.filter((entry) => !stays.has(entry)).map(({ row }) => row.id));
}

function isCounted({ counted }: Pass, { id, externalId }: UnlinkedRow, verdict: Verdict | undefined): boolean {
  if (counted === null) return true;
  if (verdict?.kind === 'create') return counted.takes('created', id, externalId);
  return verdict?.kind !== 'link' || counted.takes('linked', verdict.userId, externalId);
}

async function writePlanned(
  tx: ReconcileTx,
  pass: Pass,
  { verdicts, accounts }: Correlated,
  planned: Planned,
): Promise<void> {
  const { rows, creations, links, nameless } = planned;
  await tx.savePlan(pass.runId, { creations, links });
  const waiting = new Set([...creations, ...links].map((entry) => entry.accountId));
  // A new account may join others in a question: theirs is a new one too.
  const joined = [...accounts.values()].filter((row) => isAskedTogether(verdicts.get(row.id)));
  const undecided = rows.filter((row) => !waiting.has(row.id));
  const settled = [...new Map([...undecided, ...joined].map((row) => [row.id, row])).values()];
  const unnamed = new Set(nameless.map((row) => row.id));
  await tx.saveDecided(
    settled.map((row) => (unnamed.has(row.id) ? namelessOf(row) : decidedOf(row, verdicts.get(row.id)))),
  );
  const questions = new Set(settled.flatMap((row) => plainQuestion(verdicts.get(row.id))));
  const items = [...questions].map((verdict) => questionOf(verdict, accounts, pass));
  const accountIds = settled.map((row) => row.id);
  const scope = { kinds: [...identityKinds, 'unique-taken'], accountIds, userIds: [] };
  // Contradictions are asked about when all are known.
  await settleQuestions(tx, pass, scope, items, (item) =>
    item.accountIds.some((id) => item.kind === contradicted && isContradiction(verdicts.get(id))),
  );
  pass.counts.decided += settled.length;
  pass.counts.skipped += nameless.length + settled.filter((row) => verdicts.get(row.id)?.kind === 'wait').length;
}

/** A user needs a name to sign in with: without one nobody is created. */
function namelessOf(row: UnlinkedRow): Decided {
  return { ...decidedOf(row, undefined), standing: 'waiting', reason: 'no-username' };
}

function decidedOf(row: UnlinkedRow, verdict: Verdict | undefined): Decided {
  const base = { accountId: row.id, contentHash: row.contentHash, wakes: row.wakes, heldDigest: null };
  if (row.ignored) return { ...base, standing: 'ignored', reason: row.ignoredFor, userId: null };
  if (verdict === undefined) return { ...base, standing: 'unmatched', reason: 'gone', userId: null };
  if (verdict.kind === 'wait') {
    const standing = verdict.reason === 'unlinked' ? 'unlinked' : 'waiting';
    return { ...base, standing, reason: verdict.reason, userId: verdict.userId };
  }
  if (verdict.kind === 'question') {
    // Of a contradicted match: the user who seems to be another person.
    const userId = verdict.item === contradicted ? (verdict.userIds[0] ?? null) : null;
    return { ...base, standing: 'question', reason: verdict.item, userId };
  }
  return { ...base, standing: 'unmatched', reason: null, userId: null };
}

type Question = Extract<Verdict, { kind: 'question' }>;

function plainQuestion(verdict: Verdict | undefined): Question[] {
  return verdict?.kind === 'question' && verdict.item !== contradicted ? [verdict] : [];
}

/** One question of several accounts is one verdict. Its identity is a digest: what it is about may be long (spec 4.10). */
function questionOf(verdict: Question, accounts: ReadonlyMap<number, UnlinkedRow>, pass: Pass): ItemDraft {
  const named = verdict.accountIds
    .map((id) => ({ id, externalId: accounts.get(id)?.externalId ?? String(id) }))
    .sort((a, b) => compareText(a.externalId, b.externalId));
  const [some, users] = [named.slice(0, mostNamed), verdict.userIds.slice(0, mostNamed)];
  return {
    kind: verdict.item,
    subject: digestOf([verdict.accountIds, verdict.userIds]),
    accountIds: named.map(({ id }) => id),
    userIds: verdict.userIds,
    part: null,
    waitKeys: [],
    evidence: {
      source: pass.rules.id,
      accounts: some,
      moreAccounts: named.length - some.length,
      users,
      moreUsers: verdict.userIds.length - users.length,
    },
  };
}
