/** An attribute that dates the last change of an entry, and how it writes that. Times are microseconds since 1970, by the server's clock. */
export interface DateAttribute {
  readonly name: string;
  /** The smallest step that it tells apart, in microseconds. */
  readonly step: number;
  /** The least value of a time, for a filter. */
  readonly write: (time: number) => string;
}

const second = 1_000_000;

export const dateAttributes = {
  /** OpenLDAP's change sequence number: a time in microseconds, and counters that make it unique. */
  entryCsn: { name: 'entryCSN', step: 1, write: (time) => `${written(time)}#000000#000#000000` },
  /** RFC 4512, section 3.4.4: whole seconds on most servers. */
  modifyTimestamp: {
    name: 'modifyTimestamp',
    step: second,
    write: (time) => `${written(time).slice(0, 14)}Z`,
  },
} as const satisfies Record<string, DateAttribute>;

/** A generalizedTime in UTC (RFC 4517, section 3.3.13), or the beginning of a change sequence number, as a time; undefined for anything else. */
export function readStamp(text: string | undefined): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:[.,](\d{1,9}))?Z(?:#.*)?$/i.exec(text ?? '');
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, secs = 0] = parts.slice(1, 7).map(Number);
  const fraction = Number((parts[7] ?? '').slice(0, 6).padEnd(6, '0'));
  const ms = Date.UTC(year, month - 1, day, hour, minute, secs);
  return Number.isFinite(ms) ? ms * 1_000 + fraction : undefined;
}

/** `20261130184956.811905Z` */
function written(time: number): string {
  const whole = Math.floor(time / second);
  const seconds = new Date(whole * 1_000).toISOString().slice(0, 19).replace(/\D/g, '');
  return `${seconds}.${String(time - whole * second).padStart(6, '0')}Z`;
}
