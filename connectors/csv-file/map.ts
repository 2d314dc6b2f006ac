import type { AccountRecord, RejectedRecord, RoleFacts } from '../../src/domain/account.ts';
import type { Field } from '../../src/domain/fields.ts';
import type { CsvRow } from '../../src/connector-kit/csv.ts';
import { nameKey, readFlag, splitList, teamsNamed, valueOrEmpty, valueProblem } from '../../src/connector-kit/value.ts';
import type { Column, Columns } from './schema.ts';

/** What became of a row. */
export type Outcome = { readonly record: AccountRecord } | { readonly rejected: RejectedRecord };

/** A row cannot be used; the message names the column and holds nothing of the cell. */
class UnusableRow extends Error {
  override readonly name = 'UnusableRow';
}

/** Where in the file a row stands. */
export function positionOf(row: { readonly line: number }): string {
  return `line ${String(row.line)}`;
}

/** A row as an account. `roleGroups` are the groups that the source's table of equivalents names. */
export function mapRow(row: CsvRow, columns: Columns, roleGroups: readonly string[]): Outcome {
  let externalId: string | null = null;
  try {
    externalId = valueOrEmpty(cell(row, columns.externalId));
    if (externalId === null)
      throw new UnusableRow(`the column "${columns.externalId.name}", which is the id, is empty`);
    return { record: { externalId, ...contentOf(row, columns, roleGroups) } };
  } catch (error) {
    if (!(error instanceof UnusableRow)) throw error;
    const rejected = { position: positionOf(row), reason: error.message };
    return { rejected: externalId === null ? rejected : { ...rejected, externalId } };
  }
}

function contentOf(row: CsvRow, columns: Columns, roleGroups: readonly string[]): Omit<AccountRecord, 'externalId'> {
  const values: Partial<Record<Field, string | null>> = {};
  for (const [field, column] of columns.fields) values[field] = valueOrEmpty(cell(row, column));
  const { disabled, team, supervises } = columns.parts;
  const roleFacts = roleFactsOf(row, columns.parts, roleGroups);
  return {
    values,
    ...(disabled === undefined ? {} : { disabled: isDisabled(row, disabled) }),
    ...(roleFacts === undefined ? {} : { roleFacts }),
    ...(team === undefined ? {} : { teams: teamsNamed(names(row, team)) }),
    ...(supervises === undefined ? {} : { supervises: teamsNamed(names(row, supervises)) }),
  };
}

function roleFactsOf(row: CsvRow, parts: Columns['parts'], roleGroups: readonly string[]): RoleFacts | undefined {
  const { supervisor, group, profile, role } = parts;
  const facts = {
    ...(supervisor === undefined ? {} : { supervisor: flag(row, supervisor) }),
    ...(group === undefined ? {} : { groups: groupsAmong(names(row, group), roleGroups) }),
    ...(profile === undefined ? {} : { profiles: names(row, profile) }),
    ...(role === undefined ? {} : { roles: names(row, role) }),
  };
  return Object.keys(facts).length === 0 ? undefined : facts;
}

function cell(row: CsvRow, column: Column): string {
  const text = row.cells[column.index] ?? '';
  const problem = valueProblem(text);
  if (problem !== undefined) throw new UnusableRow(`the column "${column.name}" ${problem}`);
  return text;
}

function names(row: CsvRow, column: Column): readonly string[] {
  return splitList(cell(row, column));
}

function groupsAmong(groups: readonly string[], roleGroups: readonly string[]): readonly string[] {
  const keys = new Set(groups.map(nameKey));
  return roleGroups.filter((name) => keys.has(nameKey(name)));
}

function flag(row: CsvRow, column: Column): boolean {
  const value = readFlag(cell(row, column));
  if (value === undefined) throw new UnusableRow(`the column "${column.name}" is neither yes nor no`);
  return value;
}

/** Words that say it themselves. */
const states = new Map([
  ['disabled', true],
  ['inactive', true],
  ['deactivated', true],
  ['enabled', false],
  ['active', false],
]);

/** A word, a yes or no, or the date of a deactivation, of which 12/31/2999 means that there is none (spec 17.3). */
function isDisabled(row: CsvRow, column: Column): boolean {
  const text = cell(row, column).trim();
  const said = states.get(text.toLowerCase()) ?? readFlag(text);
  if (said !== undefined) return said;
  if (!isDate(text)) throw new UnusableRow(`the column "${column.name}" is neither yes nor no nor a date`);
  return !/(?:^|\D)2999(?:\D|$)/.test(text);
}

/** The forms of spec 17.2, whichever of day and month comes first, with or without a time. */
function isDate(text: string): boolean {
  return /^(?:\d{1,2}[/.]\d{1,2}[/.]\d{4}|\d{4}[-/]\d{1,2}[-/]\d{1,2})(?:[T ][\d:.+Z -]{1,24})?$/.test(text);
}
