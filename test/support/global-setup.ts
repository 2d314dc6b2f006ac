import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrateQueue } from '../../src/queue/run-queue.ts';
import { migrate } from '../../src/store/migrate.ts';
import { requireServices } from './services/install.ts';
import { databasesStartingWith, startPostgres } from './services/postgres.ts';
import type { TestPostgres } from './services/postgres.ts';
import { startRedis } from './services/redis.ts';
import { startSamba } from './services/samba.ts';
import type { SambaDetails } from './services/samba.ts';
import { slapdVersion } from './services/slapd.ts';

declare module 'vitest' {
  /** What test files get with `inject`. */
  export interface ProvidedContext {
    /** PostgreSQL servers and the name of their migrated template database: each worker has its own; see database.ts. */
    postgres: readonly { url: string; template: string }[];
    /** The run's Redis; test files share it, so each uses a queue prefix of its own. */
    redis: { url: string };
    /** The run's Active Directory domain controller; each test works in an organizational unit of its own. */
    samba: SambaDetails;
  }
}

/** As many as vitest.config.ts says. */
const workers = 2;

type Stoppable = { readonly stop: () => Promise<void> };
type Servers = { readonly provide: (project: TestProject) => void; readonly stop: () => Promise<void> };
type Shared = { users: number; readonly servers: Promise<Servers> };

/** Every project loads its own copy of this module, and all of them use the same servers. */
const registry = globalThis as { rosterdTestServers?: Shared };

/** Vitest's global setup: starts the run's servers for the first project that needs them; the last one stops them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (registry.rosterdTestServers ??= { users: 0, servers: startServers() });
  shared.users += 1;
  const servers = await shared.servers;
  servers.provide(project);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    delete registry.rosterdTestServers;
    await servers.stop();
  };
}

async function startServers(): Promise<Servers> {
  const started = Date.now();
  await requireServices('postgres', 'redis', 'slapd', 'samba');
  const template = `rosterd_test_${randomBytes(4).toString('hex')}`;
  const [postgres, redis, samba] = await startTogether(startMigratedPostgres(template), startRedis(), startSamba());
  for (const { version, url } of postgres.servers) say(`PostgreSQL ${version} at ${placeOf(url)}`);
  say(`Redis ${redis.version} at ${placeOf(redis.url)}`);
  say(`Samba ${samba.version} AD DC at ${placeOf(samba.url)} and ${placeOf(samba.ldapsUrl)}`);
  say(`slapd ${await slapdVersion()} and PGlite ${await pgliteVersion()}, started by the test files that use them`);
  say(`ready in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  const { stop: stopSamba, ...sambaDetails } = samba;
  return {
    provide: (project) => {
      project.provide(
        'postgres',
        postgres.servers.map(({ url }) => ({ url, template })),
      );
      project.provide('redis', { url: redis.url });
      project.provide('samba', sambaDetails);
    },
    stop: async () => {
      await Promise.all([postgres.stop(), redis.stop(), stopSamba()]);
    },
  };
}

/**
 * A server for each worker, since a reader of the history waits for every transaction of its server that is under way, those of
 * other databases included; one in all where it is given.
 */
async function startMigratedPostgres(template: string): Promise<{ servers: TestPostgres[] } & Stoppable> {
  const isGiven = (process.env['ROSTERD_TEST_DATABASE_URL'] ?? '') !== '';
  const servers: TestPostgres[] = [];
  const stop = async (): Promise<void> => {
    for (const server of servers) await stopPostgres(server, template);
  };
  try {
    for (let worker = 0; worker < (isGiven ? 1 : workers); worker++) {
      const server = await startPostgres();
      servers.push(server);
      const url = await server.createDatabase(template);
      await migrate(url);
      await migrateQueue({ connectionString: url }, console);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { servers, stop };
}

/** On a server that is not ours, what this run has created there must go. */
async function stopPostgres(postgres: TestPostgres, template: string): Promise<void> {
  for (const name of await databasesStartingWith(postgres.url, template)) await postgres.dropDatabase(name);
  await postgres.stop();
}

/** Waits for all three; where one fails, the others are stopped before its error is thrown. */
async function startTogether<A extends Stoppable, B extends Stoppable, C extends Stoppable>(
  a: Promise<A>,
  b: Promise<B>,
  c: Promise<C>,
): Promise<[A, B, C]> {
  try {
    return await Promise.all([a, b, c]);
  } catch (error) {
    const outcomes = await Promise.allSettled([a, b, c]);
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') await outcome.value.stop();
    throw error;
  }
}

async function pgliteVersion(): Promise<string> {
  const file = join(import.meta.dirname, '../../node_modules/@electric-sql/pglite/package.json');
  const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
  return version;
}

/** Where a server is, without the credentials that an address may hold. */
function placeOf(url: string): string {
  return new URL(url).host;
}

function say(text: string): void {
  process.stdout.write(`rosterd tests: ${text}\n`);
}
