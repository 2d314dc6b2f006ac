import { z } from 'zod';
import { id, idGiven, pageOf, pageRequest, reason, sourceId, time } from './common.ts';
import { change } from './events.ts';
import { named } from './registry.ts';

const refusal = named(
  'Refusal',
  z.object({
    source: z.string(),
    externalId: z.string(),
    userId: id.nullable(),
    username: z.string().nullable(),
    part: z
      .string()
      .describe('a field, roles, teams, supervises; gone; identity (whom it belongs to); link (an undone one)'),
    said: z.string(),
    cause: z.string(),
    runId: id.nullable(),
    by: z.string(),
    at: time,
    reason: z.string().nullable(),
  }),
);
export type Refusal = z.output<typeof refusal>;
export const refusalPage = pageOf('RefusalPage', refusal);

const user = z.string().min(1).max(256);
const part = z.string().min(1).max(100);
export const refusalFilter = pageRequest.extend({
  run: idGiven.optional(),
  user: user.optional(),
  source: sourceId.optional(),
  field: part.optional(),
});

export const liftRequest = z.strictObject({
  run: id.optional(),
  user: user.optional(),
  source: sourceId.optional(),
  field: part.optional(),
  preview: z.boolean().default(false),
  reason: reason.nullish(),
});

const count = z.int().nonnegative();
export const liftReport = named(
  'LiftReport',
  z.object({
    preview: z.boolean(),
    counts: z.object({ refusals: count, accounts: count, links: count, refused: count }),
    named: z
      .array(
        z.object({
          source: z.string(),
          externalId: z.string(),
          userId: id.nullable(),
          username: z.string().nullable(),
          parts: z.array(z.string()).readonly(),
          changes: z.array(change).readonly().describe('what the next run applies; of a link what is applied at once'),
          refused: z.object({ code: z.string(), message: z.string() }).nullable(),
        }),
      )
      .readonly(),
  }),
);
export type LiftReport = z.output<typeof liftReport>;

export const reopened = named('RunReopened', z.object({ lifted: count }));
