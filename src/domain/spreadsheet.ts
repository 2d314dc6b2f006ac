import { showUnseen } from './visible-text.ts';

/** What begins a formula, the full-width forms included, which some spreadsheets take for the same. */
const sign = '[=+\\-@\uFF1D\uFF0B\uFF0D\uFF20]';

/**
 * A cell that begins like this is run as a formula, also behind spaces; tab and carriage return begin one too (OWASP, CSV
 * injection). Quotes before it count as well, so that the quote of the export can be told from one that was there.
 */
const atStart = new RegExp(`^(?='*[\\t\\r ]*(?:${sign}|[\\t\\r]))`, 'u');

/** Where a spreadsheet takes another character than the comma for the end of a cell, another cell begins here. */
const inside = new RegExp(`(?<=[;\\t\\r\\n])(?='* *${sign})`, 'gu');

const quoteAtStart = new RegExp(`^'(?='*[\\t\\r ]*(?:${sign}|[\\t\\r]))`, 'u');
const quoteInside = new RegExp(`(?<=[;\\t\\r\\n])'(?='* *${sign})`, 'gu');

/**
 * One line of a CSV file (RFC 4180). A cell that a spreadsheet would run as a formula gets a leading quote (spec 17.4), also
 * where a part of it would become a cell of its own; null is an empty cell. What cannot be seen is shown as a mark.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

function cellText(cell: string | number | null): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const harmless = showUnseen(cell).replace(atStart, "'").replace(inside, "'");
  return /[",;\t\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** The cell as it was before {@link csvLine} made it harmless (spec 17.4). */
export function withoutQuote(cell: string): string {
  return cell.replace(quoteInside, '').replace(quoteAtStart, '');
}
