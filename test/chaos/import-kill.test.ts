import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PeopleImport } from '../../src/api/schemas/people-imports.ts';
import { csvLine } from '../../src/domain/spreadsheet.ts';
import { employees } from '../bench/employees.ts';
import { untilAtRest, type DaemonProcess } from '../bench/daemon-process.ts';
import { runRosterd } from '../bench/rosterd-process.ts';
import { testPostgres } from '../support/database.ts';
import { createDatabase, dropDatabase } from '../support/services/postgres.ts';
import { createTempDir, type TempDir } from '../support/services/temp.ts';
import { contentOf, copySite, makeSite, startSite, writePeople, type Database, type Site } from './site.ts';
import { differences, type StoreContent } from './store-content.ts';

/**
 * Spec 14.3, 17, 20.10: an import of people.csv survives the death of the daemon that carries it out. Small by default;
 * `ROSTERD_CHAOS=full` imports 20,000 rows on PostgreSQL, and fewer on the embedded database, and kills ten times.
 */
const full = process.env['ROSTERD_CHAOS'] === 'full';
const places = full
  ? [
      { name: 'PostgreSQL', onPostgres: true, rows: 20_000, kills: 10 },
      { name: 'the embedded database', onPostgres: false, rows: 4_000, kills: 10 },
    ]
  : [{ name: 'PostgreSQL', onPostgres: true, rows: 600, kills: 1 }];
const limitMs = 300_000;

describe.each(places)('a daemon killed while it imports $rows people on $name', ({ onPostgres, rows, kills }) => {
  let folder: TempDir;
  let site: Site;
  /** What an undisturbed import leaves, by the command, which carries it out in process: another way to the same result. */
  let expected: StoreContent | null = null;
  const databases: string[] = [];

  const newDatabase = async (template?: string): Promise<Database> => {
    if (!onPostgres) return { kind: 'embedded' };
    const { url, template: migrated } = testPostgres();
    const name = `${migrated}_import_${String(process.pid)}_${String(databases.length)}`;
    databases.push(name);
    return { kind: 'postgres', url: await createDatabase(url, name, template ?? migrated) };
  };

  beforeAll(async () => {
    folder = createTempDir('import-kill');
    const filled = await makeSite(join(folder.path, 'filled'), await newDatabase());
    const people = Math.ceil(rows * 0.9);
    await writePeople(filled, people, 0);
    await writeFile(join(folder.path, 'people.csv'), fileFor(people, rows));
    site = filled;
    if (!full) return;
    await runRosterd(['sync', '--full', '--config', filled.config]);
    const undisturbed = await copySite(filled, join(folder.path, 'undisturbed'), await newDatabase(databases[0]));
    site = await copySite(filled, join(folder.path, 'killed'), await newDatabase(databases[0]));
    const command = ['csv', 'import', join(folder.path, 'people.csv'), '--config', undisturbed.config];
    const { seconds } = await runRosterd([...command, '--keep-missing', '--yes', '--beyond-limits']);
    process.stdout.write(
      `rosterd chaos: an import of ${String(rows)} rows takes ${seconds.toFixed(0)} s undisturbed\n`,
    );
    expected = await contentOf(undisturbed);
  }, 900_000);
  afterAll(async () => {
    for (const name of databases) await dropDatabase(testPostgres().url, name);
    await folder.remove();
  });

  it('does each row wholly or not at all and none twice, goes on after each start, and ends as an undisturbed one', async () => {
    let daemon = await startSite(site);
    // Its first start reads the source.
    await untilAtRest(daemon);
    const { id, digest } = await shown(daemon, join(folder.path, 'people.csv'));
    const applied = await daemon.ask('POST', `/api/v1/csv/imports/${String(id)}/apply`, { digest, beyondLimits: true });
    expect(applied.status, JSON.stringify(applied.body)).toBe(202);
    const moments: string[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      const { database } = site;
      const killed =
        database.kind === 'postgres' && (!full || kill <= 4)
          ? await killAtLock(daemon, database.url, kill)
          : await killAfter(daemon, id, Math.floor((rows * kill) / (kills + 1)), kill);
      moments.push(killed);
      if (database.kind === 'postgres') expect(await halfDone(database.url, id)).toEqual([]);
      daemon = await startSite(site);
    }
    await untilFinished(daemon, id);
    await untilAtRest(daemon);
    await daemon.end();
    if (expected !== null) expect(differences(await contentOf(site), expected)).toEqual([]);
    if (site.database.kind === 'postgres') {
      expect(await halfDone(site.database.url, id)).toEqual([]);
      expect(await outcomes(site.database.url, id)).toEqual({ changed: rows - Math.floor((rows * 0.9) / 1_000) });
    }
    process.stdout.write(`rosterd chaos: an import of ${String(rows)} rows killed ${moments.join(', ')}\n`);
  }, 1_800_000);
});

/** Everybody gets another last name and e-mail address; a tenth is new. Users are named by their logins. */
function fileFor(people: number, rows: number): string {
  const lines = [csvLine(['User ID', 'Login', 'First Name', 'Last Name', 'Email', 'Roles'])];
  let index = 0;
  for (const { attributes } of employees(people, 'dc=example', 0)) {
    const login = String(attributes['uid']);
    // Who shares an employee id with a rival is nobody yet.
    if (++index % 1_000 === 0) continue;
    lines.push(csvLine(['', login, String(attributes['givenName']), 'Imported', `${login}@new.example.com`, 'agent']));
  }
  for (let row = people; row < rows; row++)
    lines.push(csvLine([0, `new-${String(row)}`, 'New', 'Imported', `new-${String(row)}@new.example.com`, '']));
  return lines.join('');
}

async function shown(daemon: DaemonProcess, file: string): Promise<PeopleImport> {
  const content = (await readFile(file)).toString('base64');
  const { status, body } = await daemon.ask('POST', '/api/v1/csv/imports', { content, keepMissing: true });
  expect(status, JSON.stringify(body)).toBe(200);
  return body as PeopleImport;
}

/**
 * Kills while a transaction of rows waits for a lock that somebody else has: before it has written anything (on a user of rows that
 * are pending), or with users written and their events not.
 */
async function killAtLock(daemon: DaemonProcess, url: string, kill: number): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('begin');
    if (kill % 2 === 1) await client.query('lock table event in share row exclusive mode');
    else
      await client.query(
        `select from "user" where id = (select max(user_id) from people_import_row where outcome is null) for update`,
      );
    const deadline = Date.now() + limitMs;
    for (let waiting = false; !waiting;) {
      if (Date.now() > deadline) throw new Error('no transaction of the import has come to the lock');
      await sleep(5);
      // Inside a transaction its first look at the activity is kept, and shown again at each later one.
      await client.query('select pg_stat_clear_snapshot()');
      const { rows } = await client.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      waiting = rows.length > 0;
    }
    const { rows } = await client.query<{ done: number }>(
      'select count(outcome)::int as done from people_import_row where digest is not null',
    );
    await daemon.end('SIGKILL');
    return `at ${String(rows[0]?.done)} ${kill % 2 === 1 ? 'before its events' : 'before its users'}`;
  } finally {
    await client.end();
  }
}

/** Kills when so many rows are done, a little later each time. */
async function killAfter(daemon: DaemonProcess, id: number, done: number, kill: number): Promise<string> {
  for (const deadline = Date.now() + limitMs; Date.now() < deadline;) {
    const found = await daemon.get<PeopleImport>(`/api/v1/csv/imports/${String(id)}`);
    if (found.state === 'finished') throw new Error('the import was over before it could be killed');
    if (found.progress.done >= done) break;
  }
  await sleep(kill * 5);
  await daemon.end('SIGKILL');
  return `after ${String(done)}`;
}

async function untilFinished(daemon: DaemonProcess, id: number): Promise<void> {
  for (const deadline = Date.now() + limitMs; Date.now() < deadline;) {
    const { state } = await daemon.get<PeopleImport>(`/api/v1/csv/imports/${String(id)}`);
    if (state === 'finished') return;
    await sleep(50);
  }
  throw new Error('the import does not end');
}

/** Rows whose user, history and result do not say the same. */
async function halfDone(url: string, id: number): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select u.username, u.last_name, u.email, count(e.id), min(r.outcome) as outcome
       from "user" u
       left join event e on e.user_id = u.id and e.actor_kind = 'operator'
       left join people_import_row r on r.user_id = u.id and r.import_id = $1
       group by u.id
       having not ((u.last_name = 'Imported' and u.email like '%@new.example.com' and count(e.id) = 1 and min(r.outcome) = 'changed')
         or (u.last_name <> 'Imported' and u.email not like '%@new.example.com' and count(e.id) = 0 and min(r.outcome) is null))
       limit 5`,
      [id],
    );
    return rows as unknown[];
  } finally {
    await client.end();
  }
}

async function outcomes(url: string, id: number): Promise<Record<string, number>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ outcome: string; count: number }>(
      'select outcome, count(*)::int as count from people_import_row where import_id = $1 group by outcome',
      [id],
    );
    return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count]));
  } finally {
    await client.end();
  }
}
