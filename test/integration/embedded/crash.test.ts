import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acquireDataDirectory } from '../../../src/store/embedded/data-directory.ts';
import { openEmbeddedDatabase } from '../../../src/store/embedded/embedded-database.ts';
import { createTempDir, type TempDir } from '../../support/services/temp.ts';
import { startChild, type Child } from './child.ts';

// Each test starts several processes that create or recover a database.
vi.setConfig({ testTimeout: 120_000 });

let temp: TempDir;
let dir: string;
let children: Child[];

beforeEach(() => {
  temp = createTempDir('crash');
  dir = join(temp.path, 'store');
  children = [];
});
afterEach(async () => {
  for (const child of children) await child.kill();
  await temp.remove();
});

function insertElsewhere(plan: { rows: number; bytes: number; pages: number }, shell?: string): Child {
  const child = startChild(new URL('./insert.ts', import.meta.url), [dir, ...Object.values(plan).map(String)], shell);
  children.push(child);
  return child;
}

/** The numbers that are in the store now, as count and highest: equal if none is missing. */
async function readBack(): Promise<{ count: number; top: number }> {
  const dataDirectory = await acquireDataDirectory(dir, { role: 'command', waitMs: 5_000, create: false });
  const database = await openEmbeddedDatabase({ dataDirectory });
  const client = new pg.Client(database.connection);
  await client.connect();
  const { rows } = await client.query<{ count: number; top: number }>(
    'select count(*)::int as count, coalesce(max(n), 0)::int as top from row',
  );
  await client.end();
  await database.close();
  dataDirectory.release();
  return rows[0] ?? { count: -1, top: -1 };
}

describe('the embedded database', () => {
  it('keeps every acknowledged row over kill -9 in the middle of writing', async () => {
    for (const acknowledgedPages of [3, 40, 150]) {
      const child = insertElsewhere({ rows: 50, bytes: 200, pages: 1_000_000 });
      expect(await child.nextLine()).toBe('open');
      let acknowledged = 0;
      for (let page = 0; page < acknowledgedPages; page++) acknowledged = Number(await child.nextLine());
      await child.kill();
      acknowledged = Number((await child.rest()).lines.at(-1) ?? acknowledged);

      const { count, top } = await readBack();

      expect(top, 'the highest acknowledged number').toBeGreaterThanOrEqual(acknowledged);
      expect(top, 'more than the page under way').toBeLessThanOrEqual(acknowledged + 50);
      expect(count).toBe(top);
    }
  });

  it('is made anew after kill -9 in the middle of its creation', async () => {
    const child = insertElsewhere({ rows: 1, bytes: 1, pages: 1 });
    while (!existsSync(join(dir, 'pg.new', 'base'))) await delay(1);
    await child.kill();
    expect(existsSync(join(dir, 'pg'))).toBe(false);

    const again = insertElsewhere({ rows: 10, bytes: 1, pages: 1 });
    expect((await again.rest()).lines).toEqual(['open', '10']);
    expect(await readBack()).toEqual({ count: 10, top: 10 });
  });

  it('is readable by its owner only, whatever the umask', async () => {
    const child = insertElsewhere({ rows: 10, bytes: 10, pages: 1_000_000 }, 'umask 022');
    expect(await child.nextLine()).toBe('open');
    const names = ['.', ...readdirSync(dir, { recursive: true, encoding: 'utf8' })];
    const openToOthers = names.filter((name) => {
      const status = lstatSync(join(dir, name), { throwIfNoEntry: false });
      // PGlite sets its files' modes itself, so there it is the directories that keep others out.
      const counts = status?.isDirectory() === true || !name.startsWith('pg/');
      return status !== undefined && counts && (status.mode & 0o077) !== 0;
    });
    expect(openToOthers).toEqual([]);
    expect(names).toEqual(
      expect.arrayContaining(['lock', 'holder.json', join('socket', '.s.PGSQL.5432'), join('pg', 'PG_VERSION')]),
    );
    expect(lstatSync(dir).mode & 0o777).toBe(0o700);
    expect(lstatSync(join(dir, 'holder.json')).mode & 0o777).toBe(0o600);
  });

  // SIGXFSZ ignored, a write beyond the limit fails with EFBIG (setrlimit(2)): a full disk that needs no rights to make.
  const fileLimit = (kilobytes: number): string => `trap '' XFSZ && ulimit -f ${kilobytes}`;

  it('answers with an error when a table cannot grow, and goes on', async () => {
    expect((await insertElsewhere({ rows: 1, bytes: 1, pages: 1 }).rest()).exitCode).toBe(0);
    const child = insertElsewhere({ rows: 1000, bytes: 1000, pages: 100 }, fileLimit(20_000));
    const { lines } = await child.rest();

    expect(lines.filter((line) => !/^\d+$/.test(line))).toContainEqual(
      expect.stringMatching(/^error \S+ could not extend file/),
    );
    expect(lines.at(-1)).toBe('next ok');
    const acknowledged = Number(lines.filter((line) => /^\d+$/.test(line)).at(-1));
    expect(await readBack()).toEqual({ count: acknowledged, top: acknowledged });
  });

  it('ends with the reason when its log cannot grow, and has every acknowledged row afterwards', async () => {
    expect((await insertElsewhere({ rows: 1, bytes: 1, pages: 1 }).rest()).exitCode).toBe(0);
    const child = insertElsewhere({ rows: 100, bytes: 100, pages: 10_000 }, fileLimit(10_000));
    const { lines, exitCode } = await child.rest();

    expect(lines.filter((line) => !/^\d+$/.test(line))).toContainEqual(
      expect.stringMatching(/^error \S+ could not write to .*File too large/),
    );
    expect(lines.slice(-2)).toEqual(['next failed', 'failure storage']);
    expect(exitCode).toBe(0);
    const acknowledged = Number(lines.filter((line) => /^\d+$/.test(line)).at(-1));
    const { count, top } = await readBack();
    expect(count).toBe(top);
    expect(top).toBeGreaterThanOrEqual(acknowledged);
  });
});
