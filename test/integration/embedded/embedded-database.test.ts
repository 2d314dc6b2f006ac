import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { acquireDataDirectory, type DataDirectory } from '../../../src/store/embedded/data-directory.ts';
import { openEmbeddedDatabase, type EmbeddedDatabase } from '../../../src/store/embedded/embedded-database.ts';
import { createTempDir, type TempDir } from '../../support/services/temp.ts';

// Creating a database takes some seconds, and more on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let temp: TempDir;
let dataDirectory: DataDirectory;
let database: EmbeddedDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  temp = createTempDir('embedded');
  dataDirectory = await acquireDataDirectory(join(temp.path, 'store'), { role: 'command', waitMs: 0 });
  await open();
});
afterAll(async () => {
  await close();
  dataDirectory.release();
  await temp.remove();
});

async function open(): Promise<void> {
  database = await openEmbeddedDatabase({ dataDirectory });
  pool = new pg.Pool({ ...database.connection, max: 6 });
}

async function close(): Promise<void> {
  await pool.end();
  await database.close();
}

async function count(table: string, condition = 'true'): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from ${table} where ${condition}`);
  return rows[0]?.n ?? -1;
}

/** Runs `work` in one transaction on a connection of its own. */
async function transaction(work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await work(client);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

describe('the embedded database', () => {
  it('keeps its data over close and open, and removes its socket', async () => {
    await pool.query('create table kept as select g from generate_series(1, 1000) g');
    const { host } = database.connection;
    expect(host).toBe(join(dataDirectory.path, 'socket'));
    await close();
    expect(existsSync(host)).toBe(false);
    await open();
    expect(await count('kept')).toBe(1000);
  });

  it('finds names in public first, then in bullmq', async () => {
    const { rows } = await pool.query('show search_path');
    expect(rows).toEqual([{ search_path: 'public,bullmq' }]);
  });

  it('keeps the transactions of six connections apart', async () => {
    await pool.query('create table purse (id int primary key, coins int not null)');
    await pool.query('insert into purse select g, 1000 from generate_series(0, 5) g');
    const giveOne = async (client: pg.PoolClient, from: number, to: number): Promise<void> => {
      const { rows } = await client.query<{ id: number; coins: number }>('select id, coins from purse');
      const coins = new Map(rows.map((row) => [row.id, row.coins]));
      await client.query('update purse set coins = $2 where id = $1', [from, (coins.get(from) ?? 0) - 1]);
      await client.query('update purse set coins = $2 where id = $1', [to, (coins.get(to) ?? 0) + 1]);
    };
    const giver = async (id: number): Promise<void> => {
      for (let turn = 0; turn < 40; turn++) {
        await transaction((client) => giveOne(client, id, (id + 1) % 6));
        const refused = transaction(async (client) => {
          await giveOne(client, id, (id + 2) % 6);
          await client.query('select 1 / 0');
        });
        await expect(refused).rejects.toThrow('division by zero');
      }
    };

    await Promise.all(Array.from({ length: 6 }, (_, id) => giver(id)));

    const { rows } = await pool.query('select coins from purse');
    expect(rows).toEqual(Array.from({ length: 6 }, () => ({ coins: 1000 })));
  });

  it('keeps statements apart whose parameters arrive in pieces', async () => {
    await pool.query('create table page (writer int, value text)');
    const values = Array.from({ length: 20_000 }, (_, i) => `value number ${i} of a page that no socket takes at once`);
    const writer = async (id: number): Promise<void> => {
      for (let turn = 0; turn < 4; turn++) {
        await pool.query('insert into page select $1::int, v from unnest($2::text[]) v', [id, values]);
      }
    };
    const reader = async (id: number): Promise<void> => {
      for (let turn = 0; turn < 100; turn++) {
        const { rows } = await pool.query('select $1::int as turn, $2::text as id', [turn, `reader ${id}`]);
        expect(rows).toEqual([{ turn, id: `reader ${id}` }]);
      }
    };

    await Promise.all([1, 2, 3].flatMap((id) => [writer(id), reader(id)]));

    expect(await count('page')).toBe(3 * 4 * values.length);
  });

  it('rolls back what a broken connection has left open, and goes on with the others', async () => {
    await pool.query('create table left_open (a int)');
    for (const statement of ['begin; insert into left_open values (1)', 'begin']) {
      const client = new pg.Client(database.connection);
      client.on('error', () => undefined);
      await client.connect();
      const sent = client.query(statement);
      // The second time the connection breaks before the answer comes.
      if (statement !== 'begin') await sent;
      const ended = new Promise((resolve) => client.once('end', resolve));
      (client as unknown as { connection: { stream: { destroy: () => void } } }).connection.stream.destroy();
      await sent.catch(() => undefined);
      await ended;
      expect(await count('left_open')).toBe(0);
    }
  });

  it('lets every connection hear notifications', async () => {
    const listener = await pool.connect();
    try {
      const heard = new Promise((resolve) => listener.once('notification', resolve));
      await listener.query('listen news');
      await pool.query(`select pg_notify('news', 'of the day')`);
      expect(await heard).toMatchObject({ channel: 'news', payload: 'of the day' });
    } finally {
      listener.release();
    }
  });

  it('does its work outside the main thread', async () => {
    await pool.query('create table written (id int primary key, name text not null, hash text not null)');
    const delays = monitorEventLoopDelay({ resolution: 1 });
    delays.enable();
    const started = performance.now();
    for (let page = 0; page < 20; page++) {
      const ids = Array.from({ length: 1000 }, (_, i) => page * 1000 + i);
      await pool.query(
        `insert into written select * from unnest($1::int[], $2::text[], $3::text[])
         on conflict (id) do update set name = excluded.name where written.hash <> excluded.hash`,
        [ids, ids.map((id) => `Name ${id}`), ids.map((id) => `hash ${id}`)],
      );
    }
    delays.disable();
    const figures = [performance.now() - started, delays.max / 1e6, delays.percentile(99) / 1e6].map(Math.round);
    process.stdout.write(`20,000 rows, event-loop delay at most, 99 % below: ${figures.join(', ')} ms\n`);
    expect(await count('written')).toBe(20_000);
  });
});

describe('a data directory with a long path', () => {
  it('has its socket in a temporary directory of its own', async () => {
    const long = createTempDir('long');
    const held = await acquireDataDirectory(join(long.path, 'x'.repeat(100)), { role: 'command', waitMs: 0 });
    const other = await openEmbeddedDatabase({ dataDirectory: held });
    const { host } = other.connection;
    expect(host.startsWith(held.path)).toBe(false);
    expect(statSync(host).mode & 0o777).toBe(0o700);
    const client = new pg.Client(other.connection);
    await client.connect();
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.end();
    await other.close();
    expect(existsSync(host)).toBe(false);
    held.release();
    await long.remove();
  });
});
