import { compareText } from './text.ts';
import type { Field } from './fields.ts';
import { teamName, type TeamNames } from './fold.ts';
import type { FieldValues, TeamId, UserValue, Words } from './user.ts';

/** What people said of whom a user supervises, by the names that events give it. */
export type SupervisionWord = 'supervisesGiven' | 'supervisesTaken';

export function isSupervisionWord(field: Change['field']): field is SupervisionWord {
  return field === 'supervisesGiven' || field === 'supervisesTaken';
}

/** One difference between two states of a user, as events keep it. Lists are shown as their sorted names. */
export interface Change {
  /** A field, or `roles`, `teams`, `mainTeam`, `supervises`; or what people said of supervision, where a source ends that (spec 11.4). */
  readonly field: Field | 'roles' | 'teams' | 'mainTeam' | 'supervises' | SupervisionWord;
  readonly before: string | readonly string[] | null;
  readonly after: string | readonly string[] | null;
}

/** The classes that the guard counts (spec 13.1). */
export const guardClasses = [
  'created',
  'linked',
  'fieldChanged',
  'fieldBlanked',
  'teamMoved',
  'roleTaken',
  'gone',
] as const;
export type GuardClass = (typeof guardClasses)[number];
/** Those of what becomes of a user who exists. */
export const userClasses = ['fieldChanged', 'fieldBlanked', 'teamMoved', 'roleTaken'] as const satisfies GuardClass[];

/** A class is over its limit when it exceeds both (spec 13.1). */
export interface GuardLimit {
  readonly number: number;
  /** Of the source's present accounts. */
  readonly percent: number;
}

/** Every difference between two values of a user, in one fixed order; empty when there is none. */
export function changesBetween(before: UserValue, after: UserValue, teamNames: TeamNames): Change[] {
  const changes: Change[] = [];
  for (const field of new Set([...Object.keys(before.fields), ...Object.keys(after.fields)]) as Set<Field>) {
    const [was, is] = [before.fields[field], after.fields[field]];
    if (was !== is) changes.push({ field, before: was ?? null, after: is ?? null });
  }
  const lists = [
    ['roles', before.roles.map((held) => held.role), after.roles.map((held) => held.role)],
    ['teams', namesOf(before.teams, teamNames), namesOf(after.teams, teamNames)],
    ['supervises', namesOf(before.supervises, teamNames), namesOf(after.supervises, teamNames)],
  ] as const;
  for (const [field, was, is] of lists)
    if (was.join('\n') !== is.join('\n')) changes.push({ field, before: was, after: is });
  if (before.mainTeam !== after.mainTeam)
    changes.push({
      field: 'mainTeam',
      before: mainTeamOf(before, teamNames),
      after: mainTeamOf(after, teamNames),
    });
  return changes;
}

/** What people said of supervision, and say no more. */
export function endedSupervision(before: Words, after: Words, teamNames: TeamNames): Change[] {
  return (['supervisesGiven', 'supervisesTaken'] as const).flatMap((field) => {
    const [was, is] = [namesOf(before[field], teamNames), namesOf(after[field], teamNames)];
    return was.join('\n') === is.join('\n') ? [] : [{ field, before: was, after: is }];
  });
}

/** One part of a user's value as changes show it. */
export function shownPart(
  value: UserValue,
  field: Exclude<Change['field'], SupervisionWord>,
  teamNames: TeamNames,
): Change['before'] {
  if (field === 'roles') return value.roles.map((held) => held.role);
  if (field === 'teams' || field === 'supervises') return namesOf(value[field], teamNames);
  return field === 'mainTeam' ? mainTeamOf(value, teamNames) : (value.fields[field] ?? null);
}

/** The guard's classes that a list of changes of an existing user falls into. */
export function classesOf(changes: readonly Change[]): GuardClass[] {
  const classes = new Set<GuardClass>();
  for (const change of changes) {
    if (change.field === 'roles') {
      if (lostAny(change)) classes.add('roleTaken');
    } else if (change.field === 'teams' || change.field === 'mainTeam' || change.field === 'supervises')
      classes.add('teamMoved');
    else if (!isSupervisionWord(change.field)) classes.add(change.after === null ? 'fieldBlanked' : 'fieldChanged');
  }
  return [...classes];
}

function lostAny(change: Change): boolean {
  const after = new Set(change.after);
  return Array.isArray(change.before) && change.before.some((item: string) => !after.has(item));
}

function namesOf(teams: readonly TeamId[], names: TeamNames): string[] {
  return teams.map((team) => teamName(team, names)).sort(compareText);
}

function mainTeamOf({ mainTeam }: UserValue, names: TeamNames): string | null {
  return mainTeam === null ? null : teamName(mainTeam, names);
}

/**
 * Whether two values differ in anything that is stored: `changesBetween`, and also who a role or an ACD id came from,
 * which is shown but is no change of the user's own.
 */
export function sameValue(a: UserValue, b: UserValue): boolean {
  return JSON.stringify(sortedValue(a)) === JSON.stringify(sortedValue(b));
}

/** Values of fields as they are compared: whose order is of no importance. */
function sortedValues(values: FieldValues): unknown[] {
  const fields = Object.keys(values) as Field[];
  return fields.sort().map((field) => [field, values[field]]);
}

function sortedValue(value: UserValue): unknown {
  return [sortedValues(value.fields), value.acdSource, value.roles, value.teams, value.mainTeam, value.supervises];
}
