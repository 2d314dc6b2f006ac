import { z } from 'zod';
import { id, pageOf, pageRequest, sourceId, time } from './common.ts';
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
