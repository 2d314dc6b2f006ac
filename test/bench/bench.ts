import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { startPostgres, type TestPostgres } from '../support/services/postgres.ts';
import { startSlapd, type TestSlapd } from '../support/services/slapd.ts';
import { createTempDir } from '../support/services/temp.ts';
import { deltaChanges, measureDelta } from './delta.ts';
import { employees, teamMapping } from './employees.ts';
import { measureLimit } from './limit.ts';
import { print, rounded, say } from './output.ts';
import { runRosterd, runsOf, writeConfiguration, type Measured } from './rosterd-process.ts';

/**
 * `npm run bench -- --users N [--json]` (architecture 6): N directory entries in a private slapd, a private PostgreSQL with
 * its default settings, and in one run the limit, the first full sync, one in which nothing has changed, and deltas. The
 * ratios are what counts: they survive a busy machine better than seconds do. Figures on stdout, progress on stderr.
 */
const suffix = 'dc=example,dc=com';
const statedSettings = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'shared_buffers',
  'max_wal_size',
  'work_mem',
];

async function bench(users: number): Promise<Record<string, unknown>> {
  const folder = createTempDir('bench');
  const load = [loadOfMachine()];
  say(`starting slapd with ${users} entries, and PostgreSQL`);
  const [slapd, postgres] = await Promise.all([
    startSlapd({ suffix, entries: employees(users, `ou=people,${suffix}`) }),
    startPostgres(),
  ]);
  try {
    await useDefaultSettings(postgres);
    const url = await postgres.createDatabase('rosterd_bench');
    const config = await configure(folder.path, slapd, url);
    await runRosterd(['migrate', '--config', config]);

    // Before, between and after the syncs: what else the machine does meanwhile must not decide.
    const limits = [await limitOf(slapd, url, folder.path)];
    say('first sync');
    const first = await runRosterd(['sync', '--full', '--json', '--config', config]);
    say(`  ${rounded(first.seconds)} s`);
    const counted = await countEverything(url);
    expectRun(first, { new: users, created: users, linked: users });
    expectAll(counted, users);
    limits.push(await limitOf(slapd, url, folder.path));
    say('unchanged sync');
    const unchanged = await runRosterd(['sync', '--full', '--json', '--config', config]);
    say(`  ${rounded(unchanged.seconds)} s`);
    expectRun(unchanged, { unchanged: users, created: 0, updated: 0 });
    limits.push(await limitOf(slapd, url, folder.path));
    const deltas: number[] = [];
    for (const round of [1, 2, 3]) {
      deltas.push(await measureDelta(slapd, url, { users, config, round }));
      say(`delta of ${deltaChanges} changes: ${rounded(deltas.at(-1) ?? NaN, 3)} s`);
    }
    load.push(loadOfMachine());

    const limit = median(limits);
    return {
      users,
      limit_s: rounded(limit),
      first_s: rounded(first.seconds),
      unchanged_s: rounded(unchanged.seconds),
      delta_s: rounded(median(deltas), 3),
      delta_changes: Math.min(deltaChanges, users),
      ratio: { first: rounded(first.seconds / limit), unchanged: rounded(unchanged.seconds / limit) },
      peak_rss_mb: Math.round(Math.max(first.peakRssMb, unchanged.peakRssMb)),
      cpu_s: { first: rounded(first.cpuSeconds), unchanged: rounded(unchanged.cpuSeconds) },
      limits_s: limits.map((each) => rounded(each)),
      deltas_s: deltas.map((each) => rounded(each, 3)),
      counted,
      load,
      postgres: { version: postgres.version, ...(await settingsOf(url)) },
    };
  } finally {
    await Promise.all([slapd.stop(), postgres.stop()]);
    await folder.remove();
  }
}

/** The tests' server trades safety for speed; a figure is only worth something with PostgreSQL's own defaults. */
async function useDefaultSettings({ url }: TestPostgres): Promise<void> {
  if (process.env['ROSTERD_TEST_DATABASE_URL'] !== undefined) return;
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('alter system reset all');
  await client.query('select pg_reload_conf()');
  await client.end();
}

function configure(folder: string, slapd: TestSlapd, database: string): Promise<string> {
  process.env['BENCH_BIND_PASSWORD'] = slapd.bindPassword;
  return writeConfiguration(folder, {
    database,
    dataDir: 'data',
    log: { level: 'warn' },
    sources: [
      {
        id: 'directory',
        kind: 'ldap',
        connection: { url: slapd.url, bindDn: slapd.bindDn, bindPassword: { env: 'BENCH_BIND_PASSWORD' } },
        baseDn: slapd.peopleDn,
        createsUsers: true,
        mapping: teamMapping,
      },
    ],
  });
}

async function limitOf(slapd: TestSlapd, url: string, folder: string): Promise<number> {
  const limit = await measureLimit(slapd, url, folder);
  say(`limit: ${rounded(limit)} s`);
  return limit;
}

type Counted = Readonly<Record<'users' | 'links' | 'withRole' | 'withTeam' | 'teams' | 'events', number>>;

async function countEverything(url: string): Promise<Counted> {
  const [row] = await rowsOf<Counted>(
    url,
    `select (select count(*)::int from "user") as users, (select count(*)::int from link where until is null) as links,
       (select count(*)::int from "user" where roles @> '[{"role": "agent"}]') as "withRole",
       (select count(*)::int from "user" where cardinality(team_ids) > 0 and main_team_id is not null) as "withTeam",
       (select count(*)::int from team) as teams, (select count(distinct user_id)::int from event where type = 'user-created') as events`,
  );
  if (row === undefined) throw new Error('the store cannot be counted');
  return row;
}

async function settingsOf(url: string): Promise<Record<string, string>> {
  const rows = await rowsOf<{ name: string; value: string }>(
    url,
    'select name, current_setting(name) as value from pg_settings where name = any($1) order by name',
    [statedSettings],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

async function rowsOf<Row extends object>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** A figure of a sync that did something else than it should would be worth nothing. */
function expectRun(measured: Measured, expected: Readonly<Record<string, number>>): void {
  const runs = runsOf(measured);
  const right =
    runs.length === 1 &&
    runs.every(
      (run) =>
        run.state === 'completed' &&
        Object.entries(expected).every(([name, count]) => run.counts[name as 'read'] === count),
    );
  if (!right) throw new Error(`expected one run with ${JSON.stringify(expected)}, got ${measured.stdout}`);
}

function expectAll({ teams, ...perUser }: Counted, users: number): void {
  if (teams < 1 || Object.values(perUser).some((count) => count !== users))
    throw new Error(`not everybody is whole after the first sync: ${JSON.stringify({ teams, ...perUser })}`);
}

function median(three: readonly number[]): number {
  return three.toSorted((a, b) => a - b)[1] ?? NaN;
}

function loadOfMachine(): number {
  return rounded(loadavg()[0] ?? NaN);
}

const { values } = parseArgs({
  options: { users: { type: 'string', default: '10000' }, json: { type: 'boolean', default: false } },
});
const users = Number(values.users);
if (!Number.isInteger(users) || users < 1)
  throw new RangeError(`--users must be a whole number from 1, not ${values.users}`);
print(await bench(users), values.json);
