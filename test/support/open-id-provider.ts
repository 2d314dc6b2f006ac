import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Provider, type Configuration } from 'oidc-provider';
import { makeCertificates } from './services/certificates.ts';
import { createTempDir } from './services/temp.ts';

/** How the provider goes wrong: what it does to the claims of an id token before it signs them, and with which key it signs. */
interface Fault {
  readonly claims?: (claims: Record<string, unknown>) => Record<string, unknown>;
  readonly foreignKey?: boolean;
}

/** A real provider of OpenID Connect on this machine, over TLS. */
export interface TestProvider {
  readonly issuer: string;
  readonly caFile: string;
  readonly clientSecret: string;
  /** Of the next id token. */
  fault: Fault | null;
  /** Stands in for the people's browser at the provider: signs in there, and gives the address that it is sent back to. */
  signInAs(login: string, address: string): Promise<string>;
  readonly stop: () => Promise<void>;
}

export const clientId = 'rosterd';

/** Starts it. `subject-login` as a login is another person whose name is `login` too. */
export async function startOpenIdProvider(redirectUris: readonly string[]): Promise<TestProvider> {
  const directory = createTempDir('openid');
  const { caFile, certFile, keyFile } = await makeCertificates(directory.path, {
    ...{ hostNames: ['localhost'], addresses: ['127.0.0.1'] },
  });
  const [key, foreign] = [newKey(), newKey()];
  const clientSecret = 'a secret of the client, 32 bytes long';
  const server = createServer({ cert: await readFile(certFile), key: await readFile(keyFile) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `https://localhost:${String((server.address() as AddressInfo).port)}`;
  const provider = new Provider(issuer, configuration(key, clientSecret, redirectUris));
  const state: { fault: Fault | null } = { fault: null };
  provider.use(async (ctx, next) => {
    await next();
    const { fault } = state;
    const body: unknown = ctx.body;
    if (fault === null || typeof body !== 'object' || body === null || !('id_token' in body)) return;
    const claims = fault.claims?.(payloadOf(String(body.id_token))) ?? payloadOf(String(body.id_token));
    body.id_token = signed(claims, fault.foreignKey === true ? foreign : key);
  });
  const answer = provider.callback();
  server.on('request', (incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
  });
  return Object.assign(state, {
    ...{ issuer, caFile, clientSecret },
    signInAs: (login: string, address: string) => signInAs(issuer, login, address),
    stop: () => stop(server, directory.remove),
  });
}

function configuration(key: KeyObject, clientSecret: string, redirectUris: readonly string[]): Configuration {
  return {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [...redirectUris] }],
    jwks: { keys: [{ ...key.export({ format: 'jwk' }), kty: 'RSA', kid: 'one', alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['of this test'] },
    claims: { profile: ['preferred_username'], email: ['email', 'email_verified'] },
    findAccount: (_ctx, subject) => ({
      accountId: subject,
      claims: () => ({ sub: subject, preferred_username: subject.replace(/^subject-/, ''), email_verified: false }),
    }),
    pkce: { required: () => true },
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600 },
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  };
}

function newKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
}

function payloadOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

function signed(claims: object, key: KeyObject): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'RS256', kid: 'one' })}.${part(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

async function signInAs(issuer: string, login: string, address: string): Promise<string> {
  const cookies = new Map<string, string>();
  let at = await follow(issuer, cookies, address);
  if (!at.startsWith(issuer)) return at;
  const form = new URLSearchParams({ prompt: 'login', login, password: 'any' }).toString();
  at = await visit(cookies, at, form);
  return follow(issuer, cookies, at);
}

/** Follows redirects within the provider, to its form or to where it sends the browser back. */
async function follow(issuer: string, cookies: Map<string, string>, address: string): Promise<string> {
  for (let at = address; ;) {
    const next = at.startsWith(issuer) ? await visit(cookies, at) : at;
    if (next === at) return at;
    at = next;
  }
}

/** Gives where the page sends on to; the page's own address where it sends nowhere. */
async function visit(cookies: Map<string, string>, address: string, form?: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const asked = request(address, {
    ...{ method: form === undefined ? 'GET' : 'POST', rejectUnauthorized: false, agent: false },
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
  });
  asked.once('error', reject).once('response', (answer) => {
    answer.resume();
    for (const set of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    resolve(new URL(answer.headers.location ?? address, address).href);
  });
  asked.end(form);
  return promise;
}

async function stop(server: Server, remove: () => Promise<void>): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  await remove();
}
