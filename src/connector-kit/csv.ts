import { Parser } from 'csv-parse';
import type { CsvError, InfoRecord } from 'csv-parse';
import type { SourceFile } from './file.ts';

/** One record of a CSV file; `line` is the line on which it ends. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A record that is no row of the table. */
export interface CsvFlaw {
  readonly line: number;
  readonly reason: string;
}

/** What one piece of the file held. The header is in the first batch that has one, and is no row. */
export interface CsvBatch {
  readonly header?: readonly string[];
  readonly rows: readonly CsvRow[];
  readonly flaws: readonly CsvFlaw[];
}

/** Why the file did not provably end, for people; undefined where it did. */
export type CsvEnd = string | undefined;

/** A line of a table of people has some hundred bytes; anything beyond this is not one. */
const longestLine = 1024 * 1024;
/** Each damaged record costs the parser far more than a good one, and what has so many of them is no table. */
const mostFlaws = 10_000;
const mostFlawsOfLine = 100;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;

/**
 * Reads a CSV file (RFC 4180) with a header; comma, semicolon or tab, whichever the header has most of.
 * It goes on after a record that it cannot read, and stops where the file makes no sense any more. The last record is given
 * only when it is whole: a file can be cut anywhere.
 */
export async function* readCsv(
  file: Pick<SourceFile, 'chunks'>,
  signal?: AbortSignal,
): AsyncGenerator<CsvBatch, CsvEnd, void> {
  let table: CsvTable | undefined;
  try {
    let lineEnds: 'LF' | 'CR' = 'LF';
    for await (const piece of file.chunks(signal)) {
      if (table === undefined && !piece.includes(lineFeed) && piece.includes(carriageReturn)) lineEnds = 'CR';
      const chunk = lineEnds === 'CR' ? withLineFeeds(piece) : piece;
      const declared = table === undefined ? declaredDelimiter(chunk) : undefined;
      table ??= new CsvTable(declared?.delimiter ?? headerDelimiter(chunk), declared === undefined ? 0 : 1);
      table.push(declared === undefined ? chunk : chunk.subarray(declared.bytes));
      yield table.take();
      if (table.stopped !== undefined) return table.stopped;
    }
    if (table === undefined) return 'the file is empty';
    const end = await table.finish();
    yield table.take();
    return end;
  } finally {
    table?.close();
  }
}

/** The header's columns, or undefined where the file has none. */
export async function readCsvHeader(file: SourceFile, signal: AbortSignal): Promise<readonly string[] | undefined> {
  for await (const batch of readCsv(file, signal)) if (batch.header !== undefined) return batch.header;
  return undefined;
}

/** Lines that end with CR alone, as old Macintosh programs and some reports write them. */
function withLineFeeds(chunk: Buffer): Buffer {
  return chunk.map((byte) => (byte === carriageReturn ? lineFeed : byte)) as Buffer;
}

/** `sep=;` in the first line, which a spreadsheet writes for a spreadsheet: the delimiter, and the length of that line. */
function declaredDelimiter(start: Buffer): { readonly delimiter: string; readonly bytes: number } | undefined {
  const line = /^sep=([,;|\t])[,;\t]*\r?\n/i.exec(start.subarray(0, 100).toString('latin1'));
  return line?.[1] === undefined ? undefined : { delimiter: line[1], bytes: line[0].length };
}

/** Rows that stand in a table and are no records (spec 2.2): of blanks, of dashes under a header, and the header again. */
function isNoRecord(cells: readonly string[], header: readonly string[]): boolean {
  const texts = cells.map((cell) => cell.trim());
  if (texts.every((text) => text === '')) return true;
  if (texts.every((text) => /^-+$/.test(text)) && texts.join('').length > texts.length) return true;
  return texts.length === header.length && texts.every((text, index) => text === header[index]?.trim());
}

/** The delimiter that stands most often in the first line, outside of quotes. */
function headerDelimiter(start: Buffer): string {
  const counts = new Map([',', ';', '\t'].map((delimiter) => [delimiter, 0]));
  let quoted = false;
  for (const char of start.toString('latin1')) {
    if (char === '"') quoted = !quoted;
    if (quoted) continue;
    if (char === '\n') break;
    const count = counts.get(char);
    if (count !== undefined) counts.set(char, count + 1);
  }
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

/** The pieces of one file, put together to rows. */
class CsvTable {
  /** Why reading cannot go on. */
  stopped: string | undefined;
  readonly #parser: Parser;
  #header: readonly string[] | undefined;
  #freshHeader: readonly string[] | undefined;
  #rows: CsvRow[] = [];
  #flaws: CsvFlaw[] = [];
  #flawCount = 0;
  #flawsOfLine = 0;
  #flawedLine = 0;
  /** The latest row: whether it is whole is known when the next one starts, or at the end. */
  #held: CsvRow | undefined;
  readonly #lastCells = new LastCells();
  #line: number;
  /** Lines in front of the table. */
  readonly #linesBefore: number;
  #bytesOfLine = 0;
  #lastByte = lineFeed;

  constructor(delimiter: string, linesBefore: number) {
    this.#line = linesBefore;
    this.#linesBefore = linesBefore;
    this.#parser = new Parser({
      cast: false,
      columns: false,
      delimiter,
      record_delimiter: ['\r\n', '\n'],
      ltrim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: longestLine,
      skip_records_with_error: true,
      on_skip: (error) => this.#skip(error),
      // Nothing is handed on to the stream, which would wake once per record.
      on_record: (cells: string[], info: InfoRecord) => {
        this.#add({ line: info.lines + this.#linesBefore, cells });
        this.#stopAtRubbish();
        return null;
      },
    });
    this.#parser.on('error', (error) => {
      this.stopped ??= `line ${String(this.#line + 1)} cannot be read: ${error.message}`;
    });
  }

  push(chunk: Buffer): void {
    const firstBreak = chunk.indexOf(lineFeed);
    const lastBreak = chunk.lastIndexOf(lineFeed);
    if (this.#bytesOfLine + (firstBreak < 0 ? chunk.length : firstBreak) > longestLine) {
      this.#release();
      this.stopped = `line ${String(this.#line + 1)} or the one after it is longer than ${String(longestLine)} bytes; the rest was not read`;
      return;
    }
    this.#bytesOfLine = lastBreak < 0 ? this.#bytesOfLine + chunk.length : chunk.length - lastBreak - 1;
    this.#lastByte = chunk.at(-1) ?? this.#lastByte;
    this.#parser.write(chunk);
  }

  /** What has been read since it was last asked. */
  take(): CsvBatch {
    const batch = { rows: this.#rows, flaws: this.#flaws };
    const header = this.#freshHeader;
    this.#rows = [];
    this.#flaws = [];
    this.#freshHeader = undefined;
    return header === undefined ? batch : { ...batch, header };
  }

  async finish(): Promise<CsvEnd> {
    await new Promise<void>((resolve) => {
      this.#parser.once('error', () => {
        resolve();
      });
      this.#parser.end(resolve);
    });
    const last = this.#held;
    this.#held = undefined;
    if (this.stopped !== undefined || this.#header === undefined) return this.stopped ?? 'the file is empty';
    const cut = this.#cut(last);
    if (last !== undefined) {
      if (cut === undefined) this.#accept(last);
      else this.#flaw(last.line, 'the file ends inside this record');
    }
    return cut;
  }

  close(): void {
    this.#parser.destroy();
  }

  /** Why the file does not provably end with its last row. */
  #cut(last: CsvRow | undefined): CsvEnd {
    const width = this.#header?.length ?? 0;
    if (last !== undefined && last.cells.length < width) {
      return `the file ends inside the record of line ${String(last.line)} (${String(last.cells.length)} of ${String(width)} columns)`;
    }
    if (this.#lastByte === lineFeed) return undefined;
    const lastCell = last?.cells.at(-1);
    if (lastCell !== undefined && (this.#lastByte === quote || this.#lastCells.prove(lastCell))) return undefined;
    const line = String(last?.line ?? this.#line);
    return `the file ends in line ${line} without a line break, so that it may have been cut there; end every line of the export with one`;
  }

  #add(row: CsvRow): void {
    this.#line = row.line;
    if (this.#header === undefined) {
      this.#header = row.cells;
      this.#freshHeader = row.cells;
      return;
    }
    this.#release();
    if (!isNoRecord(row.cells, this.#header)) this.#held = row;
  }

  #release(): void {
    if (this.#held !== undefined) this.#accept(this.#held);
    this.#held = undefined;
  }

  #accept(row: CsvRow): void {
    const width = this.#header?.length ?? 0;
    if (row.cells.length !== width) {
      this.#flaw(row.line, `has ${String(row.cells.length)} cells where the header has ${String(width)}`);
      return;
    }
    this.#lastCells.add(row.cells.at(-1) ?? '');
    this.#rows.push(row);
  }

  #flaw(line: number, reason: string): void {
    this.#flawCount += 1;
    this.#flawsOfLine = line === this.#flawedLine ? this.#flawsOfLine + 1 : 1;
    if (line !== this.#flawedLine) this.#flaws.push({ line, reason });
    this.#flawedLine = line;
  }

  /** A record that the parser skips. Throwing ends the parsing. */
  #skip(error: CsvError | undefined): undefined {
    const line = this.#line + 1;
    this.#release();
    if (error?.code === 'CSV_QUOTE_NOT_CLOSED') {
      this.#flaw(line, 'the file ends inside this record');
      this.stopped = `the file ends inside a quoted value of the record that begins in line ${String(line)}`;
      throw error;
    }
    // After this error the parser would silently drop the rest of the piece that it has at hand.
    if (error?.code === 'CSV_MAX_RECORD_SIZE') {
      this.stopped = `the record that begins in line ${String(line)} is larger than ${String(longestLine)} bytes (a quote that is not closed?); the rest was not read`;
      throw error;
    }
    this.#flaw(
      typeof error?.lines === 'number' ? error.lines + this.#linesBefore : line,
      'a quotation mark stands where none may (double it inside of a quoted value)',
    );
    this.#stopAtRubbish();
    return undefined;
  }

  /** Throwing ends the parsing. */
  #stopAtRubbish(): void {
    if (this.#flawCount < mostFlaws && this.#flawsOfLine < mostFlawsOfLine) return;
    this.stopped = `too much is damaged up to line ${String(this.#flawedLine)} for a table; the rest was not read`;
    throw new Error(this.stopped);
  }
}

/**
 * The values of the last column, as evidence: without a line break at the end of the file, a last value is whole when other
 * rows have it too and none of their values goes on after it.
 */
class LastCells {
  readonly #most = 1000;
  readonly #seen = new Set<string>();

  add(cell: string): void {
    if (this.#seen.size <= this.#most) this.#seen.add(cell);
  }

  prove(cell: string): boolean {
    if (this.#seen.size > this.#most || !this.#seen.has(cell)) return false;
    return ![...this.#seen].some((other) => other !== cell && other.startsWith(cell));
  }
}
