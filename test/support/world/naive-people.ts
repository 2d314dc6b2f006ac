import type { Field } from '../../../src/domain/fields.ts';
import type { WorldConfig } from './config.ts';
import { naiveFold } from './naive-fold.ts';
import { claimsOfValue, holderOfName, naiveSaid } from './naive-project.ts';
import {
  emptyNaiveValue,
  foldedText,
  holderOf,
  must,
  noNaiveWords,
  type NaiveState,
  type NaiveUser,
} from './naive-state.ts';

/** What a person does to a user's words. Teams are named, because ids differ between stores. */
export type WordEdit =
  | { readonly field: Field; readonly value: string | null }
  | { readonly role: string; readonly how: 'give' | 'take' | 'withdraw' }
  | { readonly team: string; readonly how: 'give' | 'take' | 'withdraw' }
  | { readonly mainTeam: string | null };

/** A person's words move the user at once; refused (false) where the value would take somebody else's unique name. */
export function naiveEdit(config: WorldConfig, state: NaiveState, user: NaiveUser, edit: WordEdit): boolean {
  const before = structuredClone({ words: user.words, slots: user.slots });
  if ('field' in edit && edit.value === null ? !takeBack(config, user, edit.field) : !editWords(state, user, edit))
    return false;
  const value = naiveFold(config, state, user);
  const taken = claimsOfValue(value).some((claim) => (holderOfName(state, claim.name) ?? user.key) !== user.key);
  // A local user of these worlds has no mobile number, so they keep their e-mail address (spec 12.4).
  const unreachable =
    user.origin === 'local' && value.fields.email === undefined && user.value.fields.email !== undefined;
  if (taken || unreachable) {
    Object.assign(user, before);
    return false;
  }
  user.value = value;
  return true;
}

/** An override, a value kept from an ended link, or a local value goes; false where there is none (spec 5.4). */
function takeBack(config: WorldConfig, { words, slots, links }: NaiveUser, field: Field): boolean {
  if (words.overrides[field] === undefined) {
    const supplying = config.sources.map(({ id }) => id).filter((id) => slots[id]?.values[field] !== undefined);
    const ended = supplying.find((id) => links[id] === undefined);
    if (ended !== undefined) {
      Reflect.deleteProperty(must(slots[ended]).values, field);
      must(slots[ended]).silent = must(slots[ended]).silent.filter((each) => each !== field);
      return true;
    }
    if (supplying.length > 0 || words.localValues[field] === undefined) return false;
  }
  const said = words.overrides[field] === undefined ? words.localValues : words.overrides;
  return Reflect.deleteProperty(said, field);
}

/** False where it cannot be said. */
function editWords(state: NaiveState, { words, slots, value }: NaiveUser, edit: WordEdit): boolean {
  if ('field' in edit) {
    const supplied = Object.values(slots).some((slot) => slot.values[edit.field] !== undefined);
    const target = supplied || words.overrides[edit.field] !== undefined ? words.overrides : words.localValues;
    target[edit.field] = must(edit.value ?? undefined)
      .normalize('NFC')
      .trim();
  } else if ('role' in edit) {
    [words.rolesGiven, words.rolesTaken] = giveOrTake(words.rolesGiven, words.rolesTaken, edit.role, edit.how);
  } else if ('team' in edit) {
    [words.teamsGiven, words.teamsTaken] = giveOrTake(
      words.teamsGiven,
      words.teamsTaken,
      teamNamed(state, edit.team),
      edit.how,
    );
  } else {
    const team = edit.mainTeam === null ? null : teamNamed(state, edit.mainTeam);
    if (team !== null && !value.teams.includes(team)) return false;
    words.mainTeam = team;
  }
  return true;
}

function giveOrTake<T>(
  given: readonly T[],
  taken: readonly T[],
  item: T,
  how: 'give' | 'take' | 'withdraw',
): [T[], T[]] {
  const others = (list: readonly T[]): T[] => list.filter((each) => each !== item);
  if (how === 'give') return [[...others(given), item], others(taken)];
  if (how === 'take') return [others(given), [...others(taken), item]];
  return [others(given), others(taken)];
}

function teamNamed(state: NaiveState, name: string): number {
  return must(
    Object.keys(state.teams)
      .map(Number)
      .find((team) => foldedText(must(state.teams[team])) === foldedText(name)),
  );
}

/** Switches the sync of a user; false where the product refuses it (spec 6.1, 6.4). */
export function naiveSwitch(user: NaiveUser, enabled: boolean, source: string | null): boolean {
  if (Object.keys(user.slots).length === 0) return false;
  const scope = source ?? '*';
  if (!enabled) {
    user.off = [...new Set([...user.off, scope])].sort();
    return true;
  }
  if (source !== null && user.off.includes('*')) return false;
  user.off = source === null ? [] : user.off.filter((each) => each !== source);
  return true;
}

/** A user whom a person made; inactive at first (spec 4.6, 12.4). False where a unique name is taken. */
export function naiveLocalUser(
  config: WorldConfig,
  state: NaiveState,
  values: Readonly<Partial<Record<Field, string>>>,
): boolean {
  const key = `local:${must(values.username)}`;
  const user: NaiveUser = {
    key,
    origin: 'local',
    active: false,
    off: [],
    words: { ...noNaiveWords(), localValues: { ...values } },
    slots: {},
    links: {},
    takesNoneOf: [],
    value: emptyNaiveValue(),
  };
  user.value = naiveFold(config, state, user);
  if (claimsOfValue(user.value).some((claim) => holderOfName(state, claim.name) !== undefined)) return false;
  state.users[key] = user;
  return true;
}

/** Ends a link: account and user wait for a person, the applied values stay (spec 7). */
export function naiveUnlink(state: NaiveState, user: NaiveUser, source: string): boolean {
  const key = user.links[source];
  if (key === undefined) return false;
  Reflect.deleteProperty(user.links, source);
  user.takesNoneOf.push(source);
  must(user.slots[source]).voice = 'ended';
  must(state.accounts[key]).unlinked = true;
  return true;
}

/** Refuses what a linked account says now for one part. */
export function naiveRefuse(state: NaiveState, accountKey: string, part: string): boolean {
  const account = state.accounts[accountKey];
  if (account === undefined || holderOf(state, accountKey) === undefined) return false;
  account.refusals[part] = naiveSaid(account, part);
  return true;
}
