import { changesBetween, type Change } from '../domain/change.ts';
import { isUniqueField, type Field } from '../domain/fields.ts';
import type { Snapshot, SourceId } from '../domain/user.ts';
import { foldWith } from './decide.ts';
import type { ExplainInput, LinkedAccount } from './explain-input.ts';
import { project } from './project.ts';

type HoldCode =
  | 'sync-off'
  | 'inactive'
  | 'gone'
  | 'disabled'
  | 'ignored'
  | 'unlinked'
  | 'refusal'
  | 'review-item'
  | 'waiting'
  | 'silent'
  | 'run-held'
  | 'source-paused';

/** Something that keeps what the source says from the user. */
interface Hold {
  readonly code: HoldCode;
  readonly message: string;
  /** Null where it holds the whole account. */
  readonly part: string | null;
  readonly since: string | null;
  readonly until: string | null;
  readonly by: string | null;
  readonly reason: string | null;
  readonly itemId: number | null;
  readonly runId: number | null;
  /** What would change if this alone were lifted. */
  readonly changes: readonly Change[];
}

/** One account of a user: how it is linked, and what of it is not applied. */
export interface AccountExplanation {
  readonly source: SourceId;
  readonly externalId: string;
  readonly state: 'present' | 'disabled' | 'gone' | 'unlinked';
  readonly linkedSince: string | null;
  readonly unlinkedSince: string | null;
  readonly origin: string;
  readonly rule: string | null;
  /** What would change if every hold were lifted. */
  readonly pending: readonly Change[];
  readonly holds: readonly Hold[];
}

/** Explains one account of a user. Pure. */
export function explainAccount(input: ExplainInput, linked: LinkedAccount): AccountExplanation {
  const holds = [...accountHolds(input, linked), ...partHolds(linked)];
  return {
    source: linked.source,
    externalId: linked.account.externalId,
    state: stateOf(linked),
    linkedSince: linked.link.since,
    unlinkedSince: linked.link.until,
    origin: linked.link.origin,
    rule: linked.link.rule,
    pending: changesWithout(input, linked, holds, holds),
    holds: [
      ...holds.map((hold) => ({ ...hold, changes: changesWithout(input, linked, holds, liftedWith(hold, holds)) })),
      ...silences(input, linked),
    ],
  };
}

/** Switching on lifts a switch for every source and one for this source together (spec 6.3). */
function liftedWith(hold: BareHold, holds: readonly BareHold[]): readonly BareHold[] {
  return hold.code === 'sync-off' ? holds.filter(({ code }) => code === 'sync-off') : [hold];
}

function stateOf({ link, goneSince, account }: LinkedAccount): AccountExplanation['state'] {
  if (link.until !== null) return 'unlinked';
  if (goneSince !== null) return 'gone';
  return account.disabled ? 'disabled' : 'present';
}

/** What a hold says of itself; its effect is computed from all of them together. */
type BareHold = Omit<Hold, 'changes'>;
const bare = { part: null, since: null, until: null, by: null, reason: null, itemId: null, runId: null };

/** What holds the account as a whole. A paused source and a run that is due hold nothing by themselves: news comes later. */
function accountHolds(input: ExplainInput, linked: LinkedAccount): BareHold[] {
  const { user } = input.subject;
  const { account, link, source, pause } = linked;
  const holds: BareHold[] = [];
  if (link.until !== null)
    holds.push({
      ...bare,
      code: 'unlinked',
      message: 'the link has ended; its values stay',
      since: link.until,
      reason: link.endReason,
    });
  if (!user.active)
    holds.push({
      ...bare,
      code: 'inactive',
      message: 'an inactive user is frozen for the sync',
      since: input.deactivatedAt,
    });
  for (const { by, at, reason, until } of input.switchedOff.filter(
    (off) => off.source === null || off.source === source,
  ))
    holds.push({
      ...bare,
      code: 'sync-off',
      message: 'the sync of this user is switched off',
      since: at,
      until,
      by,
      reason,
    });
  if (account.absent)
    holds.push({
      ...bare,
      code: 'gone',
      message:
        linked.goneSince === null ? 'the account was missing in the last complete import' : 'the account is gone',
      since: linked.goneSince ?? linked.absentSince,
    });
  if (account.disabled)
    holds.push({ ...bare, code: 'disabled', message: 'the account is disabled', since: linked.disabledSince });
  if (account.ignored) holds.push({ ...bare, code: 'ignored', message: 'the account is ignored' });
  if (linked.heldRun !== null) holds.push(runHeld(source, linked.heldRun));
  else if (linked.due) holds.push({ ...bare, code: 'waiting', message: 'the next reconcile decides on it' });
  if (pause !== null)
    holds.push({
      ...bare,
      code: 'source-paused',
      message: `${source} is paused and not read`,
      since: pause.at,
      by: pause.by,
      reason: pause.reason,
    });
  return holds;
}

function runHeld(source: SourceId, { id, at }: NonNullable<LinkedAccount['heldRun']>): BareHold {
  const message = `run ${id} of ${source} is held until a person approves or discards it: rosterd run show ${id}`;
  return { ...bare, code: 'run-held', message, since: at, runId: id };
}

function partHolds(linked: LinkedAccount): BareHold[] {
  const refusals = linked.refusals.map(({ part, cause, by, at, reason }) => ({
    ...bare,
    ...{ code: 'refusal' as const, part, since: at, by, reason },
    message: `this value is refused (${cause}) until the source says another`,
  }));
  const questions = linked.questions
    .filter(({ kind }) => kind !== 'possible-duplicate')
    .map(({ id, kind, part, openedAt, about }) => ({
      ...bare,
      ...{ code: 'review-item' as const, part, since: openedAt, itemId: id },
      message: about === null ? `the question ${kind} is open` : `the team "${about}" waits for the question ${kind}`,
    }));
  return [...refusals, ...questions];
}

/** These keep nothing back from a person's own act on the user: the sync reads, or decides, later. */
const passing: readonly HoldCode[] = ['waiting', 'run-held', 'source-paused'];

/** What would change if `lifted` were not among `holds`. Empty while another one holds the account as a whole. */
function changesWithout(
  input: ExplainInput,
  linked: LinkedAccount,
  holds: readonly BareHold[],
  lifted: readonly BareHold[],
): readonly Change[] {
  const rest = holds.filter((hold) => !lifted.includes(hold));
  if (linked.rules === null || rest.some((hold) => hold.part === null && !passing.includes(hold.code))) return [];
  const stands = (code: HoldCode, part: string): boolean =>
    rest.some((hold) => hold.code === code && hold.part === part);
  const { subject, teamNames } = input;
  const { snapshot } = project({
    content: linked.account.content,
    prior: subject.snapshots.find((each) => each.source === linked.source),
    rules: linked.rules,
    origin: subject.user.origin,
    bindings: linked.bindings,
    refusals: new Map([...linked.account.refusals].filter(([part]) => stands('refusal', part))),
    lost: new Set(rest.flatMap(({ part }) => (part !== null && isUniqueField(part) ? [part] : []))),
    now: input.now,
  });
  return changesBetween(subject.user.value, foldWith(subject, snapshot, teamNames), teamNames);
}

/** Fields that the source says are empty now while their applied value stands (spec 5.2). */
function silences(input: ExplainInput, linked: LinkedAccount): Hold[] {
  const slot = input.subject.snapshots.find((each) => each.source === linked.source);
  if (slot === undefined) return [];
  const { user } = input.subject;
  return (Object.entries(slot.silentSince) as [Field, string][]).map(([field, since]) => {
    const after = foldWith(input.subject, without(slot, field), input.teamNames);
    return {
      ...bare,
      ...{ code: 'silent' as const, part: field, since },
      message: `${linked.source} says nothing for ${field} any more; its last value stands`,
      changes: changesBetween(user.value, after, input.teamNames),
    };
  });
}

function without(slot: Snapshot, field: Field): Snapshot {
  return { ...slot, values: Object.fromEntries(Object.entries(slot.values).filter(([name]) => name !== field)) };
}
