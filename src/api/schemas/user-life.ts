import { z } from 'zod';
import { id, pageOf, pageRequest, reason } from './common.ts';
import { named } from './registry.ts';

const name = z.string().trim().min(1).max(256);

/** A local user as a person describes them (spec 12.4). */
export const newUser = z.strictObject({
  fields: z
    .record(z.string().min(1).max(100), z.string().max(1_000))
    .describe('by name, attributes as attribute.NAME; username, language, and email or mobileNumber are needed'),
  team: name.nullish().describe('the default team where there is none'),
  group: name.nullish().describe("the group of the team where there is none; the default team's is the default group"),
  reason: reason.nullish(),
});

/** The body of a purge; none at all is allowed. */
export const purgeRequest = z.strictObject({ reason: reason.nullish() }).nullish();

export const purgeAnswer = named(
  'Purged',
  z.object({
    preview: z.boolean(),
    userId: id,
    events: z.int().describe('entries of the history that keep only kind, time and ids'),
    accounts: z.int().describe('accounts whose copy is blanked'),
  }),
);

export type Purged = z.output<typeof purgeAnswer>;

const numericId = named('NumericId', z.object({ numericId: z.string(), userId: id, username: z.string().nullable() }));
export type NumericId = z.output<typeof numericId>;
export const numericIdPage = pageOf('NumericIdPage', numericId);
export const numericIdFilter = pageRequest;
export const freeNumericId = z.object({ free: z.int().positive().describe('the lowest one that nobody has') });
