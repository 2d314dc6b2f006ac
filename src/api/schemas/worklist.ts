import { z } from 'zod';
import { id, pageOf, time } from './common.ts';
import { named } from './registry.ts';

const evidence = z.object({
  reason: z.enum(['account-gone', 'account-disabled', 'id-in-use']),
  source: z.string(),
  externalId: z.string(),
  state: z.enum(['present', 'disabled', 'gone']),
  since: time.nullable(),
  proof: z.string().nullable(),
  runId: id.nullable(),
});

const worklistEntry = named(
  'WorklistEntry',
  z.object({
    userId: id,
    username: z.string().nullable(),
    displayName: z.string().nullable(),
    active: z.boolean(),
    reasons: z.array(z.enum(['account-gone', 'account-disabled', 'id-in-use', 'no-longer-an-agent'])).readonly(),
    evidence: z.array(evidence).readonly(),
  }),
);
export type WorklistEntry = z.output<typeof worklistEntry>;

export const worklistPage = pageOf('WorklistPage', worklistEntry);
