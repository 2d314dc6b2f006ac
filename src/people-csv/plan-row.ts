import { valueProblem } from '../domain/field-values.ts';
import { lackingOf } from '../domain/local-user.ts';
import type { UserValue, Words } from '../domain/user.ts';
import { withValue } from '../users/words.ts';
import { columnNames, type ColumnName } from './columns.ts';
import { activatingDate } from './dates.ts';
import { afterColumn, foldedFrom, type Planning } from './plan-columns.ts';
import { refusedStep, refusedBelonging } from './plan-permitted.ts';
import type { PlanWorld } from './plan-world.ts';
import type { RowPlan, RowSubject } from './row-plan.ts';
import { shownPlan } from './shown-plan.ts';
import type { RowError, Said, SaidRow } from './said-row.ts';

/** Decides what a row comes to for its user, column by column (spec 17.3, 17.4). Pure. */
export function planRow(said: SaidRow, user: RowSubject, world: PlanWorld): RowPlan {
  const { subject } = user;
  const planning: Planning = { said, user, world, errors: [], kept: [] };
  let { words } = subject;
  for (const column of columnNames) {
    const cell = cellFor(said, world, column);
    if (cell === undefined) continue;
    const next = afterColumn(planning, column, cell, words);
    if (next === words) continue;
    const refusals = refusedStep(planning, column, words, next);
    planning.errors.push(...refusals);
    words = next;
  }
  words = withLanguage(planning, words);
  const activation = activationOf(planning);
  const value = foldedFrom(user, world, words);
  planning.errors.push(...incomplete(planning, value), ...refusedBelonging(planning, words, value, activation));
  return shownPlan(planning, words, value, activation, (column) => cellFor(said, world, column) === null);
}

/** Undefined where the row says nothing of the column. */
function cellFor(said: SaidRow, { missing }: PlanWorld, column: ColumnName): Said | undefined {
  const cell = said.cells[column];
  return cell === undefined && missing.includes(column) ? null : cell;
}

/** A local user has a language (spec 12.4); the manual's Locale is "the language used by the user". */
function withLanguage({ user, world, errors }: Planning, words: Words): Words {
  if (!user.creates || words.localValues.language !== undefined) return words;
  const { locale } = foldedFrom(user, world, words).fields;
  if (locale === undefined) return words;
  const problem = valueProblem('language', locale);
  if (problem !== null) {
    errors.push({
      column: 'Locale',
      code: 'value-invalid',
      message: `The Locale "${locale}" is the language of a new user too, and that ${problem}.`,
    });
    return words;
  }
  return withValue(words, 'localValues', 'language', locale);
}

/** Spec 17.3; other dates say what rosterd knows already. */
function activationOf({ said, user, world, errors, kept }: Planning): RowPlan['activation'] {
  const { Activated: activated, Deactivated: date } = said.cells;
  const asIs = (column: 'Activated' | 'Deactivated', present: string | null): void => {
    kept.push({
      column,
      why: 'not-taken-over',
      message: `The date is ${present ?? 'empty'} and stays so: rosterd notes it itself.`,
    });
  };
  if (typeof activated === 'string' && activated !== user.activated) asIs('Activated', user.activated);
  if (typeof date !== 'string') return null;
  const { active, mergedInto, id } = user.subject.user;
  if (date === activatingDate) {
    if (active) return null;
    if (mergedInto === null) return 'activate';
    errors.push({
      column: 'Deactivated',
      code: 'user-merged',
      message: `User ${id} was merged into user ${mergedInto}, who has taken over the accounts: activate that one.`,
    });
    return null;
  }
  if (!active) {
    if (date !== user.deactivated) asIs('Deactivated', user.deactivated);
    return null;
  }
  if (date <= world.today) return 'deactivate';
  errors.push({
    column: 'Deactivated',
    code: 'date-in-future',
    message: `${date} is in the future: a user is deactivated on the day on which somebody does it. 12/31/2999 activates.`,
  });
  return null;
}

/** Spec 17.1, 12.4: what a new user needs, and what a local one cannot lose. */
function incomplete({ user, errors }: Planning, { fields }: UserValue): RowError[] {
  const { subject, creates } = user;
  if (subject.user.origin !== 'local') return [];
  const needed = [
    ['Login', 'username'],
    ['First Name', 'firstName'],
    ['Last Name', 'lastName'],
    ['Email', 'email'],
  ] as const;
  if (creates)
    return needed
      .filter(([column, field]) => fields[field] === undefined && !errors.some((error) => error.column === column))
      .map(([column]) => ({ column, code: 'required', message: `A new user needs a value in "${column}".` }));
  const lackedBefore = lackingOf(subject.user.value.fields);
  return lackingOf(fields)
    .filter((each) => !lackedBefore.includes(each))
    .map((lacking) => ({
      column: 'Email',
      code: 'required',
      message: `User ${subject.user.id} is local and needs ${lacking}.`,
    }));
}
