import { z } from 'zod';
import { exportFormat, id, pageOf, pageRequest, reason, sourceId, time } from './common.ts';
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
    reviewItem: id.nullable(),
    ignored: z
      .object({
        by: z.enum(['person', 'filter']),
        name: z.string().nullable(),
        at: time.nullable(),
        reason: z.string().nullable(),
      })
      .nullable(),
    userId: id.nullable(),
    username: z.string().nullable(),
    firstSeenAt: time,
    changedAt: time,
    goneSince: time.nullable(),
    disabledSince: time.nullable(),
    values: z.record(z.string(), z.string().nullable()),
    teams: z.array(z.string()).readonly(),
  }),
);
export type Account = z.output<typeof account>;
export const accountActed = named('AccountActed', account.extend({ changed: z.boolean() }));

export const accountPage = pageOf('AccountPage', account);
const filter = {
  source: sourceId.optional(),
  state: state.optional(),
  match: match.optional(),
  matched: z.enum(['true', 'false']).optional(),
};
export const accountFilter = pageRequest.extend(filter);
export const accountExport = z.strictObject({ ...filter, format: exportFormat });
export const accountParameters = z.object({ source: sourceId, externalId: z.string().min(1).max(1_000) });
/** The body of ignoring and of its end; none at all is allowed. */
export const ignoreRequest = z.strictObject({ reason: reason.nullish() }).nullish();
