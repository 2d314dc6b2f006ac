import { digestOf } from '../digest.ts';
import { noWords, type Policy, type SourceId, type UserId } from '../domain/user.ts';
import { actTogether, type Became } from '../users/act-together.ts';
import { activate, askAboutAll, deactivate, type AskSource } from '../users/activation.ts';
import { insertUsers } from '../users/create-user.ts';
import type { ShownChange } from '../users/events.ts';
import type { ActionRules } from '../users/ports.ts';
import type { Act, ActingUser } from '../users/act.ts';
import { planRow } from './plan-row.ts';
import { planUndo } from './plan-undo.ts';
import type { PlanWorld } from './plan-world.ts';
import type { ImportTx, PeopleImportStore, PendingRow, RowResult, RowUndo, RunningImport } from './ports.ts';
import type { RowPlan, RowSubject } from './row-plan.ts';
import { newSubject, rowSubject, worldOf } from './subjects.ts';

/** What carrying out a row stands on. */
export interface CarryingOut {
  readonly store: PeopleImportStore;
  readonly rules: ActionRules;
  readonly askSource: AskSource;
  readonly policyInForce: () => Promise<{ readonly id: number; readonly content: Policy }>;
}

/** What a row did, or why it was not carried out. */
export interface CarriedOut {
  readonly result: RowResult;
  readonly changes: readonly ShownChange[];
}

/** `withoutWords`: of a row that takes a name which another row gives up, only the activation is played through. */
type PlayedRow = PendingRow & { readonly withoutWords?: boolean };

/** What became of rows that were carried out together. */
interface CarriedTogether {
  readonly done: readonly CarriedOut[];
  readonly woken: readonly SourceId[];
}

/** Of what a plan changes, for telling whether it would come out as it was shown; null where it changes nothing. */
export function planDigest({ changes, activation }: RowPlan): string | null {
  return changes.length === 0 && activation === null
    ? null
    : digestOf([activation, changes.map(({ field, before, after }) => [field, before, after])]);
}

/**
 * Carries out rows in one transaction with their results, each wholly or not at all and all by a fixed number of statements:
 * each is decided anew under lock, and left where it would come out differently from what was shown (spec 13.5). A row that has a
 * result already is left out. `drop`: nothing of it is kept, for previews.
 */
export async function carryOutRows(
  basis: CarryingOut,
  running: RunningImport,
  rows: readonly PlayedRow[],
  end: 'keep' | 'drop' = 'keep',
): Promise<CarriedTogether> {
  const { operator } = running;
  // An answer of a source may take seconds, and a lock must not.
  const asks = rows.filter(({ classes, undo }) => classes.includes('deactivated') && undo?.created !== true);
  const userIds = asks.flatMap(({ userId }) => userId ?? []);
  const acting = { ...basis, requestReconcile: () => Promise.resolve() };
  const asked: Answers =
    userIds.length === 0 ? new Map() : await askAboutAll(acting, basis.askSource, { operator, userIds });
  const policy = rows.some(({ userId }) => userId === null) ? await basis.policyInForce() : null;
  return basis.store.transaction(operator, end, async (tx) => {
    const open = end === 'drop' ? rows : await stillPending(tx, running, rows);
    const worldNow = (): Promise<PlanWorld> => worldOf(tx, running, running.missing, basis.rules.roleCatalogue);
    const changed = await changeUsers(basis, tx, running, open, { asked, worldNow });
    const made = policy === null ? nothing : await createUsers(basis, tx, running, open, { policy, worldNow });
    const done = [...changed.done, ...made.done];
    if (end === 'keep')
      await tx.saveResults(
        running.id,
        done.map(({ result }) => result),
      );
    return { done, woken: [...new Set([...changed.woken, ...made.woken])] };
  });
}

type Answers = Awaited<ReturnType<typeof askAboutAll>>;
const nothing: CarriedTogether = { done: [], woken: [] };

/** Those that nobody has carried out meanwhile, of an import that nobody has cancelled. */
async function stillPending(
  tx: ImportTx,
  { id }: RunningImport,
  rows: readonly PendingRow[],
): Promise<readonly PendingRow[]> {
  const pending = await tx.lockPending(
    id,
    rows.map(({ row }) => row),
  );
  return rows.filter(({ row }) => pending.has(row));
}

interface Decision {
  readonly row: PendingRow;
  readonly refusal: RowRefusal | null;
  readonly undo: RowUndo | null;
}

async function changeUsers(
  { rules }: CarryingOut,
  tx: ImportTx,
  running: RunningImport,
  rows: readonly PlayedRow[],
  { asked, worldNow }: { readonly asked: Answers; readonly worldNow: () => Promise<PlanWorld> },
): Promise<CarriedTogether> {
  const { operator, may, reason } = running;
  const rowOf = new Map(rows.flatMap((row) => (row.userId === null ? [] : [[row.userId, row] as const])));
  if (rowOf.size === 0) return nothing;
  const userIds = [...rowOf.keys()];
  const decisions = new Map<UserId, Decision>();
  // Read by the first who asks, under the locks of all.
  let read: Promise<[PlanWorld, Awaited<ReturnType<ImportTx['datesOf']>>]> | null = null;
  const request = { userIds, operator, may, reason: reason ?? undefined };
  const { became, woken } = await actTogether(tx, rules, request, async (user) => {
    const { id } = user.subject.user;
    const row = rowOf.get(id);
    if (row === undefined) throw new Error(`no row is about user ${String(id)}`);
    const [world, dates] = await (read ??= Promise.all([worldNow(), tx.datesOf(userIds)]));
    const plan = decide(row, rowSubject(user, dates), world);
    const refusal = refusalOf(row, plan);
    decisions.set(id, { row, refusal, undo: undoOf(row, user, plan) });
    return refusal === null ? actOf(user, running, row, plan, asked) : null;
  });
  const done = [...rowOf].map(([userId, row]): CarriedOut => {
    const [one, decision] = [became.get(userId), decisions.get(userId)];
    if (one === undefined) throw new Error(`nothing became of row ${String(row.row)}`);
    const refusal = 'refused' in one ? one.refused : (decision?.refusal ?? null);
    if (refusal !== null || 'refused' in one) return refused(row, refusal);
    return { result: resultOf(row, userId, one.changed, decision?.undo ?? null), changes: one.changes };
  });
  return { done, woken };
}

/** Why a row is not carried out; the sentence is for people. */
interface RowRefusal {
  readonly code: string;
  readonly message: string;
}

function refused({ row, userId }: PendingRow, refusal: RowRefusal | null): CarriedOut {
  const { code, message } = refusal ?? { code: null, message: null };
  return { result: { row, userId, outcome: 'refused', code, message, undo: null }, changes: [] };
}

/** A row of a file, or one that takes another one back. */
export function decide(row: Pick<PendingRow, 'said' | 'undo'>, subject: RowSubject, world: PlanWorld): RowPlan {
  const plan = planOf(row, subject, world);
  const { id, mergedInto } = subject.subject.user;
  if (mergedInto === null || planDigest(plan) === null) return plan;
  // Whatever is said of who was merged away is said of the wrong user (spec 18.3).
  const message = `User ${String(id)} was merged into user ${String(mergedInto)}, who has taken everything over: say it of that one.`;
  return { ...plan, errors: [...plan.errors, { column: 'User ID', code: 'user-merged', message }] };
}

function planOf({ said, undo }: Pick<PendingRow, 'said' | 'undo'>, subject: RowSubject, world: PlanWorld): RowPlan {
  if (undo !== null) return planUndo(undo, subject, world);
  if (said === null) throw new Error('a row says nothing and takes nothing back');
  return planRow(said, subject, world);
}

/** Null where the row comes out as it was shown. */
function refusalOf({ digest }: PendingRow, plan: RowPlan): RowRefusal | null {
  const [error] = plan.errors;
  if (error !== undefined) return error;
  if (planDigest(plan) === digest) return null;
  return {
    code: 'changed-since',
    message: 'The user has changed since this was shown, so that the row would do something else: import it again.',
  };
}

function undoOf({ undo }: PendingRow, { subject }: ActingUser, plan: RowPlan): RowUndo | null {
  // What a creation was taken back by is not taken back itself: its links are gone.
  if (undo?.created === true) return null;
  return { before: subject.words, after: plan.words, created: false, activation: plan.activation };
}

async function actOf(
  user: ActingUser,
  { operator, reason }: RunningImport,
  { undo, withoutWords }: PlayedRow,
  { words, activation, changes }: RowPlan,
  asked: Answers,
): Promise<Act | null> {
  if (undo?.created === true) return endCreated(user, operator, reason);
  if (changes.length === 0 && activation === null) return null;
  const act =
    activation === 'activate' ? activate(user) : activation === 'deactivate' ? await deactivate(user, {}, asked) : null;
  return { ...(act ?? { event: { type: 'user-changed', source: null } }), ...(withoutWords === true ? {} : { words }) };
}

/** As undoing a creation of the sync does (spec 15.3): deactivated, without links, whose accounts wait for a person. */
async function endCreated(
  { tx, subject, linkedSources }: ActingUser,
  operator: string,
  reason: string | null,
): Promise<Act | null> {
  const { id, active } = subject.user;
  if (!active && linkedSources.length === 0) return null;
  const links = await tx.linksOf(id);
  return {
    event: { type: active ? 'deactivated' : 'link-ended', source: null },
    linkedSources: [],
    told: [
      ...(active ? [{ field: 'active', before: 'yes', after: 'no' }] : []),
      ...links.map((link) => ({ field: `link.${link.source}`, before: link.externalId, after: null })),
    ],
    write: async () => {
      if (active) await tx.setActive(id, false);
      for (const link of links) {
        await tx.endLink(id, link.source, 'undone');
        await tx.bar(link.accountId, id, 'wait', { operator, reason });
      }
    },
  };
}

async function createUsers(
  basis: CarryingOut,
  tx: ImportTx,
  running: RunningImport,
  rows: readonly PendingRow[],
  {
    policy,
    worldNow,
  }: {
    readonly policy: { readonly id: number; readonly content: Policy };
    readonly worldNow: () => Promise<PlanWorld>;
  },
): Promise<CarriedTogether> {
  const news = rows.filter(({ userId }) => userId === null);
  if (news.length === 0) return nothing;
  const { operator, may, reason } = running;
  const world = await worldNow();
  const subject = newSubject(policy.content, world);
  const ids = await tx.allocateUserIds(news.length);
  const planned = news.map((row, index) => {
    const plan = decide(row, subject, world);
    return { row, plan, userId: ids[index] ?? 0, words: plan.words, refusal: refusalOf(row, plan) };
  });
  const people = planned.filter(({ refusal }) => refusal === null);
  const made = await insertUsers(tx, basis, { operator, may, reason }, people, policy);
  const active = people.filter(({ plan, userId }) => plan.activation === 'activate' && isMade(made.became.get(userId)));
  const request = { operator, may, reason: reason ?? undefined, userIds: active.map(({ userId }) => userId) };
  const activated =
    active.length === 0
      ? { became: new Map<UserId, Became>(), woken: [] }
      : await actTogether(tx, basis.rules, request, activate);
  const done = planned.map(({ row, plan, userId, words, refusal }): CarriedOut => {
    const [one, act] = [made.became.get(userId), activated.became.get(userId)];
    // It is created and active, or not there at all.
    if (act !== undefined && 'refused' in act) throw act.refused;
    if (refusal !== null) return refused(row, refusal);
    if (one === undefined || 'refused' in one) return refused(row, one?.refused ?? null);
    const undo = { before: noWords, after: words, created: true, activation: plan.activation };
    return { result: resultOf(row, userId, true, undo), changes: plan.changes };
  });
  return { done, woken: [...made.woken, ...activated.woken] };
}

function isMade(became: Became | undefined): boolean {
  return became !== undefined && !('refused' in became);
}

function resultOf({ row }: PendingRow, userId: UserId, changed: boolean, undo: RowUndo | null): RowResult {
  const outcome = changed ? 'changed' : 'unchanged';
  return { row, userId, outcome, code: null, message: null, undo: changed ? undo : null };
}
