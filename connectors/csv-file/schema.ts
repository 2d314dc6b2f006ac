import { z } from 'zod';
import type { AccountPart, Field } from '../../src/domain/fields.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { nameKey, valueSchema } from '../../src/connector-kit/value.ts';

/** The columns of people.csv (spec 17.1) that are fields of an account, and the two that are parts of one. */
const defaultColumns: readonly (readonly [Field | AccountPart, string])[] = [
  ['acdId', 'ACD ID'],
  ['acdServer', 'ACD Server ID'],
  ['companyEndDate', 'Company End Date'],
  ['companyStartDate', 'Company Start Date'],
  ['departmentStartDate', 'Department Start Date'],
  ['displayTimeZone', 'Display Time Zone'],
  ['email', 'Email'],
  ['employeeId', 'Employee ID'],
  ['firstName', 'First Name'],
  ['lastName', 'Last Name'],
  ['locale', 'Locale'],
  ['username', 'Login'],
  ['qmViews', 'QM Views'],
  ['rank', 'Rank'],
  ['schedulingTimeZone', 'Scheduling Time Zone'],
  ['role', 'Roles'],
  ['team', 'Team'],
];

const parts = ['externalId', 'disabled', 'supervisor', 'profile', 'group', 'role', 'team', 'supervises'] as const;

/** The header of a file: its columns. */
const headerSchema = z.array(valueSchema);

/** Every column is compared with every name that is looked for. */
const mostColumns = 1000;

/** A column that is read. */
export interface Column {
  readonly index: number;
  readonly name: string;
}

/** Which columns of a file are read, and for what. */
export interface Columns {
  readonly externalId: Column;
  readonly fields: readonly (readonly [Field, Column])[];
  readonly parts: Readonly<Partial<Record<Exclude<AccountPart, 'externalId'>, Column>>>;
  /** The keys of `mapping` that have a column. */
  readonly keys: ReadonlySet<string>;
  /** The names of the other columns, which nobody reads. */
  readonly unread: readonly string[];
}

/**
 * Finds the columns in a header; names are compared without case. A default column that is missing is not read. Throws a
 * fatal SourceError `configuration` for a mapped one that is missing, and for a file that has no column for the external id.
 */
export function findColumns(
  header: readonly string[],
  mapping: Readonly<Partial<Record<Field | AccountPart, string>>>,
): Columns {
  if (header.length > mostColumns) throw configuration(`the header has more than ${String(mostColumns)} columns`);
  const parsed = headerSchema.safeParse(header);
  if (!parsed.success) throw configuration(`the header ${parsed.error.issues[0]?.message ?? 'cannot be read'}`);
  const found = new Map<string, Column>();
  for (const [key, name] of defaultColumns) {
    const column = Object.hasOwn(mapping, key) ? undefined : findColumn(header, key, name);
    if (column !== undefined) found.set(key, column);
  }
  for (const [key, name = ''] of Object.entries(mapping)) {
    const column = findColumn(header, key, name);
    if (column === undefined)
      throw configuration(`mapping.${key}: the file has no column "${name}". ${columnsOf(header)}`);
    found.set(key, column);
  }
  const externalId = found.get('externalId') ?? found.get('acdId');
  if (externalId === undefined) {
    throw configuration(
      `the file has no column "ACD ID"; name the column of the id in mapping.externalId. ${columnsOf(header)}`,
    );
  }
  const read = new Set([...found.values()].map(({ index }) => index));
  const unread = header.filter((name, index) => name !== '' && !read.has(index));
  return {
    externalId,
    fields: [...found].filter(isOfField),
    parts: partsOf(found),
    keys: new Set(found.keys()),
    unread,
  };
}

function findColumn(header: readonly string[], key: string, name: string): Column | undefined {
  const wanted = nameKey(name);
  const indexes = header.flatMap((each, index) => (nameKey(each) === wanted ? [index] : []));
  if (indexes.length > 1)
    throw configuration(`the file has the column "${name}" (${key}) ${String(indexes.length)} times`);
  return indexes[0] === undefined ? undefined : { index: indexes[0], name };
}

function isOfField(entry: readonly [string, Column]): entry is [Field, Column] {
  return !parts.some((part) => part === entry[0]);
}

function partsOf(found: ReadonlyMap<string, Column>): Columns['parts'] {
  const named: Partial<Record<AccountPart, Column>> = {};
  for (const part of parts) {
    const column = found.get(part);
    if (column !== undefined) named[part] = column;
  }
  return named;
}

function columnsOf(header: readonly string[]): string {
  const names = header.slice(0, 60).map((name) => `"${name.slice(0, 60)}"`);
  return `Its columns are: ${names.join(', ')}`;
}

function configuration(message: string): SourceError {
  return new SourceError('fatal', 'configuration', message);
}
