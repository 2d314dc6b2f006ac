import { actOnUser, type UserActed, type UserActionBasis, type UserRequest } from './user-action.ts';
import { withValue } from './words.ts';

export type Unlock = (request: UserRequest) => Promise<UserActed>;

/** Clears `blocked` (spec 12.3, 16): where a source says it, as an override. Does nothing to a user who is not blocked. */
export function createUnlock(basis: UserActionBasis): Unlock {
  return (request) =>
    actOnUser(basis, request, ({ subject: { user, words, snapshots } }) => {
      if (user.value.fields.blocked !== 'yes') return null;
      const supplied = snapshots.some((slot) => slot.values.blocked !== undefined);
      return {
        event: { type: 'user-changed', source: null },
        words: supplied
          ? withValue(words, 'overrides', 'blocked', 'no')
          : withValue(withValue(words, 'overrides', 'blocked', null), 'localValues', 'blocked', 'no'),
      };
    });
}
