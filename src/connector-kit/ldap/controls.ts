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

/** LDAP_SERVER_DOMAIN_SCOPE_OID: Active Directory sends no continuation references then (MS-ADTS 3.1.1.3.4.1.4). */
export const domainScopeOid = '1.2.840.113556.1.4.1339';

export function domainScope(): Control {
  return new Control(domainScopeOid);
}
