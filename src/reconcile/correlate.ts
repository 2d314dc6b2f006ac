import type { UserId } from '../domain/user.ts';

/** An unlinked account of the run's source, as correlation sees it. */
export interface UnlinkedAccount {
  readonly id: number;
  readonly externalId: string;
  /** One key per rule of the source, in order; see accountKeys. */
  readonly keys: readonly (string | null)[];
  readonly disabled: boolean;
  /** Users that this account must not be linked to (spec 7.2, 8.2). */
  readonly barred: readonly UserId[];
  /** Unlinked by a person: waits for a person (spec 7.2). */
  readonly unlinkedByPerson: boolean;
}

/** A user as a candidate for accounts of the run's source. */
export interface CandidateUser {
  readonly id: UserId;
  readonly active: boolean;
  /** Whether the sync of this user is on, for this source. */
  readonly syncOn: boolean;
  /** The account of the run's source that the user is linked to. */
  readonly linkedAccount: number | null;
  /** An account of this source was unlinked by a person, so the user takes none of it (spec 7.2). */
  readonly takesNone: boolean;
  readonly merged: boolean;
  /** Keys under which the user is found only by accounts that may belong to other people now (spec 8.3). */
  readonly inDoubt: readonly string[];
}

/** `id-in-doubt`: the account matches only by what another one says that may have gone to another person (spec 8.3). */
type WaitReason = 'sync-off' | 'disabled' | 'unlinked' | 'id-in-doubt';

type ItemKind = 'ambiguous-match' | 'already-linked' | 'inactive-match';

export type Verdict =
  | { readonly kind: 'link'; readonly userId: UserId; readonly rule: number }
  | { readonly kind: 'create' }
  | { readonly kind: 'unmatched' }
  | { readonly kind: 'wait'; readonly reason: WaitReason; readonly userId: UserId | null }
  | {
      readonly kind: 'question';
      readonly item: ItemKind;
      /** Every account and user of the question, sorted. */
      readonly accountIds: readonly number[];
      readonly userIds: readonly UserId[];
    };

export interface Neighbourhood {
  /** The accounts to decide on, and every other living, unlinked account of the source that shares a key or a user with them. */
  readonly accounts: readonly UnlinkedAccount[];
  readonly users: ReadonlyMap<UserId, CandidateUser>;
  /** Which users are found under each key. */
  readonly usersByKey: ReadonlyMap<string, readonly UserId[]>;
  readonly createsUsers: boolean;
  readonly fromDisabled: 'wait' | 'inactive';
}

interface Deciding {
  readonly account: UnlinkedAccount;
  /** Index of the first rule that names anybody; -1 when none does. */
  readonly rule: number;
  readonly candidates: readonly UserId[];
}

/** Finds for each account the user that it belongs to, or the question that only a person can answer (spec 4.2–4.6). Pure. */
export function correlate(near: Neighbourhood): ReadonlyMap<number, Verdict> {
  const living = near.accounts.filter(
    (account) => !account.unlinkedByPerson && (!account.disabled || near.fromDisabled === 'inactive'),
  );
  const deciding = new Map(living.map((account) => [account.id, decidingRule(account, near)]));
  const groups = groupAccounts([...deciding.values()]);
  return new Map(
    near.accounts.map((account) => [account.id, verdictOf(account, deciding.get(account.id), groups, near)]),
  );
}

/** The first rule with any candidate decides (spec 4.2). */
function decidingRule(account: UnlinkedAccount, near: Neighbourhood): Deciding {
  for (const [rule, key] of account.keys.entries()) {
    const candidates = (key === null ? [] : (near.usersByKey.get(key) ?? [])).filter((id) =>
      isCandidate(account, near.users.get(id)),
    );
    if (candidates.length > 0) return { account, rule, candidates: [...new Set(candidates)].sort((a, b) => a - b) };
  }
  return { account, rule: -1, candidates: [] };
}

function isCandidate(account: UnlinkedAccount, user: CandidateUser | undefined): user is CandidateUser {
  return user !== undefined && !user.merged && !user.takesNone && !account.barred.includes(user.id);
}

/**
 * Accounts that cannot be told apart: they name a user in common or, where neither names anybody, share a key.
 * A disabled account that names somebody waits by itself and makes nobody wait: only living ones compete (spec 4.2).
 */
function groupAccounts(deciding: readonly Deciding[]): ReadonlyMap<number, readonly Deciding[]> {
  const byTopic = new Map<string, Deciding[]>();
  for (const entry of deciding) {
    if (entry.account.disabled && entry.candidates.length > 0) continue;
    const topics =
      entry.candidates.length > 0
        ? entry.candidates.map((id) => `user ${String(id)}`)
        : entry.account.keys.filter((key) => key !== null);
    for (const topic of topics) byTopic.set(topic, [...(byTopic.get(topic) ?? []), entry]);
  }
  const groups = new Map<number, Deciding[]>();
  for (const members of byTopic.values()) {
    if (members.length < 2) continue;
    const joined = new Set(members.flatMap((member) => groups.get(member.account.id) ?? [member]));
    const group = [...joined];
    for (const member of group) groups.set(member.account.id, group);
  }
  return groups;
}

function verdictOf(
  account: UnlinkedAccount,
  deciding: Deciding | undefined,
  groups: ReadonlyMap<number, readonly Deciding[]>,
  near: Neighbourhood,
): Verdict {
  if (account.unlinkedByPerson) return { kind: 'wait', reason: 'unlinked', userId: account.barred[0] ?? null };
  if (deciding === undefined) return { kind: 'wait', reason: 'disabled', userId: null };
  const group = groups.get(account.id);
  if (group !== undefined && (deciding.candidates.length > 0 || near.createsUsers))
    return question('ambiguous-match', group);
  const [only, ...others] = deciding.candidates;
  if (only === undefined) return near.createsUsers ? { kind: 'create' } : { kind: 'unmatched' };
  if (account.disabled) return { kind: 'wait', reason: 'disabled', userId: only };
  if (others.length > 0) return question('ambiguous-match', [deciding]);
  const user = near.users.get(only);
  if (user?.syncOn !== true) return { kind: 'wait', reason: 'sync-off', userId: only };
  if (user.linkedAccount !== null) return question('already-linked', [deciding]);
  if (!user.active) return question('inactive-match', [deciding]);
  if (isInDoubt(account, deciding.rule, user)) return { kind: 'wait', reason: 'id-in-doubt', userId: only };
  return { kind: 'link', userId: only, rule: deciding.rule };
}

/** Whether the user is found under the account's key of this rule only by what may be another person's. */
export function isInDoubt(
  account: Pick<UnlinkedAccount, 'keys'>,
  rule: number,
  { inDoubt }: Pick<CandidateUser, 'inDoubt'>,
): boolean {
  return inDoubt.some((key) => key === account.keys[rule]);
}

function question(item: ItemKind, group: readonly Deciding[]): Verdict {
  const sorted = (ids: number[]): number[] => [...new Set(ids)].sort((a, b) => a - b);
  return {
    kind: 'question',
    item,
    accountIds: sorted(group.map((member) => member.account.id)),
    userIds: sorted(group.flatMap((member) => member.candidates)),
  };
}
