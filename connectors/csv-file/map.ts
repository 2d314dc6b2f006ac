import type { AccountRecord, RejectedRecord, RoleFacts } from '../../src/domain/account.ts';
import type { Field } from '../../src/domain/fields.ts';
import type { CsvRow } from '../../src/connector-kit/csv.ts';
import {
  nameKey,
  readFlag,
  readState,
  splitList,
  teamsNamed,
  valueOrEmpty,
  valueProblem,
} from '../../src/connector-kit/value.ts';
import type { Column, Columns } from './schema.ts';

/** What became of a row. */
export type Outcome = { readonly record: AccountRecord } | { readonly rejected: RejectedRecord };

/** A cell cannot be used; the message names the column and holds nothing of the cell. */
class UnusableCell extends Error {
  override readonly name = 'UnusableCell';
}

/** Where in the file a row stands. */
export function positionOf(row: { readonly line: number }): string {
  return `line ${String(row.line)}`;
}

/** What a row is mapped with. */
export interface MapContext {
  readonly columns: Columns;
  /** The groups that the source's table of equivalents names. */
  readonly roleGroups: readonly string[];
  /** The day of the read, as YYYY-MM-DD. */
  readonly today: string;
}

/** A row as an account. */
export function mapRow(row: CsvRow, context: MapContext): Outcome {
  const position = positionOf(row);
  let externalId: string | null = null;
  try {
    externalId = idOf(row, context.columns);
    const reasons: string[] = [];
    const content = contentOf(row, context, reasons);
    return { record: { externalId, ...content, ...(reasons.length === 0 ? {} : { unread: { position, reasons } }) } };
  } catch (error) {
    if (!(error instanceof UnusableCell)) throw error;
    const rejected = { position, reason: error.message };
    return { rejected: externalId === null ? rejected : { ...rejected, externalId } };
  }
}

function idOf(row: CsvRow, { externalId: column, fields }: Columns): string {
  const id = valueOrEmpty(number(row, column));
  if (id === null) throw new UnusableCell(`the column "${column.name}", which is the id, is empty`);
  // Of an id that is a log-in name the case does not count (spec 2.4).
  return fields.some(([field, { index }]) => field === 'username' && index === column.index) ? nameKey(id) : id;
}

/** Fields by which people are told apart. */
const numbers: ReadonlySet<string> = new Set<Field>(['acdId', 'employeeId']);

function contentOf(row: CsvRow, context: MapContext, unread: string[]): Omit<AccountRecord, 'externalId'> {
  const { fields, parts } = context.columns;
  const { disabled, team, supervises } = parts;
  const values: Partial<Record<Field, string | null>> = {};
  for (const [field, column] of fields) {
    const value = orUnread(unread, () => (numbers.has(field) ? number : cell)(row, column));
    if (value !== undefined) values[field] = valueOrEmpty(value);
  }
  const roleFacts = roleFactsOf(row, context, unread);
  const teams = partOf(row, team, names, unread);
  const supervised = partOf(row, supervises, names, unread);
  return {
    values,
    // Who cannot be told to be living is no account that could be used.
    ...(disabled === undefined ? {} : { disabled: isDisabled(row, disabled, context.today) }),
    ...(roleFacts === undefined ? {} : { roleFacts }),
    ...(teams === undefined ? {} : { teams: teamsNamed(teams) }),
    ...(supervised === undefined ? {} : { supervises: teamsNamed(supervised) }),
  };
}

function roleFactsOf(row: CsvRow, { columns, roleGroups }: MapContext, unread: string[]): RoleFacts | undefined {
  const supervisor = partOf(row, columns.parts.supervisor, flag, unread);
  const groups = partOf(row, columns.parts.group, names, unread);
  const profiles = partOf(row, columns.parts.profile, names, unread);
  const roles = partOf(row, columns.parts.role, names, unread);
  const facts = {
    ...(supervisor === undefined ? {} : { supervisor }),
    ...(groups === undefined ? {} : { groups: groupsAmong(groups, roleGroups) }),
    ...(profiles === undefined ? {} : { profiles }),
    ...(roles === undefined ? {} : { roles }),
  };
  return Object.keys(facts).length === 0 ? undefined : facts;
}

function partOf<T>(
  row: CsvRow,
  column: Column | undefined,
  readPart: (row: CsvRow, column: Column) => T,
  unread: string[],
): T | undefined {
  return column === undefined ? undefined : orUnread(unread, () => readPart(row, column));
}

/** Gives undefined, and notes why, where a cell cannot be used (spec 2.2). */
function orUnread<T>(unread: string[], readCell: () => T): T | undefined {
  try {
    return readCell();
  } catch (error) {
    if (!(error instanceof UnusableCell)) throw error;
    unread.push(error.message);
    return undefined;
  }
}

/** Line breaks and spaces around a value are the exporter's. */
function cell(row: CsvRow, column: Column): string {
  const text = (row.cells[column.index] ?? '').trim();
  const problem = valueProblem(text);
  if (problem !== undefined) throw new UnusableCell(`the column "${column.name}" ${problem}`);
  return text;
}

/** A spreadsheet writes long numbers as `4.20778E+11`: rounded, so that two people have the same one. */
function number(row: CsvRow, column: Column): string {
  const text = cell(row, column);
  if (/^\d(?:[.,]\d+)?E\+\d{2,}$/.test(text))
    throw new UnusableCell(`the column "${column.name}" has a number that a spreadsheet has rounded (E+)`);
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
  if (value === undefined) throw new UnusableCell(`the column "${column.name}" is neither yes nor no`);
  return value;
}

/** A word, a yes or no, or the date of a deactivation, which counts from that day on (spec 17.3). */
function isDisabled(row: CsvRow, column: Column, today: string): boolean {
  const text = cell(row, column);
  const said = readState(text) ?? readFlag(text);
  if (said !== undefined) return said;
  const days = daysMeant(text);
  if (days.length === 0)
    throw new UnusableCell(`the column "${column.name}" is neither yes nor no, nor active or inactive, nor a date`);
  const passed = days.filter((day) => day <= today);
  if (passed.length > 0 && passed.length < days.length)
    throw new UnusableCell(`the column "${column.name}" has a date whose day and month cannot be told apart`);
  return passed.length > 0;
}

/**
 * The days that a date may mean, as YYYY-MM-DD, in the forms of spec 17.2 and with points, with or without a time. Where
 * both day and month may come first these are two.
 */
function daysMeant(text: string): string[] {
  const match =
    /^(?:(\d{1,2})([/.])(\d{1,2})[/.](\d{4})|(\d{4})[-/](\d{1,2})[-/](\d{1,2}))(?:[T ][\d:.+Z -]{1,24})?$/.exec(text);
  if (match === null) return [];
  const [, first = '', separator, second = '', year = '', isoYear, isoMonth = '', isoDay = ''] = match;
  if (isoYear !== undefined) return dayOf(isoYear, isoMonth, isoDay);
  const dayFirst = dayOf(year, second, first);
  return separator === '.' ? dayFirst : [...new Set([...dayFirst, ...dayOf(year, first, second)])];
}

function dayOf(year: string, month: string, day: string): string[] {
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return [];
  return [`${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`];
}
