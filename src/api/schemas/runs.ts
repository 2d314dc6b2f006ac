import { z } from 'zod';
import { runStates } from '../../domain/run-state.ts';
import { change } from './events.ts';
import { id, idGiven, pageOf, pageRequest, reason, sourceId, time, timeGiven } from './common.ts';
import { named } from './registry.ts';

const count = z.int().nonnegative();
const text = z.string().nullable();

export const run = named(
  'Run',
  z.object({
    id,
    syncId: text,
    source: text,
    mode: z.enum(['full', 'delta', 'reconcile']),
    state: z.enum(runStates),
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
export const runFilter = pageRequest.extend({
  source: sourceId.optional(),
  state: z.enum(runStates).optional(),
  since: timeGiven.optional().describe('asked for at this time or later'),
  until: timeGiven.optional(),
  busy: z.enum(['true', 'false']).optional().describe('true: without the runs that did nothing'),
});
const decisionKinds = ['gone', 'values', 'link', 'create', 'question', 'unmatched', 'policy'] as const;
const shownDecision = named(
  'ShownDecision',
  z.object({
    kind: z.enum(decisionKinds),
    externalId: text,
    userId: id.nullable(),
    username: text,
    changes: z.array(change).readonly(),
    classes: z.array(z.string()).readonly(),
  }),
);
export type ShownDecision = z.output<typeof shownDecision>;
export const shownPage = named(
  'ShownDecisionPage',
  z.object({
    items: z.array(shownDecision).readonly(),
    next: text,
    /** How many of each kind the run shows in all. */
    kinds: z.record(z.enum(decisionKinds), count),
  }),
);
export type ShownPage = z.output<typeof shownPage>;
const digest = z.string().min(12).max(64);
export const approveRequest = z.strictObject({ digest, reason: reason.optional() });
export const discardRequest = z.strictObject({ digest: digest.optional(), reason });
export const discardResult = named('DiscardResult', z.object({ refused: count }));

export const cancelResult = named('CancelResult', z.object({ result: z.enum(['asked', 'finished']) }));

export const refusedSource = z.object({ source: z.string(), code: z.string(), message: z.string() });

/** The body of a request for a sync; none asks for all sources. */
export const syncRequest = z
  .strictObject({
    sources: z.array(sourceId).min(1).max(1_000).nullish(),
    mode: z.enum(['full', 'delta']).nullish(),
    /** Shows what the sync would do, and does nothing of it. */
    dryRun: z.boolean().nullish(),
    /** For a dry run: a configuration file of the daemon's machine in place of its own. For who may read its data directory. */
    configFile: z.string().min(1).max(4_096).nullish(),
  })
  .nullish();
export const syncStarted = named(
  'SyncStarted',
  z.object({
    id: z.string(),
    runs: z.array(run).readonly(),
    refused: z.array(refusedSource).readonly(),
  }),
);
export const sync = named('Sync', z.object({ id: z.string(), atRest: z.boolean(), runs: z.array(run).readonly() }));
export const syncParameters = z.object({ id: z.string().min(1).max(100) });

const playedChange = change.extend({ class: text });
const dryRunReport = named(
  'DryRunReport',
  z.object({
    runs: z.array(run).readonly(),
    refused: z.array(refusedSource).readonly(),
    decisions: z
      .array(
        z.object({
          run: id,
          source: text,
          held: z.boolean(),
          kind: z.enum([...decisionKinds, 'returned']),
          externalId: text,
          userId: id.nullable(),
          username: text,
          changes: z.array(playedChange).readonly(),
        }),
      )
      .readonly(),
    questions: z
      .array(
        z.object({
          kind: z.string(),
          source: text,
          userIds: z.array(id).readonly(),
          evidence: z.record(z.string(), z.unknown()),
        }),
      )
      .readonly(),
    /** There is more than this answer holds. */
    leftOut: z.boolean(),
  }),
);
export type DryRunReport = z.output<typeof dryRunReport>;

export const dryRun = named(
  'DryRun',
  z.object({ id: z.string(), atRest: z.boolean(), report: dryRunReport.nullable() }),
);
export type DryRun = z.output<typeof dryRun>;
