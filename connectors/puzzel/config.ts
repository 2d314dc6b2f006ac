import { z } from 'zod';
import { interfaceAt } from '../../src/connector-kit/cisco/address.ts';
import { tlsSettings } from '../../src/connector-kit/connect/endpoint.ts';
import type { HttpConnection } from '../../src/connector-kit/http/connection-config.ts';
import { httpAddress, secondAddressProblem } from '../../src/connector-kit/http/connection-config.ts';
import { secret } from '../../src/connector-kit/secret.ts';

/** A key or id as Puzzel gives it; YAML makes a number of one that has digits only. */
const key = z
  .union([z.string(), z.int().nonnegative()], { error: 'must be text or a whole number' })
  .transform((value) => String(value).trim())
  .pipe(z.string().regex(/^[\w.-]{1,100}$/, 'must be letters, digits, points, hyphens'));

const connection = z
  .strictObject({
    url: httpAddress,
    /** Where tokens come from, where that is another server than the vendor's usual one. */
    loginUrl: httpAddress.optional(),
    customerKey: key,
    /** The Contact Centre user of the client's Product Access. */
    userId: key.optional(),
    clientId: z.string().trim().min(1).optional(),
    clientSecret: secret().optional(),
    username: z.string().trim().min(1).optional(),
    password: secret().optional(),
    tls: tlsSettings.optional(),
    /** The longest wait for one answer, its last byte included, in milliseconds. */
    timeoutMs: z.int().min(100).max(3_600_000).default(60_000),
    /** Sends secret, tokens and all data in clear to a host that is not this one. */
    allowPlaintext: z.boolean().default(false),
  })
  .superRefine((written, context) => {
    const issue = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    for (const name of ['url', 'loginUrl'] as const) {
      const problem = secondAddressProblem(written[name] ?? written.url, written);
      if (problem !== undefined) issue(name, problem);
    }
    const client = ['clientId', 'clientSecret', 'userId'] as const;
    const person = ['username', 'password'] as const;
    const wanted = written.clientId === undefined && written.clientSecret === undefined ? person : client;
    const hint =
      wanted === person ? ', or clientId, clientSecret and userId' : ': a client needs all three, the user too';
    for (const name of wanted)
      if (written[name] === undefined) issue(name, `is missing: give ${wanted.join(', ')}${hint}`);
  });

/** The keys of a `puzzel` source beyond the common ones. */
export const config = z.strictObject({
  connection,
  /** One more request for each user: e-mail, mobile number, skills, and the type where the list does not have it. */
  details: z.boolean().default(true),
  /** Types of users that are no persons, without case and blanks. */
  otherTypes: z.array(z.string().trim().min(1)).default(['API', 'Wallboard', 'Chat bot']),
  /** Names of user groups in which no persons are, without case; for systems that do not show the type of a user. */
  ignoreGroups: z.array(z.string().trim().min(1)).default([]),
  /** Somebody has checked in the portal that rosterd's user has no resource filter: ends the doubt that is a guess. */
  seesEverybody: z.boolean().default(false),
});

export type Config = z.infer<typeof config>;

/** The vendor's cloud, where each interface has a server of its own. */
const vendor = { api: 'api.puzzel.com', oauth: 'https://app.puzzel.com', login: 'https://auth.puzzel.com' } as const;

/** How rosterd proves who it is, and where. */
export interface Access {
  readonly kind: 'client' | 'password';
  /** The whole address that gives tokens. */
  readonly address: string;
  /** With the client, or the user and its password, as user name and password. */
  readonly connection: HttpConnection;
  /** The keys of the configuration that a refusal is about, for people. */
  readonly keys: string;
}

/** Client credentials where they are given, else the log-in with a password. */
export function accessOf({ connection: written }: Config): Access {
  const { url, loginUrl, clientId, clientSecret, username, password, timeoutMs, allowPlaintext, tls } = written;
  const common = { url, timeoutMs, allowPlaintext, ...(tls === undefined ? {} : { tls }) };
  const isVendors = hostIn(url) === vendor.api;
  const startsAt = (usual: string): string => loginUrl ?? (isVendors ? usual : new URL(url).origin);
  if (clientId !== undefined && clientSecret !== undefined) {
    return {
      kind: 'client',
      address: interfaceAt(startsAt(vendor.oauth), '/id/connect/token'),
      connection: { ...common, username: clientId, password: clientSecret },
      keys: 'connection.clientId and connection.clientSecret',
    };
  }
  if (username === undefined || password === undefined) throw new Error('the schema wants one of both ways');
  return {
    kind: 'password',
    address: interfaceAt(startsAt(vendor.login), '/api/Authenticate/LogIn'),
    connection: { ...common, username, password },
    keys: 'connection.username and connection.password',
  };
}

/** Where the interface of the Contact Centre starts. */
export function interfaceOf({ connection: { url } }: Config): string {
  const { origin, pathname } = new URL(url);
  // The vendor writes the path with and without capitals.
  return interfaceAt(/^\/contactcentre5\/*$/i.test(pathname) ? origin : url, '/ContactCentre5');
}

/** The customer that a source reads, at its host in lower case. */
export function systemOf({ connection: { url, customerKey } }: Config): string {
  return `${hostIn(url)}/${customerKey}`;
}

function hostIn(url: string): string {
  return new URL(url).hostname.toLowerCase();
}
