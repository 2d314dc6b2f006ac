import { z } from 'zod';
import { id, pageOf, pageRequest, reason, seenText, sourceId, time } from './common.ts';
import { change } from './events.ts';
import { named } from './registry.ts';

const reviewItem = named(
  'ReviewItem',
  z.object({
    id,
    kind: z.string(),
    source: z.string().nullable(),
    externalId: z.string().nullable(),
    accounts: z.array(z.object({ source: z.string(), externalId: z.string() })).readonly(),
    userIds: z.array(id).readonly(),
    part: z.string().nullable(),
    evidence: z.record(z.string(), z.unknown()),
    openedAt: time,
    openedRunId: id.nullable(),
    options: z.array(z.string()).readonly(),
  }),
);
export type ReviewItem = z.output<typeof reviewItem>;

export const reviewItemPage = pageOf('ReviewItemPage', reviewItem);
export const reviewItemFilter = pageRequest.extend({
  source: sourceId.optional(),
  kind: z.string().min(1).max(100).optional(),
});

export const answerParameters = z.strictObject({ item: z.coerce.number().int().positive() });
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
