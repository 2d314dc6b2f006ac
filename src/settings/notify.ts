import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { secret, type SecretRef } from '../connector-kit/secret.ts';
import { noticeKinds, type NoticeKind } from '../domain/notice.ts';
import { isLoopback } from '../loopback.ts';

const tls = z.strictObject({ caFile: z.string().min(1).optional() }).prefault({});
const mailbox = z
  .string()
  .regex(/^[^\s<>@,;"]+@[^\s<>@,;"]+$/)
  .describe('an e-mail address such as admins@example.com');

const webhook = z.strictObject({ url: secret(), secret: secret(), tls });

const smtp = z
  .strictObject({
    host: z.string().trim().min(1).describe('a host name or address'),
    port: z.int().min(1).max(65535).describe('a whole number from 1 to 65535').optional(),
    encryption: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
    tls,
    username: z.string().min(1).optional(),
    password: secret().optional(),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    error: 'must have username and password, or neither',
  })
  .refine(({ encryption, host, password }) => encryption !== 'none' || password === undefined || isLoopback(host), {
    error: 'would send the password in clear: use encryption: starttls or implicit',
  });

const email = z.strictObject({ to: z.array(mailbox).min(1), from: mailbox, smtp });

const entry = z
  .strictObject({
    webhook: webhook.optional(),
    email: email.optional(),
    on: z
      .array(z.enum(noticeKinds))
      .min(1)
      .default([...noticeKinds]),
  })
  .refine((target) => (target.webhook === undefined) !== (target.email === undefined), {
    error: 'must have exactly one of: webhook, email',
  });

/** The key `notify`: who is told of what (spec 14.6). */
export const notifySchema = z.array(entry).default([]);

/** One place that people are told at. */
export type NotifySettings = { readonly on: readonly NoticeKind[] } & (
  { readonly webhook: WebhookSettings } | { readonly email: EmailSettings }
);

interface WebhookSettings {
  /** Who has the address can often write there: it is a secret. */
  readonly url: SecretRef;
  readonly secret: SecretRef;
  readonly tls: TlsSettings;
}

interface EmailSettings {
  readonly to: readonly string[];
  readonly from: string;
  readonly smtp: {
    readonly host: string;
    readonly port: number;
    readonly encryption: 'starttls' | 'implicit' | 'none';
    readonly tls: TlsSettings;
    /** Both or neither. */
    readonly username?: string;
    readonly password?: SecretRef;
  };
}

interface TlsSettings {
  /** Absolute. */
  readonly caFile?: string;
}

/** RFC 6409, RFC 8314, RFC 5321. */
const standardPorts = { starttls: 587, implicit: 465, none: 25 } as const;

/** The written entries with their defaults; relative paths start at `folder`. */
export function completeNotify(written: z.infer<typeof notifySchema>, folder: string): NotifySettings[] {
  return written.flatMap(({ webhook: hook, email: mail, on }): NotifySettings[] => [
    ...(hook === undefined ? [] : [{ on, webhook: { ...hook, tls: withAbsolute(hook.tls, folder) } }]),
    ...(mail === undefined ? [] : [{ on, email: { ...mail, smtp: completeSmtp(mail.smtp, folder) } }]),
  ]);
}

function completeSmtp(written: z.infer<typeof smtp>, folder: string): EmailSettings['smtp'] {
  const { host, port, encryption, username, password } = written;
  return {
    ...{ host, encryption, port: port ?? standardPorts[encryption], tls: withAbsolute(written.tls, folder) },
    ...(username === undefined || password === undefined ? {} : { username, password }),
  };
}

function withAbsolute({ caFile }: z.infer<typeof tls>, folder: string): TlsSettings {
  if (caFile === undefined) return {};
  return { caFile: isAbsolute(caFile) ? caFile : resolve(folder, caFile) };
}
