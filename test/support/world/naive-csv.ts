import type { Field } from '../../../src/domain/fields.ts';
import type { WorldConfig } from './config.ts';
import { naiveFold } from './naive-fold.ts';
import { claimsOfValue } from './naive-project.ts';
import { foldedText, must, type NaiveState, type NaiveUser, type UserKey } from './naive-state.ts';

/** What a row of people.csv says of a user; null is a blank cell. */
export interface NaiveRow {
  readonly user: UserKey;
  readonly fields: Readonly<Partial<Record<Field, string | null>>>;
  readonly roles: readonly string[] | null;
  readonly teams: readonly string[] | null;
}

/**
 * Imports a people.csv of these rows; false, and nothing done, where one of them may not be (spec 17.5). Names may move between the
 * rows: what counts is that nobody's unique name is another's in the end (spec 4.7).
 */
export function naiveImportPeople(config: WorldConfig, state: NaiveState, rows: readonly NaiveRow[]): boolean {
  const before = structuredClone(state.users);
  const isReachable = rows.map((row) => {
    const user = must(state.users[row.user]);
    const had = user.value.fields.email;
    for (const [field, text] of Object.entries(row.fields) as [Field, string | null][]) saySomething(user, field, text);
    sayRoles(config, state, user, row.roles);
    sayTeams(config, state, user, row.teams);
    user.value = naiveFold(config, state, user);
    // A local user of these worlds has no mobile number, so they keep their e-mail address (spec 12.4).
    return user.origin !== 'local' || had === undefined || user.value.fields.email !== undefined;
  });
  const names = Object.values(state.users).flatMap((user) => claimsOfValue(user.value).map(({ name }) => name));
  if (isReachable.every(Boolean) && new Set(names).size === names.length) return true;
  state.users = before;
  return false;
}

function saySomething(user: NaiveUser, field: Field, text: string | null): void {
  const { words, slots, value } = user;
  if (text === null) {
    // Names cannot be cleared, and of what a source supplies only people's own word goes (spec 17.4).
    if (field === 'firstName' || field === 'lastName') return;
    Reflect.deleteProperty(words.overrides, field);
    Reflect.deleteProperty(words.localValues, field);
    return;
  }
  const shown = value.fields[field] ?? (field === 'employeeId' ? value.fields.acdId : undefined);
  if (text === shown) return;
  const supplied = Object.values(slots).some((slot) => slot.values[field] !== undefined);
  (supplied || words.overrides[field] !== undefined ? words.overrides : words.localValues)[field] = text;
}

/** What the cell has and the user has not is given; what the user has and the cell has not is taken, or withdrawn (spec 16). */
function sayRoles(config: WorldConfig, state: NaiveState, user: NaiveUser, said: readonly string[] | null): void {
  const { words, slots } = user;
  const held = Object.keys(naiveFold(config, state, user).roles);
  if (said === null) {
    words.rolesGiven = words.rolesGiven.filter((role) => !held.includes(role));
    return;
  }
  for (const role of said.filter((each) => !held.includes(each))) {
    words.rolesGiven.push(role);
    words.rolesTaken = words.rolesTaken.filter((each) => each !== role);
  }
  for (const role of held.filter((each) => !said.includes(each))) {
    words.rolesGiven = words.rolesGiven.filter((each) => each !== role);
    if (Object.values(slots).some(({ roles }) => roles.includes(role))) words.rolesTaken.push(role);
  }
}

/** The same of teams; the first of them is the main one. */
function sayTeams(config: WorldConfig, state: NaiveState, user: NaiveUser, names: readonly string[] | null): void {
  const { words, slots } = user;
  const held = naiveFold(config, state, user).teams;
  if (names === null) {
    words.teamsGiven = words.teamsGiven.filter((team) => !held.includes(team));
    words.mainTeam = null;
    return;
  }
  const said = [...new Set(names.map((name) => teamNamed(state, name)))];
  const give = (team: number): void => {
    if (!words.teamsGiven.includes(team)) words.teamsGiven.push(team);
    words.teamsTaken = words.teamsTaken.filter((each) => each !== team);
  };
  for (const team of said) if (!held.includes(team)) give(team);
  for (const team of held.filter((each) => !said.includes(each))) {
    words.teamsGiven = words.teamsGiven.filter((each) => each !== team);
    if (Object.values(slots).some(({ teams }) => teams.includes(team))) words.teamsTaken.push(team);
  }
  const after = naiveFold(config, state, user).teams;
  for (const team of said) if (!after.includes(team)) give(team);
  if (naiveFold(config, state, user).mainTeam !== said[0]) words.mainTeam = must(said[0]);
}

function teamNamed(state: NaiveState, name: string): number {
  return must(
    Object.keys(state.teams)
      .map(Number)
      .find((team) => foldedText(must(state.teams[team])) === foldedText(name)),
  );
}
