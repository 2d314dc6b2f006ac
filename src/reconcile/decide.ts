import type { AccountContent } from '../domain/account.ts';
import {
  changesBetween,
  classesOf,
  endedSupervision,
  sameValue,
  type Change,
  type GuardClass,
} from '../domain/change.ts';
import type { Field, UniqueField } from '../domain/fields.ts';
import { fold, type TeamNames } from '../domain/fold.ts';
import {
  mayMove,
  voiceOf,
  withVoice,
  type FieldValues,
  type Policy,
  type Snapshot,
  type UserState,
  type UserValue,
  type Voice,
  type Words,
} from '../domain/user.ts';
import { project, type Projection, type TeamBindings } from './project.ts';
import { suspectsReuse, type Names } from './re-use.ts';
import type { SourceRules } from './rules.ts';

/** A user with everything that their value depends on. */
export interface Subject {
  readonly user: UserState;
  readonly words: Words;
  /** All slots, of current and ended links. */
  readonly snapshots: readonly Snapshot[];
  /** The policy last applied to this user. */
  readonly policy: Policy;
}

/** The names that an account had when it was last linked or applied (spec 8.3). */
export interface NamesSeen extends Names {
  /** Names that are the same person's, as a person has said. */
  readonly alike?: readonly Names[];
  /** The account was gone since. */
  readonly wasGone?: boolean;
}

/** What is known of a linked account from before. */
export interface KnownBefore {
  readonly namesSeen: NamesSeen;
  /** The name mapping by which those were read, and that of the source's last complete import. */
  readonly seenBy: string | null;
  readonly readBy: string | null;
  /** A question is open already. */
  readonly suspected: boolean;
}

/** The run's own account of a subject, as it was observed. Another source's account cannot be passed: it has no place here. */
export interface ObservedAccount {
  readonly id: number;
  readonly externalId: string;
  readonly content: AccountContent;
  readonly disabled: boolean;
  /** Not seen in a complete import, or gone by a tombstone. */
  readonly absent: boolean;
  /** A run has decided that it is gone (spec 13.1). */
  readonly gone?: boolean;
  readonly ignored: boolean;
  readonly refusals: ReadonlyMap<string, string>;
  /** Missing where nothing was applied of it. */
  readonly before?: KnownBefore | undefined;
}

/** Why nothing of a linked account may be applied now (spec 5.3). */
export type HoldReason = 'possible-id-reuse' | 'sync-off' | 'inactive' | 'gone' | 'disabled' | 'ignored';

/** What the world of a run looks like to every decision of it. */
export interface World {
  readonly rules: SourceRules;
  readonly teamNames: TeamNames;
  readonly bindings: TeamBindings;
  readonly now: string;
}

export interface ValueDecision {
  /** The slot of the run's source afterwards; null when it does not move. */
  readonly snapshot: Snapshot | null;
  /** The slot's voice afterwards, where nothing of the account is applied and its voice alone moves (spec 5.8). */
  readonly voice: Voice | null;
  readonly after: UserValue;
  /** What people say afterwards, where the source ends their words about supervision (spec 11.4); else null. */
  readonly words: Words | null;
  /** What people see change; empty when nothing does. */
  readonly changes: readonly Change[];
  readonly classes: readonly GuardClass[];
  /** Whether anything that is stored of the user differs. */
  readonly moved: boolean;
  /** What holds the whole account back, with what would change if it were lifted. */
  readonly heldBack: { readonly reason: HoldReason; readonly changes: readonly Change[] } | null;
  readonly projection: Projection;
  /** Why the account may belong to another person now (spec 8.3); null where nothing speaks for it. */
  readonly suspicion: Suspicion | null;
}

/** What a person has to judge: whether both names are one person's. */
interface Suspicion {
  readonly before: Names;
  readonly now: Names;
  readonly wasGone: boolean;
}

/** What becomes of a linked user when the account of the run's source is applied (spec section 5). Pure. */
export function decideValues(
  subject: Subject,
  account: ObservedAccount,
  world: World,
  lost: ReadonlySet<UniqueField> = new Set(),
): ValueDecision {
  const { user } = subject;
  const source = world.rules.id;
  const prior = subject.snapshots.find((snapshot) => snapshot.source === source);
  const projection = project({
    content: account.content,
    prior,
    rules: world.rules,
    origin: user.origin,
    bindings: world.bindings,
    refusals: account.refusals,
    lost,
    now: world.now,
  });
  const words = wordsAfter(subject.words, account, projection, world.rules);
  const after = foldWith({ ...subject, words }, projection.snapshot, world.teamNames);
  const changes = [
    ...changesBetween(user.value, after, world.teamNames),
    ...endedSupervision(subject.words, words, world.teamNames),
  ];
  const suspicion = suspicionOf(account, world.rules.reusableIds);
  const reason = holdReason(user, account, source, suspicion);
  if (reason !== null)
    return {
      ...voiceAlone(subject, account, world, prior, lost),
      heldBack: { reason, changes },
      projection,
      suspicion,
    };
  return {
    snapshot: sameSnapshot(prior, projection.snapshot) ? null : projection.snapshot,
    voice: null,
    after,
    words: words === subject.words ? null : words,
    changes,
    classes: classesOf(changes),
    moved: changes.length > 0 || !sameValue(user.value, after),
    heldBack: null,
    projection,
    suspicion,
  };
}

/**
 * Supervision that a source owns is what it says, and no word about it outlives that (spec 11.4). It says so where it was asked
 * of supervision and answered, and nobody has refused what it says.
 */
function wordsAfter(words: Words, { content }: ObservedAccount, { refused }: Projection, rules: SourceRules): Words {
  if (!rules.ownsSupervision || content.supervises === undefined || refused.includes('supervises')) return words;
  if (words.supervisesGiven.length + words.supervisesTaken.length === 0) return words;
  return { ...words, supervisesGiven: [], supervisesTaken: [] };
}

/** Of an account that is held back nothing moves but the voice of its slot: one that is gone gives way to a living ACD. */
function voiceAlone(
  subject: Subject,
  account: ObservedAccount,
  world: World,
  prior: Snapshot | undefined,
  lost: ReadonlySet<UniqueField>,
): Pick<ValueDecision, 'snapshot' | 'voice' | 'after' | 'words' | 'changes' | 'classes' | 'moved'> {
  // What it would lose to somebody else waits with its voice, as a value waits (spec 4.7).
  const voice = prior === undefined || lost.size > 0 ? null : movedVoice(subject.user, account, prior);
  const still = { snapshot: null, voice: null, words: null };
  if (prior === undefined || voice === null)
    return { ...still, after: subject.user.value, changes: [], classes: [], moved: false };
  const after = foldWith(subject, withVoice(prior, voice), world.teamNames);
  const changes = changesBetween(subject.user.value, after, world.teamNames);
  const moved = changes.length > 0 || !sameValue(subject.user.value, after);
  return { ...still, voice, after, changes, classes: classesOf(changes), moved };
}

/** Null where the voice stays. That an account is gone counts once a run has decided so, and nobody has refused it (spec 13.1). */
function movedVoice(user: UserState, account: ObservedAccount, prior: Snapshot): Voice | null {
  if (!mayMove(user, prior.source)) return null;
  const is = account.gone === true && !account.refusals.has('gone') ? 'ended' : account.disabled ? 'disabled' : null;
  return is === null || is === voiceOf(prior) ? null : is;
}

/** The user's value with one slot replaced. */
export function foldWith(subject: Subject, slot: Snapshot, teamNames: TeamNames): UserValue {
  return fold({
    origin: subject.user.origin,
    words: subject.words,
    snapshots: [...subject.snapshots.filter((snapshot) => snapshot.source !== slot.source), slot],
    policy: subject.policy,
    teamNames,
    present: subject.user.value,
  });
}

/** The names that an account has now. What it says nothing of stays what it was. */
export function namesOf({ content, before }: Pick<ObservedAccount, 'content' | 'before'>): Names {
  const { firstName, lastName, displayName } = content.values;
  const known = before?.namesSeen;
  return {
    firstName: firstName ?? known?.firstName ?? null,
    lastName: lastName ?? known?.lastName ?? null,
    displayName: displayName ?? known?.displayName ?? null,
  };
}

/**
 * Why a linked account may belong to another person now, by its names alone (spec 8.3). Names that another mapping reads are no
 * evidence; a question that is open stays until the old names are back.
 */
export function suspicionOf(
  account: Pick<ObservedAccount, 'content' | 'ignored' | 'before'>,
  reusableIds: SourceRules['reusableIds'],
): Suspicion | null {
  const { before, ignored } = account;
  if (reusableIds === null || before === undefined || ignored) return null;
  const comparable = before.seenBy === before.readBy && before.readBy === reusableIds.nameMapping;
  if (!comparable && !before.suspected) return null;
  const { alike = [], wasGone = false, ...seen } = before.namesSeen;
  const { firstName = null, lastName = null, displayName = null } = account.content.values;
  const now = { firstName, lastName, displayName };
  const another = [seen, ...alike].every((namesSeen) => suspectsReuse({ namesSeen, namesNow: now, wasGone }));
  return another ? { before: seen, now, wasGone } : null;
}

function holdReason(
  user: UserState,
  account: ObservedAccount,
  source: string,
  suspicion: Suspicion | null,
): HoldReason | null {
  if (suspicion !== null) return 'possible-id-reuse';
  if (!user.active) return 'inactive';
  if (!mayMove(user, source)) return 'sync-off';
  if (account.absent) return 'gone';
  if (account.disabled) return 'disabled';
  return account.ignored ? 'ignored' : null;
}

function sameSnapshot(a: Snapshot | undefined, b: Snapshot): boolean {
  return (
    a !== undefined &&
    sameValues(a.values, b.values) &&
    sameValues(a.silentSince, b.silentSince) &&
    sameList(a.roles, b.roles) &&
    sameList(a.teams, b.teams) &&
    sameList(a.supervises, b.supervises) &&
    voiceOf(a) === voiceOf(b)
  );
}

function sameValues(a: FieldValues, b: FieldValues): boolean {
  const fields = Object.keys(a) as Field[];
  return fields.length === Object.keys(b).length && fields.every((field) => a[field] === b[field]);
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
