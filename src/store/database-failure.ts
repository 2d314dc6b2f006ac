import { tlsFault } from '../connector-kit/connect/failures.ts';
import { storageFailureCode } from '../domain/storage-failure.ts';
import type { Settings } from '../settings/settings.ts';
import { connectionOf } from './database.ts';
import { queryOne, type Db } from './sql.ts';

/** A database server refuses what was asked, or does not answer; says to whom, and what to do about it. */
class DatabaseFailure extends Error {
  override readonly name = 'DatabaseFailure';
  readonly code: string;
  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Where the server is and who comes to it, for messages. */
interface DatabaseName {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** Does `work` at the configured database; its server's errors become ones that say what happened and what to do. */
export async function atDatabase<T>(
  { database }: Settings,
  doing: 'migrating' | 'working',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (database.kind === 'embedded') throw error;
    const readUrl = (): Promise<string> => database.url.read();
    throw databaseFailure(error, connectionOf(await readUrl(), readUrl), doing);
  }
}

/**
 * What an error of the database server means to whoever runs rosterd; the error itself where it means nothing else.
 */
function databaseFailure(error: unknown, name: DatabaseName, doing: 'migrating' | 'working'): unknown {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const said = error instanceof Error ? withoutStatement(error.message) : '';
  const { user, database } = name;
  const at = `the database ${database} at ${name.host}:${String(name.port)}`;
  const failure = (stable: string, message: string): DatabaseFailure => new DatabaseFailure(stable, message, error);
  const fault = tlsFault(error, { url: '`database`', caFile: '`database: {url: …, caFile: PATH}`' });
  if (fault !== null) return failure('tls', `TLS with ${at} failed: ${fault}`);
  if (code === '28000' && /no encryption|SSL off/.test(said))
    return failure(
      'tls',
      `${at} lets ${user} in over TLS alone: write sslmode=verify-full into its address, and its CA as \`database: {url: …, caFile: PATH}\``,
    );
  if (code === '25006')
    return failure(
      'storage',
      `${at} is read-only (a standby, or set so by its administrator): nothing was changed. Point \`database\` at the primary, or make it writable, then try again`,
    );
  if (code === '42501')
    return failure(
      'database-rights',
      doing === 'migrating'
        ? `the user ${user} may not do what a migration needs in ${at} (${said}). As the database's administrator: ` +
            `ALTER DATABASE ${quoted(database)} OWNER TO ${quoted(user)}; or GRANT CREATE, USAGE ON SCHEMA public TO ${quoted(user)};`
        : `the user ${user} lacks a right in ${at} (${said}). Run rosterd as the user who ran \`rosterd migrate\`, or grant it the right`,
    );
  if (code === '28P01' || code === '28000')
    return failure('login-refused', `${at} refuses the log-in of ${user} (${said}): see the password, and pg_hba.conf`);
  if (code === '3D000')
    return failure(
      'database-missing',
      `there is no database ${database} at ${name.host}: create it, then run \`rosterd migrate\``,
    );
  if (code === '53100')
    return failure('storage', `the disk of ${at} is full: nothing was changed. Free space, then try again`);
  if (/^53[34]/.test(code))
    return failure('storage', `${at} takes no more connections (${said}): raise max_connections`);
  if (storageFailureCode(error) !== null)
    return failure(
      'database-unreachable',
      `${at} does not answer (${said || code}): is it running, and reachable from here?`,
    );
  return error;
}

/** knex puts the statement in front of what the server said. */
function withoutStatement(message: string): string {
  const end = message.lastIndexOf(' - ');
  return end === -1 ? message : message.slice(end + 3);
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Texts of all the world must have a place in it: anything but UTF-8 loses names (spec 2.4). */
export async function requireUnicode(db: Db, database: Settings['database']): Promise<void> {
  if (database.kind === 'embedded') return;
  const { server_encoding: encoding } = await queryOne<{ server_encoding: string }>(db, 'show server_encoding');
  // What is stored as bytes comes back as the bytes that it was.
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return;
  throw new DatabaseFailure(
    'database-encoding',
    `the database has the encoding ${encoding}, in which not every name can be stored. Make another one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
  );
}
