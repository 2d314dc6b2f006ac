import { z } from 'zod';
import { parseCursor, unusable } from '../../src/connector-kit/cursor.ts';
import { dateAttributes } from './stamps.ts';

/** Where a delta starts, and under which conditions it may. */
const cursor = z.strictObject({
  system: z.string(),
  idAttribute: z.string(),
  /** By which attribute changes are dated. */
  date: z.enum(['entryCsn', 'modifyTimestamp']),
  newest: z.int(),
  since: z.int(),
  /** The containers that had changed since then, with what was in them. */
  containers: z.array(z.string()),
  /** The attributes that the last full read has shown to be readable. */
  proven: z.array(z.string()),
  /** Of whom the table of roles makes something, as a digest; null where it names no groups. */
  groups: z.string().nullable(),
  /** The same of the groups that the filter asks for. */
  filterGroups: z.string().nullable(),
  /** How many people there are, as far as is known. */
  people: z.int(),
  /** Who has gone since this place was taken was not looked for. */
  unlisted: z.boolean(),
});

export type Cursor = z.infer<typeof cursor>;

export type DateName = keyof typeof dateAttributes;

export function writeCursor(value: Cursor): string {
  return JSON.stringify(value);
}

/** Reads a cursor that still means something. Throws a SourceError `cursor-unusable` (spec 14.4). */
export function readCursor(
  text: string,
  now: { readonly system: string; readonly idAttribute: string; readonly dates: readonly string[] },
): Cursor {
  const before = parseCursor(cursor, text);
  if (before.system !== now.system) throw unusable('the last import read another directory');
  if (before.idAttribute !== now.idAttribute)
    throw unusable(`the last import knew entries by ${before.idAttribute}, this one by ${now.idAttribute}`);
  if (!now.dates.includes(dateAttributes[before.date].name))
    throw unusable(`the last import read from another kind of server, which dates changes by ${before.date}`);
  return before;
}
