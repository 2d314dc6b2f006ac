import { digestOf } from '../digest.ts';
import { noWords, type Policy, type SourceId, type UserId } from '../domain/user.ts';
import { activate, askAbout, deactivate, type AskSource } from '../users/activation.ts';
import { insertUser } from '../users/create-user.ts';
import type { ShownChange } from '../users/events.ts';
import type { ActionRules } from '../users/ports.ts';
import { actWithin, type Act, type ActingUser } from '../users/user-action.ts';
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

/** A row that is not carried out; the sentence says why. */
export class RowRefusedError extends Error {
  override readonly name = 'RowRefusedError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a row did. */
export interface CarriedOut {
  readonly result: RowResult;
  readonly woken: readonly SourceId[];
  readonly changes: readonly ShownChange[];
}

/** Of what a plan changes, for telling whether it would come out as it was shown; null where it changes nothing. */
export function planDigest({ changes, activation }: RowPlan): string | null {
  return changes.length === 0 && activation === null
    ? null
    : digestOf([activation, changes.map(({ field, before, after }) => [field, before, after])]);
}

/**
 * Carries out one row in one transaction with its result, wholly or not at all: it is decided anew under lock, and left where
 * it would come out differently from what was shown (spec 13.5). `preview`: nothing of it is kept.
 *
 * @throws RowRefusedError, ActionRefusedError, PermissionMissingError
 */
export async function carryOutRow(
  basis: CarryingOut,
  running: RunningImport,
  row: PendingRow,
  end: 'keep' | 'drop' = 'keep',
): Promise<CarriedOut> {
  const { operator, may } = running;
  const reason = running.reason ?? undefined;
  // An answer of a source may take seconds, and a lock must not.
  const asks = row.classes.includes('deactivated') && row.userId !== null && row.undo?.created !== true;
  const asked = asks
    ? await askAbout({ ...basis, requestReconcile: () => Promise.resolve() }, basis.askSource, {
        operator,
        may,
        userId: row.userId,
      })
    : new Map<string, never>();
  const policy = row.userId === null ? await basis.policyInForce() : null;
  return basis.store.transaction(operator, end, async (tx) => {
    if (policy !== null) return create(basis, tx, running, row, policy);
    const userId = row.userId ?? 0;
    let undo: RowUndo | null = null;
    const acted = await actWithin(tx, basis.rules, { userId, operator, may, reason }, async (user) => {
      const plan = await decideAnew(basis, tx, running, row, user);
      undo = undoOf(row, user, plan);
      return actOf(user, running, row, plan, asked);
    });
    const result = resultOf(row, userId, acted.changed, undo);
    await tx.saveResult(running.id, result);
    return { result, ...acted };
  });
}

async function decideAnew(
  { rules }: CarryingOut,
  tx: ImportTx,
  running: RunningImport,
  row: PendingRow,
  user: ActingUser,
): Promise<RowPlan> {
  const world = await worldOf(tx, running, running.missing, rules.roleCatalogue);
  const { id } = user.subject.user;
  const subject = rowSubject(user, await tx.datesOf([id]));
  return asShown(row, decide(row, subject, world));
}

/** A row of a file, or one that takes another one back. */
export function decide(row: Pick<PendingRow, 'said' | 'undo'>, subject: RowSubject, world: PlanWorld): RowPlan {
  if (row.undo !== null) return planUndo(row.undo, subject, world);
  if (row.said === null) throw new Error('a row says nothing and takes nothing back');
  return planRow(row.said, subject, world);
}

function asShown({ digest }: PendingRow, plan: RowPlan): RowPlan {
  const [error] = plan.errors;
  if (error !== undefined) throw new RowRefusedError(error.code, error.message);
  if (planDigest(plan) === digest) return plan;
  throw new RowRefusedError(
    'changed-since',
    'The user has changed since this was shown, so that the row would do something else: import it again.',
  );
}

function undoOf({ undo }: PendingRow, { subject }: ActingUser, plan: RowPlan): RowUndo | null {
  // What a creation was taken back by is not taken back itself: its links are gone.
  if (undo?.created === true) return null;
  return { before: subject.words, after: plan.words, created: false, activation: plan.activation };
}

async function actOf(
  user: ActingUser,
  { operator, reason }: RunningImport,
  { undo }: PendingRow,
  { words, activation, changes }: RowPlan,
  asked: Awaited<ReturnType<typeof askAbout>>,
): Promise<Act | null> {
  if (undo?.created === true) return endCreated(user, operator, reason);
  if (changes.length === 0 && activation === null) return null;
  const act =
    activation === 'activate' ? activate(user) : activation === 'deactivate' ? await deactivate(user, {}, asked) : null;
  return { ...(act ?? { event: { type: 'user-changed', source: null } }), words };
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

async function create(
  basis: CarryingOut,
  tx: ImportTx,
  running: RunningImport,
  row: PendingRow,
  policy: { readonly id: number; readonly content: Policy },
): Promise<CarriedOut> {
  const { operator, may, reason } = running;
  const world = await worldOf(tx, running, running.missing, basis.rules.roleCatalogue);
  const plan = asShown(row, decide(row, newSubject(policy.content, world), world));
  const made = await insertUser(tx, basis, { operator, may, reason }, plan.words, policy);
  const { userId } = made;
  const activated =
    plan.activation === 'activate'
      ? await actWithin(tx, basis.rules, { userId, operator, may, reason: reason ?? undefined }, activate)
      : null;
  const undo = { before: noWords, after: plan.words, created: true, activation: plan.activation };
  const result = resultOf(row, userId, true, undo);
  await tx.saveResult(running.id, result);
  return { result, woken: [...made.woken, ...(activated?.woken ?? [])], changes: plan.changes };
}

function resultOf({ row }: PendingRow, userId: UserId, changed: boolean, undo: RowUndo | null): RowResult {
  const outcome = changed ? 'changed' : 'unchanged';
  return { row, userId, outcome, code: null, message: null, undo: changed ? undo : null };
}
