import { z } from 'zod';
import { id, pageOf, pageRequest, sourceId, time } from './common.ts';
import { named } from './registry.ts';

const state = z.enum(['present', 'disabled', 'gone']);
const match = z.enum(['new', 'linked', 'unmatched', 'waiting', 'question', 'ignored', 'unlinked']);

const account = named(
  'Account',
  z.object({
    id,
    source: z.string(),
    externalId: z.string(),
    state,
    match,
    reason: z.string().nullable(),
    userId: id.nullable(),
    firstSeenAt: time,
    changedAt: time,
    goneSince: time.nullable(),
    disabledSince: time.nullable(),
    values: z.record(z.string(), z.string().nullable()),
    teams: z.array(z.string()).readonly(),
  }),
);
export type Account = z.output<typeof account>;

export const accountPage = pageOf('AccountPage', account);
export const accountFilter = pageRequest.extend({
  source: sourceId.optional(),
  state: state.optional(),
  match: match.optional(),
});
