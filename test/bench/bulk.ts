import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDatabase, dropDatabase } from '../support/services/postgres.ts';
import { csvLine } from '../../src/domain/spreadsheet.ts';
import { createTempDir } from '../support/services/temp.ts';
import { startDaemon, syncThroughApi, untilAtRest, type DaemonProcess } from './daemon-process.ts';
import { rounded, say } from './output.ts';
import { cpuSecondsOf, forgetPeakRss, peakRssOf, rssOf, runRosterd, writeConfiguration } from './rosterd-process.ts';

/**
 * `node test/bench/bulk.ts --postgres URL [--users 3000]`: what each bulk action, the undo of a run and the lists take of a real daemon
 * with that many users, whom a file of an ACD has made (spec 15.3, 16; issue 11, "to show" 3). Figures on stdout, progress on stderr.
 */
const { values } = parseArgs({
  options: { postgres: { type: 'string' }, users: { type: 'string', default: '3000' } },
});
const server = values.postgres;
if (server === undefined) throw new Error('--postgres URL names a server in which a database may be made');
const users = Number(values.users);

const folder = createTempDir('bench-bulk');
const name = `rosterd_bulk_${String(process.pid)}`;
const url = await createDatabase(server, name);
interface Row {
  readonly what: string;
  readonly milliseconds: number;
  /** What the daemon itself computed: the rest is the database's, and of who else is busy. */
  readonly cpuMs: number;
  /** Of how many users; null of a list. */
  readonly of: number | null;
}
const rows: Row[] = [];
try {
  const source = (id: string) => ({ id, kind: 'csv-file', connection: { path: `${id}.csv` } });
  const config = await writeConfiguration(folder.path, {
    ...{ database: url, dataDir: 'data', http: { port: 0 } },
    organization: { timeZone: 'Europe/Prague', locale: 'en', defaultTeam: 'Default', defaultGroup: 'Default' },
    roles: { catalogue: { trainer: [] } },
    sources: [source('acd')],
  });
  await write('Agent');
  await runRosterd(['migrate', '--config', config]);
  const daemon = await startDaemon(config, join(folder.path, 'data'));
  try {
    await untilAtRest(daemon);
    const rssBefore = rssOf(daemon.pid);
    forgetPeakRss(daemon.pid);
    await actions(daemon);
    await undoOfRun(daemon);
    await lists(daemon);
    for (const row of rows) process.stdout.write(textOf(row));
    process.stdout.write(
      `${JSON.stringify({ users, rssMb: { before: rounded(rssBefore, 0), after: rounded(rssOf(daemon.pid), 0), peak: rounded(peakRssOf(daemon.pid), 0) } })}\n`,
    );
  } finally {
    await daemon.end();
  }
} finally {
  await dropDatabase(server, name);
  await folder.remove();
}

/** The ACD's file: everybody in one of ten teams, with this last name. */
async function write(lastName: string): Promise<void> {
  const lines = [csvLine(['ACD ID', 'Login', 'First Name', 'Last Name', 'Email', 'Employee ID', 'Team'])];
  for (let index = 1; index <= users; index++) {
    const login = `agent${String(index)}`;
    const person = [login, `Jana ${String(index)}`, `${lastName} ${String(index)}`, `${login}@example.com`];
    lines.push(csvLine([String(100_000 + index), ...person, `E${String(index)}`, `Team ${String(index % 10)}`]));
  }
  await writeFile(join(folder.path, 'acd.csv'), lines.join(''));
}

/** Each bulk action on everybody, in an order in which each has something to do. */
async function actions(daemon: DaemonProcess): Promise<void> {
  const all: readonly (readonly [action: string, value?: string])[] = [
    ...([
      ['assign-role', 'trainer'],
      ['unassign-role', 'trainer'],
      ['unassign-role', 'agent'],
    ] as const),
    ...([
      ['withdraw-role', 'agent'],
      ['assign-team', 'Default'],
      ['set-main-team', 'Default'],
    ] as const),
    ...([['withdraw-main-team'], ['unassign-team', 'Default'], ['unassign-team', 'Team 1']] as const),
    ...([
      ['withdraw-team', 'Team 1'],
      ['assign-supervisor', 'Team 1'],
      ['unassign-supervisor', 'Team 1'],
    ] as const),
    ...([['withdraw-supervisor', 'Team 1'], ['withdraw-field', 'email'], ['unlock']] as const),
    ...([['disable-sync'], ['enable-sync'], ['disable'], ['enable']] as const),
  ];
  for (const [action, value] of all) {
    say(action);
    // What an ACD still has is deactivated by who insists.
    const more = action === 'disable' ? { insist: true, reason: 'bench' } : {};
    const body = { action, value, filter: { all: true }, ...more };
    await timed(daemon, `${action} ${value ?? ''}`, users, async () => {
      const asked = await daemon.ask('POST', '/api/v1/bulk', body);
      if (asked.status >= 300) throw new Error(`${action}: ${JSON.stringify(asked.body)}`);
      await untilFinished(daemon, (asked.body as { job: { id: number } }).job.id);
    });
    await untilAtRest(daemon);
  }
}

async function untilFinished(daemon: DaemonProcess, job: number): Promise<void> {
  const path = `/api/v1/bulk/${String(job)}`;
  while ((await daemon.get<{ finishedAt: string | null }>(path)).finishedAt === null) await sleep(50);
}

/** Everybody has another last name; the run is held, approved, and undone. */
async function undoOfRun(daemon: DaemonProcess): Promise<void> {
  say('undo');
  await write('Renamed');
  const { runs } = await syncThroughApi(daemon);
  const [held] = runs.filter(({ state }) => state === 'held');
  if (held === undefined) throw new Error(`no run is held: ${JSON.stringify(runs)}`);
  const { digest } = await daemon.get<{ digest: string }>(`/api/v1/runs/${String(held.id)}`);
  await timed(daemon, 'approve a run', users, async () => {
    await daemon.ask('POST', `/api/v1/runs/${String(held.id)}/approve`, { digest });
    await untilAtRest(daemon);
  });
  await lists(daemon);
  await timed(daemon, 'undo --run, preview', users, () => undo(daemon, { run: held.id, preview: true }));
  await timed(daemon, 'undo --run', users, () => undo(daemon, { run: held.id, preview: false }));
  await untilAtRest(daemon);
}

async function undo(daemon: DaemonProcess, body: object): Promise<void> {
  const { status, body: answer } = await daemon.ask('POST', '/api/v1/undo', body);
  if (status === 200) return;
  if (status !== 202) throw new Error(JSON.stringify(answer));
  for (;;) {
    const job = await daemon.get<{ report: object | null }>(`/api/v1/undos/${String((answer as { id: number }).id)}`);
    if (job.report !== null) return;
    await sleep(20);
  }
}

/** The first page of each list, and all pages of the users, as the commands ask for them. */
async function lists(daemon: DaemonProcess): Promise<void> {
  for (const path of ['users', 'runs', 'runs?busy=true', 'worklist', 'review-items', 'events', 'sources', 'teams'])
    await timed(daemon, `GET /${path}`, null, () => daemon.get(`/api/v1/${path}`));
  for (const path of ['users', 'events'])
    await timed(daemon, `GET /${path}, all pages`, null, async () => {
      for (let after: string | null = ''; after !== null;) {
        const next: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
        const page: { next: string | null; atEnd?: boolean } = await daemon.get(`/api/v1/${path}?limit=1000${next}`);
        after = page.atEnd === true ? null : page.next;
      }
    });
}

async function timed(
  { pid }: DaemonProcess,
  what: string,
  of: number | null,
  work: () => Promise<unknown>,
): Promise<void> {
  const [began, cpu] = [performance.now(), cpuSecondsOf(pid)];
  await work();
  rows.push({ what, of, milliseconds: performance.now() - began, cpuMs: (cpuSecondsOf(pid) - cpu) * 1_000 });
}

function textOf({ what, milliseconds, cpuMs, of }: Row): string {
  const each = of === null ? '' : `, ${(milliseconds / of).toFixed(2)} ms a user`;
  return `${what.padEnd(26)} ${milliseconds.toFixed(0).padStart(6)} ms, ${cpuMs.toFixed(0).padStart(5)} ms of them computing${each}\n`;
}
