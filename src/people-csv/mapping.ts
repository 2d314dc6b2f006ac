import { fold } from '../domain/text.ts';
import { columnNamed, columnNames, dataTypeOf, requiredColumns, type ColumnName } from './columns.ts';
import type { DateFormat } from './dates.ts';

/** How one column of `people.csv` is found in a file, and what its cells are (spec 17.2). */
export interface MappedColumn {
  /** The name in the file; missing: the manual's own. */
  readonly header?: string | undefined;
  /** Of a column of dates. */
  readonly dates?: DateFormat | undefined;
}

/** A file's own columns and data types; saved under a name it is used again. */
export interface Mapping {
  readonly columns: Readonly<Partial<Record<ColumnName, MappedColumn>>>;
  /** Of every column of dates that says nothing of its own. */
  readonly dates?: DateFormat | undefined;
  /** Of the file; a byte order mark counts more. */
  readonly encoding?: string | undefined;
}

/** A column of the file that is read. */
export interface PlacedColumn {
  readonly index: number;
  readonly header: string;
  readonly dates: DateFormat | null;
}

/** Where the columns are in one file. */
export interface Places {
  readonly columns: ReadonlyMap<ColumnName, PlacedColumn>;
  /** Columns of the file that nobody reads, by their names. */
  readonly unread: readonly string[];
}

/** What is wrong with a file as a whole. */
export interface FileProblem {
  readonly column: string | null;
  readonly code: 'column-missing' | 'column-repeated' | 'mapping-invalid' | 'file-unreadable';
  readonly message: string;
}

/** Finds the columns in the header; every problem at once. */
export function placeColumns(
  header: readonly string[],
  mapping: Mapping,
): { readonly places: Places; readonly problems: readonly FileProblem[] } {
  const problems: FileProblem[] = [];
  const columns = new Map<ColumnName, PlacedColumn>();
  for (const column of columnNames) {
    const { header: named, dates } = mapping.columns[column] ?? {};
    const wanted = named ?? column;
    const found = header.flatMap((name, index) => (fold(name) === fold(wanted) ? [index] : []));
    const [index] = found;
    if (found.length > 1) problems.push(repeated(column, wanted, found.length));
    else if (index !== undefined)
      columns.set(column, {
        index,
        header: header[index] ?? wanted,
        dates: dataTypeOf(column) === 'date' ? (dates ?? mapping.dates ?? null) : null,
      });
    else if (named !== undefined) problems.push(missing(column, named, header));
    else if (isRequired(column)) problems.push(missing(column, column, header));
  }
  if (!columns.has('User ID') && !columns.has('Login'))
    problems.push({
      column: 'User ID',
      code: 'column-missing',
      message: 'There is neither a column "User ID" nor a column "Login": nothing says whom a row is about.',
    });
  const read = new Map<number, ColumnName[]>();
  for (const [column, { index }] of columns) read.set(index, [...(read.get(index) ?? []), column]);
  for (const twice of [...read.values()].filter((each) => each.length > 1))
    problems.push({
      column: twice[0] ?? null,
      code: 'mapping-invalid',
      message: `One column of the file is mapped to ${twice.map((each) => `"${each}"`).join(' and ')}.`,
    });
  const unread = header.filter((name, index) => name.trim() !== '' && !read.has(index));
  return { places: { columns, unread }, problems };
}

function isRequired(column: ColumnName): boolean {
  return (requiredColumns as readonly ColumnName[]).includes(column);
}

function repeated(column: ColumnName, wanted: string, times: number): FileProblem {
  return { column, code: 'column-repeated', message: `The file has the column "${wanted}" ${String(times)} times.` };
}

const mostNamed = 40;

function missing(column: ColumnName, wanted: string, header: readonly string[]): FileProblem {
  const have = header
    .slice(0, mostNamed)
    .map((name) => `"${name.slice(0, 60)}"`)
    .join(', ');
  return {
    column,
    code: 'column-missing',
    message: `The file has no column "${wanted}"${wanted === column ? '' : ` for "${column}"`}. It has ${have}.`,
  };
}

/** What is wrong with a mapping by itself, as a sentence; null where nothing is. */
export function mappingProblem({ columns }: Mapping): string | null {
  const headers = new Set<string>();
  for (const [name, { header, dates }] of Object.entries(columns)) {
    const column = columnNamed(name);
    if (column === null) return `people.csv has no column "${name}".`;
    if (dates !== undefined && dataTypeOf(column) !== 'date') return `"${column}" is no column of dates.`;
    if (header === undefined) continue;
    if (headers.has(fold(header))) return `The file's column "${header}" is mapped twice.`;
    headers.add(fold(header));
  }
  return null;
}
