import { chown, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import type { Certificates } from './certificates.ts';
import { newestPostgresBin, requireServices } from './install.ts';
import { freePort } from './port.ts';
import { run, startServer } from './process.ts';
import { ServiceError } from './service-error.ts';
import { createTempDir } from './temp.ts';
import type { TempDir } from './temp.ts';

/** A PostgreSQL server for tests. */
export type TestPostgres = {
  /** The address of a user that may create databases. */
  readonly url: string;
  /** Such as `15.18`. */
  readonly version: string;
  /** Creates a database, as a copy of `template` where one is named, and gives its address. */
  readonly createDatabase: (name: string, options?: { readonly template?: string }) => Promise<string>;
  /** Drops a database, its connections included; one that is not there is no error. */
  readonly dropDatabase: (name: string) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** The private server's settings: tests want speed; a crash of the machine may cost them their data. */
const SETTINGS = `
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
shared_buffers = 128MB
max_wal_size = 4GB
log_min_messages = warning
`;

/**
 * Starts a private PostgreSQL of the newest version on this machine, or takes the server at
 * `ROSTERD_TEST_DATABASE_URL` (a user with CREATEDB), which is then not stopped. With `tls` it is always one of its own, which
 * lets people in over TLS alone, as `localhost`.
 *
 * @throws ServiceError
 */
export async function startPostgres(options: { readonly tls?: Certificates } = {}): Promise<TestPostgres> {
  const given = process.env['ROSTERD_TEST_DATABASE_URL'];
  const { tls } = options;
  if (tls === undefined && given !== undefined && given !== '') return postgresAt(given, () => Promise.resolve());
  await requireServices('postgres');
  const bin = newestPostgresBin();
  if (bin === undefined) throw new ServiceError('service-missing', 'No PostgreSQL server is installed.');
  const directory = createTempDir('pg');
  const owner = await serverOwner();
  if (owner !== undefined) await chown(directory.path, owner.uid, owner.gid);
  const port = await freePort();
  const dataDirectory = await initialise(bin, directory, owner);
  const encryption = tls === undefined ? '' : await encrypt(dataDirectory, tls, owner);
  await writeFile(join(dataDirectory, 'postgresql.auto.conf'), SETTINGS + encryption);
  const url =
    tls === undefined
      ? `postgres://postgres@127.0.0.1:${port}/postgres`
      : `postgres://postgres@localhost:${port}/postgres?sslmode=verify-full&sslrootcert=${encodeURIComponent(tls.caFile)}`;
  const addresses = ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${directory.path}`];
  const server = await startServer({
    name: 'postgres',
    command: join(bin, 'postgres'),
    args: ['-D', dataDirectory, '-p', String(port), ...addresses],
    logFile: join(directory.path, 'log'),
    isReady: async () => (await serverVersion(url)) !== '',
    // Immediate shutdown (postgres(1)): nothing of a private cluster needs to be written down any more.
    stopSignal: 'SIGQUIT',
    ...(owner === undefined ? {} : { user: 'postgres' }),
  });
  return postgresAt(url, async () => {
    await server.stop();
    await directory.remove();
  });
}

/** Copies the certificate to where the server may read it, and lets nobody in without TLS. Gives the settings for it. */
async function encrypt(dataDirectory: string, tls: Certificates, owner: Owner | undefined): Promise<string> {
  const files = { certFile: join(dataDirectory, 'server.crt'), keyFile: join(dataDirectory, 'server.key') };
  for (const name of ['certFile', 'keyFile'] as const) {
    await writeFile(files[name], await readFile(tls[name]), { mode: 0o600 });
    if (owner !== undefined) await chown(files[name], owner.uid, owner.gid);
  }
  await writeFile(join(dataDirectory, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 trust\n');
  return `ssl = on\nssl_cert_file = '${files.certFile}'\nssl_key_file = '${files.keyFile}'\n`;
}

async function postgresAt(url: string, stop: () => Promise<void>): Promise<TestPostgres> {
  return {
    url,
    version: await serverVersion(url),
    createDatabase: (name, options) => createDatabase(url, name, options?.template),
    dropDatabase: (name) => dropDatabase(url, name),
    stop,
  };
}

/** Creates a database on the server at `url` and gives its address. */
export async function createDatabase(url: string, name: string, template?: string): Promise<string> {
  const copied = template === undefined ? '' : ` template ${escapeIdentifier(template)}`;
  await query(url, `create database ${escapeIdentifier(name)}${copied}`);
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(name)}`;
  return address.href;
}

/** Drops a database of the server at `url`, its connections included; one that is not there is no error. */
export async function dropDatabase(url: string, name: string): Promise<void> {
  await query(url, `drop database if exists ${escapeIdentifier(name)} with (force)`);
}

/** The databases of the server at `url` whose names start so. */
export async function databasesStartingWith(url: string, prefix: string): Promise<string[]> {
  const rows = await query(url, 'select datname as name from pg_database where starts_with(datname, $1)', [prefix]);
  return rows.map((row) => String(row['name']));
}

async function serverVersion(url: string): Promise<string> {
  const [row] = await query(url, 'show server_version');
  const version = row?.['server_version'];
  return typeof version === 'string' ? (version.split(' ', 1)[0] ?? '') : '';
}

async function query(url: string, sql: string, values: string[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(sql, values);
    return result.rows;
  } finally {
    await client.end();
  }
}

type Owner = { readonly uid: number; readonly gid: number };

/** PostgreSQL refuses to run as root; the user `postgres` comes with Debian's package. */
async function serverOwner(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
  return { uid: Number(uid), gid: Number(gid) };
}

async function initialise(bin: string, directory: TempDir, owner: Owner | undefined): Promise<string> {
  const dataDirectory = join(directory.path, 'data');
  const encoding = ['--encoding', 'UTF8', '--locale', 'C.UTF-8'];
  const args = ['--auth', 'trust', '--username', 'postgres', '--no-sync', ...encoding, '--pgdata', dataDirectory];
  await run(join(bin, 'initdb'), args, owner ?? {});
  return dataDirectory;
}
