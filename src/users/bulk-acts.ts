import type { UserId } from '../domain/user.ts';
import { activate, askAboutAll, deactivate, type AskSource } from './activation.ts';
import { actTogether, type Became } from './act-together.ts';
import { knownField, withdrawField } from './edit-fields.ts';
import type { BulkActs, BulkRequest, BulkResult } from './bulk.ts';
import { membershipActs } from './memberships.ts';
import { switchAct } from './sync-switch.ts';
import { unlockAct } from './unlock.ts';
import type { Act, ActingUser, UserActionBasis } from './user-action.ts';

/** Does what a bulk action says to a batch of users, wholly or not at all to each, in one transaction (spec 16). */
export function createBulkActs(
  basis: UserActionBasis,
  askSource: AskSource,
): (request: BulkRequest, userIds: readonly UserId[]) => Promise<BulkActs> {
  return async (request, userIds) => {
    const decide = await deciderOf(basis, askSource, request, userIds);
    const { operator, may, reason } = request;
    const asked = { userIds, operator, may, reason: reason ?? undefined };
    const { became, woken } = await basis.store.transaction(operator, 'keep', (tx) =>
      actTogether(tx, basis.rules, asked, decide),
    );
    return { results: userIds.map((userId) => resultOf(userId, became.get(userId))), woken };
  };
}

function resultOf(userId: UserId, became: Became | undefined): BulkResult {
  if (became === undefined) throw new Error(`nothing became of the act on user ${String(userId)}`);
  if ('refused' in became)
    return { userId, outcome: 'refused', code: became.refused.code, message: became.refused.message };
  return { userId, outcome: became.changed ? 'changed' : 'unchanged', code: null, message: null };
}

type Decide = (user: ActingUser) => Promise<Act | null> | Act | null;

async function deciderOf(
  basis: UserActionBasis,
  askSource: AskSource,
  { action, value, insist, operator, reason, until }: BulkRequest,
  userIds: readonly UserId[],
): Promise<Decide> {
  const acts = membershipActs(basis.rules);
  const name = value ?? '';
  switch (action) {
    case 'enable':
      return activate;
    case 'disable': {
      // Before the transaction: answers take time, and locks must not.
      const asked = await askAboutAll(basis, askSource, { operator, userIds });
      return (user) => deactivate(user, { insist }, asked);
    }
    case 'enable-sync':
      return (user) => switchAct(user, { operator, enabled: true });
    case 'disable-sync':
      return (user) =>
        switchAct(user, { operator, enabled: false, until: until ?? undefined, reason: reason ?? undefined });
    case 'assign-team':
      return (user) => acts.team(user, { team: name, word: 'give' });
    case 'unassign-team':
      return (user) => acts.team(user, { team: name, word: 'unassign' });
    case 'assign-supervisor':
      return (user) => acts.supervision(user, { team: name, word: 'give' });
    case 'unassign-supervisor':
      return (user) => acts.supervision(user, { team: name, word: 'unassign' });
    case 'assign-role':
      return (user) => acts.role(user, { role: name, word: 'give' });
    case 'unassign-role':
      return (user) => acts.role(user, { role: name, word: 'unassign' });
    case 'withdraw-team':
      return (user) => acts.team(user, { team: name, word: 'withdraw' });
    case 'withdraw-supervisor':
      return (user) => acts.supervision(user, { team: name, word: 'withdraw' });
    case 'withdraw-role':
      return (user) => acts.role(user, { role: name, word: 'withdraw' });
    case 'withdraw-main-team':
      return (user) => acts.mainTeam(user, { team: null });
    case 'withdraw-field': {
      const field = knownField(name);
      return (user) => withdrawField(user, field);
    }
    case 'set-main-team':
      return (user) => acts.mainTeam(user, { team: name });
    case 'unlock':
      return (user) => unlockAct(user, { operator, reason });
  }
}
