import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../support/services/postgres.ts';
import { createTempDir } from '../support/services/temp.ts';
import { startDaemon, syncThroughApi, untilAtRest, type DaemonProcess, type SyncAnswer } from './daemon-process.ts';
import { probe, type Latencies } from './latency.ts';
import { print, rounded, say } from './output.ts';
import { forgetPeakRss, peakRssOf, runRosterd, writeConfiguration } from './rosterd-process.ts';

/**
 * `node test/bench/ugly.ts [--users N] [--database embedded|postgres] [--json]`: data as only a broken export has it, beside as many
 * ordinary changes. N users whose employee ids are shifted by one row, and on PostgreSQL by one row in a ring; N accounts that all have one
 * employee id and one e-mail address. Each must end as the rules say, within three times the time of the ordinary ones, below
 * 600 MB, and /health/live answers within 200 ms throughout.
 */
interface Row {
  readonly id: string;
  readonly employeeId: string;
  readonly email: string;
}

interface Step {
  readonly seconds: number;
  readonly rss_before_mb: number;
  readonly peak_rss_mb: number;
  readonly live_ms: Latencies;
}

const unlimited = { number: 10_000_000, percent: 100 };

function ordinary(users: number, word: string): Row[] {
  return Array.from({ length: users }, (_, index) => {
    const id = String(100_000 + index);
    return { id, employeeId: `${word}${id}`, email: `agent${id}@example.com` };
  });
}

/** Each row has the employee id of the next one; the last one a new one, or in a ring that of the first. */
function shifted(rows: readonly Row[], ring: boolean): Row[] {
  return rows.map((row, index) => {
    const next = rows[index + 1] ?? (ring ? rows[0] : undefined);
    return { ...row, employeeId: next?.employeeId ?? 'the-last-one' };
  });
}

async function writeRows(folder: string, rows: readonly Row[]): Promise<void> {
  const lines = rows.map(({ id, employeeId, email }) => `${id},a${id},Ann${id},Agent${id},${email},${employeeId},Care`);
  const header = 'ACD ID,Login,First Name,Last Name,Email,Employee ID,Team';
  await writeFile(join(folder, 'agents.csv'), `${[header, ...lines].join('\n')}\n`);
}

async function bench(users: number, kind: 'embedded' | 'postgres'): Promise<Record<string, unknown>> {
  const folder = createTempDir('ugly');
  const load = [rounded(loadavg()[0] ?? NaN)];
  const postgres = kind === 'postgres' ? await startPostgres() : null;
  try {
    const usual = await inStore('usual', async (daemon) => {
      const rows = ordinary(users, 'E');
      const first = await step(daemon, 'first sync', rows, { created: users });
      const changed = ordinary(users, 'F');
      const changes = await step(daemon, 'as many ordinary changes', changed, { updated: users });
      const shift = await step(daemon, 'shifted by one row', shifted(changed, false), { updated: users });
      await expectOneAfterTheOther(daemon, changed);
      // Who exchange names in a circle are one transaction, in which the embedded database has no session left for others.
      if (kind === 'embedded') return { first, changes, shift };
      const ring = await step(daemon, 'shifted in a ring', shifted(shifted(changed, false), true), { updated: users });
      return { first, changes, shift, ring };
    });
    const shared = await inStore('shared', async (daemon) => {
      const rows = ordinary(users, 'E').map((row) => ({ ...row, employeeId: 'E1', email: 'desk@example.com' }));
      const first = await step(daemon, 'first sync of one employee id and e-mail', rows, { created: users });
      const { items } = await daemon.get<{ items: { kind: string }[] }>('/api/v1/review-items');
      if (items.length !== 2 || items.some((item) => item.kind !== 'shared-value'))
        throw new Error(`not two questions about shared values: ${JSON.stringify(items).slice(0, 500)}`);
      return first;
    });
    load.push(rounded(loadavg()[0] ?? NaN));
    const ratio = {
      shift: rounded(usual.shift.seconds / usual.changes.seconds),
      ...('ring' in usual && { ring: rounded(usual.ring.seconds / usual.changes.seconds) }),
      shared: rounded(shared.seconds / usual.first.seconds),
    };
    return { users, database: kind, ratio, ...usual, shared, load };
  } finally {
    await postgres?.stop();
    await folder.remove();
  }

  async function inStore<T>(name: string, work: (daemon: DaemonProcess) => Promise<T>): Promise<T> {
    await writeRows(folder.path, ordinary(1, 'E'));
    const config = await writeConfiguration(folder.path, {
      database: postgres === null ? 'embedded' : await postgres.createDatabase(`rosterd_${name}`),
      dataDir: name,
      http: { port: 0 },
      log: { level: 'warn' },
      guard: { fieldChanged: unlimited, created: unlimited },
      sources: [{ id: 'acd', kind: 'csv-file', enabled: true, connection: { path: 'agents.csv' } }],
    });
    if (postgres !== null) await runRosterd(['migrate', '--config', config]);
    const daemon = await startDaemon(config, join(folder.path, name));
    try {
      // Its own first sync must not read what the first step writes.
      await untilAtRest(daemon);
      return await work(daemon);
    } finally {
      await daemon.end();
    }
  }

  async function step(
    daemon: DaemonProcess,
    what: string,
    rows: readonly Row[],
    expected: Readonly<Record<string, number>>,
  ): Promise<Step> {
    say(`${kind}: ${what}`);
    await writeRows(folder.path, rows);
    // The embedded database alone takes more while it is made.
    forgetPeakRss(daemon.pid);
    const before = Math.round(peakRssOf(daemon.pid));
    const live = probe(100, () => daemon.ask('GET', '/health/live'));
    const started = performance.now();
    const sync = await syncThroughApi(daemon);
    const seconds = rounded((performance.now() - started) / 1000);
    const live_ms = await live.stop();
    expectRuns(sync, expected);
    say(`  ${seconds} s`);
    return { seconds, rss_before_mb: before, peak_rss_mb: Math.round(peakRssOf(daemon.pid)), live_ms };
  }
}

/** What all runs of a sync did together; the one row that was there before each fill may count or not. */
function expectRuns({ runs }: SyncAnswer, expected: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(expected)) {
    const done = runs.reduce((sum, run) => sum + (run.counts[name] ?? 0), 0);
    if (Math.abs(done - count) > 1 || runs.some(({ state }) => state !== 'completed'))
      throw new Error(`expected ${name} ${count}, got ${JSON.stringify(runs).slice(0, 2_000)}`);
  }
}

/** A few of the users, from both ends. */
async function expectOneAfterTheOther(daemon: DaemonProcess, before: readonly Row[]): Promise<void> {
  const then = shifted(before, false);
  for (const index of [0, 1, before.length >> 1, before.length - 2, before.length - 1]) {
    const row = then[index];
    const user = await daemon.get<{ employeeId: string | null }>(`/api/v1/users/a${row?.id ?? ''}`);
    if (user.employeeId !== row?.employeeId)
      throw new Error(`user a${row?.id ?? ''} has ${String(user.employeeId)}, not ${String(row?.employeeId)}`);
  }
}

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '20000' },
    database: { type: 'string', default: 'embedded' },
    json: { type: 'boolean', default: false },
  },
});
print(await bench(Number(values.users), values.database === 'postgres' ? 'postgres' : 'embedded'), values.json);
