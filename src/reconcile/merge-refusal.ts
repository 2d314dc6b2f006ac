import type { SourceId } from '../domain/user.ts';
import type { Subject } from './decide.ts';

/** A current link of a user, as far as merging depends on it. */
export interface MergeLink {
  readonly accountId: number;
  readonly externalId: string;
  readonly source: SourceId;
  /** Of the source. */
  readonly kind: string;
  readonly as: 'acd' | 'directory';
  readonly retired: boolean;
}

/** One of two users who are the same person, with their current links. */
export interface MergeSide {
  readonly subject: Subject;
  readonly links: readonly MergeLink[];
}

/** Why two users are not merged, and what to do about it (spec 18.1). */
export interface MergeRefusal {
  readonly refused: MergeRefusalCode;
  readonly message: string;
}

export type MergeRefusalCode =
  | 'same-user'
  | 'user-merged'
  | 'primary-inactive'
  | 'both-inactive'
  | 'both-from-acd'
  | 'not-synchronised'
  | 'value-not-needed'
  | 'field-read-only';

/**
 * Allowed are two active users of whom at most one is synchronised from an ACD, and an active with a deactivated one, both
 * synchronised (spec 18.1). Null where the two may be merged.
 */
export function mergeRefusal(primary: MergeSide, other: MergeSide): MergeRefusal | null {
  const [stays, goes] = [primary.subject.user, other.subject.user];
  const [p, o] = [String(stays.id), String(goes.id)];
  const say = (refused: MergeRefusalCode, message: string): MergeRefusal => ({ refused, message });
  if (stays.id === goes.id) return say('same-user', `User ${p} cannot be merged with itself: name two users.`);
  for (const { id, mergedInto } of [stays, goes])
    if (mergedInto !== null)
      return say(
        'user-merged',
        `User ${String(id)} was merged into user ${String(mergedInto)} already: name that one instead.`,
      );
  if (!stays.active && !goes.active)
    return say('both-inactive', `Users ${p} and ${o} are both deactivated: activate the one who stays first.`);
  if (!stays.active)
    return say(
      'primary-inactive',
      `User ${p} is deactivated, and who stays has to be active: let user ${o} stay instead, or activate user ${p} first.`,
    );
  if (!goes.active) return inactiveRefusal(primary, other, say);
  const [ours, theirs] = [acdOf(primary), acdOf(other)];
  if (ours === undefined || theirs === undefined) return null;
  return say(
    'both-from-acd',
    `Users ${p} and ${o} are both active agents of an ACD (${named(ours)} and ${named(theirs)}). If they are one person, delete the agent that is no longer used, deactivate its user, and merge then.`,
  );
}

function inactiveRefusal(
  primary: MergeSide,
  other: MergeSide,
  say: (refused: MergeRefusalCode, message: string) => MergeRefusal,
): MergeRefusal | null {
  const alone = [primary, other].find(({ links }) => !links.some(isSynchronised));
  if (alone === undefined) return null;
  const { user } = other.subject;
  return say(
    'not-synchronised',
    `User ${String(user.id)} is deactivated, and user ${String(alone.subject.user.id)} is linked to no source: an active and a deactivated user are merged where both are synchronised. Activate user ${String(user.id)} first.`,
  );
}

function acdOf({ links }: MergeSide): MergeLink | undefined {
  return links.find((link) => link.as === 'acd' && isSynchronised(link));
}

/** A retired source synchronises nobody (spec 14.1). */
function isSynchronised({ retired }: MergeLink): boolean {
  return !retired;
}

function named({ source, externalId }: MergeLink): string {
  return `${source} ${externalId}`;
}
