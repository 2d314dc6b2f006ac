import { z } from 'zod';
import { id, idGiven, reason, sourceId, timeGiven } from './common.ts';
import { change } from './events.ts';
import { named } from './registry.ts';

const count = z.int().nonnegative();
const shown = change.shape.before;

/** Everything since a moment; a run; a user, of a run or of the latest one that changed them; or one decision. `field`: that field alone. */
export const undoRequest = z
  .strictObject({
    run: id.optional(),
    user: z.string().min(1).max(256).optional(),
    event: z.int().positive().optional(),
    since: timeGiven.optional(),
    source: sourceId.optional().describe('of what is undone since a moment, only this source'),
    field: z.string().min(1).max(100).optional(),
    preview: z.boolean().default(false),
    reason: reason.nullish(),
  })
  .refine(
    ({ run, user, event, field, since, source }) =>
      since !== undefined
        ? [run, user, event, field].every((each) => each === undefined)
        : source !== undefined
          ? false
          : event === undefined
            ? user !== undefined || (run !== undefined && field === undefined)
            : run === undefined && user === undefined,
    { message: 'give since (with source), or run, or user (with run, with field), or event (with field)' },
  );

const undoneUser = named(
  'UndoneUser',
  z.object({
    userId: id,
    username: z.string().nullable(),
    outcome: z.enum(['back', 'partly', 'untouched', 'already']),
    changes: z.array(change).readonly(),
    kept: z
      .array(
        z.object({
          field: z.string(),
          undone: shown,
          now: shown,
          why: z.enum(['edited-since', 'changed-since', 'unique-taken']),
        }),
      )
      .readonly()
      .describe('what stays as it is now'),
  }),
);
export const undoReport = named(
  'UndoReport',
  z.object({
    preview: z.boolean(),
    counts: z.object({
      back: count,
      partly: count,
      untouched: count,
      already: count,
      linksEnded: count,
      deactivated: count,
    }),
    named: z.array(undoneUser).readonly().describe('who is not wholly back; of one user or decision that one'),
    told: z.array(z.string()).readonly().describe('what else goes back: of an act on a team its binding or name'),
  }),
);
export type UndoReport = z.output<typeof undoReport>;

export const undoJob = named(
  'UndoJob',
  z.object({
    id,
    preview: z.boolean(),
    state: z.enum(['running', 'finished', 'failed', 'cancelled']),
    done: count.describe('decisions that were gone through'),
    report: undoReport.nullable(),
    failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  }),
);
export type UndoJob = z.output<typeof undoJob>;
export const undoJobParameters = z.object({ id: idGiven });
