import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { syncThroughApi, untilAtRest, type DaemonProcess, type SyncAnswer } from '../bench/daemon-process.ts';
import { freshDatabase, testPostgres, type FreshDatabase } from '../support/database.ts';
import { programPath } from '../support/services/program.ts';
import { createTempDir, type TempDir } from '../support/services/temp.ts';
import { layGround, type Ground } from './kills.ts';
import { contentOf, copySite, makeSite, startSite, writePeople, type Site } from './site.ts';
import { differences } from './store-content.ts';
import { untilPhase, watch } from './watch.ts';

/** Spec 14.4: a full disk or a read-only database ends a run as failed (`storage`), no cursor moves, and the daemon stays up. */
const size = 3_000;

let folder: TempDir;
beforeEach(() => {
  folder = createTempDir('storage');
});
afterEach(() => folder.remove());

describe('on PostgreSQL', () => {
  let ground: Ground;
  let groundFolder: TempDir;
  let database: FreshDatabase;
  let site: Site;
  let daemon: DaemonProcess;
  let client: Client;

  beforeAll(async () => {
    groundFolder = createTempDir('storage-ground');
    ground = await layGround(groundFolder.path, size, testPostgres());
  }, 300_000);
  afterAll(() => groundFolder.remove());

  beforeEach(async () => {
    database = await freshDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });
  afterEach(async () => {
    await daemon.end();
    await client.end();
    await database.drop();
  });

  async function start(): Promise<void> {
    site = await copySite(ground.stores.first, folder.path, { kind: 'postgres', url: database.url });
    await writePeople(site, size, 0);
    daemon = await startSite(site);
  }

  /** PostgreSQL's answer to a full disk (53100) for one table, while small changes elsewhere still find room on their pages. */
  async function fillDiskFor(table: string): Promise<void> {
    await client.query(`create function disk_is_full() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file "base/1/1": No space left on device' using errcode = 'disk_full'; end $$`);
    await client.query(
      `create trigger disk_is_full before insert on ${table} for each statement execute function disk_is_full()`,
    );
  }

  async function freeDisk(): Promise<void> {
    await client.query('drop function disk_is_full cascade');
  }

  interface Row {
    readonly cursor: string | null;
    readonly last_success_at: Date | null;
    readonly last_complete_at: Date | null;
    readonly failures: number;
  }
  async function source(): Promise<Row | undefined> {
    return (await client.query<Row>('select cursor, last_success_at, last_complete_at, failures from source_state'))
      .rows[0];
  }

  async function expectRecovery(): Promise<void> {
    const { runs } = await syncThroughApi(daemon);
    expect(runs.map((run) => run.state)).toEqual(['completed']);
    expect(differences(await contentOf(site), ground.expected.first).join('\n')).toBe('');
  }

  it.each([
    { table: 'account', part: 'the import' },
    { table: 'snapshot', part: 'applying' },
  ])(
    'a disk that is full for $part ends the run as failed, and the next one makes it good',
    async ({ table }) => {
      await fillDiskFor(table);
      await start();
      await untilAtRest(daemon);
      const { items } = await daemon.get<{ items: SyncAnswer['runs'] }>('/api/v1/runs');

      expect(items.map((run) => [run.state, run.error?.code])).toEqual([['failed', 'storage']]);
      expect(await source()).toMatchObject({ cursor: null, last_success_at: null });
      expect((await daemon.ask('GET', '/health/live')).status).toBe(200);

      await freeDisk();
      await expectRecovery();
    },
    180_000,
  );

  it('a database that becomes read-only in the middle of a run costs nothing but time', async () => {
    await stopBehindFirstPage();
    await start();
    await untilSome('account');
    const name = new URL(database.url).pathname.slice(1);
    await client.query(`alter database "${name}" set default_transaction_read_only = on`);
    await endOthers();
    await sleep(8_000);

    expect(daemon.hasEnded(), daemon.output()).toBe(false);
    expect((await daemon.ask('GET', '/health/live')).status).toBe(200);
    expect(await source()).toMatchObject({ cursor: null, last_success_at: null });
    expect(
      (await daemon.ask('POST', '/api/v1/syncs', { mode: 'full' })).status,
      'a sync is refused',
    ).toBeGreaterThanOrEqual(500);

    await client.query(`alter database "${name}" reset default_transaction_read_only`);
    await client.query('drop function stand_still cascade');
    await endOthers();
    await untilAnswers(daemon);
    await untilAtRest(daemon);
    const { items } = await daemon.get<{ items: SyncAnswer['runs'] }>('/api/v1/runs');
    const failed = items.filter((run) => run.state === 'failed');
    expect(failed.map((run) => run.error?.code)).toEqual(failed.map(() => 'storage'));
    await expectRecovery();
  }, 180_000);

  /** The import stands still with its second page, until its connection is ended. */
  async function stopBehindFirstPage(): Promise<void> {
    await client.query(`create function stand_still() returns trigger language plpgsql as $$
      begin if exists (select from account) then perform pg_sleep(120); end if; return null; end $$`);
    await client.query(
      'create trigger stand_still before insert on account for each statement execute function stand_still()',
    );
  }

  async function untilSome(table: string): Promise<void> {
    for (;;) {
      const { rows } = await client.query<{ some: boolean }>(`select exists (select from ${table}) as some`);
      if (rows[0]?.some === true) return;
      await sleep(5);
    }
  }

  /** Connections keep the setting that they began with: they must begin anew. */
  async function endOthers(): Promise<void> {
    await client.query('set default_transaction_read_only = off');
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
  }
});

describe('on the embedded database', () => {
  it('files that cannot be written any more end the run as failed, and the next one makes it good when they can again', async () => {
    const site = await makeSite(folder.path, { kind: 'embedded' });
    await writePeople(site, size, 0);
    const daemon = await startSite(site);
    const watching = await watch(site, daemon);
    try {
      expect(await untilPhase(watching, 'import', 0)).toBe(true);
      // Less than the database's log has already: a full disk that needs no rights to make. Node ignores SIGXFSZ, so that a write
      // beyond the limit fails with EFBIG (setrlimit(2)).
      limitFiles(daemon.pid, '300000');
      await sleep(5_000);
      expect(daemon.hasEnded(), daemon.output()).toBe(false);
      expect((await daemon.ask('GET', '/health/live')).status).toBe(200);

      limitFiles(daemon.pid, 'unlimited');
      await untilAnswers(daemon);
      await untilAtRest(daemon);
      const { items } = await daemon.get<{ items: SyncAnswer['runs'] }>('/api/v1/runs');
      const failed = items.filter((run) => run.state === 'failed');
      expect(failed.map((run) => run.error?.code)).toEqual(failed.map(() => 'storage'));
      const again = await syncThroughApi(daemon);
      expect(again.runs.map((run) => run.state)).toEqual(['completed']);
      expect(again.runs[0]?.counts['read']).toBeGreaterThanOrEqual(size);
    } finally {
      await daemon.end();
    }
  }, 180_000);
});

/** Requests that met a connection that had just ended are answered with 503. */
async function untilAnswers(daemon: DaemonProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { status, body } = await daemon.ask('GET', '/api/v1/runs');
    if (status === 200) return;
    if (Date.now() > deadline)
      throw new Error(`the database does not come back: ${JSON.stringify(body)}\n${daemon.output().slice(-3_000)}`);
    await sleep(200);
  }
}

function limitFiles(pid: number, bytes: string): void {
  execFileSync(programPath('prlimit'), ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
}
