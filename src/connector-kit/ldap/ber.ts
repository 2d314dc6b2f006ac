import type { Buffer } from 'node:buffer';

/** The tags of BER that LDAP answers are made of (RFC 4511, appendix B). */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
  bindResponse: 0x61,
  searchEntry: 0x64,
  searchDone: 0x65,
  searchReference: 0x73,
  extendedResponse: 0x78,
  intermediateResponse: 0x79,
  controls: 0xa0,
} as const;

/** The answer of a server is not LDAP. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
}

/** The header of a BER element: where its contents start, and their length. */
export interface Header {
  readonly start: number;
  readonly length: number;
}

/**
 * Reads the header of the element at `at`; undefined when its bytes have not all arrived. The length is as announced and
 * may go beyond the bytes at hand. Throws MalformedAnswer for lengths that LDAP does not allow (RFC 4511, section 5.1).
 */
export function readHeader(bytes: Buffer, at: number, end: number): Header | undefined {
  if (end - at < 2) return undefined;
  const first = bytes[at + 1] ?? 0;
  if (first < 0x80) return { start: at + 2, length: first };
  const count = first & 0x7f;
  if (count === 0 || count > 4) throw new MalformedAnswer('an element of indefinite or absurd length');
  if (end - at < 2 + count) return undefined;
  return { start: at + 2 + count, length: bytes.readUIntBE(at + 2, count) };
}

/** Reads BER elements one after the other from a range of bytes, and never beyond it. */
export class BerCursor {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** The tag of the next element; -1 at the end. */
  peek(): number {
    return this.at < this.end ? (this.bytes[this.at] ?? -1) : -1;
  }

  /** Steps into the next element, which must have this tag, and returns where it ends; the cursor stands at its contents. */
  open(expected: number): number {
    if (this.peek() !== expected)
      throw new MalformedAnswer(`expected element ${hex(expected)}, got ${hex(this.peek())}`);
    const header = readHeader(this.bytes, this.at, this.end);
    if (header === undefined || header.start + header.length > this.end)
      throw new MalformedAnswer('a truncated element');
    this.at = header.start;
    return header.start + header.length;
  }

  /** A cursor over the contents of the next element; this one goes on after it. */
  enter(expected: number): BerCursor {
    const end = this.open(expected);
    const inner = new BerCursor(this.bytes, this.at, end);
    this.at = end;
    return inner;
  }

  text(expected: number = tag.octetString): string {
    const end = this.open(expected);
    const text = this.bytes.toString('utf8', this.at, end);
    this.at = end;
    return text;
  }

  octets(expected: number = tag.octetString): Buffer {
    const end = this.open(expected);
    const octets = this.bytes.subarray(this.at, end);
    this.at = end;
    return octets;
  }

  /** An integer or enumerated value of at most four bytes. */
  integer(expected: number = tag.integer): number {
    const end = this.open(expected);
    const length = end - this.at;
    if (length < 1 || length > 4) throw new MalformedAnswer('an integer of absurd length');
    const value = this.bytes.readIntBE(this.at, length);
    this.at = end;
    return value;
  }

  skip(): void {
    this.at = this.open(this.peek());
  }
}

function hex(byte: number): string {
  return byte < 0 ? 'nothing' : `0x${byte.toString(16)}`;
}
