import createKnex from 'knex';
import { databaseHost, databaseTransport, type Transport } from '../settings/transport.ts';
import type { Db } from './sql.ts';

/** How to reach a database. `password` is asked for at each new connection, so that a changed secret file counts. */
export interface DatabaseConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: () => Promise<string>;
  readonly ssl?: boolean | { readonly ca?: string; readonly rejectUnauthorized?: boolean };
}

/** Connections per process: the API, the batches of a reconcile and the pages of imports share them. */
const poolSize = 10;

/**
 * Batches look up a thousand keys at once: the planner must not take a scan of the whole table for cheaper than its index,
 * as it does with the defaults for spinning disks, nor spend time on compiling or on parallel workers for it.
 */
const plannerSettings = { random_page_cost: '1.1', jit: 'off', max_parallel_workers_per_gather: '0' } as const;
/** The embedded database has one session: the sample of an `analyze` is kept small, since everybody waits for it. */
export const embeddedSettings = { ...plannerSettings, default_statistics_target: '10' } as const;

/**
 * A worker that is frozen, or cut off, in the middle of a transaction holds its lease's row: the server ends such a session
 * before the lease runs out (15 s), so that a successor can take over.
 */
const sessionSettings = { ...plannerSettings, idle_in_transaction_session_timeout: '10000' } as const;
const sessionOptions = Object.entries(sessionSettings)
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ');

function ignore(): void {
  // See above.
}

/** Opens a pool; connections are made as they are needed. */
export function openDatabase(connection: DatabaseConnection, size: 'embedded' | 'server'): Db {
  return createKnex({
    client: 'pg',
    connection: {
      ...connection,
      application_name: 'rosterd',
      keepAlive: true,
      ...(size === 'server' ? { options: sessionOptions } : {}),
    } as object,
    // What knex would print by itself, past log and redaction, is thrown as well.
    log: { warn: ignore, error: ignore, deprecate: ignore, debug: ignore },
    pool: { min: 0, max: poolSize },
    acquireConnectionTimeout: 20_000,
  });
}

/** What the server is trusted by; nothing but the URL's own words unless told. */
export interface DatabaseTrust {
  /** PEM text of the only CAs that are trusted. */
  readonly ca?: string;
  readonly allowPlaintext: boolean;
}

/** The parts of a PostgreSQL address. The password is read anew by `readUrl` at each connection. */
export function connectionOf(
  url: string,
  readUrl: () => Promise<string>,
  trust: DatabaseTrust = { allowPlaintext: false },
): DatabaseConnection {
  const parsed = new URL(url);
  decoded(parsed.hostname, 'host name');
  return {
    host: databaseHost(url),
    port: Number(parsed.port || '5432'),
    user: decoded(parsed.username || 'postgres', 'user name'),
    database: decoded(parsed.pathname.slice(1), 'path') || 'postgres',
    ...(parsed.password === '' ? {} : { password: async () => decoded(new URL(await readUrl()).password, 'password') }),
    ...encryption(databaseTransport(url, trust), trust),
  };
}

/** Null where the database was reached in clear and offers no TLS; else what to say instead of the driver's words. */
export function withoutTls(error: unknown, { host }: DatabaseConnection): Error | null {
  if (!(error instanceof Error) || !error.message.includes('does not support SSL')) return null;
  return new DatabaseTransportError(
    `the database at ${host} offers no TLS, and without it its password and all data would travel in clear: switch it on there (ssl = on), or say that clear text is allowed with sslmode=disable in its address`,
    { cause: error },
  );
}

class DatabaseTransportError extends Error {
  override readonly name = 'DatabaseTransportError';
  readonly code = 'tls';
}

function encryption(transport: Transport, { ca }: DatabaseTrust): Pick<DatabaseConnection, 'ssl'> {
  if (transport === 'unverified') return { ssl: { rejectUnauthorized: false } };
  if (transport !== 'tls') return {};
  return { ssl: { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) } };
}

/** The database's address, which its secret may have changed to, cannot be used. Holds nothing of it. */
class DatabaseAddressError extends Error {
  override readonly name = 'DatabaseAddressError';
  readonly code = 'database-address';
}

function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // The error would hold nothing but the words "URI malformed".
    throw new DatabaseAddressError(
      `the address of the database has a ${part} with a % that begins no escape (RFC 3986); a % is written %25`,
    );
  }
}
