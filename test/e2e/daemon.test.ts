import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { without } from './support/rows.ts';
import type { EventRow, SourceRow, UserRow } from './support/rows.ts';
import { createSite, until } from './support/rosterd.ts';
import type { Daemon, Ended, RunRow, Site } from './support/rosterd.ts';

const repository = join(import.meta.dirname, '../..');
/** To show 1: a fresh directory with the demo sources. */
const FIRST_SYNC_LIMIT_MS = 30_000;

let site: Site;
let daemon: Daemon;
let known: { users: UserRow[]; events: EventRow[]; runs: RunRow[] };

beforeAll(async () => {
  // What `npm start` gets, but for the port, which another daemon of this machine may have, and the name of the folder.
  site = await createSite('daemon', { ROSTERD_HTTP_PORT: '0', ROSTERD_DATA_DIR: '../data' });
  await cp(join(repository, 'config'), join(site.folder, 'config'), { recursive: true });
});
afterAll(() => site.remove());

async function knownNow(): Promise<typeof known> {
  const [users, events, runs] = [
    await site.rows<UserRow>('user', 'list', '--all'),
    await site.rows<EventRow>('log'),
    await site.rows<RunRow>('run', 'list'),
  ];
  // Each start makes a link for the first operator as long as there is none.
  return { users, events: events.filter(({ type }) => type !== 'operator-link-made'), runs };
}

const settled = (user: UserRow): unknown => ({
  ...user,
  profiles: user.profiles.map((profile) => without(profile, 'lastSeenAt')),
});

/** Does something while the daemon is starting: from when it has the data directory on. */
async function onceHeld<T>(work: () => Promise<T>): Promise<T> {
  await until('the daemon holds the data directory', async () => existsSync(join(site.dataDir, 'holder.json')));
  return work();
}

/** The five commands of the issue, for people and for programs. */
async function everyCommand(user: string): Promise<Ended[]> {
  const commands = [['user', 'list'], ['user', 'show', user], ['user', 'explain', user], ['log'], ['run', 'list']];
  const ended: Ended[] = [];
  for (const command of commands) ended.push(await site.run(...command));
  return ended;
}

function expectAnswers(ended: readonly Ended[]): void {
  // While the daemon starts, a command may say that it waits for it.
  const said = ended.map(({ code, stderr }) => ({
    code,
    stderr: stderr.replace(/^waiting: the daemon .* is starting\n/, ''),
  }));
  expect(said).toEqual(ended.map(() => ({ code: 0, stderr: '' })));
  const [list, show, explain, log, runs] = ended.map(({ stdout }) => stdout);
  expect(list).toContain("Siobhán O'Brien");
  expect(show).toContain('CORP\\jnovakova');
  expect(explain).toContain('ranks first by default');
  expect(log).toContain('created');
  expect(runs).toContain('completed');
}

/** The processes of this machine whose command line names the site's configuration. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return command.includes(folder) ? [`${pid} ${command.replaceAll('\0', ' ')}`] : [];
      } catch {
        // It ended between the listing and this look.
        return [];
      }
    });
}

test('the first start synchronises the demo sources within 30 seconds, and answers meanwhile', async () => {
  const started = performance.now();
  const [running, whileStarting] = await Promise.all([
    site.start(),
    onceHeld(() => Promise.all([site.run('user', 'list'), site.run('log'), site.run('run', 'list')])),
  ]);
  daemon = running;
  const sources = await until(
    'the demo sources are synchronised',
    async () => {
      const listed = await site.rows<SourceRow & { accounts: { linked: number } }>('source', 'list');
      return listed.every(({ state, accounts }) => state === 'ok' && accounts.linked > 0) ? listed : undefined;
    },
    FIRST_SYNC_LIMIT_MS,
  );
  expect(performance.now() - started).toBeLessThan(FIRST_SYNC_LIMIT_MS);
  expect(sources.map(({ id }) => id).toSorted()).toEqual(['acd-prague', 'corp-ad']);
  expect(whileStarting.map(({ code }) => code)).toEqual([0, 0, 0]);
}, 120_000);

test('the commands answer while it runs', async () => {
  expectAnswers(await everyCommand('jnovakova'));
  const missing = await site.run('user', 'show', 'nobody');
  expect([missing.code, missing.stdout]).toEqual([3, '']);
  await until('every run has ended', async () =>
    (await site.rows<RunRow>('run', 'list')).every(({ finishedAt }) => finishedAt !== null),
  );
  known = await knownNow();
  expect(known.users.length).toBeGreaterThan(20);
  expect(known.runs.every(({ state }) => state.startsWith('completed'))).toBe(true);
}, 120_000);

test('a second daemon on the same data directory is refused and told who holds it', async () => {
  const second = site.launch();
  expect(await second.ended).toMatchObject({ code: 1, signal: null });
  expect(second.log()).toContain('data-directory-held');
  expect(second.log()).toContain(`pid ${daemon.pid} on host`);
  expect(second.log()).toContain(daemon.address);
  expect(await fetch(`${daemon.address}/health/ready`).then(({ status }) => status)).toBe(200);
  const said = JSON.parse(readFileSync(join(site.dataDir, 'daemon.json'), 'utf8')) as { pid: number };
  expect(said.pid).toBe(daemon.pid);
}, 60_000);

test('SIGTERM ends it in good order', async () => {
  expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  expect(processesOf(site.configFile)).toEqual([]);
  expect(readdirSync(site.dataDir)).not.toContain('daemon.json');
  expect(readdirSync(site.dataDir)).not.toContain('holder.json');
  await expect(fetch(`${daemon.address}/health/live`)).rejects.toThrow();
  const lines = daemon.log().trimEnd().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '{}')).toMatchObject({ level: 'info', msg: 'stopped' });
  const loud = lines.map((line) => JSON.parse(line) as { level: string }).filter(({ level }) => level !== 'info');
  expect(loud).toEqual([]);
}, 60_000);

test('the commands answer when it does not run', async () => {
  expectAnswers(await everyCommand('jnovakova'));
  expect(await knownNow()).toEqual(known);
}, 120_000);

test('a second start finds everything as it was, and the commands answer while it starts', async () => {
  const [running, whileStarting] = await Promise.all([site.start(), onceHeld(() => everyCommand('jnovakova'))]);
  daemon = running;
  expectAnswers(whileStarting);
  const now = await knownNow();
  expect(now.users.map(settled)).toEqual(known.users.map(settled));
  expect(now.events).toEqual(known.events);
  const later = now.runs.filter(({ id }) => known.runs.some((run) => run.id === id));
  expect(later).toEqual(known.runs);
  expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  expect(processesOf(site.configFile)).toEqual([]);
}, 180_000);

test('a command that only reads makes no store', async () => {
  const none = await createSite('daemon-none');
  await none.configure({ database: 'embedded', sources: [] });
  const ended = await none.run('user', 'list');
  expect(ended.code).toBe(3);
  expect(ended.stderr).toContain('rosterd start');
  expect(existsSync(join(none.dataDir, 'pg'))).toBe(false);
  await none.remove();
}, 60_000);
