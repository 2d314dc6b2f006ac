import { z } from 'zod';
import { id, reason, sourceId, time, timeGiven } from './common.ts';
import { change } from './events.ts';
import { named } from './registry.ts';
import { user, userParameters } from './users.ts';

/** What an act on a user has changed or, as a preview, would change; the user as they are now. */
export const userActed = named(
  'UserActed',
  z.object({
    preview: z.boolean(),
    changed: z.boolean(),
    changes: z.array(change).readonly(),
    warnings: z.array(z.string()).readonly(),
    user,
  }),
);
export type UserActed = z.output<typeof userActed>;

/** `preview=true` keeps nothing. */
export const actionQuery = z.strictObject({ preview: z.enum(['true', 'false']).default('false') });

const name = z.string().trim().min(1).max(256);
const word = z.enum(['give', 'take', 'withdraw']);
const why = { reason: reason.nullish() };

export const fieldParameters = userParameters.extend({ field: z.string().min(1).max(100) });
/** Null takes away what a person has said, or a value kept from an ended link. */
export const fieldEdit = z.strictObject({ value: z.string().max(1_000).nullable(), ...why });
export const roleParameters = userParameters.extend({ role: name });
export const teamParameters = userParameters.extend({ team: name });
export const wordSaid = z.strictObject({ word, ...why });
export const mainTeamChosen = z.strictObject({ team: name.nullable(), ...why });
export const groupChosen = z.strictObject({ group: name.nullable(), ...why });
const names = z.array(name).max(1_000).default([]);
export const scopeChange = z.strictObject({
  change: z.enum(['set', 'add', 'remove']).describe('set replaces everything that was said before'),
  full: z.boolean().default(false).describe('everything'),
  groups: names,
  teams: names,
  ...why,
});
export const syncSwitch = z.strictObject({
  enabled: z.boolean(),
  source: sourceId.nullish(),
  until: timeGiven.nullish(),
  ...why,
});
export const activeSet = z.strictObject({
  active: z.boolean(),
  insist: z
    .boolean()
    .optional()
    .describe('although an ACD still has the agent; needs override-acd-presence and a reason'),
  ...why,
});
const externalId = z.string().min(1).max(1_000);
export const unlinkRequest = z.strictObject({ source: sourceId, ...why });
export const linkRequest = z.strictObject({ source: sourceId, externalId, ...why });
export const repurposeRequest = z.strictObject({
  source: sourceId.nullish(),
  username: z.string().max(400).nullish().describe('what the old user keeps; only a preview goes without'),
  ...why,
});

const owner = named(
  'Owner',
  z.object({
    source: z.string(),
    externalId: z.string(),
    from: time,
    to: time.nullable(),
    userId: id,
    disputed: z.boolean(),
    as: z.enum(['externalId', 'acdId']).describe('the id of the account, or the ACD id that the source gave with it'),
    names: z.array(z.string()).readonly().describe('of the owner; of both while a question is open'),
  }),
);
export const ownerList = z.object({ items: z.array(owner).readonly() });
export type Owner = z.output<typeof owner>;
export const ownerQuery = z.strictObject({ source: sourceId, externalId, at: timeGiven.optional() });
