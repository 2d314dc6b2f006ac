import { changesBetween, endedSupervision, type Change } from '../domain/change.ts';
import type { TeamNames } from '../domain/fold.ts';
import { mayMove } from '../domain/user.ts';
import { decideValues, type ObservedAccount, type Subject, type World } from './decide.ts';

/**
 * What switching a user's sync on would change, field by field (spec 6.5): the values of the linked accounts that the switch
 * holds back, as far as nothing else does. Pure.
 */
export function changesWhenOn(
  subject: Subject,
  accounts: readonly { readonly account: ObservedAccount; readonly world: World }[],
  teamNames: TeamNames,
): readonly Change[] {
  const { user } = subject;
  let on: Subject = { ...subject, user: { ...user, syncEnabled: true, syncOffSources: [] } };
  for (const { account, world } of accounts) {
    if (mayMove({ ...user, active: true }, world.rules.id)) continue;
    const { snapshot, words, after, heldBack } = decideValues(on, account, world);
    if (heldBack !== null || (snapshot === null && words === null)) continue;
    const others = on.snapshots.filter((slot) => slot.source !== snapshot?.source);
    on = {
      ...on,
      user: { ...on.user, value: after },
      words: words ?? on.words,
      snapshots: snapshot === null ? others : [...others, snapshot],
    };
  }
  return [
    ...changesBetween(user.value, on.user.value, teamNames),
    ...endedSupervision(subject.words, on.words, teamNames),
  ];
}
