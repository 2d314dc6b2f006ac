import { Ber, BerWriter } from 'ldapts';
import { BerCursor, tag } from '../../src/connector-kit/ldap/ber.ts';

/** The tags of requests (RFC 4511, appendix B). */
const requestTag = { bind: 0x60, unbind: 0x42, search: 0x63, abandon: 0x50, extended: 0x77 } as const;

/** A request as far as tests care. */
export type LdapRequest = {
  readonly messageId: number;
  readonly operation: keyof typeof requestTag | 'other';
  /** Of a search; empty for everything else. */
  readonly base: string;
  readonly scope: 'base' | 'one' | 'sub' | undefined;
  /** As they were asked for. */
  readonly attributes: readonly string[];
  /** OIDs. */
  readonly controls: readonly string[];
};

/** An entry whose attributes can be looked at and replaced; names as the server spells them. */
export type LdapEntry = {
  readonly dn: string;
  readonly attributes: readonly (readonly [name: string, values: readonly Buffer[]])[];
};

/** Cuts a stream into LDAP messages; what is not LDAP (TLS) gives none. */
export class MessageSplitter {
  readonly #onMessage: (operation: number, message: Buffer, bytesBehind: number) => void;
  #pending = Buffer.alloc(0);

  constructor(onMessage: (operation: number, message: Buffer, bytesBehind: number) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const length = messageLength(this.#pending);
      if (length === undefined || length > this.#pending.length) return;
      const message = this.#pending.subarray(0, length);
      this.#pending = this.#pending.subarray(length);
      this.#onMessage(operationOf(message), message, this.#pending.length);
    }
  }
}

/** The length of a BER element, header included; undefined while its header has not arrived. */
function messageLength(bytes: Buffer): number | undefined {
  const first = bytes[1];
  if (first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const lengthBytes = first & 0x7f;
  if (lengthBytes === 0 || lengthBytes > 4 || bytes.length < 2 + lengthBytes) return undefined;
  return 2 + lengthBytes + bytes.readUIntBE(2, lengthBytes);
}

/** The tag behind the message id. */
function operationOf(message: Buffer): number {
  const first = message[1] ?? 0;
  const idAt = first < 0x80 ? 2 : 2 + (first & 0x7f);
  return message[idAt + 2 + (message[idAt + 1] ?? 0)] ?? 0;
}

/** The number that an answer shares with its request. */
export function messageIdOf(message: Buffer): number {
  return open(message).integer();
}

function open(message: Buffer): BerCursor {
  return new BerCursor(message, 0, message.length).enter(tag.sequence);
}

/** Reads a whole message of a client. */
export function readRequest(message: Buffer): LdapRequest {
  const cursor = open(message);
  const messageId = cursor.integer();
  const found = Object.entries(requestTag).find(([, value]) => value === cursor.peek());
  const operation = (found?.[0] ?? 'other') as LdapRequest['operation'];
  const nothing = { base: '', scope: undefined, attributes: [] };
  const search = operation === 'search' ? readSearch(cursor.enter(requestTag.search)) : nothing;
  if (operation !== 'search') cursor.skip();
  return { messageId, operation, ...search, controls: readControls(cursor) };
}

function readSearch(body: BerCursor): Pick<LdapRequest, 'base' | 'scope' | 'attributes'> {
  const base = body.text();
  const scope = (['base', 'one', 'sub'] as const)[body.integer(tag.enumerated)];
  // How to dereference, size limit, time limit, types only, filter.
  for (let skipped = 0; skipped < 5; skipped += 1) body.skip();
  const list = body.enter(tag.sequence);
  const attributes: string[] = [];
  while (!list.done) attributes.push(list.text());
  return { base, scope, attributes };
}

function readControls(cursor: BerCursor): string[] {
  const oids: string[] = [];
  if (cursor.peek() !== tag.controls) return oids;
  const list = cursor.enter(tag.controls);
  while (!list.done) oids.push(list.enter(tag.sequence).text());
  return oids;
}

/** Reads a SearchResultEntry. */
export function readEntry(message: Buffer): LdapEntry {
  const cursor = open(message);
  cursor.integer();
  const body = cursor.enter(tag.searchEntry);
  const dn = body.text();
  const list = body.enter(tag.sequence);
  const attributes: [string, Buffer[]][] = [];
  while (!list.done) {
    const attribute = list.enter(tag.sequence);
    const name = attribute.text();
    const set = attribute.enter(tag.set);
    const values: Buffer[] = [];
    while (!set.done) values.push(set.octets());
    attributes.push([name, values]);
  }
  return { dn, attributes };
}

/** Writes a SearchResultEntry; without controls, which no server sends with entries here. */
export function writeEntry(messageId: number, entry: LdapEntry): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(messageId);
  writer.startSequence(tag.searchEntry);
  writer.writeString(entry.dn);
  writer.startSequence();
  for (const [name, values] of entry.attributes) {
    writer.startSequence();
    writer.writeString(name);
    writer.startSequence(tag.set);
    for (const value of values) writer.writeBuffer(value, Ber.OctetString);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}

/** How a server refuses a request (RFC 4511, section 4.1.9). */
export type LdapRefusal = {
  readonly code: number;
  readonly diagnostic?: string;
  /** URLs of other servers; belongs to code 10. */
  readonly referral?: readonly string[];
};

const resultTag = { bind: tag.bindResponse, search: tag.searchDone, extended: tag.extendedResponse } as const;

/** Writes the result that ends a request. */
export function writeResult(request: LdapRequest, { code, diagnostic = '', referral }: LdapRefusal): Buffer {
  const { operation, messageId } = request;
  if (operation !== 'bind' && operation !== 'search' && operation !== 'extended')
    throw new Error(`${operation} has no result`);
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(messageId);
  writer.startSequence(resultTag[operation]);
  writer.writeEnumeration(code);
  writer.writeString('');
  writer.writeString(diagnostic);
  if (referral !== undefined) {
    writer.startSequence(0xa3);
    for (const url of referral) writer.writeString(url);
    writer.endSequence();
  }
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}
