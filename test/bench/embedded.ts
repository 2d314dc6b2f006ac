import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeLdif } from '../support/services/people.ts';
import { createTempDir } from '../support/services/temp.ts';
import { startDaemon, syncThroughApi, untilAtRest, type DaemonProcess } from './daemon-process.ts';
import { employees, teamMapping } from './employees.ts';
import { probe, type Latencies } from './latency.ts';
import { print, rounded, say } from './output.ts';
import { peakRssOf, runRosterd, runsOf, writeConfiguration } from './rosterd-process.ts';

/**
 * `node test/bench/embedded.ts [--users N] [--json]`: N LDIF entries that create users, on the embedded default. Once as a
 * daemon fills itself for the first time while another process (this one) asks it ten times a second, once by `rosterd sync`
 * without a daemon; each followed by a sync in which nothing has changed.
 */
const peopleDn = 'ou=people,dc=example,dc=com';
const periodMs = 100;

async function bench(users: number): Promise<Record<string, unknown>> {
  const folder = createTempDir('embedded');
  const before = rounded(loadavg()[0] ?? NaN);
  try {
    await writeLdif(join(folder.path, 'people.ldif'), employees(users, peopleDn));
    const daemon = await withDaemon(folder.path, users);
    const command = await withCommand(folder.path, users);
    return { users, daemon, command, load: [before, rounded(loadavg()[0] ?? NaN)] };
  } finally {
    await folder.remove();
  }
}

function configure(folder: string, dataDir: string): Promise<string> {
  return writeConfiguration(folder, {
    database: 'embedded',
    dataDir,
    http: { port: 0 },
    log: { level: 'warn' },
    sources: [
      {
        id: 'directory',
        kind: 'ldif-file',
        connection: { path: 'people.ldif' },
        createsUsers: true,
        mapping: teamMapping,
      },
    ],
  });
}

async function withDaemon(folder: string, users: number): Promise<Record<string, unknown>> {
  say('daemon: first sync on an empty embedded database');
  const config = await configure(folder, 'daemon');
  const spawned = performance.now();
  const daemon = await startDaemon(config, join(folder, 'daemon'));
  const start = since(spawned);
  try {
    const began = performance.now();
    const first = await whileAsked(daemon, () => untilAtRest(daemon));
    const firstSeconds = since(began);
    const counted = await countEverything(daemon);
    expectAll(counted, users);
    say(`  ${firstSeconds} s; unchanged sync`);
    const again = performance.now();
    const unchanged = await whileAsked(daemon, async () => {
      const { runs } = await syncThroughApi(daemon);
      if (runs.length !== 1 || runs[0]?.counts['unchanged'] !== users)
        throw new Error(`not unchanged: ${JSON.stringify(runs)}`);
    });
    const unchangedSeconds = since(again);
    const peak = Math.round(peakRssOf(daemon.pid));
    return {
      start_s: start,
      first_s: firstSeconds,
      unchanged_s: unchangedSeconds,
      peak_rss_mb: peak,
      counted,
      first,
      unchanged,
    };
  } finally {
    await daemon.end();
  }
}

/** What somebody who asks ten times a second waits for meanwhile. */
async function whileAsked(
  daemon: DaemonProcess,
  work: () => Promise<void>,
): Promise<{ live_ms: Latencies; users_ms: Latencies }> {
  const live = probe(periodMs, () => daemon.ask('GET', '/health/live'));
  const firstPage = probe(periodMs, () => daemon.ask('GET', '/api/v1/users'));
  try {
    await work();
  } finally {
    await Promise.all([live.stop(), firstPage.stop()]);
  }
  return { live_ms: await live.stop(), users_ms: await firstPage.stop() };
}

async function withCommand(folder: string, users: number): Promise<Record<string, unknown>> {
  say('command: first sync on an empty embedded database');
  const config = await configure(folder, 'command');
  const sync = async (): Promise<{ seconds: number; peak: number; counts: Readonly<Record<string, number>> }> => {
    const measured = await runRosterd(['sync', '--full', '--json', '--config', config]);
    return {
      seconds: rounded(measured.seconds),
      peak: Math.round(measured.peakRssMb),
      counts: runsOf(measured)[0]?.counts ?? {},
    };
  };
  const first = await sync();
  say(`  ${first.seconds} s; unchanged sync`);
  const unchanged = await sync();
  if (first.counts['created'] !== users || unchanged.counts['unchanged'] !== users)
    throw new Error(`not what was expected: ${JSON.stringify([first, unchanged])}`);
  return { first_s: first.seconds, unchanged_s: unchanged.seconds, peak_rss_mb: Math.max(first.peak, unchanged.peak) };
}

interface UserAnswer {
  readonly roles: readonly { readonly role: string }[];
  readonly teams: readonly { readonly main: boolean }[];
  readonly profiles: readonly unknown[];
}

type Counted = Readonly<Record<'users' | 'withLink' | 'withRole' | 'withTeam' | 'withEvent', number>>;

/** Counts over the API, page by page, since nobody else can be at the embedded database. */
async function countEverything(daemon: DaemonProcess): Promise<Counted> {
  const users = await all<UserAnswer>(daemon, '/api/v1/users?limit=1000');
  const events = await all<{ userId: number | null }>(daemon, '/api/v1/events?type=user-created&limit=1000');
  const withSome = (has: (user: UserAnswer) => boolean): number => users.filter(has).length;
  return {
    users: users.length,
    withLink: withSome((user) => user.profiles.length === 1),
    withRole: withSome((user) => user.roles.some(({ role }) => role === 'agent')),
    withTeam: withSome((user) => user.teams.some(({ main }) => main)),
    withEvent: new Set(events.map((event) => event.userId)).size,
  };
}

async function all<Item>(daemon: DaemonProcess, path: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let next: string | null = ''; next !== null;) {
    const after: string = next === '' ? '' : `&after=${encodeURIComponent(next)}`;
    const page: { items: Item[]; next: string | null } = await daemon.get(`${path}${after}`);
    items.push(...page.items);
    next = page.next;
  }
  return items;
}

function expectAll(counted: Counted, users: number): void {
  if (Object.values(counted).some((count) => count !== users))
    throw new Error(`not everybody is whole after the first sync: ${JSON.stringify(counted)}`);
}

function since(started: number): number {
  return rounded((performance.now() - started) / 1000);
}

const { values } = parseArgs({
  options: { users: { type: 'string', default: '20000' }, json: { type: 'boolean', default: false } },
});
print(await bench(Number(values.users)), values.json);
