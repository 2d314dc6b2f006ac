import { html, type Html } from '../html.ts';
import type { Visit } from '../visit.ts';

/** A time as people read it, in their zone; in UTC for whoever points at it and for programs. */
export function timeText(visit: Visit, iso: string): Html {
  const at = new Date(iso);
  const shown = new Intl.DateTimeFormat(visit.language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: visit.zone,
  });
  const utc = iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
  return html`<time datetime="${iso}" title="${utc}">${shown.format(at)}</time>`;
}

/** How long ago, in the largest unit that says something: "3 minutes ago". */
export function ago({ language }: Visit, iso: string, now: number): string {
  const seconds = Math.round((now - Date.parse(iso)) / 1000);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  for (const [unit, length] of units)
    if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit);
  return relative.format(-Math.max(seconds, 0), 'second');
}

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** A number as people of this language write it. */
export function numberText({ language }: Visit, count: number): string {
  return new Intl.NumberFormat(language).format(count);
}
