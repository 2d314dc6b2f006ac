import type { Field } from '../../../src/domain/fields.ts';
import type { WorldConfig } from './config.ts';
import { naiveFold } from './naive-fold.ts';
import { nothingAlike, seemsAnother } from './naive-names.ts';
import { keyOf } from './naive-project.ts';
import {
  accountsOf,
  foldedText,
  holderOf,
  isOff,
  must,
  sourceOf,
  type AccountKey,
  type NaiveAccount,
  type NaiveState,
  type NaiveUser,
  type NaiveValue,
  type UserKey,
} from './naive-state.ts';

/** What is to become of an unlinked account (spec 4.2–4.6). */
export type NaiveVerdict =
  | { readonly kind: 'link'; readonly user: UserKey }
  | { readonly kind: 'create' }
  | { readonly kind: 'rest'; readonly standing: string; readonly reason: string | null; readonly item: string | null };

/** Compares every account with every user and with every other account. */
export function naiveCorrelation(
  config: WorldConfig,
  state: NaiveState,
  source: string,
): Map<AccountKey, NaiveVerdict> {
  const unlinked = accountsOf(state, source).filter(([key]) => holderOf(state, key) === undefined);
  return new Map(unlinked.map(([key, account]) => [key, verdictOn(config, state, account)]));
}

function verdictOn(config: WorldConfig, state: NaiveState, account: NaiveAccount): NaiveVerdict {
  const rest = (standing: string, reason: string | null): NaiveVerdict => ({
    kind: 'rest',
    standing,
    reason,
    item: null,
  });
  const { createsUsers } = sourceOf(config, account.source);
  if (account.ignored) return rest('ignored', null);
  if (account.absent) return rest('unmatched', 'gone');
  if (account.unlinked) return rest('unlinked', 'unlinked');
  const disabled = account.content.disabled === true;
  if (disabled && config.fromDisabled === 'wait') return rest('waiting', 'disabled');
  const users = candidates(config, state, account);
  const group = indistinguishable(config, state, account);
  if (group.length > 1 && (users.length > 0 || createsUsers)) return question(config, state, 'ambiguous-match', group);
  const [only, ...others] = users;
  if (only === undefined) return createsUsers ? { kind: 'create' } : rest('unmatched', null);
  if (disabled) return rest('waiting', 'disabled');
  if (others.length > 0) return question(config, state, 'ambiguous-match', [account]);
  if (isOff(only, account.source)) return rest('waiting', 'sync-off');
  if (only.links[account.source] !== undefined) return question(config, state, 'already-linked', [account]);
  if (!only.active) return question(config, state, 'inactive-match', [account]);
  if (isInDoubt(config, state, account, only)) return rest('waiting', 'id-in-doubt');
  if (contradicted(config, account, only)) return question(config, state, 'contradicted-match', [account]);
  return { kind: 'link', user: only.key };
}

function question(config: WorldConfig, state: NaiveState, kind: string, group: readonly NaiveAccount[]): NaiveVerdict {
  const users = new Set(group.flatMap((member) => candidates(config, state, member).map((user) => user.key)));
  return { kind: 'rest', standing: 'question', reason: kind, item: itemText(kind, group.map(keyOf), [...users]) };
}

/** A review item as text: what it asks, about which accounts and users. */
export function itemText(kind: string, accounts: readonly AccountKey[], users: readonly UserKey[], about = ''): string {
  return [kind, [...accounts].sort().join(','), [...users].sort().join(','), about].join(' | ');
}

/** The users that the first rule with any candidate names. */
function candidates(config: WorldConfig, state: NaiveState, account: NaiveAccount): NaiveUser[] {
  for (const rule of sourceOf(config, account.source).match) {
    const isAnothers = (user: NaiveUser): boolean => {
      const linked = user.links[account.source];
      const other = linked === undefined ? undefined : must(state.accounts[linked]);
      return other !== undefined && alike(account, other, rule) && apart(config, account, other, rule);
    };
    const named = Object.values(state.users).filter(
      (user) =>
        user.mergedInto === undefined &&
        !user.takesNoneOf.includes(account.source) &&
        matchesUser(account, user, rule) &&
        !isAnothers(user),
    );
    if (named.length > 0) return named;
  }
  return [];
}

/** Whether every field of a rule is equal and non-empty, in the user's value or an applied snapshot of a current link. */
export function matchesUser(account: NaiveAccount, user: NaiveUser, rule: readonly Field[]): boolean {
  return isSaidBy(account, rule, [
    user.value.fields,
    ...Object.keys(user.links).map((source) => must(user.slots[source]).values),
  ]);
}

function isSaidBy(account: NaiveAccount, rule: readonly Field[], voices: readonly NaiveValue['fields'][]): boolean {
  return rule.every((field) => {
    const said = foldedText(account.content.values[field] ?? '');
    return said !== '' && voices.some((values) => foldedText(values[field] ?? '') === said);
  });
}

/** Whether the user would not be found, were it not for accounts that seem to be other people's now (spec 8.3). */
function isInDoubt(config: WorldConfig, state: NaiveState, account: NaiveAccount, user: NaiveUser): boolean {
  const isSure = ([source, key]: [string, AccountKey]): boolean =>
    source === account.source || !seemsAnother(config, state, must(state.accounts[key]));
  const links = Object.entries(user.links);
  const doubted = links.filter((link) => !isSure(link)).map(([source]) => source);
  const rule = sourceOf(config, account.source).match.find((each) => matchesUser(account, user, each));
  if (doubted.length === 0 || rule === undefined) return false;
  const slots = Object.fromEntries(Object.entries(user.slots).filter(([source]) => !doubted.includes(source)));
  const speaking = links.filter(isSure).map(([source]) => must(slots[source]).values);
  return !isSaidBy(account, rule, [naiveFold(config, state, user, slots).fields, ...speaking]);
}

/** All accounts that cannot be told apart from this one, itself included; also by way of others. */
function indistinguishable(config: WorldConfig, state: NaiveState, account: NaiveAccount): NaiveAccount[] {
  const all = accountsOf(state, account.source)
    .map(([, other]) => other)
    .filter((other) => competes(config, state, other));
  const group = [account];
  for (let before = 0; before !== group.length;) {
    before = group.length;
    for (const other of all)
      if (!group.includes(other) && group.some((member) => compete(config, state, member, other))) group.push(other);
  }
  return group;
}

function competes(config: WorldConfig, state: NaiveState, account: NaiveAccount): boolean {
  if (account.absent || account.ignored || account.unlinked || holderOf(state, keyOf(account)) !== undefined)
    return false;
  return account.content.disabled !== true || config.fromDisabled === 'inactive';
}

/**
 * Two accounts that name a user in common, of which only living ones count; or that match each other and name nobody, where
 * both would create a user (spec 4.2).
 */
function compete(config: WorldConfig, state: NaiveState, a: NaiveAccount, b: NaiveAccount): boolean {
  const [ofA, ofB] = [candidates(config, state, a), candidates(config, state, b)];
  if (ofA.length > 0 || ofB.length > 0) {
    if (a.content.disabled === true || b.content.disabled === true) return false;
    const isSettled = (of: NaiveUser[], each: NaiveAccount): boolean =>
      of.length === 1 && contradicted(config, each, must(of[0]));
    if (isSettled(ofA, a) || isSettled(ofB, b)) return false;
    return ofA.some((user) => ofB.includes(user));
  }
  return sourceOf(config, a.source).match.some((rule) => alike(a, b, rule) && !apart(config, a, b, rule));
}

function saying({ content }: NaiveAccount, rule: readonly Field[]): string | null {
  const said = rule.map((field) => foldedText(content.values[field] ?? ''));
  return said.includes('') ? null : said.join(' / ');
}

function alike(a: NaiveAccount, b: NaiveAccount, rule: readonly Field[]): boolean {
  return saying(a, rule) !== null && saying(a, rule) === saying(b, rule);
}

/** A stronger rule of the source has values on both sides and they differ (spec 4.12). */
function apart(config: WorldConfig, a: NaiveAccount, b: NaiveAccount, rule: readonly Field[]): boolean {
  return strongerRules(config, a, rule).some(
    (each) => saying(a, each) !== null && saying(b, each) !== null && saying(a, each) !== saying(b, each),
  );
}

function strongerRules(config: WorldConfig, { source }: NaiveAccount, rule: readonly Field[]): (readonly Field[])[] {
  const { match } = sourceOf(config, source);
  return match.slice(0, match.indexOf(rule));
}

/** Whether the first rule by which the account matches the user cannot mean them (spec 4.12). */
function contradicted(config: WorldConfig, account: NaiveAccount, user: NaiveUser): boolean {
  const rule = sourceOf(config, account.source).match.find((each) => matchesUser(account, user, each));
  if (rule === undefined) return false;
  const { firstName, lastName } = account.content.values;
  const { fields } = user.value;
  return (
    differsByStronger(config, account, user, rule) ||
    nothingAlike([firstName ?? '', lastName ?? ''], [fields.firstName ?? '', fields.lastName ?? ''])
  );
}

/** A stronger rule has values of both, and they are not the same. */
export function differsByStronger(
  config: WorldConfig,
  account: NaiveAccount,
  user: NaiveUser,
  rule: readonly Field[],
): boolean {
  const voices = [user.value.fields, ...Object.keys(user.links).map((source) => must(user.slots[source]).values)];
  const says = (field: Field): boolean => voices.some((values) => foldedText(values[field] ?? '') !== '');
  return strongerRules(config, account, rule).some(
    (each) => saying(account, each) !== null && each.every(says) && !matchesUser(account, user, each),
  );
}
