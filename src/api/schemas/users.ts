import { z } from 'zod';
import { sourceFields } from '../../domain/fields.ts';
import { id, pageOf, pageRequest, time, timeGiven } from './common.ts';
import { change } from './events.ts';
import { named } from './registry.ts';

const text = z.string().nullable();

const profile = named(
  'Profile',
  z.object({
    source: z.string(),
    kind: z.string(),
    externalId: z.string(),
    state: z.enum(['present', 'disabled', 'gone', 'unlinked']),
    lastSeenAt: time,
    firstName: text,
    lastName: text,
    displayName: text,
  }),
);

const syncOff = z.object({
  enabled: z.literal(false),
  source: text,
  by: z.string(),
  at: time,
  reason: text,
  until: time.nullable(),
});

const fields = z.object(
  Object.fromEntries(sourceFields.map((field) => [field, text])) as Record<(typeof sourceFields)[number], typeof text>,
);

/** A user; the names of its fields are those of the configuration. */
export const user = named(
  'User',
  fields.extend({
    id,
    origin: z.string(),
    employeeIdDerived: z.boolean(),
    acdSource: text,
    active: z.boolean(),
    syncEnabled: z.boolean(),
    sync: z.array(syncOff).readonly().describe('what is switched off, by whom, why and until when'),
    version: z.int(),
    createdAt: time,
    deactivatedAt: time.nullable(),
    startDate: z.iso.date(),
    mergedInto: id.nullable(),
    roles: z.array(z.object({ role: z.string(), givenBy: z.string() })).readonly(),
    teams: z.array(z.object({ name: z.string(), main: z.boolean() })).readonly(),
    supervises: z.array(z.string()).readonly(),
    missingPrivileges: z
      .array(z.string())
      .readonly()
      .describe('what "can manage" needs and no role of this supervisor has'),
    group: z.string().describe('the one that was chosen, else that of the main team'),
    scope: z
      .object({ full: z.boolean(), groups: z.array(z.string()).readonly(), teams: z.array(z.string()).readonly() })
      .describe("with the user's own group and teams; a group includes every team below it"),
    attributes: z.array(z.object({ name: z.string(), value: z.string() })).readonly(),
    profiles: z.array(profile).readonly(),
  }),
);
export type User = z.output<typeof user>;

/** A user as a list shows them. */
const listedUser = named(
  'ListedUser',
  user.extend({
    waiting: z
      .array(change)
      .readonly()
      .optional()
      .describe('with sync=off: what switching on would change, and the accounts that wait to be linked'),
  }),
);
export type ListedUser = z.output<typeof listedUser>;

export const userPage = pageOf('UserPage', listedUser);
export const userParameters = z.object({
  user: z.string().min(1).max(256).describe('id, username, id:ID, username:NAME, employee-id:ID or acd-id:ID'),
});
const name = z.string().trim().min(1).max(256);

/** Which users a list of them, or a bulk action, is about. */
export const userSelection = {
  state: z.enum(['active', 'inactive']).optional(),
  search: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('words that are each somewhere in a name, login, id or e-mail address, accents and case aside'),
  sync: z.enum(['on', 'off']).optional(),
  team: name.optional(),
  role: name.optional(),
  source: name.optional().describe('linked to it; with linked=no: not linked to it'),
  linked: z.enum(['yes', 'no']).optional().describe('with a link to any source, or to the one that is named'),
  account: z.enum(['present', 'disabled', 'gone']).optional().describe('with a linked account that is so'),
};

export type UserSelection = z.output<z.ZodObject<typeof userSelection>> & { readonly all?: boolean | undefined };

export const userFilter = pageRequest.extend({
  ...userSelection,
  all: z.enum(['true', 'false']).default('false').describe('inactive users too'),
  deactivatedBefore: timeGiven.optional().describe('only inactive users, and only those deactivated before'),
});

export const versionHeader = z.object({
  'if-match': z
    .string()
    .regex(/^(W\/)?"?\d{1,9}"?$/, 'must be the version of the user')
    .optional(),
});
