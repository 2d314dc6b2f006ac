import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { serverDatabase } from './support/database.ts';
import { createSite, type Site } from './support/rosterd.ts';

const people = 'Agent;First Name;Last Name;Login\n1001;Jana;Nováková;jnovakova\n';
/** "Within seconds"; a first start of the embedded database is some of them on a busy machine. */
const endLimitMs = 30_000;

const cleanup: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

async function siteWith(label: string, database: string, port: number): Promise<Site> {
  const site = await createSite(label);
  cleanup.push(() => site.remove());
  const path = await site.write('agents.csv', people);
  await site.configure({
    database,
    http: { port },
    sources: [
      {
        id: 'acd',
        kind: 'csv-file',
        connection: { path },
        schedule: { full: '0 3 1 1 *' },
        mapping: {
          externalId: 'Agent',
          acdId: 'Agent',
          firstName: 'First Name',
          lastName: 'Last Name',
          username: 'Login',
        },
      },
    ],
  });
  return site;
}

async function endOf(site: Site): Promise<{ code: number | null; log: string }> {
  const launched = site.launch();
  const late = new Promise<'late'>((resolve) => setTimeout(resolve, endLimitMs, 'late').unref());
  const end = await Promise.race([launched.ended, late]);
  if (end === 'late') throw new Error(`it lives on:\n${launched.log().slice(0, 2_000)}`);
  return { code: end.code, log: launched.log() };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

describe('a start that cannot listen (issue 10, point 1)', () => {
  it('ends with an error and lets go of the embedded database', async () => {
    const server = createServer();
    const port = await listening(server);
    cleanup.push(() => server.close());
    const site = await siteWith('taken', 'embedded', port);
    const { code, log } = await endOf(site);
    expect(code).toBe(1);
    expect(log).toContain(`port ${port}`);
    // It has not even made a store, so nothing of it holds anything.
    expect(log.split('\n').length).toBeLessThan(10);
    expect((await site.sync()).runs).toMatchObject([{ state: 'completed' }]);
  }, 120_000);

  it("takes none of the healthy daemon's jobs on PostgreSQL, and leaves its configuration alone", async () => {
    const database = await serverDatabase();
    cleanup.push(() => database.drop());
    const healthy = await siteWith('healthy', database.setting, 0);
    const daemon = await healthy.start();
    const port = Number(new URL(daemon.address).port);
    const second = await siteWith('second', database.setting, port);
    const [end, ...synced] = await Promise.all([endOf(second), healthy.sync('--full'), healthy.sync('--full')]);
    expect(end).toMatchObject({ code: 1 });
    for (const { code, runs, stderr } of synced)
      expect({ code, stderr, states: runs.map((run) => run.state) }).toEqual({
        code: 0,
        stderr: '',
        states: runs.map(() => 'completed'),
      });
    await daemon.stop();
  }, 120_000);
});
