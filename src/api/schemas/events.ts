import { z } from 'zod';
import { eventTypes } from '../../domain/event-types.ts';
import { exportFormat, id, idGiven, pageRequest, sourceId, time, timeGiven } from './common.ts';
import { named } from './registry.ts';

const shown = z.union([z.string(), z.array(z.string()).readonly()]).nullable();
const actorKind = z.enum(['sync', 'operator', 'system']);

/** One difference; lists are sorted names. */
export const change = z.object({ field: z.string(), before: shown, after: shown });

export const event = named(
  'Event',
  z.object({
    id: z.int().positive(),
    at: time,
    actor: z.object({ kind: actorKind, name: z.string() }),
    type: z.string(),
    source: z.string().nullable(),
    runId: id.nullable(),
    userId: id.nullable(),
    externalId: z.string().nullable(),
    changes: z.array(change).readonly(),
    reason: z.string().nullable(),
  }),
);
export type Event = z.output<typeof event>;

export const eventPage = named(
  'EventPage',
  z.object({
    items: z.array(event).readonly(),
    next: z.string().nullable().describe('with order=asc never null: the cursor to ask with again'),
    atEnd: z.boolean().describe('nothing more for now'),
  }),
);

const ownFilter = pageRequest.extend({
  source: sourceId.optional(),
  run: idGiven.optional(),
  type: z.enum(eventTypes).optional(),
  kind: actorKind.optional().describe('sync: the sync log; operator: the audit log'),
  actor: z.string().min(1).max(200).optional(),
  since: timeGiven.optional(),
  until: timeGiven.optional(),
  text: z.string().min(1).max(200).optional(),
});
export const eventParameters = z.object({ event: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER) });
export const timelineFilter = ownFilter;
const ofUser = { user: z.string().min(1).max(256).optional() };
export const eventFilter = ownFilter.extend({ ...ofUser, order: z.enum(['asc', 'desc']).default('desc') });
export const eventExport = ownFilter.omit({ after: true, limit: true }).extend({ ...ofUser, format: exportFormat });
