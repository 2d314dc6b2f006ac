import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPostgres } from '../support/database.ts';
import { untilAtRest, type DaemonProcess } from '../bench/daemon-process.ts';
import { createTempDir, type TempDir } from '../support/services/temp.ts';
import { layGround, type Ground, type Kill } from './kills.ts';
import { contentOf, copySite, startSite, writePeople } from './site.ts';
import { differences } from './store-content.ts';
import { untilPhase, watch } from './watch.ts';

/**
 * A worker that stands still for longer than its lease lasts (15 s) and then goes on: another one has taken over meanwhile,
 * and the first must write nothing more (architecture 4). `ROSTERD_CHAOS=full` has 20,000 people and every phase.
 */
const full = process.env['ROSTERD_CHAOS'] === 'full';

/** Whether the worker is frozen with a transaction open, or between two. */
type Moment = 'in a transaction' | 'between transactions';
type Freeze = Omit<Kill, 'share' | 'later'> & { readonly moment: Moment };

const freezes: readonly Freeze[] = [
  { run: 'first', phase: 'identity', moment: 'in a transaction' },
  { run: 'changed', phase: 'values', moment: 'between transactions' },
  ...(full
    ? ([
        { run: 'first', phase: 'import', moment: 'in a transaction' },
        { run: 'first', phase: 'import', moment: 'between transactions' },
        { run: 'first', phase: 'identity', moment: 'between transactions' },
        { run: 'changed', phase: 'values', moment: 'in a transaction' },
      ] as const)
    : []),
];

/** Longer than the upkeep's round (5 s), in which a daemon looks at what there is to do. */
const afterWakingMs = 8_000;

describe('a worker frozen beyond its lease and woken', () => {
  let folder: TempDir;
  let ground: Ground;
  beforeAll(async () => {
    folder = createTempDir('frozen');
    ground = await layGround(folder.path, full ? 20_000 : 6_000, testPostgres());
  }, 600_000);
  afterAll(() => folder.remove());

  it.each(freezes.map((freeze, index) => ({ ...freeze, index })))(
    'writes nothing more, and the result is that of an undisturbed run: $run run, $phase, $moment',
    async ({ run, phase, moment, index }) => {
      const database = await ground.newDatabase(run);
      if (database.kind !== 'postgres') throw new Error('two processes need a server');
      const site = await copySite(ground.stores[run], join(folder.path, `frozen-${index}`), database);
      await writePeople(site, ground.size, run === 'first' ? 0 : 1);
      const frozen = await startSite(site);
      if (run === 'changed') await frozen.ask('POST', '/api/v1/syncs', { mode: 'full' });
      await freezeIn(frozen, site, phase, moment, database.url);

      const successor = await startSite(await copySite(site, join(folder.path, `successor-${index}`), database));
      await untilAtRest(successor);
      const before = { content: await contentOf(site), runs: await runsAndSources(database.url) };
      expect(differences(before.content, ground.expected[run]).join('\n')).toBe('');

      frozen.signal('SIGCONT');
      await sleep(afterWakingMs);
      expect(frozen.hasEnded(), frozen.output()).toBe(false);
      expect(await runsAndSources(database.url)).toEqual(before.runs);
      expect(differences(await contentOf(site), before.content).join('\n')).toBe('');
      process.stdout.write(
        `rosterd chaos: frozen in a ${run} run, phase ${phase}, ${moment}: taken over, nothing written after waking\n`,
      );
      await Promise.all([frozen.end(), successor.end()]);
      await ground.drop(database);
    },
    600_000,
  );
});

/** Stops the process (SIGSTOP) in the wanted moment: where it stands in another one, it goes on for a little and is stopped again. */
async function freezeIn(
  daemon: DaemonProcess,
  site: Parameters<typeof watch>[0],
  phase: Kill['phase'],
  moment: Moment,
  url: string,
): Promise<void> {
  const watching = await watch(site, daemon);
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    expect(await untilPhase(watching, phase, 1), `the phase ${phase} was seen`).toBe(true);
    for (;;) {
      daemon.signal('SIGSTOP');
      // What the server was still doing for it comes to its end.
      await sleep(300);
      const open = await isInTransaction(client);
      const look = await watching.look();
      expect(look?.phase, 'it is still in that phase').toBe(phase);
      if (open === (moment === 'in a transaction')) return;
      daemon.signal('SIGCONT');
      await sleep(3);
    }
  } finally {
    await client.end();
    await watching.close();
  }
}

async function isInTransaction(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ open: boolean }>(
    `select exists (select from pg_stat_activity where datname = current_database() and application_name = 'rosterd'
       and state like 'idle in transaction%') as open`,
  );
  return rows[0]?.open === true;
}

async function runsAndSources(url: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const runs = await client.query('select * from run order by id');
    const sources = await client.query('select * from source_state order by source_id');
    return { runs: runs.rows as unknown[], sources: sources.rows as unknown[] };
  } finally {
    await client.end();
  }
}
