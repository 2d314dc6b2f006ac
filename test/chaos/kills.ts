import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { createDatabase, dropDatabase } from '../support/services/postgres.ts';
import { untilAtRest, type DaemonProcess } from '../bench/daemon-process.ts';
import { runRosterd } from '../bench/rosterd-process.ts';
import { contentOf, copySite, makeSite, startSite, writePeople, type Database, type Site } from './site.ts';
import { differences, type StoreContent } from './store-content.ts';
import { untilPhase, watch, type Phase, type Watch } from './watch.ts';

/** One crash: in the first run into an empty store, or in a run in which everybody has changed. */
export interface Kill {
  readonly run: 'first' | 'changed';
  readonly phase: Phase;
  /** The share of the accounts that the phase is through with before the crash. */
  readonly share: number;
  /** How long the work goes on from there, in milliseconds: so that not every crash comes just behind a commit. */
  readonly later: number;
}

/** Stores that are made once and copied for each crash, and what undisturbed runs make of them. */
export interface Ground {
  readonly size: number;
  readonly stores: Readonly<Record<Kill['run'], Site>>;
  readonly expected: Readonly<Record<Kill['run'], StoreContent>>;
  /** A database of its own for a copy of the given store. */
  readonly newDatabase: (of: Kill['run']) => Promise<Database>;
  readonly drop: (database: Database) => Promise<void>;
}

export interface PostgresPlace {
  readonly url: string;
  readonly template: string;
}

/** Lays the ground for crashes with `size` people. `postgres` is where databases are made, or undefined for embedded ones. */
export async function layGround(folder: string, size: number, postgres: PostgresPlace | undefined): Promise<Ground> {
  let made = 0;
  const names = { first: postgres?.template ?? '', changed: `${postgres?.template ?? ''}_filled_${size}` };
  const databaseFrom = async (template: string, name: string): Promise<Database> =>
    postgres === undefined
      ? { kind: 'embedded' }
      : { kind: 'postgres', url: await createDatabase(postgres.url, name, template) };
  const newDatabase = (of: Kill['run']): Promise<Database> =>
    databaseFrom(names[of], `${names.first}_kill_${process.pid}_${size}_${(made += 1)}`);
  const drop = async (database: Database): Promise<void> => {
    if (database.kind === 'postgres' && postgres !== undefined)
      await dropDatabase(postgres.url, new URL(database.url).pathname.slice(1));
  };
  const first = await makeSite(join(folder, 'empty'), await newDatabase('first'));
  await runRosterd(['migrate', '--config', first.config]);
  const filled = await copySite(first, join(folder, 'filled'), await databaseFrom(names.first, names.changed));
  await writePeople(filled, size, 0);
  await syncOnce(filled);
  const expectedFirst = await contentOf(filled);
  const changed = await copySite(filled, join(folder, 'changed'), await newDatabase('changed'));
  await writePeople(changed, size, 1);
  await syncOnce(changed);
  const expected = { first: expectedFirst, changed: await contentOf(changed) };
  await drop(changed.database);
  return { size, stores: { first, changed: filled }, expected, newDatabase, drop };
}

/** By the command, which runs in process: another way to the same result. */
async function syncOnce(site: Site): Promise<void> {
  await runRosterd(['sync', '--full', '--config', site.config]);
}

/** How one crash ended; `hit` is false where the run was through with the phase before it could be killed. */
export interface KillOutcome {
  readonly hit: boolean;
  readonly differences: readonly string[];
  readonly seconds: number;
}

/** Kills a daemon in a run, starts another, waits until all is at rest and compares with an undisturbed run. */
export async function killAndCompare(ground: Ground, folder: string, kill: Kill): Promise<KillOutcome> {
  const started = performance.now();
  const database = await ground.newDatabase(kill.run);
  const site = await copySite(ground.stores[kill.run], folder, database);
  await writePeople(site, ground.size, kill.run === 'first' ? 0 : 1);
  const hit = await killInPhase(site, kill, Math.ceil(ground.size * kill.share));
  const again = await startSite(site);
  await untilAtRest(again);
  await again.end();
  const found = differences(await contentOf(site), ground.expected[kill.run]);
  await ground.drop(database);
  return { hit, differences: found, seconds: (performance.now() - started) / 1000 };
}

async function killInPhase(site: Site, { run, phase, later }: Kill, done: number): Promise<boolean> {
  const daemon = await startSite(site);
  const watching = await watch(site, daemon);
  // The first run starts by itself, the other one is asked for and outlives whoever asked.
  if (run === 'changed') await daemon.ask('POST', '/api/v1/syncs', { mode: 'full' });
  const block =
    site.database.kind === 'postgres' && run === 'changed' && phase === 'finishing' ? site.database.url : undefined;
  if (block !== undefined) {
    const hit = await untilBlockedFinish(watching, block, daemon);
    await watching.close();
    return hit;
  }
  const seen = await untilPhase(watching, phase, done);
  await sleep(later);
  const hit = seen && (later === 0 || (await watching.look())?.phase === phase);
  await daemon.end('SIGKILL');
  await watching.close();
  return hit;
}

/**
 * Kills in the last phase, which is over in a moment: where other connections can be at the database, a lock on the row that
 * a run's success is written into makes it wait there.
 */
async function untilBlockedFinish(watching: Watch, url: string, daemon: DaemonProcess): Promise<boolean> {
  const blocker = new Client({ connectionString: url });
  await blocker.connect();
  try {
    await untilPhase(watching, 'values', 0);
    await blocker.query('begin');
    await blocker.query('select from source_state for no key update');
    const hit = await untilPhase(watching, 'finishing', 0);
    await daemon.end('SIGKILL');
    return hit;
  } finally {
    await blocker.end();
  }
}
