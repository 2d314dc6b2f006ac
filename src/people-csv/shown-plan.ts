import { changesBetween, classesOf } from '../domain/change.ts';
import { isSupplied } from '../domain/edited-words.ts';
import { isField } from '../domain/fields.ts';
import { compareText } from '../domain/text.ts';
import { emptyValue, noWords, type UserValue, type Words } from '../domain/user.ts';
import type { ShownChange } from '../users/events.ts';
import { wordChanges } from '../users/words.ts';
import { columnNames, columnOfField, type ColumnName } from './columns.ts';
import type { Planning } from './plan-columns.ts';
import { rowClasses, type RowChange, type RowClass, type RowPlan } from './row-plan.ts';

/** How a plan is shown: what it changes, by column and class. `clears`: whether a column is cleared, and not just changed. */
export function shownPlan(
  { user, world, errors, kept }: Omit<Planning, 'said'>,
  words: Words,
  value: UserValue,
  activation: RowPlan['activation'],
  clears: (column: ColumnName) => boolean,
  told: readonly ShownChange[] = [],
): RowPlan {
  const { subject, creates } = user;
  const had = creates ? { value: emptyValue, words: noWords } : { value: subject.user.value, words: subject.words };
  const ofValue = changesBetween(had.value, value, world.teamNames);
  const seen = new Set<string>(ofValue.map(({ field }) => field));
  // Of people's words only what the value does not show already.
  const ofWords = wordChanges(had.words, words, world.teamNames, world.groupNames).filter(
    ({ field }) => !seen.has(plainField(field)),
  );
  const active = activation === null ? [] : [activeChange(activation)];
  // In one order, whatever that of the database: a digest is made of them.
  const changes = [...active, ...ofValue, ...ofWords, ...told]
    .map((change) => rowChange({ user, clears }, words, change))
    .sort((a, b) => placeOf(a) - placeOf(b) || compareText(a.field, b.field));
  return {
    ...{ words, value, activation, changes, kept, errors },
    classes: classesOfRow(creates, activation, changes),
    guardClasses: creates ? ['created'] : classesOf(ofValue),
  };
}

/** Columns first, in their order. */
function placeOf({ column }: RowChange): number {
  return column === null ? columnNames.length : columnNames.indexOf(column);
}

function activeChange(activation: 'activate' | 'deactivate'): Pick<RowChange, 'field' | 'before' | 'after'> {
  const after = activation === 'activate' ? 'yes' : 'no';
  return { field: 'active', before: after === 'yes' ? 'no' : 'yes', after };
}

const wordsOfLists: Readonly<Record<string, string>> = {
  rolesGiven: 'roles',
  rolesTaken: 'roles',
  teamsGiven: 'teams',
  teamsTaken: 'teams',
  mainTeamChosen: 'mainTeam',
};

/** The part of the value that a word is about. */
function plainField(field: string): string {
  return wordsOfLists[field] ?? field.replace(/^(?:override|localValue)\./, '');
}

function rowChange(
  { user, clears }: Pick<Planning, 'user'> & { readonly clears: (column: ColumnName) => boolean },
  words: Words,
  { field, before, after }: Pick<RowChange, 'field' | 'before' | 'after'>,
): RowChange {
  const plain = plainField(field);
  const column = columnOfField(plain);
  const { subject } = user;
  const blank = column !== null && !user.creates && column !== 'Deactivated' && clears(column);
  const pinned =
    isField(plain) &&
    isSupplied(subject.snapshots, plain) &&
    words.overrides[plain] !== undefined &&
    words.overrides[plain] !== subject.words.overrides[plain];
  const took = (list: 'roles' | 'teams'): boolean =>
    plain === list && words[`${list}Taken`].length > subject.words[`${list}Taken`].length;
  const how = blank ? 'cleared' : pinned || took('roles') || took('teams') ? 'override' : 'changed';
  return { field, column, before, after, how };
}

function classesOfRow(
  creates: boolean,
  activation: RowPlan['activation'],
  changes: readonly RowChange[],
): readonly RowClass[] {
  const found = new Set<RowClass>();
  if (creates) found.add('created');
  if (activation !== null) found.add(activation === 'activate' ? 'activated' : 'deactivated');
  if (!creates) for (const change of changes) if (change.field !== 'active') found.add(classOf(change));
  return rowClasses.filter((each) => found.has(each));
}

function classOf({ how, column }: RowChange): RowClass {
  if (how !== 'changed') return how;
  if (column === 'Team' || column === 'Member Group') return 'teams';
  if (column === 'Roles') return 'roles';
  return column === 'Full Scope' || column === 'Scope Groups' || column === 'Scope Teams' ? 'scope' : 'changed';
}
