import { Buffer } from 'node:buffer';
import { BerReader } from 'ldapts';
import type { Control } from 'ldapts';
import { BerCursor, MalformedAnswer, readHeader, tag } from './ber.ts';

/** Attributes are asked for by name, so that no entry needs more; a larger message is an attack or not LDAP. */
const largestMessage = 16 * 1024 * 1024;

/** One whole LDAP message of a server: whose answer it is, what kind of answer, and its contents. */
export interface ServerMessage {
  readonly id: number;
  readonly operation: number;
  /** Stands at the contents of the operation. */
  readonly body: BerCursor;
  /** Stands after the operation, where controls may follow. */
  readonly rest: BerCursor;
}

/** Cuts the bytes of a connection into LDAP messages. */
export class MessageFramer {
  #chunks: Buffer[] = [];
  #size = 0;
  #needed = 0;

  /** Bytes of a message that has not arrived whole. */
  get pendingBytes(): number {
    return this.#size;
  }

  /** Takes the next bytes and hands every message that they complete to `deliver`. Throws MalformedAnswer. */
  push(chunk: Buffer, deliver: (message: ServerMessage) => void): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    this.#chunks = [];
    let at = 0;
    for (;;) {
      const end = messageEnd(bytes, at);
      if (end === undefined || end > bytes.length) {
        this.#needed = end === undefined ? 0 : end - at;
        break;
      }
      deliver(openMessage(bytes, at, end));
      at = end;
    }
    this.#size = bytes.length - at;
    if (this.#size > 0) this.#chunks.push(bytes.subarray(at));
  }
}

function messageEnd(bytes: Buffer, at: number): number | undefined {
  if (at < bytes.length && bytes[at] !== tag.sequence) throw new MalformedAnswer('the answer is not LDAP');
  const header = readHeader(bytes, at, bytes.length);
  if (header === undefined) return undefined;
  if (header.length > largestMessage) throw new MalformedAnswer(`a message of ${header.length} bytes`);
  return header.start + header.length;
}

function openMessage(bytes: Buffer, at: number, end: number): ServerMessage {
  const rest = new BerCursor(bytes, at, end);
  rest.open(tag.sequence);
  const id = rest.integer();
  const operation = rest.peek();
  return { id, operation, body: rest.enter(operation), rest };
}

/** The result that ends an operation (RFC 4511, section 4.1.9). */
export interface Result {
  readonly code: number;
  /** The server's own words, as they came. */
  readonly diagnostic: string;
}

export function readResult(body: BerCursor): Result {
  const code = body.integer(tag.enumerated);
  body.skip();
  return { code, diagnostic: body.text() };
}

/** Hands each response control to the request's control that waits for it (`responseType`), and returns those that got one. */
export function readControls(rest: BerCursor, asked: readonly Control[]): ReadonlySet<Control> {
  const answered = new Set<Control>();
  if (rest.peek() !== tag.controls) return answered;
  const list = rest.enter(tag.controls);
  while (!list.done) {
    const item = list.enter(tag.sequence);
    const oid = item.text();
    if (item.peek() === tag.boolean) item.skip();
    const value = item.peek() === tag.octetString ? item.octets() : Buffer.alloc(0);
    const control = asked.find((each) => each.responseType === oid);
    if (control === undefined) continue;
    control.parse(new BerReader(value));
    answered.add(control);
  }
  return answered;
}

/** One entry as a server sent it. Attribute names are in lower case, options included; values are in the server's order. */
export interface Entry {
  readonly dn: string;
  readonly texts: ReadonlyMap<string, readonly string[]>;
  /** The attributes that the search named as binary. */
  readonly octets: ReadonlyMap<string, readonly Buffer[]>;
}

const noOctets: ReadonlyMap<string, readonly Buffer[]> = new Map();

/** Reads an entry; `binary` holds the lower-case names of the attributes whose values are bytes rather than text. */
export function readEntry(body: BerCursor, binary: ReadonlySet<string>): Entry {
  const dn = body.text();
  const texts = new Map<string, readonly string[]>();
  let octets: Map<string, readonly Buffer[]> | undefined;
  const attributesEnd = body.open(tag.sequence);
  while (body.at < attributesEnd) {
    body.open(tag.sequence);
    const name = readName(body);
    const valuesEnd = body.open(tag.set);
    if (binary.has(name)) {
      octets ??= new Map<string, readonly Buffer[]>();
      octets.set(name, readAll(body, valuesEnd, copyOctets));
    } else {
      texts.set(name, readAll(body, valuesEnd, readText));
    }
  }
  return { dn, texts, octets: octets ?? noOctets };
}

function readAll<T>(body: BerCursor, end: number, read: (body: BerCursor) => T): T[] {
  const values: T[] = [];
  while (body.at < end) values.push(read(body));
  return values;
}

function readText(body: BerCursor): string {
  return body.text();
}

/** A copy, because a slice would keep the whole network buffer alive. */
function copyOctets(body: BerCursor): Buffer {
  return Buffer.from(body.octets());
}

/** Names by a number made of their bytes. */
const knownNames = new Map<number, { readonly bytes: Buffer; readonly lower: string }>();
const mostKnownNames = 1_000;

/** Servers send the same few names with every entry: they are told by their bytes, and each is decoded once. */
function readName(body: BerCursor): string {
  const end = body.open(tag.octetString);
  const start = body.at;
  body.at = end;
  let number = end - start;
  for (let at = start; at < end; at++) number = (Math.imul(number, 31) + (body.bytes[at] ?? 0)) | 0;
  const known = knownNames.get(number);
  if (known !== undefined && isAt(body.bytes, start, end, known.bytes)) return known.lower;
  const bytes = Buffer.from(body.bytes.subarray(start, end));
  const lower = bytes.toString('utf8').toLowerCase();
  if (known === undefined && knownNames.size < mostKnownNames) knownNames.set(number, { bytes, lower });
  return lower;
}

function isAt(bytes: Buffer, start: number, end: number, expected: Buffer): boolean {
  if (expected.length !== end - start) return false;
  for (let at = start; at < end; at++) if (bytes[at] !== expected[at - start]) return false;
  return true;
}
