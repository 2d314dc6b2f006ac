import type { Buffer } from 'node:buffer';
import { Buffer as NodeBuffer } from 'node:buffer';

/** Bytes of an objectGUID in the order in which they are written: the first three fields are little-endian (MS-DTYP 2.3.4.2). */
const guidOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

/** The canonical form of an objectGUID, in lower case with dashes; undefined for anything but 16 bytes. */
export function guidText(bytes: Buffer): string | undefined {
  if (bytes.length !== 16) return undefined;
  const ordered = NodeBuffer.allocUnsafe(16);
  guidOrder.forEach((from, to) => {
    ordered[to] = bytes[from] ?? 0;
  });
  const hex = ordered.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The bytes of a GUID as the directory keeps them; undefined when the text is none. */
export function guidBytes(text: string): Buffer | undefined {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return undefined;
  const written = NodeBuffer.from(text.replaceAll('-', ''), 'hex');
  return NodeBuffer.from(guidOrder.map((at) => written[at] ?? 0));
}

/** A SID as `S-1-5-21-…` (MS-DTYP 2.4.2): the authority is big-endian, the sub-authorities are little-endian. */
export function sidText(bytes: Buffer): string | undefined {
  const count = bytes[1] ?? 0;
  if (bytes.length < 8 || bytes.length !== 8 + 4 * count) return undefined;
  const authority = bytes.readUIntBE(2, 6);
  const parts = Array.from({ length: count }, (_, index) => bytes.readUInt32LE(8 + 4 * index));
  return ['S', bytes[0], authority, ...parts].join('-');
}

/** What stands between 1601 and 1970, in units of 100 ns. */
const fileTimeOfEpoch = 116_444_736_000_000_000n;
const neverExpires = 9_223_372_036_854_775_807n;

/** accountExpires in milliseconds since 1970; undefined for never, which is 0 as well as the largest number [MS-ADA1 2.1]. */
export function expiryMs(fileTime: string): number | undefined {
  if (!/^\d{1,19}$/.test(fileTime)) return undefined;
  const value = BigInt(fileTime);
  return value === 0n || value >= neverExpires ? undefined : Number((value - fileTimeOfEpoch) / 10_000n);
}

/** userAccountControl (MS-ADTS 2.2.16), a signed 32-bit number; undefined when the text is none. */
export function accountControl(text: string): { readonly disabled: boolean; readonly trust: boolean } | undefined {
  if (!/^-?\d{1,10}$/.test(text)) return undefined;
  const bits = Number(text) | 0;
  return { disabled: (bits & 0x2) !== 0, trust: (bits & (0x800 | 0x1000 | 0x2000)) !== 0 };
}
