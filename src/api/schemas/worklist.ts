import { z } from 'zod';
import { id, idGiven, pageOf, pageRequest, reason, time, timeGiven } from './common.ts';
import { named } from './registry.ts';

const reasons = [
  'agent-without-user',
  'gone-refused',
  'account-gone',
  'account-disabled',
  'account-renamed',
  'account-returned',
  'id-in-use',
] as const;

const evidence = z.object({
  reason: z.enum(reasons),
  source: z.string(),
  externalId: z.string(),
  state: z.enum(['present', 'disabled', 'gone']),
  since: time.nullable(),
  proof: z.string().nullable(),
  runId: id.nullable(),
  changes: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })).readonly(),
});

const allReasons = [...reasons, 'no-longer-an-agent', 'supervisor-without-privileges'] as const;

const worklistEntry = named(
  'WorklistEntry',
  z.object({
    userId: id.nullable().describe('null for agents without a user'),
    username: z.string().nullable(),
    displayName: z.string().nullable(),
    active: z.boolean(),
    reasons: z.array(z.enum(allReasons)).readonly(),
    count: z.int().positive(),
    evidence: z.array(evidence).readonly(),
    suggestions: z.array(z.string()).readonly(),
    acknowledged: z.object({ by: z.string(), at: time, until: time.nullable(), note: z.string() }).nullable(),
  }),
);
export type WorklistEntry = z.output<typeof worklistEntry>;

export const worklistPage = pageOf('WorklistPage', worklistEntry);

/** Which entries of the worklist. */
export const worklistSelection = {
  why: z.enum(allReasons).optional(),
  source: z.string().min(1).max(256).optional().describe('with evidence of this source'),
  run: idGiven.optional().describe('with evidence of this run'),
};
/** As the read models take it. */
export type WorklistSelection = z.output<z.ZodObject<typeof worklistSelection>> & {
  readonly user?: number | undefined;
  readonly team?: string | undefined;
};
const ofUsers = {
  user: z.string().min(1).max(256).optional().describe('id or username'),
  team: z.string().trim().min(1).max(256).optional().describe('only members of this team'),
};

export const worklistFilter = pageRequest.extend({
  ...worklistSelection,
  ...ofUsers,
  all: z.enum(['true', 'false']).optional().describe('those that were acknowledged, too'),
});
export const ackRequest = z.strictObject({ reason, until: timeGiven.nullish() });
/** The entries that these say are seen, each as it stands; those without a user are left out. */
export const ackManyRequest = z
  .strictObject({
    ...worklistSelection,
    ...ofUsers,
    run: id.optional().describe('with evidence of this run'),
    ...{ reason, until: timeGiven.nullish(), preview: z.boolean().default(false) },
  })
  .refine(({ why, source, run, user, team }) => [why, source, run, user, team].some((each) => each !== undefined), {
    message: 'give why, source, run, user or team',
  });
export const ackManyAnswer = named(
  'AcknowledgedMany',
  z.object({
    preview: z.boolean(),
    count: z.int().nonnegative(),
    first: z.array(z.string()).readonly().describe('usernames, or ids of users without one; of the first twenty'),
  }),
);
export type AcknowledgedMany = z.output<typeof ackManyAnswer>;
export const ackAnswer = named('Acknowledged', z.object({ userId: id, acknowledged: z.literal(true) }));
