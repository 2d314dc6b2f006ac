import { TextDecoder } from 'node:util';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { constants, type BigIntStats } from 'node:fs';
import { SourceError } from './errors.ts';

const chunkBytes = 256 * 1024;

/** Whether a text is a name of the WHATWG Encoding Standard, such as `utf-8` or `windows-1250`. */
export function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    return false; // a RangeError is how TextDecoder says that it does not know the name
  }
}

/**
 * A source's file, read from its start to its end as UTF-8 without a byte order mark, as often as is needed.
 * A byte order mark wins over the configured encoding (Excel and ldifde -u write UTF-16).
 */
export class SourceFile {
  readonly path: string;
  /** In bytes, when it was opened. */
  readonly size: number;
  readonly modifiedAt: Date;
  readonly #handle: FileHandle;
  readonly #opened: BigIntStats;
  readonly #encoding: string;

  private constructor(path: string, handle: FileHandle, opened: BigIntStats, encoding: string) {
    this.path = path;
    this.size = Number(opened.size);
    this.modifiedAt = opened.mtime;
    this.#handle = handle;
    this.#opened = opened;
    this.#encoding = encoding;
  }

  /** @throws SourceError `file-missing`, `right-missing`, `configuration` (not a regular file) or `unreachable` (input/output error) */
  static async open(path: string, encoding = 'utf-8'): Promise<SourceFile> {
    let handle: FileHandle | undefined;
    try {
      // Non-blocking, so that a named pipe without a writer does not wait for ever.
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const opened = await handle.stat({ bigint: true });
      if (!opened.isFile()) {
        throw new SourceError(
          'fatal',
          'configuration',
          `${path} is not a regular file; name the exported file itself.`,
        );
      }
      return new SourceFile(path, handle, opened, encoding);
    } catch (error) {
      await handle?.close();
      throw fileError(path, error);
    }
  }

  /** The content in pieces of at most some 256 KiB; never keeps more than one of them. */
  async *chunks(signal?: AbortSignal): AsyncGenerator<Buffer, void, void> {
    yield* decoded((position) => this.#readAt(position), this.#encoding, signal);
  }

  /** What happened to the file since it was opened, or undefined where it is the same one, unchanged. */
  async changed(): Promise<string | undefined> {
    let now: BigIntStats;
    try {
      now = await stat(this.path, { bigint: true });
    } catch (error) {
      return errorCode(error) === 'ENOENT'
        ? 'the file was removed while it was read'
        : fileError(this.path, error).message;
    }
    const before = this.#opened;
    if (now.ino !== before.ino || now.dev !== before.dev) return 'the file was replaced while it was read';
    if (now.size !== before.size || now.mtimeNs !== before.mtimeNs) return 'the file changed while it was read';
    return undefined;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #readAt(position: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    let filled = 0;
    try {
      while (filled < chunkBytes) {
        const { bytesRead } = await this.#handle.read(buffer, filled, chunkBytes - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (error) {
      throw fileError(this.path, error);
    }
    return buffer.subarray(0, filled);
  }
}

/** Content that somebody has sent whole, to be read as a file is. Where its last line has no end it gets one. */
export function sentFile(content: Buffer, encoding = 'utf-8'): Pick<SourceFile, 'chunks'> {
  return {
    async *chunks(signal) {
      let last: Buffer | undefined;
      const piece = (at: number): Promise<Buffer> => Promise.resolve(content.subarray(at, at + chunkBytes));
      for await (const chunk of decoded(piece, encoding, signal)) {
        last = chunk;
        yield chunk;
      }
      if (last !== undefined && !/[\r\n]$/.test(last.subarray(-1).toString('latin1'))) yield Buffer.from('\n');
    },
  };
}

/** Bytes as UTF-8 without a byte order mark; `piece` gives them from a position on, and none at the end. */
async function* decoded(
  piece: (position: number) => Promise<Buffer>,
  encoding: string,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  let decoder: TextDecoder | undefined;
  for (let position = 0; ;) {
    signal?.throwIfAborted();
    const bytes = await piece(position);
    if (position === 0) decoder = decoderFor(bytes, encoding);
    position += bytes.length;
    if (bytes.length === 0) break;
    yield decoder === undefined ? withoutMark(bytes, position) : Buffer.from(decoder.decode(bytes, { stream: true }));
  }
  const rest = decoder?.decode() ?? '';
  if (rest !== '') yield Buffer.from(rest);
}

const utf8Mark = Buffer.from([0xef, 0xbb, 0xbf]);

function decoderFor(start: Buffer, encoding: string): TextDecoder | undefined {
  if (start[0] === 0xff && start[1] === 0xfe) return new TextDecoder('utf-16le');
  if (start[0] === 0xfe && start[1] === 0xff) return new TextDecoder('utf-16be');
  if (start.subarray(0, 3).equals(utf8Mark)) return undefined;
  const decoder = new TextDecoder(encoding);
  return decoder.encoding === 'utf-8' ? undefined : decoder;
}

function withoutMark(bytes: Buffer, end: number): Buffer {
  return end === bytes.length && bytes.subarray(0, 3).equals(utf8Mark) ? bytes.subarray(3) : bytes;
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function fileError(path: string, error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new SourceError(
      'fatal',
      'file-missing',
      `There is no file ${path}. Put the export there, or correct connection.path.`,
      { cause: error },
    );
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new SourceError(
      'fatal',
      'right-missing',
      `${path} may not be read by the user that rosterd runs as. Grant it read access.`,
      { cause: error },
    );
  }
  if (code === 'EISDIR' || code === 'ENXIO') {
    return new SourceError('fatal', 'configuration', `${path} is not a regular file; name the exported file itself.`, {
      cause: error,
    });
  }
  return new SourceError('retryable', 'unreachable', `${path} could not be read (${code || 'unknown error'}).`, {
    cause: error,
  });
}
