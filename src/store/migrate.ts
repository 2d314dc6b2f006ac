import createKnex, { type Knex } from 'knex';
import { up as foundation } from './migrations/0001-foundation.ts';
import { up as groupsScope } from './migrations/0002-groups-scope.ts';
import { up as localUsers } from './migrations/0003-local-users.ts';
import { up as heldPolicy } from './migrations/0004-held-policy.ts';
import { up as due } from './migrations/0005-due.ts';
import { up as flatChanges } from './migrations/0006-flat-changes.ts';
import { up as runsAtRest } from './migrations/0011-runs-at-rest.ts';
import { up as whoIsIt } from './migrations/0012-who-is-it.ts';
import { up as wholeImports } from './migrations/0013-whole-imports.ts';
import { up as eventTime } from './migrations/0014-event-time.ts';
import { up as refusals } from './migrations/0015-refusals.ts';
import { up as cancelledJobs } from './migrations/0016-cancelled-jobs.ts';
import { up as access } from './migrations/0017-access.ts';
import { up as search } from './migrations/0024-search.ts';
import { up as signIn } from './migrations/0027-sign-in.ts';
import { up as oneAccount } from './migrations/0028-one-account.ts';
import { up as unlisted } from './migrations/0030-unlisted.ts';
import { up as shownQuestions } from './migrations/0037-shown-questions.ts';
import { up as merge } from './migrations/0035-merge.ts';
import { up as importTurns } from './migrations/0058-import-turns.ts';
import { up as progressTime } from './migrations/0046-progress-time.ts';
import { up as openId } from './migrations/0062-open-id.ts';
import { up as teamActs } from './migrations/0050-team-acts.ts';
import { up as plan } from './migrations/0075-plan.ts';
import { up as peopleImport } from './migrations/0032-people-import.ts';
import { up as bulkSelection } from './migrations/0040-bulk-selection.ts';
import { up as configurationEpoch } from './migrations/0048-configuration-epoch.ts';
import { up as userSelection } from './migrations/0054-user-selection.ts';
import { up as undoJob } from './migrations/0049-undo-job.ts';
import { up as counts } from './migrations/0055-counts.ts';
import { ensureSearchIndex } from './search-index.ts';

/** Forward only; a name is never changed once it has shipped. */
const migrations: readonly { name: string; up: (knex: Knex) => Promise<void> }[] = [
  { name: '0001-foundation', up: foundation },
  { name: '0002-groups-scope', up: groupsScope },
  { name: '0003-local-users', up: localUsers },
  { name: '0004-held-policy', up: heldPolicy },
  { name: '0005-due', up: due },
  { name: '0006-flat-changes', up: flatChanges },
  { name: '0011-runs-at-rest', up: runsAtRest },
  { name: '0012-who-is-it', up: whoIsIt },
  { name: '0013-whole-imports', up: wholeImports },
  { name: '0014-event-time', up: eventTime },
  { name: '0015-refusals', up: refusals },
  { name: '0016-cancelled-jobs', up: cancelledJobs },
  { name: '0017-access', up: access },
  { name: '0024-search', up: search },
  { name: '0027-sign-in', up: signIn },
  { name: '0028-one-account', up: oneAccount },
  { name: '0030-unlisted', up: unlisted },
  { name: '0032-people-import', up: peopleImport },
  { name: '0035-merge', up: merge },
  { name: '0037-shown-questions', up: shownQuestions },
  { name: '0040-bulk-selection', up: bulkSelection },
  { name: '0046-progress-time', up: progressTime },
  { name: '0048-configuration-epoch', up: configurationEpoch },
  { name: '0049-undo-job', up: undoJob },
  { name: '0054-user-selection', up: userSelection },
  { name: '0055-counts', up: counts },
  { name: '0062-open-id', up: openId },
  { name: '0058-import-turns', up: importTurns },
  { name: '0050-team-acts', up: teamActs },
  { name: '0075-plan', up: plan },
];

const source: Knex.MigrationSource<(typeof migrations)[number]> = {
  getMigrations: () => Promise.resolve([...migrations]),
  getMigrationName: (migration) => migration.name,
  getMigration: (migration) =>
    Promise.resolve({ up: migration.up, down: () => Promise.reject(new Error('migrations go forward only')) }),
};
const config = { migrationSource: source, tableName: 'schema_migration' };

/** Brings the schema to this version's state. Safe to run twice, and from two processes at once. */
export async function migrateSchema(knex: Knex): Promise<{ applied: string[] }> {
  const [, applied] = (await knex.migrate.latest(config)) as [number, string[]];
  await ensureSearchIndex(knex);
  return { applied };
}

/** Frees the lock that a migration which was killed has left; only for who alone can be at this database. */
export async function freeMigrationLock(knex: Knex): Promise<void> {
  if (await knex.schema.hasTable(`${config.tableName}_lock`)) await knex.migrate.forceFreeMigrationsLock(config);
}

export type SchemaState = 'current' | 'empty' | 'older' | 'newer';

/** How the database's schema stands to this version of rosterd. */
export async function schemaState(knex: Knex): Promise<SchemaState> {
  if (!(await knex.schema.hasTable(config.tableName))) return 'empty';
  const rows = await knex(config.tableName).select<{ name: string }[]>('name');
  const known = new Set(migrations.map((migration) => migration.name));
  if (rows.some((row) => !known.has(row.name))) return 'newer';
  return rows.length === migrations.length ? 'current' : 'older';
}

/** Migrates the database at `url` and lets go of it; for tests' template database. */
export async function migrate(url: string): Promise<void> {
  const knex = createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 2 } });
  try {
    await migrateSchema(knex);
  } finally {
    await knex.destroy();
  }
}
