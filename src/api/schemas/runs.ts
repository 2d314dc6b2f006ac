import { z } from 'zod';
import { id, idGiven, pageOf, pageRequest, sourceId, time } from './common.ts';
import { named } from './registry.ts';

const count = z.int().nonnegative();
const text = z.string().nullable();
const states = [
  'queued',
  'importing',
  'reconciling',
  'held',
  'completed',
  'completed-with-rejects',
  'failed',
  'cancelled',
] as const;

export const run = named(
  'Run',
  z.object({
    id,
    syncId: text,
    source: text,
    mode: z.enum(['full', 'delta', 'reconcile']),
    state: z.enum(states),
    counts: z.object({
      read: count,
      new: count,
      changed: count,
      unchanged: count,
      gone: count,
      returned: count,
      rejected: count,
      created: count,
      linked: count,
      updated: count,
      skipped: count,
      review: count,
    }),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    askedBy: z.string(),
    askedAt: time,
    slot: time.nullable(),
    startedAt: time.nullable(),
    importedAt: time.nullable(),
    finishedAt: time.nullable(),
    phase: text,
    progress: z.record(z.string(), z.unknown()).nullable(),
    complete: z.boolean().nullable(),
    waitingFor: z.array(z.string()).readonly(),
    notes: z.array(z.unknown()).readonly(),
    rejects: z.array(z.unknown()).readonly(),
    cursorBefore: text,
    cursorAfter: text,
    configDigest: text,
    digest: text,
    cancelAskedBy: text,
  }),
);
export type Run = z.output<typeof run>;

export const runPage = pageOf('RunPage', run);
export const runParameters = z.object({ id: idGiven });
export const runFilter = pageRequest.extend({ source: sourceId.optional(), state: z.enum(states).optional() });
export const cancelResult = named('CancelResult', z.object({ result: z.enum(['asked', 'finished']) }));

/** The body of a request for a sync; none asks for all sources. */
export const syncRequest = z
  .strictObject({
    sources: z.array(sourceId).min(1).max(1_000).nullish(),
    mode: z.enum(['full', 'delta']).nullish(),
  })
  .nullish();
export const syncStarted = named(
  'SyncStarted',
  z.object({
    id: z.string(),
    runs: z.array(run).readonly(),
    refused: z.array(z.object({ source: z.string(), code: z.string(), message: z.string() })).readonly(),
  }),
);
export const sync = named('Sync', z.object({ id: z.string(), atRest: z.boolean(), runs: z.array(run).readonly() }));
export const syncParameters = z.object({ id: z.string().min(1).max(100) });
