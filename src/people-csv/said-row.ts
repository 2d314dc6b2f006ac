import { valueProblem } from '../connector-kit/value.ts';
import { withoutQuote } from '../domain/spreadsheet.ts';
import { normalise } from '../domain/text.ts';
import { showUnseen } from '../domain/visible-text.ts';
import { dataTypeOf, type ColumnName } from './columns.ts';
import { readDate } from './dates.ts';
import { splitList } from './lists.ts';
import type { PlacedColumn } from './mapping.ts';
import { readTimeZone } from './time-zones.ts';

/** Why a row is not imported, by its column (spec 17.5); null where it is about the row as a whole. */
export interface RowError {
  readonly column: ColumnName | null;
  readonly code: string;
  /** A sentence. */
  readonly message: string;
}

/** What a cell says, by the type of its column; null is a blank cell. */
export type Said = string | readonly string[] | boolean | null;

/** A row as it was read. A column that the file does not have says nothing. */
export interface SaidRow {
  readonly row: number;
  /** 0 for a new user, null where the row names the user by the login alone. */
  readonly userId: number | null;
  readonly cells: Readonly<Partial<Record<ColumnName, Said>>>;
}

/** Reads one row; everything that is wrong with it at once. */
export function readRow(
  row: number,
  texts: readonly string[],
  columns: ReadonlyMap<ColumnName, PlacedColumn>,
): { readonly said: SaidRow; readonly errors: readonly RowError[] } {
  const errors: RowError[] = [];
  const cells: Partial<Record<ColumnName, Said>> = {};
  let userId: number | null = null;
  for (const [column, place] of columns) {
    const text = normalise(withoutQuote(texts[place.index] ?? ''));
    const read = readCell(column, text, place);
    if ('error' in read) errors.push(read.error);
    else if (column === 'User ID') userId = typeof read.said === 'string' ? Number(read.said) : null;
    else cells[column] = read.said;
  }
  if (userId === null && !errors.some(({ column }) => column === 'User ID') && typeof cells.Login !== 'string')
    errors.push({
      column: 'User ID',
      code: 'user-unnamed',
      message: 'The row names nobody: it has neither a User ID (0 for a new user) nor a Login.',
    });
  return { said: { row, userId, cells }, errors };
}

type ReadCell = { readonly said: Said } | { readonly error: RowError };

function readCell(column: ColumnName, text: string, { dates }: PlacedColumn): ReadCell {
  if (text === '') return { said: null };
  const wrong = (code: string, problem: string): ReadCell => ({
    error: { column, code, message: `"${shown(text)}" ${problem}.` },
  });
  // The mark in the place of what cannot be seen is let through: the export writes it, and a cell that differs is refused later.
  const unusable = valueProblem(text.replaceAll('\ufffd', '?'));
  if (unusable !== undefined) return wrong('value-unusable', unusable);
  switch (dataTypeOf(column)) {
    case 'date': {
      const read = readDate(text, dates);
      return 'date' in read ? { said: read.date } : wrong(read.code, read.problem);
    }
    case 'true-false': {
      const flag = /^(?:(true|yes)|false|no)$/i.exec(text);
      return flag === null ? wrong('true-false-invalid', 'is neither TRUE nor FALSE') : { said: flag[1] !== undefined };
    }
    case 'time-zone': {
      const zone = readTimeZone(text);
      return zone === null
        ? wrong('time-zone-unknown', "is no time zone of the manual's list nor of IANA's")
        : { said: zone };
    }
    case 'list': {
      const names = splitList(text);
      return names === null ? wrong('list-invalid', 'has a quotation mark that is not closed') : { said: names };
    }
    case 'id':
      return readId(column, text, wrong);
    case 'text':
      return { said: text };
  }
}

const largestId = 2_147_483_647;

function readId(column: ColumnName, text: string, wrong: (code: string, problem: string) => ReadCell): ReadCell {
  if (/^\d(?:[.,]\d+)?E\+\d{2,}$/i.test(text))
    return wrong('number-rounded', 'is a number that a spreadsheet has rounded: format the column as text');
  if (column !== 'User ID') return { said: text };
  return /^\d{1,10}$/.test(text) && Number(text) <= largestId
    ? { said: text }
    : wrong('user-id-invalid', 'is no User ID, which is a whole number, 0 for a new user');
}

/** As much of a cell as a message quotes. */
export function shown(text: string): string {
  const visible = showUnseen(text).replaceAll(/[\t\r\n]/g, ' ');
  return visible.length > 60 ? `${visible.slice(0, 57)}...` : visible;
}
