import { without } from './edit-fields.ts';
import type { Said } from './ports.ts';
import {
  actOnUser,
  type Act,
  type ActingUser,
  type UserActed,
  type UserActionBasis,
  type UserRequest,
} from './user-action.ts';
import { withValue } from './words.ts';

export type Unlock = (request: UserRequest) => Promise<UserActed>;

/**
 * Clears `blocked`, whoever said it (spec 12.3, 16): a source's word is refused until that source says another one, so that its
 * next lock-out counts again. Does nothing to a user who is not blocked.
 */
export function createUnlock(basis: UserActionBasis): Unlock {
  return (request) =>
    actOnUser(basis, request, (user) =>
      unlockAct(user, { operator: request.operator, reason: request.reason ?? null }),
    );
}

/** What it comes to for one user. */
export function unlockAct({ tx, subject: { user, words, snapshots } }: ActingUser, by: Said): Act | null {
  if (user.value.fields.blocked !== 'true') return null;
  const saying = snapshots.filter((slot) => slot.values.blocked !== undefined).map((slot) => slot.source);
  return {
    event: { type: 'user-changed', source: null },
    words: withValue(withValue(words, 'overrides', 'blocked', null), 'localValues', 'blocked', null),
    snapshots: snapshots.map((slot) => without(slot, 'blocked')),
    write: async () => {
      for (const source of saying) await tx.dropSlotValue(user.id, source, 'blocked');
      for (const link of await tx.linksOf(user.id))
        if (saying.includes(link.source)) await tx.refusePart(link.accountId, 'blocked', 'unlocked', by);
    },
  };
}
