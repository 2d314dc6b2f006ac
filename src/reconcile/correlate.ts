import type { UserId } from '../domain/user.ts';
import { nothingInCommon, type Names } from './re-use.ts';
import { unite, type Related } from './relations.ts';

/** An unlinked account of the run's source, as correlation sees it. */
export interface UnlinkedAccount {
  readonly id: number;
  readonly externalId: string;
  /** One key per rule of the source, in order; see accountKeys. Null where it identifies nobody (spec 4.11). */
  readonly keys: readonly (string | null)[];
  readonly names: Pick<Names, 'firstName' | 'lastName'>;
  readonly disabled: boolean;
  /** Users that this account must not be linked to (spec 7.2, 8.2). */
  readonly barred: readonly UserId[];
  /** Unlinked by a person: waits for a person (spec 7.2). */
  readonly unlinkedByPerson: boolean;
  /** Users who are the same person, as a person has said: no contradiction counts (spec 4.12). */
  readonly sameAs: readonly UserId[];
  /** A person has said that it is none of the accounts that it matches (spec 4.10). */
  readonly ofItsOwn: boolean;
}

/** A user as a candidate for accounts of the run's source. */
export interface CandidateUser {
  readonly id: UserId;
  readonly active: boolean;
  /** Whether the sync of this user is on, for this source. */
  readonly syncOn: boolean;
  /** The account of the run's source that the user is linked to. */
  readonly linkedAccount: number | null;
  /** The keys of that account; none where there is no such account. */
  readonly linkedKeys: readonly (string | null)[];
  readonly names: Pick<Names, 'firstName' | 'lastName'>;
  /** The names of the rules by which the user can be found. */
  readonly foundBy: readonly string[];
  /** An account of this source was unlinked by a person, so the user takes none of it (spec 7.2). */
  readonly takesNone: boolean;
  readonly merged: boolean;
  /** Keys under which the user is found only by accounts that may belong to other people now (spec 8.3). */
  readonly inDoubt: readonly string[];
}

/** `id-in-doubt`: the account matches only by what another one says that may have gone to another person (spec 8.3). */
type WaitReason = 'sync-off' | 'disabled' | 'unlinked' | 'id-in-doubt';

type ItemKind = 'ambiguous-match' | 'already-linked' | 'inactive-match' | 'contradicted-match';

export type Verdict =
  | { readonly kind: 'link'; readonly userId: UserId; readonly rule: number }
  | { readonly kind: 'create' }
  | { readonly kind: 'unmatched' }
  | { readonly kind: 'wait'; readonly reason: WaitReason; readonly userId: UserId | null }
  | Asking;

interface Asking {
  readonly kind: 'question';
  readonly item: ItemKind;
  /** Every account and user of the question, sorted. */
  readonly accountIds: readonly number[];
  readonly userIds: readonly UserId[];
}

export interface Neighbourhood {
  /** The accounts to decide on, and every other living, unlinked account of the source that shares a key or a user with them. */
  readonly accounts: readonly UnlinkedAccount[];
  readonly users: ReadonlyMap<UserId, CandidateUser>;
  /** Which users are found under each key. */
  readonly usersByKey: ReadonlyMap<string, readonly UserId[]>;
  /** The names of the source's rules, in order. */
  readonly ruleNames: readonly string[];
  /** Those whose match links although it is contradicted (spec 4.12). */
  readonly trustedRules: readonly string[];
  readonly createsUsers: boolean;
  readonly fromDisabled: 'wait' | 'inactive';
}

interface Deciding extends Related {
  readonly account: UnlinkedAccount;
  /** Index of the first rule that names anybody; -1 when none does. */
  readonly rule: number;
  readonly candidates: readonly UserId[];
  /** The only candidate cannot be the account's person (spec 4.12). */
  readonly contradicted: boolean;
}

/**
 * Finds for each account the user that it belongs to, or the question that only a person can answer (spec 4.2–4.6, 4.12). Pure,
 * and linear in the number of accounts, whatever they share.
 */
export function correlate(near: Neighbourhood): ReadonlyMap<number, Verdict> {
  const living = near.accounts.filter(
    (account) => !account.unlinkedByPerson && (!account.disabled || near.fromDisabled === 'inactive'),
  );
  const deciding = new Map(living.map((account) => [account.id, decidingRule(account, near)]));
  const groupOf = groupAccounts([...deciding.values()], near);
  const asking = new Map<readonly Deciding[], Asking>();
  const ask = (group: readonly Deciding[]): Asking => {
    const known = asking.get(group) ?? question('ambiguous-match', group);
    asking.set(group, known);
    return known;
  };
  return new Map(
    near.accounts.map((account) => {
      const entry = deciding.get(account.id);
      const group = entry === undefined ? undefined : groupOf.get(entry);
      const shared = group !== undefined && group.length > 1;
      const asks = shared && (entry?.candidates.length !== 0 || near.createsUsers);
      return [account.id, asks ? ask(group) : verdictOf(account, entry, near)];
    }),
  );
}

/** The first rule with any candidate decides (spec 4.2). */
function decidingRule(account: UnlinkedAccount, near: Neighbourhood): Deciding {
  const { keys } = account;
  for (const [rule, key] of keys.entries()) {
    const found = key === null ? [] : (near.usersByKey.get(key) ?? []);
    const candidates = [...new Set(found)].filter((id) => isCandidate(account, rule, near.users.get(id), near));
    const [only, ...others] = candidates.sort((a, b) => a - b);
    if (only === undefined) continue;
    const user = others.length === 0 ? near.users.get(only) : undefined;
    const contradicted = user !== undefined && isContradicted(account, rule, user, near);
    return { account, keys, rule, candidates, contradicted };
  }
  return { account, keys, rule: -1, candidates: [], contradicted: false };
}

function isCandidate(
  account: UnlinkedAccount,
  rule: number,
  user: CandidateUser | undefined,
  near: Pick<Neighbourhood, 'ruleNames' | 'trustedRules'>,
): user is CandidateUser {
  if (user === undefined || user.merged || user.takesNone || account.barred.includes(user.id)) return false;
  // Another account of this source has the key too, and a stronger rule tells the two apart: they are different people.
  const theirs = user.linkedKeys;
  if (isTrusted(rule, near) || theirs[rule] !== account.keys[rule]) return true;
  return account.keys.slice(0, rule).every((key, at) => key === null || (theirs[at] ?? key) === key);
}

/** Whether a match by a rule cannot be, for what else both say (spec 4.12). A person may have said that it is. */
function isContradicted(
  account: Pick<UnlinkedAccount, 'keys' | 'names' | 'sameAs'>,
  rule: number,
  user: Pick<CandidateUser, 'id' | 'names' | 'foundBy'>,
  near: Pick<Neighbourhood, 'ruleNames' | 'trustedRules'>,
): boolean {
  if (isTrusted(rule, near) || account.sameAs.includes(user.id)) return false;
  // The rule that decides is the first by which the user is found: by a stronger one that both have, they differ.
  const stronger = account.keys.slice(0, Math.max(rule, 0));
  return (
    stronger.some((key, at) => key !== null && user.foundBy.includes(near.ruleNames[at] ?? '')) ||
    nothingInCommon(account.names, user.names)
  );
}

function isTrusted(
  rule: number,
  { ruleNames, trustedRules }: Pick<Neighbourhood, 'ruleNames' | 'trustedRules'>,
): boolean {
  return trustedRules.includes(ruleNames[rule] ?? '');
}

/**
 * Accounts that cannot be told apart: they name a user in common or, where neither names anybody, share a key and no stronger
 * rule tells them apart. A disabled account that names somebody waits by itself and makes nobody wait: only living ones compete
 * (spec 4.2). One whose match is contradicted is a question of its own.
 */
function groupAccounts(deciding: readonly Deciding[], near: Neighbourhood): ReadonlyMap<Deciding, readonly Deciding[]> {
  const topics = new Map<string, { readonly members: Deciding[]; readonly rule: number | null }>();
  const add = (topic: string, rule: number | null, entry: Deciding): void => {
    const known = topics.get(topic);
    if (known === undefined) topics.set(topic, { members: [entry], rule });
    else known.members.push(entry);
  };
  for (const entry of deciding) {
    if (entry.candidates.length > 0) {
      if (entry.account.disabled || entry.contradicted) continue;
      for (const id of entry.candidates) add(`user ${String(id)}`, null, entry);
    } else if (!entry.account.ofItsOwn)
      for (const [rule, key] of entry.keys.entries())
        if (key !== null) add(key, isTrusted(rule, near) ? null : rule, entry);
  }
  return unite(topics.values());
}

function verdictOf(account: UnlinkedAccount, deciding: Deciding | undefined, near: Neighbourhood): Verdict {
  if (account.unlinkedByPerson) return { kind: 'wait', reason: 'unlinked', userId: account.barred[0] ?? null };
  if (deciding === undefined) return { kind: 'wait', reason: 'disabled', userId: null };
  const [only, ...others] = deciding.candidates;
  if (only === undefined) return near.createsUsers ? { kind: 'create' } : { kind: 'unmatched' };
  if (account.disabled) return { kind: 'wait', reason: 'disabled', userId: only };
  if (others.length > 0) return question('ambiguous-match', [deciding]);
  const user = near.users.get(only);
  if (user?.syncOn !== true) return { kind: 'wait', reason: 'sync-off', userId: only };
  if (user.linkedAccount !== null) return question('already-linked', [deciding]);
  if (!user.active) return question('inactive-match', [deciding]);
  if (isInDoubt(account, deciding.rule, user)) return { kind: 'wait', reason: 'id-in-doubt', userId: only };
  if (deciding.contradicted) return question('contradicted-match', [deciding]);
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

function question(item: ItemKind, group: readonly Deciding[]): Asking {
  const sorted = (ids: number[]): number[] => [...new Set(ids)].sort((a, b) => a - b);
  return {
    kind: 'question',
    item,
    accountIds: sorted(group.map((member) => member.account.id)),
    userIds: sorted(group.flatMap((member) => member.candidates)),
  };
}
