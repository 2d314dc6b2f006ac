import { CliError, ReaderGone } from './errors.ts';
import { exitCode } from './exit-codes.ts';
import type { TextStream } from './world.ts';

/** One of the two streams of a command. */
export class Output {
  readonly isTerminal: boolean;
  readonly #stream: TextStream;
  #broken: Error | undefined;

  constructor(stream: TextStream) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    stream.on('error', (error) => {
      this.#broken ??= error;
    });
  }

  /** Width of the terminal in columns; undefined where there is none and lines may be as long as they are. */
  get columns(): number | undefined {
    if (!this.isTerminal) return undefined;
    // A terminal of unknown width says 0.
    const { columns = 0 } = this.#stream;
    return columns > 0 ? columns : 80;
  }

  /** Resolves when it is written. Throws ReaderGone when nobody reads any more, a CliError `storage` when the disk is full. */
  async write(text: string): Promise<void> {
    if (this.#broken !== undefined) throw writeFailure(this.#broken);
    if (text === '') return;
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(text, (error) => (error ? reject(writeFailure(error)) : resolve()));
    });
  }

  async line(text: string): Promise<void> {
    await this.write(`${text}\n`);
  }

  /** For programs: one JSON object per line. */
  async json(...values: readonly unknown[]): Promise<void> {
    await this.write(values.map((value) => `${toJson(value)}\n`).join(''));
  }
}

/** JSON in which no character steers the terminal that it may be shown on (C1 controls are legal in JSON). */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function writeFailure(error: Error): Error {
  const code = 'code' in error ? String(error.code) : '';
  if (['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'EOF'].includes(code)) return new ReaderGone();
  return new CliError('storage', exitCode.noConnection, `the output could not be written: ${error.message}`, {
    cause: error,
  });
}
