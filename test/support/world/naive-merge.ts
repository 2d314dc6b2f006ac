import type { Field } from '../../../src/domain/fields.ts';
import type { WorldConfig } from './config.ts';
import { naiveFold } from './naive-fold.ts';
import {
  must,
  noNaiveWords,
  sourceOf,
  type NaiveSlot,
  type NaiveState,
  type NaiveUser,
  type Values,
} from './naive-state.ts';

const uniqueFields: readonly string[] = ['username', 'numericId', 'windowsLogin', 'employeeId', 'acdId'];

/** Makes two users one (spec 18); false where the product refuses it. `prefer`: whose value counts where the first would lose its own. */
export function naiveMerge(
  config: WorldConfig,
  state: NaiveState,
  stays: NaiveUser,
  goes: NaiveUser,
  prefer: 'primary' | 'other',
): boolean {
  if (stays === goes || !isAllowed(config, stays, goes)) return false;
  const [own, theirs] = [ownValues(config, state, stays), ownValues(config, state, goes)];
  joinWords(stays, goes, own);
  for (const [source, slot] of Object.entries(goes.slots))
    if (
      goes.links[source] === undefined
        ? stays.slots[source] === undefined && stays.links[source] === undefined
        : stays.links[source] === undefined
    )
      stays.slots[source] = structuredClone(slot);
  for (const [source, key] of Object.entries(goes.links)) {
    if (stays.links[source] === undefined) stays.links[source] = key;
    else must(state.accounts[key]).unlinked = true;
  }
  stays.takesNoneOf = [...new Set([...stays.takesNoneOf, ...goes.takesNoneOf])];
  keepOwn(config, state, { user: stays, own, theirs }, prefer);
  stays.value = naiveFold(config, state, stays);
  empty(goes);
  goes.mergedInto = stays.key;
  goes.value = naiveFold(config, state, goes);
  return true;
}

/** Two active users of whom at most one is an agent; or an active and an inactive one, both linked. */
function isAllowed(config: WorldConfig, stays: NaiveUser, goes: NaiveUser): boolean {
  const isAgent = ({ links }: NaiveUser): boolean =>
    Object.keys(links).some((source) => sourceOf(config, source).as === 'acd');
  if (stays.mergedInto !== undefined || goes.mergedInto !== undefined || !stays.active) return false;
  if (goes.active) return !(isAgent(stays) && isAgent(goes));
  return Object.keys(stays.links).length > 0 && Object.keys(goes.links).length > 0;
}

/** What somebody says of a user, without what the organisation gives everybody. */
function ownValues(config: WorldConfig, state: NaiveState, user: NaiveUser): Values {
  return naiveFold({ ...config, defaults: {} }, state, user).fields;
}

function joinWords(stays: NaiveUser, goes: NaiveUser, own: Values): void {
  for (const kind of ['overrides', 'localValues'] as const)
    for (const [field, value] of Object.entries(goes.words[kind]) as [Field, string][])
      if (own[field] === undefined && stays.words[kind][field] === undefined) stays.words[kind][field] = value;
  const { words, value } = stays;
  const noTeams = words.teamsGiven.length === 0 && Object.values(stays.slots).every(({ teams }) => teams.length === 0);
  if (words.mainTeam === null && noTeams) words.mainTeam = goes.words.mainTeam;
  const held = { roles: Object.keys(value.roles), teams: value.teams };
  [words.rolesGiven, words.rolesTaken] = join(
    [words.rolesGiven, words.rolesTaken],
    [goes.words.rolesGiven, goes.words.rolesTaken],
    held.roles,
  );
  [words.teamsGiven, words.teamsTaken] = join(
    [words.teamsGiven, words.teamsTaken],
    [goes.words.teamsGiven, goes.words.teamsTaken],
    held.teams,
  );
}

function join<T>(
  [given, taken]: readonly [readonly T[], readonly T[]],
  [theirGiven, theirTaken]: readonly [readonly T[], readonly T[]],
  held: readonly T[],
): [T[], T[]] {
  const all = [...new Set([...given, ...theirGiven.filter((item) => !taken.includes(item))])];
  const gone = theirTaken.filter((item) => !held.includes(item) && !all.includes(item));
  return [all, [...new Set([...taken, ...gone])]];
}

function keepOwn(
  config: WorldConfig,
  state: NaiveState,
  { user, own, theirs }: { readonly user: NaiveUser; readonly own: Values; readonly theirs: Values },
  prefer: 'primary' | 'other',
): void {
  const natural = naiveFold(config, state, user).fields;
  for (const [field, value] of Object.entries(own) as [Field, string][]) {
    if (natural[field] === value || isFollowed(user, field)) continue;
    const wanted = prefer === 'primary' ? value : (theirs[field] ?? natural[field] ?? value);
    if (wanted === natural[field]) continue;
    const supplied = Object.values(user.slots).some((slot) => slot.values[field] !== undefined);
    const target =
      supplied || user.words.overrides[field] !== undefined ? user.words.overrides : user.words.localValues;
    target[field] = wanted;
  }
}

/** What a source says whatever people say (spec 5.5, 5.6). */
function isFollowed({ origin, links, slots }: NaiveUser, field: Field): boolean {
  if (field === 'username') return links[origin] !== undefined;
  return field === 'windowsLogin' && links['ad'] !== undefined && slots['ad']?.values.windowsLogin !== undefined;
}

/** Nothing unique, no role and no team is left, and no link. */
function empty(user: NaiveUser): void {
  const stripped = (values: Values): Values =>
    Object.fromEntries(Object.entries(values).filter(([field]) => !uniqueFields.includes(field)));
  const { overrides, localValues } = user.words;
  user.words = { ...noNaiveWords(), overrides: stripped(overrides), localValues: stripped(localValues) };
  user.slots = Object.fromEntries(
    Object.entries(user.slots).map(([source, slot]): [string, NaiveSlot] => [
      source,
      {
        ...{ values: stripped(slot.values), silent: slot.silent.filter((field) => !uniqueFields.includes(field)) },
        ...{ roles: [], teams: [], supervises: [], voice: 'ended' },
      },
    ]),
  );
  user.links = {};
  user.active = false;
  user.value = { ...user.value, teams: [], mainTeam: null };
}
