import { z } from 'zod';
import { ways } from '../../access/sign-in.ts';
import { permissions } from '../../domain/permissions.ts';
import { id, idGiven, reason, seenText, time } from './common.ts';
import { named } from './registry.ts';

const permissionList = z.array(z.enum(permissions)).max(permissions.length).readonly();
const name = seenText.trim().min(1).max(100);
const names = z.array(seenText.trim().min(1).max(256)).max(1_000).default([]);
const why = { reason: reason.nullish() };
const text = z.string().nullable();

const scope = z.object({
  full: z.boolean().describe('everything'),
  groups: z.array(z.string()).readonly(),
  teams: z.array(z.string()).readonly(),
});
const scopeGiven = z.strictObject({ full: z.boolean().default(false), groups: names, teams: names });

const operator = named(
  'Operator',
  z.object({
    name: z.string(),
    kind: z.enum(['local', 'person']).describe('local: a user of the machine who can read the data directory'),
    profile: text.describe('operator, admin or owner where the permissions are exactly those'),
    permissions: permissionList,
    scope,
    disabled: z.boolean(),
    blocked: z.boolean().describe('too many failed attempts to sign in'),
    hasPassword: z.boolean(),
    lastSignInAt: time.nullable(),
  }),
);
export type OperatorJson = z.output<typeof operator>;
export const operatorList = named('OperatorList', z.object({ items: z.array(operator).readonly() }));
export const operatorParameters = z.object({ operator: z.string().min(1).max(100) });
export const invitation = z.strictObject({ name, permissions: permissionList, scope: scopeGiven, ...why });
export const permissionsSet = z.strictObject({ permissions: permissionList, ...why });
export const scopeSet = z.strictObject({ ...scopeGiven.shape, ...why });
export const because = z.strictObject(why).nullish();
export const linkMade = named(
  'OneTimeLink',
  z.object({
    link: z.string().describe('shown once; whoever has it chooses the password'),
    validForHours: z.int().positive(),
    operator,
  }),
);
export const firstLink = named('FirstLink', z.object({ link: z.string(), validForHours: z.int().positive() }));

const token = named(
  'Token',
  z.object({
    id,
    label: z.string(),
    operator: z.string(),
    permissions: permissionList,
    createdAt: time,
    lastUsedAt: time.nullable(),
    revokedAt: time.nullable(),
  }),
);
export type TokenJson = z.output<typeof token>;
export const tokenList = named('TokenList', z.object({ items: z.array(token).readonly() }));
export const tokenParameters = z.object({ id: idGiven });
export const tokenAsked = z.strictObject({
  label: name,
  permissions: permissionList,
  operator: name.optional().describe('whose token it is; your own without it'),
  ...why,
});
export const tokenMade = named(
  'NewToken',
  token.extend({ token: z.string().describe('shown once: only its hash is kept') }),
);

const password = z.string().min(1).max(1_000);
export const signInForm = z.strictObject({
  name: z.string().min(1).max(100),
  password,
  way: z
    .enum(ways)
    .default('password')
    .describe('windows: the login and password of a Windows account, where the configuration takes them'),
});
export const redeemForm = z.strictObject({
  link: z.string().min(1).max(200),
  name: name.optional().describe("the first operator's; a link for somebody needs none"),
  password,
});
export const redeemed = named('Redeemed', z.object({ operator: z.string() }));
export const signedIn = named(
  'SignedIn',
  z.object({
    operator: z.string(),
    csrf: z.string().describe('to be sent as x-rosterd-csrf with everything that changes something'),
  }),
);
export const whoAmI = named(
  'Whoami',
  z.object({ operator: z.string(), permissions: permissionList, csrf: text.describe('of a session') }),
);
const session = named(
  'Session',
  z.object({
    id: z.string(),
    operator: z.string(),
    createdAt: time,
    lastSeenAt: time,
    address: text,
    agent: text,
  }),
);
export const sessionList = named('SessionList', z.object({ items: z.array(session).readonly() }));
export const sessionParameters = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/) });
export const done = named('Done', z.object({ done: z.literal(true) }));
