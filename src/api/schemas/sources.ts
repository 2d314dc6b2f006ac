import { z } from 'zod';
import { id, reason, sourceId, time } from './common.ts';
import { named } from './registry.ts';

const count = z.int().nonnegative();

export const source = named(
  'Source',
  z.object({
    id: z.string(),
    kind: z.string(),
    as: z.enum(['acd', 'directory']).nullable(),
    enabled: z.boolean(),
    configured: z.boolean(),
    state: z.enum(['ok', 'paused', 'failing', 'held', 'never-run', 'running', 'retired']),
    failures: count,
    pausedBy: z.string().nullable(),
    pauseReason: z.string().nullable(),
    pausedAt: time.nullable(),
    retiredBy: z.string().nullable(),
    retireReason: z.string().nullable(),
    retiredAt: time.nullable(),
    systemId: z.string().nullable(),
    newSystemId: z.string().nullable(),
    lastSuccessAt: time.nullable(),
    lastCompleteAt: time.nullable(),
    schedule: z.object({ full: z.string(), delta: z.string().optional(), timeZone: z.string() }).nullable(),
    accounts: z
      .object({
        present: count,
        disabled: count,
        gone: count,
        linked: count,
        unmatched: count,
        waiting: count,
        question: count,
        ignored: count,
        unlinked: count,
        undecided: count,
      })
      .describe('present: the living ones, and linked to undecided are parts of these'),
    waitingFor: z.array(z.string()).readonly(),
    nextRuns: z.array(time).readonly().describe('empty while it is paused or retired'),
    freshness: z.object({ ageSeconds: z.int().nullable(), promisedSeconds: z.int().nullable(), overdue: z.boolean() }),
    heldRun: id.nullable(),
    failing: z.object({ run: id, error: z.string().nullable(), message: z.string().nullable() }).nullable(),
    lastRun: z
      .object({ id, state: z.string(), error: z.string().nullable(), message: z.string().nullable() })
      .nullable(),
  }),
);
export type Source = z.output<typeof source>;

export const sourceList = named('SourceList', z.object({ items: z.array(source).readonly() }));
export const sourceParameters = z.object({ id: sourceId });
const checkStep = named(
  'CheckStep',
  z.object({
    name: z.string(),
    outcome: z.enum(['ok', 'warning', 'failed']),
    detail: z.string(),
    remedy: z.string().optional(),
    code: z.string().optional(),
  }),
);
export const checkReport = named('CheckReport', z.object({ steps: z.array(checkStep).readonly() }));
/** The new system as the person has seen it in the source's `newSystemId`. */
export const confirmRequest = z.strictObject({ systemId: z.string().min(1).max(1_000), reason: reason.nullish() });

const externalId = z.string().min(1).max(1_000);
const pair = { old: externalId, new: externalId };
/** Moves the links of this source's accounts; `preview` only says what would become of each pair. */
export const moveRequest = z.strictObject({
  to: sourceId,
  pairs: z.array(z.strictObject(pair)).max(50_000),
  preview: z.boolean().default(false),
  reason: reason.nullish(),
});
const pairOutcome = z.object({
  ...pair,
  userId: id.nullable(),
  refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export const moveReport = named(
  'MoveReport',
  z.object({ preview: z.boolean(), movable: count, refused: count, pairs: z.array(pairOutcome).readonly() }),
);

/** The body of a pause, a resume or a retirement; none at all is allowed. */
export const pauseRequest = z.strictObject({ reason: reason.nullish() }).nullish();
