import { z } from 'zod';
import { bulkJob } from './bulk.ts';
import { id, pageOf, pageRequest, reason } from './common.ts';
import { change } from './events.ts';
import { named } from './registry.ts';
import { user } from './users.ts';

const text = z.string().nullable();
const reference = z.string().min(1).max(256).describe('id or username');
const choice = z.enum(['primary', 'other']);
/** Whose value counts, field by field. */
const choices = z.record(z.string().min(1).max(100), choice).default({});
const prefer = choice.nullish().describe("of every other field whose value would not stay the primary's");

const refusal = z.object({ code: z.string(), message: z.string() }).nullable();
const differing = z.array(
  z.object({
    field: z.string(),
    primary: z.string(),
    other: z.string(),
    becomes: z.string(),
    open: z.boolean().describe("the primary's value would go: it has to be chosen first"),
  }),
);

const mergeUser = named(
  'MergeUser',
  z.object({
    userId: id,
    username: text,
    name: z.string(),
    email: text,
    active: z.boolean(),
    links: z.array(z.string()).readonly(),
  }),
);

const mergeCandidate = named(
  'MergeCandidate',
  z.object({
    primary: mergeUser.describe('who would stay; it can be the other way round'),
    other: mergeUser,
    reason: z.enum(['same-name']),
    refusal: refusal.describe('why the two cannot be merged as they are'),
    differing: differing.readonly(),
  }),
);
export type MergeCandidate = z.output<typeof mergeCandidate>;
export const mergeCandidateFilter = pageRequest;
export const mergeCandidatePage = pageOf('MergeCandidatePage', mergeCandidate);

const mergeOutcome = named(
  'MergeOutcome',
  z.object({
    primary: id,
    other: id,
    outcome: z.enum(['changed', 'unchanged', 'refused']),
    refusal,
    differing: differing.readonly(),
    changes: z.array(change).readonly().describe('of who stays'),
    otherChanges: z.array(change).readonly().describe('of who is merged away'),
    warnings: z.array(z.string()).readonly(),
    event: z.int().positive().nullable().describe('the entry of the history by which it is undone'),
  }),
);
export type MergeOutcome = z.output<typeof mergeOutcome>;

export const mergeRequest = z.strictObject({ other: reference, choices, prefer, reason: reason.nullish() });
export const merged = named('Merged', mergeOutcome.extend({ preview: z.boolean(), user }));
export type Merged = z.output<typeof merged>;

export const mergesRequest = z.strictObject({
  pairs: z
    .array(z.strictObject({ primary: reference, other: reference, choices }))
    .min(1)
    .max(1_000),
  prefer,
  preview: z.boolean().default(false),
  reason: reason.nullish(),
});
export const mergesAsked = named(
  'MergesAsked',
  z.object({
    preview: z.boolean(),
    pairs: z.array(mergeOutcome).readonly().describe('of a preview: what would become of each'),
    job: bulkJob.nullable().describe('null of a preview'),
  }),
);
export type MergesAsked = z.output<typeof mergesAsked>;
