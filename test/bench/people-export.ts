import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { createDatabase, dropDatabase } from '../support/services/postgres.ts';
import { createTempDir } from '../support/services/temp.ts';
import { startDaemon, untilAtRest } from './daemon-process.ts';
import { rounded } from './output.ts';
import { forgetPeakRss, peakRssOf, rssOf, runRosterd, writeConfiguration } from './rosterd-process.ts';

/**
 * `node test/bench/people-export.ts --postgres URL [--users 1000000] [--import 5000]`: what `csv export` of so many users takes of a daemon
 * on PostgreSQL and of the command (spec 17.1), and an import of `--import` of its rows with another rank each. The store is filled by SQL.
 */
const { values } = parseArgs({
  options: {
    postgres: { type: 'string' },
    users: { type: 'string', default: '1000000' },
    import: { type: 'string', default: '0' },
  },
});
const server = values.postgres;
if (server === undefined) throw new Error('--postgres URL names a server in which a database may be made');
const [users, imported] = [Number(values.users), Number(values.import)];

const folder = createTempDir('people-export');
const name = `rosterd_people_export_${String(process.pid)}`;
const url = await createDatabase(server, name);
try {
  await writeFile(join(folder.path, 'people.ldif'), 'version: 1\n');
  const config = await writeConfiguration(folder.path, {
    ...{ database: url, dataDir: 'data', http: { port: 0 } },
    sources: [{ id: 'directory', kind: 'ldif-file', connection: { path: 'people.ldif' } }],
  });
  await runRosterd(['migrate', '--config', config]);
  const daemon = await startDaemon(config, join(folder.path, 'data'));
  try {
    await untilAtRest(daemon);
    await fill(url, users, imported);
    const out = join(folder.path, 'people.csv');
    forgetPeakRss(daemon.pid);
    const before = rssOf(daemon.pid);
    const command = await runRosterd(['csv', 'export', '--all', '--out', out, '--config', config]);
    const exported = {
      ...{ users, seconds: rounded(command.seconds, 1), megabytes: rounded((await stat(out)).size / 1e6, 1) },
      ...{ commandPeakMb: rounded(command.peakRssMb, 0), daemonBeforeMb: rounded(before, 0) },
      daemonPeakMb: rounded(peakRssOf(daemon.pid), 0),
    };
    process.stdout.write(`${JSON.stringify({ exported })}\n`);
    if (imported > 0) {
      const file = join(folder.path, 'changed.csv');
      await writeFile(file, await changed(out, imported));
      forgetPeakRss(daemon.pid);
      const args = ['csv', 'import', file, '--yes', '--beyond-limits', '--json', '--config', config];
      const { seconds } = await runRosterd(args);
      const times = await timesOf(url);
      process.stdout.write(
        `${JSON.stringify({ imported: { rows: imported, seconds: rounded(seconds, 1), ...times, daemonPeakMb: rounded(peakRssOf(daemon.pid), 0) } })}\n`,
      );
    }
  } finally {
    await daemon.end();
  }
} finally {
  await dropDatabase(server, name);
  await folder.remove();
}

/** Users as an export reads them, with a team, a role and most columns; the first of them also as an act finds them. */
async function fill(database: string, count: number, said: number): Promise<void> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    await client.query(
      `insert into "user" (origin, active, policy_id, username, first_name, last_name, display_name, email, employee_id, more_fields,
          roles, team_ids, main_team_id)
       select 'local', n % 20 <> 0, (select max(id) from policy), 'agent' || n, 'Jana ' || n % 997, 'Nováková ' || n, 'Jana Nováková ' || n,
         'agent' || n || '@example.com', 'E' || n, jsonb_build_object('locale', 'cs', 'rank', (n % 9)::text, 'companyStartDate', '2024-01-02'),
         '[{"role": "agent", "givenBy": ["person"]}]', array[t.id], t.id
       from generate_series(1, $1::int) as n, (select min(id) as id from team) as t`,
      [count],
    );
    // What people said of them, by which an import folds them: an export reads of it only who has a scope.
    const words = `values ('role-given', 'agent', null), ('local-value', 'username', username), ('local-value', 'firstName', first_name),
      ('local-value', 'lastName', last_name), ('local-value', 'displayName', display_name), ('local-value', 'email', email),
      ('local-value', 'employeeId', employee_id), ('local-value', 'locale', more_fields ->> 'locale'),
      ('local-value', 'rank', more_fields ->> 'rank'), ('local-value', 'companyStartDate', more_fields ->> 'companyStartDate')`;
    await client.query(
      `insert into word (user_id, kind, ref, value, operator_name)
       select u.id, w.kind, w.ref, w.value, 'local:bench' from "user" u, lateral (${words}) as w (kind, ref, value) where u.id <= $1`,
      [said],
    );
    await client.query(`insert into claim (kind, value, user_id) select 'username', username, id from "user"`);
    await client.query(
      `insert into claim (kind, value, user_id) select 'employeeId', lower(employee_id), id from "user"`,
    );
    await client.query('analyze');
  } finally {
    await client.end();
  }
}

/** The first rows with another rank. */
async function changed(file: string, rows: number): Promise<string> {
  const lines = (await readFile(file, 'utf8')).split('\r\n').slice(0, rows + 1);
  const place = (lines[0] ?? '').split(',').indexOf('Rank');
  return lines
    .map((line, row) =>
      row === 0
        ? line
        : line
            .split(',')
            .with(place, String(10 + (row % 90)))
            .join(','),
    )
    .join('\r\n');
}

/** What showing and carrying out took by the database's clock. */
async function timesOf(database: string): Promise<object> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    const { rows } = await client.query<{ carried: number; changed: number }>(
      `select extract(epoch from finished_at - started_at)::float as carried,
         (select count(*)::int from people_import_row where outcome = 'changed') as changed from people_import order by id desc limit 1`,
    );
    return { carriedOutSeconds: rounded(rows[0]?.carried ?? NaN, 1), changed: rows[0]?.changed };
  } finally {
    await client.end();
  }
}
