import type { UniqueField } from '../domain/fields.ts';
import { agentRole, emptyValue, noWords, type Snapshot, type UserId } from '../domain/user.ts';
import { decideValues, type Subject, type ValueDecision } from '../reconcile/decide.ts';
import type { Pass } from './pass.ts';
import type { UnlinkedRow } from './ports.ts';

/** What becomes of a user by a link that correlation has found; nothing holds back what it let through. */
export function decideNewLink(
  { account, subject }: { readonly account: UnlinkedRow; readonly subject: Subject },
  pass: Pass,
  lost?: ReadonlySet<UniqueField>,
): ValueDecision {
  const living = { ...account, disabled: false, refusals: new Map<string, string>() };
  return decideValues(subject, living, pass.world, lost);
}

/** A user who is about to be created, as the fold sees them (spec 4.6). A disabled account creates an inactive one. */
export function newSubject(id: UserId, pass: Pass): Subject {
  const slot: Snapshot = {
    source: pass.rules.id,
    values: {},
    silentSince: {},
    roles: [agentRole],
    teams: [],
    supervises: [],
  };
  return {
    user: {
      id,
      origin: pass.rules.id,
      active: true,
      syncEnabled: true,
      syncOffSources: [],
      mergedInto: null,
      value: emptyValue,
    },
    words: noWords,
    snapshots: [slot],
    policy: pass.policy.content,
  };
}
