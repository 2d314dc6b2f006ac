import { z } from 'zod';
import { hasUnseen, unseenProblem } from '../../domain/visible-text.ts';
import { named } from './registry.ts';

/** ISO 8601 in UTC with milliseconds, as every time in an answer is. */
export const time = z.iso.datetime();
const [firstTime, lastTime] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];
/** A time in a request, with any offset; a year of four digits in UTC too, and not the year 0, which is none. */
export const timeGiven = z.iso.datetime({ offset: true }).refine(
  (text) => {
    const time = Date.parse(text);
    return time >= firstTime && time <= lastTime;
  },
  { error: 'must be a time of the years 1 to 9999' },
);
export const sourceId = z.string().min(1).max(64);
/** A database id. */
export const id = z.int().positive().max(2_147_483_647);
/** An id in a path or a query string. */
export const idGiven = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .transform(Number)
  .pipe(id);
/** Text that a person gives, in which everything can be seen. */
export const seenText = z.string().refine((text) => !hasUnseen(text), { error: unseenProblem });
/** Why a person does it; kept in the event. */
export const reason = seenText.trim().min(1).max(1_000);

/** Where a page starts and how long it is; `after` is the `next` of the page before. */
export const pageRequest = z.strictObject({
  after: z.string().min(1).max(2_000).optional(),
  limit: z
    .string()
    .regex(/^\d{1,4}$/)
    .default('100')
    .transform(Number)
    .pipe(z.int().min(1).max(1_000)),
});

/** Forms in which whole lists are given out (spec 4.5, 15.2). */
export const exportFormat = z.enum(['csv', 'ndjson']).default('ndjson');
export type ExportFormat = z.output<typeof exportFormat>;

/** A page of a list; `next` is null on the last one. */
export function pageOf<Item extends z.ZodType>(name: string, item: Item) {
  return named(name, z.object({ items: z.array(item).readonly(), next: z.string().nullable() }));
}

/** An error (RFC 9457) with a stable `code`. */
export const problem = named(
  'Problem',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  }),
);
export type Problem = z.output<typeof problem>;
