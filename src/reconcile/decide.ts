import type { AccountContent } from '../domain/account.ts';
import { changesBetween, classesOf, sameValue, type Change, type GuardClass } from '../domain/change.ts';
import type { UniqueField } from '../domain/fields.ts';
import { fold, type TeamNames } from '../domain/fold.ts';
import { mayMove, type Policy, type Snapshot, type UserState, type UserValue, type Words } from '../domain/user.ts';
import { project, type Projection, type TeamBindings } from './project.ts';
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

/** The run's own account of a subject, as it was observed. Another source's account cannot be passed: it has no place here. */
export interface ObservedAccount {
  readonly id: number;
  readonly externalId: string;
  readonly content: AccountContent;
  readonly disabled: boolean;
  /** Not seen in a complete import, or gone by a tombstone. */
  readonly absent: boolean;
  readonly ignored: boolean;
  readonly refusals: ReadonlyMap<string, string>;
}

/** Why nothing of a linked account may be applied now (spec 5.3). */
export type HoldReason = 'sync-off' | 'inactive' | 'gone' | 'disabled' | 'ignored';

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
  readonly after: UserValue;
  /** What people see change; empty when nothing does. */
  readonly changes: readonly Change[];
  readonly classes: readonly GuardClass[];
  /** Whether anything that is stored of the user differs. */
  readonly moved: boolean;
  /** What holds the whole account back, with what would change if it were lifted. */
  readonly heldBack: { readonly reason: HoldReason; readonly changes: readonly Change[] } | null;
  readonly projection: Projection;
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
  const after = foldWith(subject, projection.snapshot, world.teamNames);
  const changes = changesBetween(user.value, after, world.teamNames);
  const reason = holdReason(user, account, source);
  if (reason !== null)
    return {
      snapshot: null,
      after: user.value,
      changes: [],
      classes: [],
      moved: false,
      heldBack: { reason, changes },
      projection,
    };
  return {
    snapshot: sameSnapshot(prior, projection.snapshot) ? null : projection.snapshot,
    after,
    changes,
    classes: classesOf(changes),
    moved: !sameValue(user.value, after),
    heldBack: null,
    projection,
  };
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

function holdReason(user: UserState, account: ObservedAccount, source: string): HoldReason | null {
  if (!user.active) return 'inactive';
  if (!mayMove(user, source)) return 'sync-off';
  if (account.absent) return 'gone';
  if (account.disabled) return 'disabled';
  return account.ignored ? 'ignored' : null;
}

function sameSnapshot(a: Snapshot | undefined, b: Snapshot): boolean {
  return a !== undefined && JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

function canonical(snapshot: Snapshot): unknown {
  const sorted = (values: object): unknown[] => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return [sorted(snapshot.values), sorted(snapshot.silentSince), snapshot.roles, snapshot.teams, snapshot.supervises];
}
