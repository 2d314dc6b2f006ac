import { z } from 'zod';
import { hostOf, isLoopback } from '../../loopback.ts';
import { tlsSettings } from '../connect/endpoint.ts';
import type { Endpoint } from '../connect/endpoint.ts';
import { secret } from '../secret.ts';
import { filterProblem } from './filter.ts';
import { parseDn } from './dn.ts';

/** One address, or several in the order in which they are tried. */
const url = z.union([z.string(), z.array(z.string()).min(1)]).superRefine((value, context) => {
  for (const [position, text] of urlsOf(value).entries()) {
    const problem = urlProblem(text);
    const path = typeof value === 'string' ? [] : [position];
    if (problem !== undefined) context.addIssue({ code: 'custom', path, message: problem });
  }
});

function urlsOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

/** Says nothing of the address itself, since a mistaken one may hold a password. */
function urlProblem(text: string): string | undefined {
  if (/[,\s]/.test(text)) return 'must be one address; several are a list: [ldaps://ONE, ldaps://OTHER]';
  const parsed = URL.parse(text);
  if (parsed === null || !/^ldaps?:$/.test(parsed.protocol)) return 'must be ldap://HOST[:PORT] or ldaps://HOST[:PORT]';
  if (parsed.username !== '' || parsed.password !== '')
    return 'must not hold a user or password: use bindDn and bindPassword';
  if (parsed.hostname === '') return 'must name a host';
  if ((parsed.pathname !== '' && parsed.pathname !== '/') || parsed.search !== '' || parsed.hash !== '') {
    return 'must end after the port: the base is baseDn, the filter is filter';
  }
  return undefined;
}

/** The keys of `connection` that every directory has (architecture 9). */
export const directoryConnection = z
  .strictObject({
    url,
    /** A DN; Active Directory also takes `DOMAIN\login` and a user principal name. */
    bindDn: z.string().min(1),
    bindPassword: secret(),
    startTls: z.boolean().default(false),
    tls: tlsSettings.optional(),
    /** The longest wait for one answer (a page), in milliseconds; also the time limit that the server is asked to keep. */
    timeoutMs: z.int().min(100).max(3_600_000).default(60_000),
    /** Sends the password and all data in clear to a host that is not this one. */
    allowPlaintext: z.boolean().default(false),
  })
  .superRefine((connection, context) => {
    for (const [key, message] of contradictions(connection)) context.addIssue({ code: 'custom', path: [key], message });
  });

export type DirectoryConnection = z.infer<typeof directoryConnection>;

/** The parts of a connection's configuration that must agree with each other. */
interface Wiring {
  readonly url: string | readonly string[];
  readonly startTls: boolean;
  readonly tls?: object | undefined;
  readonly allowPlaintext: boolean;
}

function* contradictions(connection: Wiring): Generator<[key: string, message: string]> {
  const urls = urlsOf(connection.url);
  if (urls.some((each) => urlProblem(each) !== undefined)) return;
  const endpoints = endpointsOf(connection);
  if (connection.startTls && urls.some((each) => each.startsWith('ldaps:'))) {
    yield ['startTls', 'is for ldap://; ldaps:// is encrypted from the start'];
  }
  const inClear = endpoints.filter(({ encryption }) => encryption === 'none');
  if (inClear.length === endpoints.length && connection.tls !== undefined)
    yield ['tls', 'has no effect without ldaps:// or startTls: true'];
  if (!connection.allowPlaintext && inClear.some(({ host }) => !isLoopback(host))) {
    yield ['url', 'would send the password in clear: use ldaps://, or startTls: true, or say allowPlaintext: true'];
  }
}

/** The endpoints of a valid connection, in the order in which they are tried. */
export function endpointsOf(connection: Pick<Wiring, 'url' | 'startTls'>): readonly [Endpoint, ...Endpoint[]] {
  const [first = '', ...others] = urlsOf(connection.url);
  const endpoint = (address: string): Endpoint => endpointAt(address, connection.startTls);
  return [endpoint(first), ...others.map(endpoint)];
}

/** Ports 389 and 636 by default (RFC 4516, IANA). */
function endpointAt(address: string, startTls: boolean): Endpoint {
  const parsed = new URL(address);
  const ldaps = parsed.protocol === 'ldaps:';
  const standardPort = ldaps ? 636 : 389;
  return {
    host: hostOf(parsed),
    port: parsed.port === '' ? standardPort : Number(parsed.port),
    encryption: ldaps ? 'tls' : startTls ? 'start-tls' : 'none',
  };
}

/** A DN as text, checked. */
export const distinguishedName = z.string().refine((text) => parseDn(text) !== undefined, {
  error: 'must be a distinguished name such as OU=People,DC=corp,DC=example,DC=com',
});

/** An LDAP filter as text, checked. */
export const ldapFilter = z.string().superRefine((text, context) => {
  const problem = filterProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/** How many entries one page holds; Active Directory gives at most 1,000 (MaxPageSize). */
export const pageSize = z.int().min(1).max(1_000).default(1_000);
