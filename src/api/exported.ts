import { Readable } from 'node:stream';
import { z } from 'zod';
import { answers } from './instance.ts';
import type { ExportFormat } from './schemas/common.ts';

/** A million entries take some minutes. */
export const exportTimeoutMs = 20 * 60_000;
/** Who reads nothing for so long is not going to. */
const stalledMs = 60_000;
/** How many entries are read at a time. */
export const exportPage = 1_000;

/** Text that is written as it is read, so that no check of the whole is possible. */
const streamed = z.unknown();

/** The answers of a route that gives a whole list out; `description` says in which order. */
export function exportAnswers(description: string) {
  return {
    ...answers(z.unknown()),
    200: {
      description,
      content: { 'text/csv': { schema: streamed }, 'application/x-ndjson': { schema: streamed } },
    },
  };
}

/** How the entries of a list look as lines of CSV. */
export interface CsvForm<Entry> {
  readonly head: string;
  readonly line: (entry: Entry) => string;
}

/** Type and text of an export, one piece per page. */
export function exported<Entry>(
  format: ExportFormat,
  csv: CsvForm<Entry>,
  pages: AsyncIterable<readonly Entry[]>,
  stalled = stalledMs,
): { readonly type: string; readonly body: Readable } {
  const [type, form]: [string, CsvForm<Entry>] =
    format === 'csv'
      ? ['text/csv; charset=utf-8', csv]
      : ['application/x-ndjson', { head: '', line: (entry) => `${JSON.stringify(entry)}\n` }];
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    timer = setTimeout(() => body.destroy(new ExportStalledError()), stalled);
  };
  const body = Readable.from(watched(textOf(pages, form), wait, () => clearTimeout(timer)));
  body.once('close', () => clearTimeout(timer));
  return { type, body };
}

/** Nobody has read on. */
class ExportStalledError extends Error {
  override readonly name = 'ExportStalledError';
  constructor() {
    super('the export was broken off: nobody read it');
  }
}

/** Tells when a piece has been handed out and when the next one is asked for. */
async function* watched(
  pieces: AsyncGenerator<string, void, void>,
  handedOut: () => void,
  askedFor: () => void,
): AsyncGenerator<string, void, void> {
  for await (const piece of pieces) {
    handedOut();
    yield piece;
    askedFor();
  }
}

async function* textOf<Entry>(
  pages: AsyncIterable<readonly Entry[]>,
  { head, line }: CsvForm<Entry>,
): AsyncGenerator<string, void, void> {
  if (head !== '') yield head;
  for await (const page of pages) yield page.map(line).join('');
}
