import type { SourceId } from '../domain/user.ts';
import type { Act, ActingUser, UserActed, UserRequest } from './act.ts';
import { actTogether } from './act-together.ts';
import type { RequestReconcile } from './events.ts';
import type { ActionRules, UserStore, UserTx } from './ports.ts';

export type { Act, ActingUser, UserActed, UserRequest } from './act.ts';

/** What acts on users stand on. */
export interface UserActionBasis {
  readonly store: UserStore;
  readonly rules: ActionRules;
  readonly requestReconcile: RequestReconcile;
}

/**
 * Does what a person asks for to one user, wholly or not at all: locks the user, lets `decide` say what it comes to (null:
 * nothing), folds the user anew and writes words, value, unique names, match keys and one event; then has everything
 * reconciled that bears on the user.
 *
 * @throws ActionRefusedError
 */
export async function actOnUser(
  basis: UserActionBasis,
  request: UserRequest,
  decide: (user: ActingUser) => Promise<Act | null> | Act | null,
): Promise<UserActed> {
  const end = request.preview === true ? 'drop' : 'keep';
  const { woken, ...acted } = await basis.store.transaction(request.operator, end, (tx) =>
    actWithin(tx, basis.rules, request, decide),
  );
  if (woken.length > 0 && end === 'keep') await basis.requestReconcile(woken);
  return acted;
}

/** As {@link actOnUser}, within a transaction that does more: `woken` are the sources to reconcile after it. */
export async function actWithin(
  tx: UserTx,
  rules: ActionRules,
  request: UserRequest,
  decide: (user: ActingUser) => Promise<Act | null> | Act | null,
): Promise<UserActed & { readonly woken: readonly SourceId[] }> {
  const { userId, operator, may, reason, expectedVersion } = request;
  const asked = { userIds: [userId], operator, may, reason, expectedVersion };
  const { became, woken } = await actTogether(tx, rules, asked, decide);
  const acted = became.get(userId);
  if (acted === undefined) throw new Error(`nothing became of the act on user ${String(userId)}`);
  if ('refused' in acted) throw acted.refused;
  return { ...acted, woken };
}
