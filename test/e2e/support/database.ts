import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { Client } from 'pg';
import { freshDatabase } from '../../support/database.ts';
import type { Site } from './rosterd.ts';

/** One statement and its rows. */
export type Sql = <Row = Record<string, unknown>>(text: string, values?: unknown[]) => Promise<Row[]>;

/** One of the two databases that everything must work on. */
export type Database = {
  /** What `database:` of the configuration says. */
  readonly setting: string;
  /** Plain SQL, while no process of the site runs. */
  readonly query: <Result>(work: (sql: Sql) => Promise<Result>) => Promise<Result>;
  readonly drop: () => Promise<void>;
};

/** The embedded database of a site, opened directly. */
export function embeddedDatabase(site: Site): Database {
  return {
    setting: 'embedded',
    query: (work) => withEmbedded(site.dataDir, work),
    drop: () => Promise.resolve(),
  };
}

/** A migrated database of its own on the run's PostgreSQL. */
export async function serverDatabase(): Promise<Database> {
  const { url, drop } = await freshDatabase();
  return { setting: url, query: (work) => withServer(url, work), drop };
}

async function withEmbedded<Result>(dataDir: string, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const database = await PGlite.create({ dataDir: join(dataDir, 'pg'), extensions: { pg_trgm } });
  try {
    await database.exec('set search_path to public');
    return await work(async (text, values) => (await database.query(text, values)).rows as never);
  } finally {
    await database.close();
  }
}

async function withServer<Result>(url: string, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(async (text, values) => (await client.query(text, values)).rows as never);
  } finally {
    await client.end();
  }
}

/** What a sync that changes nothing must not write to (issue 2, to show 3), and the other tables about people. */
const peopleTables = [
  ...['account', 'link', 'user', 'claim', 'match_key', 'team', 'event'],
  ...['snapshot', 'source_team', 'review_item', 'refusal', 'word', 'override', 'bar', 'sync_off'],
];

/**
 * Every version of every row of the tables: an insert, update or delete, even one that changes no value, makes another
 * place (ctid) or another transaction (xmin).
 */
export async function rowVersions(sql: Sql): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const table of peopleTables) {
    const text = `select count(*) || ' ' || coalesce(md5(string_agg(concat(ctid, ' ', xmin, ' ', t), e'\\n' order by ctid)), '') as v
      from "${table}" t`;
    versions[table] = (await sql<{ v: string }>(text))[0]?.v ?? '';
  }
  return versions;
}

/**
 * Rows inserted, updated and deleted per table since the database was made, by PostgreSQL's own statistics. A process
 * reports its last statistics when it ends, so this waits until no connection of rosterd is left.
 */
export async function writeStatistics(sql: Sql): Promise<Record<string, string>> {
  for (;;) {
    const others = `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;
    if ((await sql(others)).length === 0) break;
    await delay(20);
  }
  await sql('select pg_stat_clear_snapshot()');
  const rows = await sql<{ name: string; writes: string }>(
    `select relname as name, concat(n_tup_ins, ' ', n_tup_upd, ' ', n_tup_del) as writes from pg_stat_user_tables
     where schemaname = 'public' and relname = any($1) order by relname`,
    [peopleTables],
  );
  return Object.fromEntries(rows.map(({ name, writes }) => [name, writes]));
}
