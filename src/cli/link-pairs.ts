import { readFile } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse/sync';
import { withoutQuote } from '../domain/spreadsheet.ts';
import { UsageError } from './errors.ts';
import type { MoveReport } from './shapes.ts';

type LinkPair = Pick<MoveReport['pairs'][number], 'old' | 'new'>;

/** Reads a CSV file with the columns `old` and `new`, each an external id as it stands; others are passed over. */
export async function readLinkPairs(path: string): Promise<LinkPair[]> {
  const rows = parseTable(await readText(path), path);
  const [head = []] = rows;
  const column = (name: string): number => {
    const index = head.findIndex((cell) => cell.trim().toLowerCase() === name);
    if (index < 0)
      throw new UsageError(`${path} has no column "${name}"; its first line must name the columns old and new`);
    return index;
  };
  const [oldAt, newAt] = [column('old'), column('new')];
  return rows.slice(1).map((row, index) => {
    const cell = (at: number): string => {
      const text = withoutQuote((row[at] ?? '').trim());
      if (text === '')
        throw new UsageError(`${path}: row ${String(index + 2)} has no ${at === oldAt ? 'old' : 'new'} id`);
      return text;
    };
    return { old: cell(oldAt), new: cell(newAt) };
  });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new UsageError(`${path} cannot be read (${reason})`);
  }
}

function parseTable(text: string, path: string): string[][] {
  const [first = ''] = text.split('\n', 1);
  const delimiter = [',', ';', '\t'].find((each) => first.includes(each)) ?? ',';
  try {
    return parse(text, { bom: true, delimiter, relaxColumnCount: true, skipEmptyLines: true });
  } catch (error) {
    if (error instanceof CsvError) throw new UsageError(`${path} is no CSV file: ${error.message}`);
    throw error;
  }
}
