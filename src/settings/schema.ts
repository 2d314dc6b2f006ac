import { isIP } from 'node:net';
import { z } from 'zod';
import { isLoopback } from '../loopback.ts';
import { isSecretSource } from '../connector-kit/secret.ts';
import type { SecretSource } from '../connector-kit/secret.ts';
import { isLocale, isTimeZone } from '../domain/field-values.ts';
import { accountParts, isAccountPart, isField, outOfScope, sourceFields } from '../domain/fields.ts';
import type { Field } from '../domain/fields.ts';
import { notifySchema } from './notify.ts';
import { logLevels } from './settings.ts';
import { signInSchema } from './sign-in.ts';

const text = z.string().trim().min(1).describe('text that is not empty');
const flag = z.boolean();
const sourceId = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  .max(63)
  .describe('a name in kebab-case such as corp-ad (a-z, 0-9 and single hyphens, at most 63)');
const timeZone = z.string().refine(isTimeZone, { error: 'must be an IANA time zone such as Europe/Prague' });
const locale = z.string().refine(isLocale, { error: 'must be a language tag such as en or cs-CZ' });
const days = z.int().min(1).describe('a whole number of days, at least 1');

const attributeForm = 'attribute.NAME';
const field = z.custom<Field>((value) => typeof value === 'string' && isField(value), {
  error: `must be a field: ${[...sourceFields, attributeForm].join(', ')}`,
});
const ignoredBy = z.custom<Field | 'externalId'>(
  (value) => typeof value === 'string' && (value === 'externalId' || isField(value)),
  { error: `must be externalId or a field: ${[...sourceFields, attributeForm].join(', ')}` },
);
/** What rosterd leaves alone (spec 12.6) is refused in so many words. */
const keyInScope = z.string().refine((key) => outOfScope(key) === null, {
  error: ({ input }) => `is out of scope: ${outOfScope(String(input)) ?? ''}`,
  params: { outOfScope: true },
  abort: true,
});
const fieldKey = keyInScope
  .refine((key): boolean => isField(key))
  .meta({ allowedKeys: [...sourceFields, attributeForm] });
const mappingKey = keyInScope
  .refine((key) => isField(key) || isAccountPart(key))
  .meta({ allowedKeys: [...sourceFields, ...accountParts, attributeForm] });

const count = z.int().min(0).describe('a whole number, 0 or more');
const percent = z.number().min(0).max(100).describe('a number from 0 to 100');

const partialLimit = z.strictObject({ number: count.optional(), percent: percent.optional() });
const partialGuard = z.strictObject({
  firstImport: z.enum(['hold', 'apply']).optional(),
  created: partialLimit.optional(),
  linked: partialLimit.optional(),
  fieldChanged: partialLimit.optional(),
  fieldBlanked: partialLimit.optional(),
  teamMoved: partialLimit.optional(),
  roleTaken: partialLimit.optional(),
  gone: partialLimit.optional(),
});

/** Limits as they are written: what is missing comes from the general guard, and there from the defaults. */
export type PartialGuard = z.infer<typeof partialGuard>;

/** A rule that may be written with more than its fields (spec 4.12). */
const matchRule = z.union([
  z.array(field).min(1),
  z.strictObject({ fields: z.array(field).min(1), contradiction: z.enum(['ignore']).optional() }),
]);

const when = z
  .strictObject({ supervisor: z.literal(true).optional(), group: text.optional(), profile: text.optional() })
  .refine((conditions) => Object.values(conditions).filter((value) => value !== undefined).length === 1, {
    error: 'must have exactly one of: supervisor: true, group: DN or name, profile: NAME',
  });

/** An address of its own, or with what its server is trusted by. */
export type WrittenAddress =
  | string
  | SecretSource
  | { readonly url: string | SecretSource; readonly caFile?: string; readonly allowPlaintext?: boolean };

const addressOf = (word: string, protocols: readonly string[]): z.ZodType<WrittenAddress> => {
  const isOne = (value: unknown): boolean =>
    isSecretSource(value) || (typeof value === 'string' && isAddress(value, protocols));
  const withMore = z.strictObject({ url: z.custom(isOne), caFile: text.optional(), allowPlaintext: flag.optional() });
  return z.custom<WrittenAddress>((value) => value === word || isOne(value) || withMore.safeParse(value).success, {
    error: `allowed: ${word}, an address ${protocols[0]}//… without a password, {env: NAME}, {file: PATH}, or {url: one of these, caFile: PATH, allowPlaintext: true}`,
  });
};

/** The protocols of the two addresses, as `URL` spells them. */
export const databaseProtocols = ['postgres:', 'postgresql:'] as const;
export const queueProtocols = ['redis:', 'rediss:'] as const;

/** The top of the configuration; each source is judged by itself. */
export const topSchema = z.strictObject({
  database: addressOf('embedded', databaseProtocols).default('embedded'),
  queue: addressOf('database', queueProtocols).default('database'),
  dataDir: text.default('../.rosterd'),
  http: z
    .strictObject({
      host: text.default('127.0.0.1'),
      port: z.int().min(0).max(65535).describe('a whole number from 0 to 65535').default(7420),
      hostNames: z
        .array(
          z
            .string()
            .regex(/^[^\s/:@]+$|^[0-9a-fA-F:]+$/)
            .describe('a host name or address without scheme and port'),
        )
        .min(1)
        .default(['localhost', '127.0.0.1', '::1']),
      allowPlaintext: flag.default(false),
      trustedProxies: z
        .array(z.string().refine(isNetwork, { error: 'must be an address or a network such as 10.0.0.0/8' }))
        .default([]),
    })
    .refine(({ host, allowPlaintext }) => allowPlaintext || isLoopback(host), {
      path: ['host'],
      error:
        "must be this machine itself (127.0.0.1) behind a reverse proxy that ends TLS; else tokens and people's data travel in clear, which has to be said: http.allowPlaintext: true",
    })
    .prefault({}),
  organization: z
    .strictObject({
      timeZone: timeZone.default('UTC'),
      locale: locale.default('en'),
      defaultTeam: text.default('Default'),
      defaultGroup: text.default('Default'),
    })
    .prefault({}),
  newUsers: z
    .strictObject({ active: flag.default(true), fromDisabled: z.enum(['wait', 'inactive']).default('wait') })
    .prefault({}),
  authority: z
    .record(fieldKey, z.strictObject({ rank: z.array(text).default([]), blanks: z.array(text).default([]) }))
    .default({}),
  roles: z
    .strictObject({ reassert: flag.default(false), catalogue: z.record(text, z.array(text)).default({}) })
    .prefault({}),
  guard: partialGuard.default({}),
  placeholders: z.array(text).default(['n/a', 'na', 'none', 'null', 'unknown', 'tbd']),
  notify: notifySchema,
  signIn: signInSchema,
  retention: z
    .strictObject({
      events: days.optional(),
      runs: days.optional(),
      rejects: days.optional(),
      users: days.default(365),
    })
    .prefault({}),
  log: z.strictObject({ level: z.enum(logLevels).default('info') }).prefault({}),
  sources: z.array(z.unknown()).default([]),
});

/** The top of the configuration with its defaults. */
export type Top = z.infer<typeof topSchema>;

/** The keys that a source of any kind may have; `validateCron` is the scheduler's own judgement. */
export function commonSourceSchema(kinds: readonly string[], validateCron: (expression: string) => boolean) {
  // The scheduler would take a sixth field, for seconds.
  const isCron = (text: string): boolean => text.trim().split(/\s+/).length === 5 && validateCron(text);
  const cron = z.string().refine(isCron, {
    error: 'must be a cron expression of five fields such as "0 2 * * *" (minute hour day month weekday)',
  });
  return z.strictObject({
    id: sourceId,
    kind: z.enum(kinds),
    enabled: flag.default(true),
    as: z.enum(['acd', 'directory']).optional(),
    createsUsers: flag.optional(),
    schedule: z
      .strictObject({ full: cron.default('0 2 * * *'), delta: cron.optional(), timeZone: timeZone.optional() })
      .prefault({}),
    match: z.array(matchRule).optional(),
    ignore: z.array(z.strictObject({ field: ignoredBy, matches: text })).default([]),
    mapping: z.partialRecord(mappingKey, text).default({}),
    idsLike: z.enum(['avaya']).optional(),
    roles: z.array(z.strictObject({ when, role: text })).default([]),
    teams: z.enum(['mirror', 'add-only']).default('mirror'),
    supervision: z.enum(['mirror', 'merge']).default('mirror'),
    guard: partialGuard.default({}),
  });
}

export type CommonSource = z.infer<ReturnType<typeof commonSourceSchema>>;

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** Whether the text is an address of one of these protocols. */
export function isAddress(value: string, protocols: readonly string[]): boolean {
  return URL.canParse(value) && protocols.includes(new URL(value).protocol);
}

const addressParts = {
  'user name': 'username',
  password: 'password',
  'host name': 'hostname',
  path: 'pathname',
} as const;

/** The first part of an address that holds a `%` which begins no escape, or null; it could not be decoded. */
export function undecodablePart(address: string): keyof typeof addressParts | null {
  const url = new URL(address);
  for (const [name, part] of Object.entries(addressParts))
    if (!isDecodable(url[part])) return name as keyof typeof addressParts;
  return null;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false; // a URIError is how it says that a % begins no escape
  }
}
