import Table from 'cli-table3';
import stringWidth from 'string-width';
import { cleanText } from '../telemetry/clean-text.ts';

/** One column of a table for people. */
export interface Column<Row> {
  readonly head: string;
  readonly value: (row: Row) => string | number | null | undefined;
  readonly paint?: (text: string) => string;
  readonly align?: 'right';
  /** Never cut, such as an id that is needed for the next command. */
  readonly whole?: boolean;
}

/** More of one value than this helps nobody in a table; `--json` has it whole. */
const longestCell = 300;
const narrowest = 6;
const gap = 2;

const noBorders = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
  ...{ 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '' },
  middle: ' '.repeat(gap),
};

/**
 * A table that may come in pieces, page by page. On a terminal it is fitted to the width; elsewhere nothing is cut.
 * Returns the function that renders the next rows, the head before the first ones.
 */
export function tableRenderer<Row>(
  columns: readonly Column<Row>[],
  options: { readonly width: number | undefined; readonly paintHead: (text: string) => string },
): (rows: readonly Row[]) => string {
  let widths = columns.map((column) => stringWidth(column.head));
  let headDone = false;
  return (rows) => {
    const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))));
    widths = widths.map((width, index) => Math.max(width, ...cells.map((row) => stringWidth(row[index] ?? ''))));
    const fitted = options.width === undefined ? widths : fit(widths, columns, options.width);
    const cutTo = (row: readonly string[]): string[] => row.map((text, index) => cut(text, fitted[index] ?? 0));
    const lines = cells.map((row) => cutTo(row).map((text, index) => columns[index]?.paint?.(text) ?? text));
    const head = headDone ? [] : [cutTo(columns.map((column) => column.head)).map(options.paintHead)];
    headDone = true;
    return render([...head, ...lines], columns, fitted);
  };
}

function cellText(value: string | number | null | undefined): string {
  return value === null || value === undefined ? '' : cleanText(String(value), longestCell).trim();
}

const graphemes = new Intl.Segmenter();

/** A text, or as much of it as fits with a sign that there is more. The library's own cutting goes by code units. */
function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    if (stringWidth(kept + segment) >= width) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Takes from the widest columns, one by one, until the table fits or nothing more can be taken. */
function fit<Row>(natural: readonly number[], columns: readonly Column<Row>[], width: number): number[] {
  const widths = [...natural];
  const tooMuch = (): number => widths.reduce((sum, each) => sum + each, 0) + gap * (widths.length - 1) - width;
  while (tooMuch() > 0) {
    const shrinkable = widths.map((each, index) => (columns[index]?.whole === true || each <= narrowest ? 0 : each));
    const widest = shrinkable.indexOf(Math.max(...shrinkable));
    if ((shrinkable[widest] ?? 0) === 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function render<Row>(lines: readonly string[][], columns: readonly Column<Row>[], widths: readonly number[]): string {
  if (lines.length === 0) return '';
  const table = new Table({
    chars: noBorders,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colWidths: [...widths],
    colAligns: columns.map((column) => column.align ?? 'left'),
  });
  table.push(...lines);
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}
