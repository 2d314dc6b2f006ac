import { heard } from '../heard.ts';
import { namesOfCreation } from '../domain/claim.ts';
import { digestOf } from '../digest.ts';
import { compareText } from '../domain/text.ts';
import { ruleName } from '../reconcile/match-keys.ts';
import type { Verdict } from '../reconcile/correlate.ts';
import type { Decided, ItemDraft, PlanRow, ReconcileTx, UnlinkedRow } from './ports.ts';
import { competes, correlateBatch, type KeysAhead } from './neighbourhood.ts';
import { stopIfAborted, type Pass } from './pass.ts';
import { type Tally } from './tally.ts';
import { asApproved, type Show } from './shown.ts';
import { foresee, foreseeCreations, namesAsTheyAre } from './foresee.ts';
import type { Taken } from './take-values.ts';
import {
  askAboutContradictions,
  contradicted,
  contradictionsIn,
  isContradiction,
  type Contradiction,
} from './contradictions.ts';
import { mostNamed } from '../domain/review-answers.ts';
import { identityKinds, settleQuestions } from './questions.ts';

/** Counts the links and creations that a pass would make, and shows them where that is asked for; writes nothing. */
export async function takeIdentity(
  pass: Pass,
  tally: Tally,
  { keysAhead, names }: Pick<Taken, 'keysAhead' | 'names'>,
  show?: Show,
): Promise<void> {
  let done = 0;
  await eachDueBatch(pass, keysAhead, async ({ rows, verdicts }) => {
    done += rows.length;
    await pass.progress(show === undefined ? 'counting' : 'showing', done);
    await show?.((await foresee(pass, rows, verdicts, names)).map((entry) => entry.shown));
    const creations = await foreseeCreations(pass, rows, verdicts, names);
    for (const row of rows) {
      const verdict = verdicts.get(row.id);
      // A user who does not exist yet is counted by their account: each counts once either way.
      if (creations.get(row.id)?.taken.length === 0) tally.add('created', row.id);
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
  const contradictions: Contradiction[] = [];
  await eachDueBatch(pass, new Map(), async ({ rows, verdicts, accounts }) => {
    const approved = await approvedOf(pass, rows, verdicts);
    await pass.store.inLease(pass.lease, (tx) => writeVerdicts(tx, pass, approved, verdicts, accounts));
    contradictions.push(...contradictionsIn(approved, verdicts));
    done += rows.length;
    await pass.progress('planning', done);
  });
  await askAboutContradictions(pass, contradictions);
  await pass.store.inLease(pass.lease, (tx) => tx.setPhase(pass.runId, 'identity'));
}

/** The accounts whose link or creation was counted, or which an approved run may carry out, and all others that change nobody. */
async function approvedOf(
  pass: Pass,
  rows: readonly UnlinkedRow[],
  verdicts: ReadonlyMap<number, Verdict>,
): Promise<readonly UnlinkedRow[]> {
  if (!pass.approved && pass.counted === null) return rows;
  if (!pass.approved) {
    const creations = await foreseeCreations(pass, rows, verdicts, namesAsTheyAre);
    return rows.filter((row) => {
      // Who cannot be created becomes a question, which nobody counts.
      const asks = (creations.get(row.id)?.taken.length ?? 0) > 0;
      return asks || isCounted(pass, row, verdicts.get(row.id));
    });
  }
  const foreseen = await foresee(pass, rows, verdicts, namesAsTheyAre);
  const of = (kind: 'link' | 'create'): typeof foreseen => foreseen.filter((entry) => entry.shown.kind === kind);
  const standing = [
    ...(await asApproved(pass, 'link', of('link'))),
    ...(await asApproved(pass, 'create', of('create'))),
  ];
  const left = new Set(
    [...of('link'), ...of('create')].filter((entry) => !standing.includes(entry)).map(({ row }) => row.id),
  );
  return rows.filter((row) => !left.has(row.id));
}

function isCounted({ counted }: Pass, { id, externalId }: UnlinkedRow, verdict: Verdict | undefined): boolean {
  if (counted === null) return true;
  if (verdict?.kind === 'create') return counted.takes('created', id, externalId);
  return verdict?.kind !== 'link' || counted.takes('linked', verdict.userId, externalId);
}

/** Due accounts of one batch, with what correlation says of them. */
interface Correlated {
  readonly rows: readonly UnlinkedRow[];
  readonly verdicts: ReadonlyMap<number, Verdict>;
  readonly accounts: ReadonlyMap<number, UnlinkedRow>;
}

/**
 * Hands over the due accounts batch by batch; while one is worked on, the next is correlated and the one after it read: verdicts
 * come from what stood before any of them was written (spec 4.8).
 */
async function eachDueBatch(pass: Pass, ahead: KeysAhead, work: (batch: Correlated) => Promise<void>): Promise<void> {
  let reading = heard(readDue(pass, 0));
  // Who was named in a question of a batch before is decided: thousands in one question are not decided on in each batch.
  const asked = new Set<number>();
  const correlate = async (): Promise<Correlated | null> => {
    const due = await reading;
    if (due === null) return null;
    reading = heard(readDue(pass, due.last));
    const rows = due.rows.filter((row) => !asked.has(row.id));
    const found = await correlateBatch(pass, pass.store.read, rows.filter(competes), ahead);
    for (const [id, verdict] of found.verdicts) if (isAskedTogether(verdict)) asked.add(id);
    return { rows, ...found };
  };
  let pending = heard(correlate());
  for (;;) {
    stopIfAborted(pass);
    const batch = await pending;
    if (batch === null) return;
    pending = heard(correlate());
    await work(batch);
  }
}

/** A contradicted match is a question of its own account, which is asked when that account is decided on (spec 4.12). */
function isAskedTogether(verdict: Verdict | undefined): boolean {
  return verdict?.kind === 'question' && !isContradiction(verdict);
}

/** The due accounts next after an id, and the last id among them: a person may have linked some since. Null at the end. */
async function readDue(pass: Pass, after: number): Promise<{ rows: readonly UnlinkedRow[]; last: number } | null> {
  const ids = await pass.store.read.dueUnlinked(pass.rules.id, after, pass.batchSize);
  const last = ids.at(-1);
  return last === undefined ? null : { rows: await pass.store.read.unlinked(ids, false), last };
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
  const joined = [...accounts.values()].filter((row) => isAskedTogether(verdicts.get(row.id)));
  const undecided = rows.filter((row) => !waiting.has(row.id));
  const settled = [...new Map([...undecided, ...joined].map((row) => [row.id, row])).values()];
  await tx.saveDecided(settled.map((row) => decidedOf(row, verdicts.get(row.id))));
  const questions = new Set(settled.flatMap((row) => plainQuestion(verdicts.get(row.id))));
  const items = [...questions].map((verdict) => questionOf(verdict, accounts, pass));
  const accountIds = settled.map((row) => row.id);
  const scope = { kinds: [...identityKinds, 'unique-taken'], accountIds, userIds: [] };
  // Contradictions are asked about when all are known.
  await settleQuestions(tx, pass, scope, items, (item) =>
    item.accountIds.some((id) => item.kind === contradicted && isContradiction(verdicts.get(id))),
  );
  pass.counts.decided += settled.length;
  pass.counts.skipped += settled.filter((row) => verdicts.get(row.id)?.kind === 'wait').length;
}

function plannedOf(row: UnlinkedRow, verdict: Verdict | undefined, pass: Pass): PlanRow[] {
  const base = { externalId: row.externalId, accountId: row.id, contentHash: row.contentHash, wakes: row.wakes };
  if (verdict?.kind === 'create')
    return [{ ...base, kind: 'create', userId: null, rule: null, names: namesOfCreation(row.content.values) }];
  if (verdict?.kind !== 'link') return [];
  const rule = ruleName(pass.rules.match[verdict.rule] ?? []);
  return [{ ...base, kind: 'link', userId: verdict.userId, rule, names: [] }];
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
