import { Buffer } from 'node:buffer';
import { Ber, BerWriter, Control } from 'ldapts';
import type { BerReader } from 'ldapts';

/**
 * Simple paged results (RFC 2696). ldapts keeps the response's cookie of its own class to itself and its Client stops at an
 * empty page although the cookie says that there is more; this one is read and driven by ./paging.ts.
 */
export class PagedResults extends Control {
  static readonly oid = '1.2.840.113556.1.4.319';
  readonly size: number;
  /** Sent as it stands; after the answer, the server's next one. Empty: the last page. */
  cookie: Buffer;
  /** The server's estimate of the whole result; 0 where it does not say. */
  total = 0;

  constructor(size: number, cookie: Buffer = Buffer.alloc(0)) {
    super(PagedResults.oid, { critical: true });
    this.size = size;
    this.cookie = cookie;
  }

  override writeControl(writer: BerWriter): void {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(this.size);
    value.writeBuffer(this.cookie, Ber.OctetString);
    value.endSequence();
    writer.writeBuffer(value.buffer, Ber.OctetString);
  }

  override parseControl(reader: BerReader): void {
    reader.readSequence();
    this.total = reader.readInt() ?? 0;
    this.cookie = Buffer.from(reader.readString(Ber.OctetString, true) ?? Buffer.alloc(0));
  }
}

/**
 * LDAP_SERVER_DIRSYNC_OID (MS-ADTS 3.1.1.3.4.1.3): what has changed since a cookie, in the whole of a naming context. With
 * OBJECT_SECURITY it needs no right but to read, and shows what may be read; with INCREMENTAL_VALUES a link attribute comes as
 * the values that were added (`member;range=1-1`) and taken away (`member;range=0-0`).
 */
export class DirSync extends Control {
  static readonly oid = '1.2.840.113556.1.4.841';
  /** Sent as it stands; after the answer, the server's next one. Opaque. */
  cookie: Buffer;
  /** The answer was one of several: ask again with its cookie. */
  more = false;

  constructor(cookie: Buffer) {
    super(DirSync.oid, { critical: true });
    this.cookie = cookie;
  }

  override writeControl(writer: BerWriter): void {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(objectSecurity | incrementalValues);
    value.writeInt(mostBytes);
    value.writeBuffer(this.cookie, Ber.OctetString);
    value.endSequence();
    writer.writeBuffer(value.buffer, Ber.OctetString);
  }

  override parseControl(reader: BerReader): void {
    reader.readSequence();
    this.more = (reader.readInt() ?? 0) !== 0;
    reader.readInt();
    this.cookie = Buffer.from(reader.readString(Ber.OctetString, true) ?? Buffer.alloc(0));
  }
}

const objectSecurity = 0x1;
/** 0x80000000; a server takes only its four bytes, which BER reads as a signed number. */
const incrementalValues = -0x80000000;
const mostBytes = 0x100000;

/** LDAP_SERVER_EXTENDED_DN_OID: DNs come as `<GUID=…>;<SID=…>;DN`, with the GUID in its written form (MS-ADTS 3.1.1.3.4.1.5). */
export class ExtendedDn extends Control {
  constructor() {
    super('1.2.840.113556.1.4.529');
  }

  override writeControl(writer: BerWriter): void {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(1);
    value.endSequence();
    writer.writeBuffer(value.buffer, Ber.OctetString);
  }
}

/** LDAP_SERVER_SHOW_DELETED_OID: tombstones are found too (MS-ADTS 3.1.1.3.4.1.14). */
export function showDeleted(): Control {
  return new Control('1.2.840.113556.1.4.417', { critical: true });
}

/** LDAP_SERVER_DOMAIN_SCOPE_OID: Active Directory sends no continuation references then (MS-ADTS 3.1.1.3.4.1.4). */
export const domainScopeOid = '1.2.840.113556.1.4.1339';

export function domainScope(): Control {
  return new Control(domainScopeOid);
}
