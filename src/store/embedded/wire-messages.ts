/**
 * The framing of PostgreSQL's protocol 3, as far as a server needs it that passes messages on without reading them
 * (PostgreSQL manual, "Frontend/Backend Protocol", sections Message Flow and Message Formats).
 */

/** What a client asks for at once. */
export type ClientRequest =
  | { readonly kind: 'encryption' | 'cancel' | 'terminate' }
  /** Messages to be answered together. `synced`: the last one ends in ReadyForQuery; false after a Flush. */
  | { readonly kind: 'messages'; readonly messages: readonly Buffer[]; readonly synced: boolean };

const CANCEL_REQUEST = 80877102;
const SSL_REQUEST = 80877103;
const GSS_ENCRYPTION_REQUEST = 80877104;
/** PostgreSQL's own limit for one message (PQ_LARGE_MESSAGE_LIMIT). */
const MESSAGE_LIMIT = 0x3fffffff;

/** The client sent something that is no message of protocol 3. */
export class WireProtocolError extends Error {
  override readonly name = 'WireProtocolError';
  readonly code = 'wire-protocol-error';
}

/**
 * Cuts a client's bytes into requests. Messages of the extended protocol are gathered up to their Sync or Flush, so
 * that whoever serves them need not wait for a slow client in the middle of a statement.
 */
export async function* readRequests(source: AsyncIterable<Buffer>): AsyncGenerator<ClientRequest, void, undefined> {
  const bytes = new ByteReader(source);
  for (;;) {
    const opening = await readOpening(bytes);
    if (opening === null) return;
    yield opening;
    if (opening.kind === 'messages') break;
  }
  let messages: Buffer[] = [];
  for (;;) {
    const message = await readMessage(bytes, 1);
    if (message === null) return;
    const type = String.fromCharCode(message[0] ?? 0);
    if (type === 'X') {
      yield { kind: 'terminate' };
      return;
    }
    messages.push(message);
    if (!'QSFH'.includes(type)) continue;
    yield { kind: 'messages', messages, synced: type !== 'H' };
    messages = [];
  }
}

/** A connection's first message has no type byte: a request for encryption or cancellation, or the start itself. */
async function readOpening(bytes: ByteReader): Promise<ClientRequest | null> {
  const message = await readMessage(bytes, 0);
  if (message === null) return null;
  const code = message.length < 8 ? 0 : message.readInt32BE(4);
  if (code === SSL_REQUEST || code === GSS_ENCRYPTION_REQUEST) return { kind: 'encryption' };
  if (code === CANCEL_REQUEST) return { kind: 'cancel' };
  return { kind: 'messages', messages: [message], synced: true };
}

async function readMessage(bytes: ByteReader, typeLength: 0 | 1): Promise<Buffer | null> {
  const header = await bytes.peek(typeLength + 4);
  if (header === null) return null;
  const length = header.readInt32BE(typeLength);
  if (length < 4 || length > MESSAGE_LIMIT) throw new WireProtocolError(`a message cannot have ${length} bytes`);
  return bytes.take(typeLength + length);
}

/** Cuts a server's answer into whole messages; the buffers share its memory. */
export function* splitAnswer(answer: Buffer): Generator<Buffer, void, undefined> {
  let offset = 0;
  while (offset < answer.length) {
    const end = offset + 1 + answer.readInt32BE(offset + 1);
    yield answer.subarray(offset, end);
    offset = end;
  }
}

class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next `count` bytes, which stay; null if the source ends before. */
  async peek(count: number): Promise<Buffer | null> {
    while (this.#length < count) {
      const next = await this.#source.next();
      if (next.done === true) return null;
      this.#chunks.push(next.value);
      this.#length += next.value.length;
    }
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= count) return first.subarray(0, count);
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole.subarray(0, count);
  }

  async take(count: number): Promise<Buffer | null> {
    const bytes = await this.peek(count);
    if (bytes === null) return null;
    const [first, ...others] = this.#chunks;
    const rest = first?.subarray(count) ?? Buffer.alloc(0);
    this.#chunks = rest.length > 0 ? [rest, ...others] : others;
    this.#length -= count;
    return bytes;
  }
}
