/**
 * Inserts pages of rows into the store of a directory and prints the highest number after each acknowledged page, until
 * an error ends it; then prints `error CODE MESSAGE`, `next ok` or `next failed`, and `failure CODE` if the database ended.
 * Arguments: directory, rows in a page, bytes in a row, pages at most.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { acquireDataDirectory } from '../../../src/store/embedded/data-directory.ts';
import { openEmbeddedDatabase } from '../../../src/store/embedded/embedded-database.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [, , dir = '', ...numbers] = process.argv;
const [rows = 1, bytes = 1, pages = 1] = numbers.map(Number);

const dataDirectory = await acquireDataDirectory(dir, { role: 'command', waitMs: 0 });
const database = await openEmbeddedDatabase({ dataDirectory });
database.onFailure((error) => say(`failure ${error.code}`));
const pool = new pg.Pool({ ...database.connection, max: 2 });
pool.on('error', (error) => process.stderr.write(`idle connection: ${error.message}\n`));
await pool.query('create table if not exists row (n bigint primary key, filler text not null)');
const { rows: found } = await pool.query<{ top: string }>('select coalesce(max(n), 0) as top from row');
let top = Number(found[0]?.top);
say('open');

try {
  for (let page = 0; page < pages; page++) {
    await pool.query('insert into row select $1::bigint + g, repeat($3, $4) from generate_series(1, $2::int) g', [
      top,
      rows,
      'x',
      bytes,
    ]);
    top += rows;
    say(String(top));
  }
} catch (error) {
  say(
    `error ${error instanceof pg.DatabaseError ? error.code : '-'} ${error instanceof Error ? error.message : String(error)}`,
  );
  say(
    await pool.query('select count(*) from row').then(
      () => 'next ok',
      () => 'next failed',
    ),
  );
  // The thread's end is told a moment after the connection's.
  await delay(1_000);
}
await pool.end();
await database.close();
dataDirectory.release();
