import { z } from 'zod';
import { id, idGiven, pageOf, pageRequest, reason, seenText, sourceId, time } from './common.ts';
import { change } from './events.ts';
import { named } from './registry.ts';

const itemFields = z.object({
  id,
  kind: z.string(),
  source: z.string().nullable(),
  externalId: z.string().nullable(),
  accounts: z.array(z.object({ source: z.string(), externalId: z.string() })).readonly(),
  userIds: z.array(id).readonly(),
  part: z.string().nullable(),
  about: z.string().describe('what it is about, in a few words for people'),
  evidence: z.record(z.string(), z.unknown()),
  openedAt: time,
  openedRunId: id.nullable(),
  options: z.array(z.string()).readonly(),
  closedAt: time.nullable(),
  answer: z.string().nullable(),
  answeredBy: z.string().nullable(),
});
const reviewItem = named('ReviewItem', itemFields);
/** A question with what both sides say. */
export const reviewItemDetail = named(
  'ReviewItemDetail',
  itemFields.extend({
    sides: z
      .array(z.object({ side: z.enum(['account', 'user']), of: z.string(), values: z.record(z.string(), z.string()) }))
      .readonly(),
  }),
);
export type ReviewItemDetail = z.output<typeof reviewItemDetail>;
export type ReviewItem = z.output<typeof reviewItem>;

export const reviewItemPage = pageOf('ReviewItemPage', reviewItem);
export const reviewItemFilter = pageRequest.extend({
  source: sourceId.optional(),
  kind: z.string().min(1).max(100).optional(),
  closed: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
});

export const answerParameters = z.strictObject({ item: idGiven });
export const answerGiven = z.strictObject({
  answer: z.string().min(1).max(100),
  value: seenText
    .trim()
    .min(1)
    .max(1_000)
    .nullish()
    .describe(
      'this-user: id or username; new-person: the username that the old user keeps; another-value: that value; ' +
        'map-to: the role or team; create: the name of the team; ' +
        'where a question is about several accounts: the external id of the one that is meant',
    ),
  reason: reason.nullish(),
});
/** What an answer has changed or, as a preview, would change. */
export const reviewAnswered = named(
  'ReviewAnswered',
  z.object({
    preview: z.boolean(),
    item: id,
    kind: z.string(),
    answer: z.string(),
    userId: id.nullable(),
    changes: z.array(change).readonly(),
    warnings: z.array(z.string()).readonly(),
  }),
);
export type ReviewAnswered = z.output<typeof reviewAnswered>;
