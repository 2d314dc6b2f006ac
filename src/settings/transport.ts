import { resolve } from 'node:path';
import { isLoopback } from '../loopback.ts';
import type { DatabaseSettings, QueueSettings, Settings } from './settings.ts';

/**
 * How what goes to a server is protected on its way: `local` never leaves this machine, `tls` is encrypted and the server
 * proves itself, `unverified` is encrypted for whoever answers, `clear` can be read and changed by everybody in between.
 */
export type Transport = 'local' | 'tls' | 'unverified' | 'clear';

/** What libpq calls them; all that ask for encryption mean a verified one here, so that nobody falls back to clear text. */
const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** The host of a PostgreSQL address: a name, an address, or the folder of a Unix socket. */
export function databaseHost(address: string): string {
  const url = new URL(address);
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
  return host === '' ? 'localhost' : host.replace(/^\[(.*)\]$/, '$1');
}

/** How rosterd reaches this database: encrypted unless it is local or the configuration says otherwise in so many words. */
export function databaseTransport(
  address: string,
  { allowPlaintext }: { readonly allowPlaintext: boolean },
): Transport {
  const mode = new URL(address).searchParams.get('sslmode');
  const host = databaseHost(address);
  const local = host.startsWith('/') || isLoopback(host);
  if (mode === 'no-verify') return 'unverified';
  if (mode !== null && mode !== 'disable') return 'tls';
  if (local) return 'local';
  return mode === 'disable' || allowPlaintext ? 'clear' : 'tls';
}

/**
 * The PEM file with the only CAs that a database is trusted by: that of the configuration, or `sslrootcert` of its address, as
 * libpq has it (relative to `folder`; `system` are those that Node brings along).
 */
export function databaseCaFile(
  address: string,
  { caFile }: { readonly caFile?: string },
  folder: string,
): string | undefined {
  const named = new URL(address).searchParams.get('sslrootcert');
  return caFile ?? (named === null || named === '' || named === 'system' ? undefined : resolve(folder, named));
}

/** The same for Redis, where the scheme says it. */
export function queueTransport(address: string): Transport {
  const { protocol, hostname } = new URL(address);
  if (protocol === 'rediss:') return 'tls';
  return isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')) || hostname === '' ? 'local' : 'clear';
}

/** What is wrong with an address as far as its way there is concerned, or null. Quotes the host and nothing else. */
export function transportProblem(
  key: 'database' | 'queue',
  address: string,
  { allowPlaintext }: { readonly allowPlaintext: boolean },
): string | null {
  if (key === 'database') {
    const mode = new URL(address).searchParams.get('sslmode');
    return mode === null || sslModes.includes(mode)
      ? null
      : `has an sslmode that is not known; allowed are ${sslModes.join(', ')}`;
  }
  if (allowPlaintext || queueTransport(address) !== 'clear') return null;
  return `would send its password in clear to ${new URL(address).hostname}: write rediss://, or say so with queue: {url: …, allowPlaintext: true}`;
}

/** Whatever the configuration lets travel unprotected, a sentence each: for the log of every start, and `config check`. */
export async function plaintextAllowed({ database, queue, http }: Settings): Promise<string[]> {
  return [
    ...(await ofServer('database', database, databaseTransport, databaseHost)),
    ...(await ofServer('queue', queue, queueTransport, (address) => new URL(address).hostname)),
    ...(isLoopback(http.host)
      ? []
      : [
          `http: tokens and people's data travel in clear to and from ${http.host}, since http.allowPlaintext is true; whoever is in between can read them`,
        ]),
  ];
}

async function ofServer(
  key: string,
  setting: DatabaseSettings | QueueSettings,
  transportOf: (address: string, setting: { readonly allowPlaintext: boolean }) => Transport,
  hostOf: (address: string) => string,
): Promise<string[]> {
  if (!('url' in setting)) return [];
  const address = await setting.url.read();
  const transport = transportOf(address, setting);
  if (transport === 'clear')
    return [
      `${key}: its password and all data travel in clear to ${hostOf(address)}; whoever is in between can read them`,
    ];
  return transport === 'unverified'
    ? [`${key}: the certificate of ${hostOf(address)} is not verified; whoever is in between can read everything`]
    : [];
}
