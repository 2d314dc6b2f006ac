import { z } from 'zod';
import { change } from './events.ts';
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
    heldAt: time.nullable(),
    approvedBy: text,
    cancelAskedBy: text,
  }),
);
export type Run = z.output<typeof run>;

export const runPage = pageOf('RunPage', run);
export const runParameters = z.object({ id: idGiven });
export const runFilter = pageRequest.extend({ source: sourceId.optional(), state: z.enum(states).optional() });
const decisionKinds = ['gone', 'values', 'link', 'create', 'unmatched'] as const;
const shownDecision = named(
  'ShownDecision',
  z.object({
    kind: z.enum(decisionKinds),
    externalId: z.string(),
    userId: id.nullable(),
    username: text,
    changes: z.array(change).readonly(),
    classes: z.array(z.string()).readonly(),
  }),
);
export type ShownDecision = z.output<typeof shownDecision>;
export const shownPage = pageOf('ShownDecisionPage', shownDecision);
const digest = z.string().min(12).max(64);
const reason = z.string().trim().min(1).max(1_000);
export const approveRequest = z.strictObject({ digest, reason: reason.optional() });
export const discardRequest = z.strictObject({ digest: digest.optional(), reason });
export const discardResult = named('DiscardResult', z.object({ refused: count }));

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
