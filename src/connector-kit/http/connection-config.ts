import { z } from 'zod';
import { hostOf, isLoopback } from '../../loopback.ts';
import { tlsSettings } from '../connect/endpoint.ts';
import type { Endpoint } from '../connect/endpoint.ts';
import { secret } from '../secret.ts';

/** The address of an HTTP server, with or without a path. */
export const httpAddress = z.string().superRefine((text, context) => {
  const problem = urlProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/** Says nothing of the address itself, since a mistaken one may hold a password. */
function urlProblem(text: string): string | undefined {
  const parsed = URL.parse(text);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return 'must be https://HOST[:PORT][/PATH]';
  if (parsed.username !== '' || parsed.password !== '')
    return 'must not hold a user or password: use username and password';
  return parsed.search === '' && parsed.hash === '' ? undefined : 'must end after the path';
}

/**
 * The keys of `connection` that every HTTP source with a user name and password has (architecture 9). `username` is what
 * the vendor wants it to look like; `timeoutMs` is the default, which depends on how slow the vendor's lists are.
 */
export function httpConnection(vendor: { readonly username: z.ZodType<string>; readonly timeoutMs: number }) {
  return z
    .strictObject({
      url: httpAddress,
      username: vendor.username,
      password: secret(),
      tls: tlsSettings.optional(),
      /** The longest wait for one answer, its last byte included, in milliseconds. */
      timeoutMs: z.int().min(100).max(3_600_000).default(vendor.timeoutMs),
      /** Sends the password and all data in clear to a host that is not this one. */
      allowPlaintext: z.boolean().default(false),
    })
    .superRefine((connection, context) => {
      refuseClear(connection, 'url', context);
    });
}

/**
 * The keys of `connection` of an HTTP source with OAuth client credentials (architecture 9); `loginUrl` where tokens come from
 * another server than `url`.
 */
export function oauthConnection({ timeoutMs }: { readonly timeoutMs: number }) {
  return z
    .strictObject({
      url: httpAddress,
      loginUrl: httpAddress.optional(),
      clientId: z.string().trim().min(1),
      clientSecret: secret(),
      tls: tlsSettings.optional(),
      /** The longest wait for one answer, its last byte included, in milliseconds. */
      timeoutMs: z.int().min(100).max(3_600_000).default(timeoutMs),
      /** Sends the secret, tokens and all data in clear to a host that is not this one. */
      allowPlaintext: z.boolean().default(false),
    })
    .superRefine((connection, context) => {
      refuseClear(connection, 'url', context);
      if (connection.loginUrl !== undefined) refuseClear(connection, 'loginUrl', context);
    });
}

interface MaybeClear {
  readonly url: string;
  readonly loginUrl?: string | undefined;
  readonly tls?: unknown;
  readonly allowPlaintext: boolean;
}

function refuseClear(connection: MaybeClear, key: 'url' | 'loginUrl', context: z.RefinementCtx): void {
  const address = connection[key] ?? '';
  if (urlProblem(address) !== undefined) return;
  const { encryption, host } = httpEndpoint(address);
  if (encryption !== 'none') return;
  if (connection.tls !== undefined)
    context.addIssue({ code: 'custom', path: ['tls'], message: 'has no effect without https://' });
  if (!connection.allowPlaintext && !isLoopback(host))
    context.addIssue({ code: 'custom', path: [key], message: inClear });
}

const inClear = 'would send the password in clear: use https://, or say allowPlaintext: true';

/** Why a valid second address of a source cannot be used beside its connection, or undefined. */
export function secondAddressProblem(
  address: string,
  connection: Pick<HttpConnection, 'url' | 'allowPlaintext'>,
): string | undefined {
  if (urlProblem(address) !== undefined || urlProblem(connection.url) !== undefined) return undefined;
  const { encryption, host } = httpEndpoint(address);
  if (encryption !== 'none') return undefined;
  return connection.allowPlaintext || isLoopback(host) ? undefined : inClear;
}

export type HttpConnection = z.infer<ReturnType<typeof httpConnection>>;

/** Where a valid address listens; ports 80 and 443 by default (RFC 9110, section 4.2). */
export function httpEndpoint(address: string): Endpoint {
  const parsed = new URL(address);
  const secure = parsed.protocol === 'https:';
  const standardPort = secure ? 443 : 80;
  return {
    host: hostOf(parsed),
    port: parsed.port === '' ? standardPort : Number(parsed.port),
    encryption: secure ? 'tls' : 'none',
  };
}
