import { UsageError } from './errors.ts';

/** A time for people: local, with its offset from UTC, such as `2026-03-04 15:04:05 +01:00`; empty where there is none. */
export function localTime(iso: string | null | undefined, timeZone?: string): string {
  if (iso === null || iso === undefined || iso === '') return '';
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
    ...{ hourCycle: 'h23', timeZoneName: 'longOffset' },
    ...(timeZone === undefined ? {} : { timeZone }),
  });
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
  const part = (name: string): string => parts[name] ?? '';
  const offset = part('timeZoneName').replace('GMT', '') || '+00:00';
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')} ${offset}`;
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * A time as people write it, as ISO 8601 in UTC: a date (its local midnight), a date with a time (local unless it has an
 * offset), or a span such as `90m`, `12h`, `7d` before (`past`) or after (`future`) now.
 */
export function parseTime(text: string, now: Date, direction: 'past' | 'future'): string {
  const span = /^(\d{1,6})([smhdw])$/.exec(text);
  if (span !== null) {
    const ms = Number(span[1]) * (unitMs[span[2] ?? ''] ?? 0);
    return new Date(now.getTime() + (direction === 'past' ? -ms : ms)).toISOString();
  }
  const written = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(
    text,
  );
  // Without a time JavaScript would take a date as UTC.
  const time = written === null ? undefined : new Date(`${written[1]}T${written[2] ?? '00:00'}${written[3] ?? ''}`);
  if (time === undefined || Number.isNaN(time.getTime()) || !exists(written?.[1] ?? '')) {
    throw new UsageError(
      `"${text}" is no time; write 2026-03-31, "2026-03-31 15:00", 2026-03-31T15:00Z, or a span such as 90m, 12h, 7d`,
    );
  }
  return time.toISOString();
}

/** JavaScript takes 31 April for 1 May. */
function exists(date: string): boolean {
  const time = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(date);
}

/** A span of time for people, such as `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function span(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
