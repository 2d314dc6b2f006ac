import { z } from 'zod';
import type { EventFilter } from '../../../api/dependencies.ts';
import { endOfDay, startOfDay } from '../../days.ts';
import { after, optionalDay, optionalOf, optionalText } from '../../fields.ts';

/** Filters of the log, as they stand in its address. */
export const logQuery = z.object({
  kind: optionalOf(['sync', 'operator', 'system']),
  actor: optionalText(200),
  type: optionalText(100),
  source: optionalText(64),
  user: optionalText(256),
  run: z.preprocess(
    (given) => (given === '' ? undefined : given),
    z
      .string()
      .regex(/^[1-9]\d{0,8}$/)
      .transform(Number)
      .optional(),
  ),
  since: optionalDay,
  until: optionalDay,
  text: optionalText(200),
  live: optionalOf(['yes']),
  after,
});
export type LogQuery = z.output<typeof logQuery>;

/** Days as moments of the zone in which they are read. */
export function timesOf({ since, until }: LogQuery, zone: string): Pick<EventFilter, 'since' | 'until'> {
  return {
    since: since === undefined ? undefined : startOfDay(since, zone),
    until: until === undefined ? undefined : endOfDay(until, zone),
  };
}

/** What is shown, whole, for programs and spreadsheets. */
export function exportAddress(query: LogQuery, zone: string, format: 'csv' | 'ndjson'): string {
  const { kind, actor, type, source, user, run, text } = query;
  const { since, until } = timesOf(query, zone);
  const given = { format, kind, actor, type, source, user, run, text };
  const times = { since: since?.toISOString(), until: until?.toISOString() };
  const said = Object.entries({ ...given, ...times }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return `/api/v1/events/export?${new URLSearchParams(said).toString()}`;
}
