import { z } from 'zod';
import { bulkActions, jobActions } from '../../users/bulk.ts';
import { id, idGiven, pageOf, pageRequest, reason, time, timeGiven } from './common.ts';
import { named } from './registry.ts';
import { userSelection } from './users.ts';
import { worklistSelection } from './worklist.ts';

const count = z.int().nonnegative();
const text = z.string().nullable();
const names = z.array(z.string()).readonly();
const outcome = z.enum(['changed', 'unchanged', 'refused']);
/** What is done to each user. */
export const bulkAction = z.enum(bulkActions);

/** On named users, on those of a list, or of the worklist. */
export const bulkRequest = z
  .strictObject({
    action: bulkAction,
    value: z
      .string()
      .trim()
      .min(1)
      .max(256)
      .nullish()
      .describe('the team, the role or the field, for actions that name one'),
    users: z
      .array(z.string().min(1).max(256))
      .min(1)
      .max(10_000)
      .optional()
      .describe('ids or usernames, employee-id:ID, acd-id:ID; those that nobody has are named, the others done'),
    filter: z
      .strictObject({ ...userSelection, all: z.boolean().default(false).describe('inactive users too') })
      .optional(),
    worklist: z
      .strictObject({ ...worklistSelection, run: id.optional() })
      .optional()
      .describe('the users of these entries of the worklist'),
    until: timeGiven.nullish().describe('of disable-sync: when it ends by itself'),
    insist: z.boolean().default(false).describe('of disable: needs override-acd-presence and a reason'),
    preview: z.boolean().default(false),
    reason: reason.nullish(),
  })
  .refine(
    ({ users, filter, worklist }) => [users, filter, worklist].filter((given) => given !== undefined).length === 1,
    {
      message: 'give users, filter or worklist',
    },
  );

export type BulkAsk = z.output<typeof bulkRequest>;

export const bulkJob = named(
  'BulkJob',
  z.object({
    id,
    action: z.enum(jobActions),
    value: text,
    until: time.nullable(),
    reason: text,
    unknown: names.describe('names of the list that no user has'),
    askedBy: z.string(),
    askedAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    cancelledBy: text.describe('who stopped it; users without a result were left as they are'),
    counts: z.object({ users: count, done: count, changed: count, unchanged: count, refused: count }),
  }),
);
export type BulkJob = z.output<typeof bulkJob>;
export const bulkJobPage = pageOf('BulkJobPage', bulkJob);

export const bulkAsked = named(
  'BulkAsked',
  z.object({
    preview: z.boolean(),
    users: count,
    unknown: names,
    job: bulkJob.nullable().describe('null of a preview'),
  }),
);
export type BulkAsked = z.output<typeof bulkAsked>;

export const bulkParameters = z.object({ id: idGiven });
export const bulkResultFilter = pageRequest.extend({ outcome: outcome.optional() });
const bulkResult = named(
  'BulkResult',
  z.object({
    userId: id,
    username: text,
    outcome,
    code: text,
    message: text.describe('why it was refused'),
    intoUserId: id.nullable().describe('of a merge: who stays'),
  }),
);
export type BulkResult = z.output<typeof bulkResult>;
export const bulkResultPage = pageOf('BulkResultPage', bulkResult);
