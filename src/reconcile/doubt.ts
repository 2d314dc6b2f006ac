import { fold } from '../domain/fold.ts';
import type { SourceId } from '../domain/user.ts';
import type { Subject } from './decide.ts';
import { userKeys, type Matching } from './match-keys.ts';

/**
 * The keys under which a user is found only by what some linked accounts say. Where such an account may have gone to another
 * person, so may whoever matches by it: "no user was ever changed by another's data" (spec 8.3, 20.1). What people have said, and
 * what other accounts say as well, is sure. Pure.
 */
export function keysOnlyOf(
  sources: ReadonlySet<SourceId>,
  { subject, linkedSources }: { readonly subject: Subject; readonly linkedSources: readonly SourceId[] },
  rules: Matching,
): readonly string[] {
  const { user, words, policy } = subject;
  const linked = subject.snapshots.filter((slot) => linkedSources.includes(slot.source));
  const others = subject.snapshots.filter((slot) => !sources.has(slot.source));
  const without = fold({
    origin: user.origin,
    words,
    snapshots: others,
    policy,
    teamNames: new Map(),
    present: { teams: [], mainTeam: null },
  });
  const sure = userKeys(
    without.fields,
    linked.filter((slot) => others.includes(slot)),
    rules,
  );
  return userKeys(user.value.fields, linked, rules).filter((key) => !sure.includes(key));
}
