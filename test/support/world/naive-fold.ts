import type { Field } from '../../../src/domain/fields.ts';
import type { WorldConfig } from './config.ts';
import {
  foldedText,
  must,
  sourceOf,
  type NaiveSlot,
  type NaiveState,
  type NaiveUser,
  type NaiveValue,
} from './naive-state.ts';

/** What a user is: words, slots, policy and the present main team (spec, the model; 5.1, 10.3, 11.2, 11.3). */
export function naiveFold(config: WorldConfig, state: NaiveState, user: NaiveUser, slots = user.slots): NaiveValue {
  const fields: NaiveValue['fields'] = {};
  for (const field of everyField(config, user, slots)) {
    const value =
      user.words.overrides[field] ??
      supplier(config, user, slots, field)?.[1] ??
      user.words.localValues[field] ??
      config.defaults[field];
    if (value !== undefined) fields[field] = value;
  }
  const teams = naiveTeams(config, user, slots);
  return {
    fields,
    acdSource: fields.acdId === undefined ? null : (supplier(config, user, slots, 'acdId')?.[0] ?? null),
    roles: naiveRoles(config, user, slots),
    teams,
    mainTeam: naiveMainTeam(config, state, user, slots, teams),
    supervises: [
      ...new Set(
        heard(config, slots, ({ supervises }) => supervises.length > 0).flatMap(([, slot]) => slot.supervises),
      ),
    ].sort(ascending),
  };
}

type Slots = Readonly<Record<string, NaiveSlot>>;

/** Spec 5.8: an ACD that has ended is not heard where a living one says something. Directories always are. */
function heard(config: WorldConfig, slots: Slots, says: (slot: NaiveSlot) => boolean): [string, NaiveSlot][] {
  const acds = config.sources.filter((source) => source.as === 'acd').map(({ id }) => id);
  const all = ranked(config, slots).map((id): [string, NaiveSlot] => [id, must(slots[id])]);
  const living = all.some(([id, slot]) => acds.includes(id) && slot.voice === 'living' && says(slot));
  return all.filter(([id, slot]) => !(living && acds.includes(id) && slot.voice === 'ended'));
}

/** The sources of the slots by rank: of ACDs the living first. */
function ranked(config: WorldConfig, slots: Slots, order = config.sources.map(({ id }) => id)): string[] {
  const there = order.filter((id) => slots[id] !== undefined);
  const acds = there.filter((id) => sourceOf(config, id).as === 'acd');
  const sorted = [true, false].flatMap((living) => acds.filter((id) => (slots[id]?.voice === 'living') === living));
  return there.map((id) => (acds.includes(id) ? must(sorted.shift()) : id));
}

function ascending(a: number, b: number): number {
  return a - b;
}

function everyField(config: WorldConfig, user: NaiveUser, slots: Slots): Field[] {
  const all = [
    config.defaults,
    user.words.overrides,
    user.words.localValues,
    ...Object.values(slots).map((slot) => slot.values),
  ];
  return [...new Set(all.flatMap((values) => Object.keys(values)) as Field[])];
}

/** Who supplies a field: the source of the highest rank for it that has a value. */
function supplier(config: WorldConfig, user: NaiveUser, slots: Slots, field: Field): [string, string] | undefined {
  const usual = config.sources.map((source) => source.id);
  const own = config.fieldRank[field] ?? [];
  const audible = heard(config, slots, ({ values }) => values.acdId !== undefined).map(([id]) => id);
  for (const id of ranked(config, slots, [...own, ...usual.filter((each) => !own.includes(each))])) {
    const value = slots[id]?.values[field];
    if (field === 'acdId' && !audible.includes(id)) continue;
    if (value === undefined) continue;
    if (field === 'username' && id !== user.origin) continue;
    if (field === 'acdId' && config.sources.find((source) => source.id === id)?.as !== 'acd') continue;
    return [id, value];
  }
  return undefined;
}

function naiveRoles(config: WorldConfig, user: NaiveUser, slots: Slots): Record<string, string> {
  const roles: Record<string, string> = {};
  for (const [id, slot] of heard(config, slots, (each) => each.roles.length > 0).reverse())
    for (const role of slot.roles) roles[role] = id;
  for (const role of user.words.rolesGiven) roles[role] = 'operator';
  const left = Object.entries(roles).filter(
    ([role]) => !user.words.rolesTaken.includes(role) || (role === 'agent' && config.reassertAgentRole),
  );
  return Object.fromEntries(left);
}

function naiveTeams(config: WorldConfig, user: NaiveUser, slots: Slots): number[] {
  const supplied = heard(config, slots, (slot) => slot.teams.length > 0).flatMap(([, slot]) => slot.teams);
  const all = [...new Set([...supplied, ...user.words.teamsGiven])].filter(
    (team) => !user.words.teamsTaken.includes(team),
  );
  return all.length === 0 ? [0] : all.sort(ascending);
}

/** Spec 11.3: the person's choice; the present one; of those that have just come, by rank and alphabet; else the alphabet. */
function naiveMainTeam(
  config: WorldConfig,
  state: NaiveState,
  user: NaiveUser,
  slots: Slots,
  teams: number[],
): number | null {
  const { words, value } = user;
  if (words.mainTeam !== null && teams.includes(words.mainTeam)) return words.mainTeam;
  if (value.mainTeam !== null && teams.includes(value.mainTeam)) return value.mainTeam;
  const alphabetical = [...teams].sort((a, b) => (nameOf(state, a) < nameOf(state, b) ? -1 : 1));
  const come = alphabetical.filter((team) => !value.teams.includes(team));
  if (come.length === 0) return alphabetical[0] ?? null;
  const given = come.find((team) => words.teamsGiven.includes(team));
  if (given !== undefined) return given;
  for (const id of ranked(config, slots)) {
    const first = come.find((team) => slots[id]?.teams.includes(team));
    if (first !== undefined) return first;
  }
  return come[0] ?? null;
}

function nameOf(state: NaiveState, team: number): string {
  return foldedText(must(state.teams[team]));
}
