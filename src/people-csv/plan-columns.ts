import { placeOfValue } from '../domain/edited-words.ts';
import { valueProblem } from '../domain/field-values.ts';
import { fold } from '../domain/fold.ts';
import { memberGroupOf } from '../domain/groups.ts';
import { fold as foldText } from '../domain/text.ts';
import { emptyValue, type TeamId, type UserValue, type Words } from '../domain/user.ts';
import { showUnseen, unseenProblem } from '../domain/visible-text.ts';
import { withValue, withWord, wordFor } from '../users/words.ts';
import { canBeCleared, fieldOf, isFieldColumn, type ColumnName, type FieldColumn } from './columns.ts';
import type { KeptCell, RowSubject } from './row-plan.ts';
import type { PlanWorld } from './plan-world.ts';
import { shown, type RowError, type Said, type SaidRow } from './said-row.ts';

/** One row while it is decided; what is wrong and what stays is noted as it is found. */
export interface Planning {
  readonly said: SaidRow;
  readonly user: RowSubject;
  readonly world: PlanWorld;
  readonly errors: RowError[];
  readonly kept: KeptCell[];
}

/** The user's value with these words. */
export function foldedFrom({ subject, creates }: RowSubject, { teamNames }: PlanWorld, words: Words): UserValue {
  const { user, snapshots, policy } = subject;
  const present = creates ? emptyValue : user.value;
  return fold({ origin: user.origin, words, snapshots, policy, teamNames, present });
}

/** The words after one column has said its part; the same ones where it changes nothing. */
export function afterColumn(planning: Planning, column: ColumnName, cell: Said, words: Words): Words {
  // A blank cell has nothing to clear of a new user, who has the agent role and the default team (spec 4.6).
  if (cell === null && planning.user.creates) return words;
  if (isFieldColumn(column)) return afterField(planning, column, textOf(cell), words);
  switch (column) {
    case 'Roles':
      return afterRoles(planning, namesOf(cell), words);
    case 'Team':
      return afterTeams(planning, namesOf(cell), words);
    case 'Member Group':
      return afterGroup(planning, textOf(cell), words);
    case 'Full Scope':
      return words.fullScope === (cell === true) ? words : { ...words, fullScope: cell === true };
    case 'Scope Groups':
      return afterScope(planning, column, namesOf(cell), words);
    case 'Scope Teams':
      return afterScope(planning, column, namesOf(cell), words);
    case 'Activated':
    case 'Deactivated':
    case 'User ID':
      return words;
  }
}

function textOf(cell: Said): string | null {
  return typeof cell === 'boolean' ? String(cell) : typeof cell === 'string' ? cell : null;
}

/** Null of a blank cell. */
function namesOf(cell: Said): readonly string[] | null {
  return Array.isArray(cell) ? (cell as readonly string[]) : null;
}

function afterField(planning: Planning, column: FieldColumn, text: string | null, words: Words): Words {
  const { subject } = planning.user;
  const field = fieldOf[column];
  const value = subject.user.value.fields[field];
  // An employee id that nobody supplies is shown as the ACD id, and is no value (spec 4.6).
  const present = value ?? (column === 'Employee ID' ? subject.user.value.fields.acdId : undefined);
  if (text === null) return value === undefined ? words : cleared(planning, column, words);
  if (present !== undefined && (text === present || text === showUnseen(present))) return words;
  if (present !== undefined && isWithoutZeros(text, present)) {
    const message = `"${text}" is "${present}" without its leading zeros, as a spreadsheet writes it: it stays.`;
    planning.kept.push({ column, why: 'not-taken-over', message });
    return words;
  }
  const problem = text.includes('\ufffd') ? unseenProblem : valueProblem(field, text);
  if (problem !== null) return wrong(planning, column, 'value-invalid', `"${shown(text)}" ${problem}.`, words);
  const { usernameOf } = planning.user;
  if (column === 'Login' && usernameOf !== null)
    return wrong(
      planning,
      column,
      'field-read-only',
      `The Login of user ${subject.user.id} follows ${usernameOf}, which created the user: change it there.`,
      words,
    );
  const place = placeOfValue(words, subject.snapshots, field);
  return words[place][field] === text ? words : withValue(words, place, field, text);
}

/** A spreadsheet takes such a value for a number, and nobody meant to change it (spec 12.2, 17.4). */
function isWithoutZeros(text: string, present: string): boolean {
  return /^0\d+$/.test(present) && text === present.replace(/^0+(?=\d)/, '');
}

/** Clearing concerns what people own (spec 17.4). */
function cleared(planning: Planning, column: FieldColumn, words: Words): Words {
  const { user, said, kept } = planning;
  const field = fieldOf[column];
  if (!canBeCleared(column)) {
    kept.push({ column, why: 'cannot-be-cleared', message: `"${column}" cannot be cleared and stays as it is.` });
    return words;
  }
  const without = withValue(withValue(words, 'overrides', field, null), 'localValues', field, null);
  const owned = words.overrides[field] ?? words.localValues[field];
  if (owned !== undefined) return without;
  const suppliers = user.subject.snapshots.filter(({ values }) => values[field] !== undefined);
  if (suppliers.length > 0 && Object.hasOwn(said.cells, column))
    kept.push({
      column,
      why: 'supplied',
      message: `${suppliers.map(({ source }) => source).join(' and ')} supplies it: it stays.`,
    });
  return words;
}

function wrong(planning: Planning, column: ColumnName, code: string, message: string, words: Words): Words {
  planning.errors.push({ column, code, message });
  return words;
}

function afterRoles(planning: Planning, names: readonly string[] | null, words: Words): Words {
  const { world, user } = planning;
  const { snapshots } = user.subject;
  const held = foldedFrom(user, world, words).roles.map(({ role }) => role);
  const supplied = (role: string): boolean => snapshots.some((slot) => slot.roles.includes(role));
  if (names === null) {
    const given = held.filter((role) => words.rolesGiven.includes(role));
    keepSupplied(planning, 'Roles', held.filter(supplied));
    return given.reduce((each, role) => withWord(each, 'roles', role, 'withdraw'), words);
  }
  const wanted = names.map(
    (name) => held.find((role) => foldText(role) === foldText(name)) ?? world.rolesByName.get(foldText(name)) ?? name,
  );
  const unknown = wanted.find((role) => !held.includes(role) && !world.rolesByName.has(foldText(role)));
  if (unknown !== undefined)
    return wrong(
      planning,
      'Roles',
      'role-unknown',
      `There is no role "${shown(unknown)}" in the catalogue, which has ${[...world.rolesByName.values()].join(', ')}.`,
      words,
    );
  const given = wanted.filter((role) => !held.includes(role));
  const taken = held.filter((role) => !wanted.includes(role));
  const after = given.reduce((each, role) => withWord(each, 'roles', role, 'give'), words);
  return taken.reduce((each, role) => withWord(each, 'roles', role, wordFor('unassign', supplied(role))), after);
}

/** A blank cell leaves what a source supplies, and says so. */
function keepSupplied(planning: Planning, column: ColumnName, names: readonly string[]): void {
  if (names.length === 0) return;
  const message = `A source supplies ${names.map((name) => `"${name}"`).join(', ')}: that stays.`;
  planning.kept.push({ column, why: 'supplied', message });
}

function afterTeams(planning: Planning, names: readonly string[] | null, words: Words): Words {
  const { world, user } = planning;
  const { snapshots } = user.subject;
  const present = foldedFrom(user, world, words);
  const supplied = (team: TeamId): boolean => snapshots.some((slot) => slot.teams.includes(team));
  if (names === null) {
    keepSupplied(
      planning,
      'Team',
      present.teams.filter(supplied).map((team) => world.teamNames.get(team) ?? ''),
    );
    const given = present.teams.filter((team) => words.teamsGiven.includes(team));
    const without = given.reduce((each, team) => withWord(each, 'teams', team, 'withdraw'), words);
    return without.mainTeam === null ? without : { ...without, mainTeam: null };
  }
  const wanted = idsOf(planning, 'Team', names, world.teamsByName);
  if (wanted === null) return words;
  const given = wanted.filter((team) => !present.teams.includes(team));
  const taken = present.teams.filter(
    (team) => !wanted.includes(team) && (words.teamsGiven.includes(team) || supplied(team)),
  );
  const added = given.reduce((each, team) => withWord(each, 'teams', team, 'give'), words);
  const moved = taken.reduce((each, team) => withWord(each, 'teams', team, wordFor('unassign', supplied(team))), added);
  // The default team is had for want of another (spec 11.2): beside one, it has to be given.
  const { teams } = foldedFrom(user, world, moved);
  const kept = wanted.filter((team) => !teams.includes(team));
  const whole = kept.reduce((each, team) => withWord(each, 'teams', team, 'give'), moved);
  const [first] = wanted;
  return first === undefined || foldedFrom(user, world, whole).mainTeam === first
    ? whole
    : { ...whole, mainTeam: first };
}

/** Null, with an error for each name, where one names nothing. */
function idsOf(
  planning: Planning,
  column: ColumnName,
  names: readonly string[],
  ids: ReadonlyMap<string, number>,
): number[] | null {
  const found = names.map((name) => ids.get(foldText(name)));
  const what = column === 'Scope Groups' || column === 'Member Group' ? 'group' : 'team';
  for (const [index, id] of found.entries())
    if (id === undefined)
      planning.errors.push({
        column,
        code: `${what}-unknown`,
        message: `There is no ${what} "${shown(names[index] ?? '')}".`,
      });
  return found.every((id) => id !== undefined) ? [...new Set(found)] : null;
}

function afterGroup(planning: Planning, name: string | null, words: Words): Words {
  const { world, user } = planning;
  if (name === null) return words.memberGroup === null ? words : { ...words, memberGroup: null };
  const [group] = idsOf(planning, 'Member Group', [name], world.groupsByName) ?? [];
  if (group === undefined) return words;
  const { mainTeam } = user.creates ? foldedFrom(user, world, words) : user.subject.user.value;
  return group === memberGroupOf(world.tree, words.memberGroup, mainTeam) ? words : { ...words, memberGroup: group };
}

function afterScope(
  planning: Planning,
  column: 'Scope Groups' | 'Scope Teams',
  names: readonly string[] | null,
  words: Words,
): Words {
  const { world } = planning;
  const [list, known] =
    column === 'Scope Groups'
      ? (['scopeGroups', world.groupsByName] as const)
      : (['scopeTeams', world.teamsByName] as const);
  const wanted = idsOf(planning, column, names ?? [], known);
  if (wanted === null) return words;
  const same = wanted.length === words[list].length && wanted.every((id) => words[list].includes(id));
  return same ? words : { ...words, [list]: wanted };
}
