import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Holder } from '../../../src/store/embedded/data-directory.ts';
import { fakeWorld, Status } from './fake-world.ts';
import type { FakeOptions, FakeWorld, Sent } from './fake-world.ts';
import { startApi } from './http-api.ts';
import type { HttpApi } from './http-api.ts';
import { sampleRun } from './samples.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function world(options: FakeOptions = {}): Promise<FakeWorld> {
  const fake = await fakeWorld(options);
  closers.push(() => fake.clean());
  return fake;
}

async function api(answer: (request: Sent) => unknown = () => ({ items: [], next: null })): Promise<HttpApi> {
  const server = await startApi(answer);
  closers.push(() => server.close());
  return server;
}

async function writeDaemonFile(fake: FakeWorld, address: string): Promise<void> {
  await mkdir(join(fake.folder, 'data'), { recursive: true });
  const said = { address, token: 'local-token-1', pid: 1, startedAt: '2026-03-04T11:00:00Z' };
  await writeFile(join(fake.folder, 'data', 'daemon.json'), JSON.stringify(said));
}

const starting: Holder = { pid: 4711, role: 'daemon', host: 'box', command: 'start', since: '2026-03-04T11:59:00Z' };

describe('the way to the API', () => {
  it('is the daemon that answers, with its token and who asks', async () => {
    const server = await api();
    const fake = await world();
    await writeDaemonFile(fake, server.address);
    expect(await fake.run('run', 'list')).toBe(0);
    expect(server.arrived).toMatchObject([
      { path: '/api/v1/runs', authorization: 'Bearer local-token-1', osUser: 'jana', query: { limit: '1000' } },
    ]);
    expect(fake.asked).toEqual([]);
  });

  it('is in process where none runs', async () => {
    const fake = await world();
    expect(await fake.run('user', 'list')).toBe(0);
    expect(fake.asked).toHaveLength(1);
  });

  it.each([
    ['knows nothing', null],
    ['guesses', 'another-token'],
  ])('is never whoever took the port of a dead daemon and %s (issue 10, point 6)', async (_what, knows) => {
    const stranger = await startApi(() => ({ items: [], next: null }), knows);
    closers.push(() => stranger.close());
    const fake = await world();
    await writeDaemonFile(fake, stranger.address);
    expect(await fake.run('user', 'list')).toBe(0);
    expect(fake.asked).toHaveLength(1);
    expect(stranger.arrived).toEqual([]);
  });

  it('is in process where a dead daemon has left its file', async () => {
    const server = await api();
    const fake = await world();
    await writeDaemonFile(fake, server.address);
    await server.close();
    expect(await fake.run('user', 'list')).toBe(0);
    expect(fake.asked).toHaveLength(1);
  });

  it('is ROSTERD_URL before everything else', async () => {
    const here = await api();
    const there = await api();
    const fake = await world({ env: { ROSTERD_URL: there.address, ROSTERD_TOKEN: 'api-token' } });
    await writeDaemonFile(fake, here.address);
    expect(await fake.run('run', 'list')).toBe(0);
    expect(there.arrived).toMatchObject([{ authorization: 'Bearer api-token' }]);
    expect([here.arrived, fake.asked]).toEqual([[], []]);
  });

  it('waits for a daemon that is starting, and says so', async () => {
    const server = await api();
    const fake: FakeWorld = await world({
      readHolder: async () => starting,
      onSleep: async () => {
        if (fake.world.now().getTime() === Date.parse('2026-03-04T12:00:03Z'))
          await writeDaemonFile(fake, server.address);
      },
    });
    expect(await fake.run('user', 'list', '--json')).toBe(0);
    expect(server.arrived).toHaveLength(1);
    expect(fake.stderr.text).toBe('waiting: the daemon (pid 4711 on box) is starting\n');
    expect(fake.stdout.text).toBe('');
  });

  it('waits for another command, and for one that was quicker', async () => {
    let calls = 0;
    const holders = [{ ...starting, role: 'command' as const, command: 'sync' }, null, null];
    const fake: FakeWorld = await world({
      readHolder: async () => holders.shift() ?? null,
      ports: {
        openInProcess: () => {
          calls += 1;
          if (calls === 1) return Promise.reject(Object.assign(new Error('held'), { code: 'data-directory-held' }));
          const client = { request: () => Promise.resolve({ status: 200, body: { items: [], next: null } }) };
          return Promise.resolve({ client, close: () => Promise.resolve() });
        },
      },
    });
    expect(await fake.run('user', 'list')).toBe(0);
    expect(calls).toBe(2);
  });

  it('gives up on a daemon that never comes', async () => {
    const fake = await world({ readHolder: async () => starting });
    expect(await fake.run('user', 'list')).toBe(7);
    expect(fake.stderr.text).toContain(
      'error: gave up waiting: the daemon (pid 4711 on box) is starting (no-connection)',
    );
    expect(fake.world.now().getTime()).toBe(Date.parse('2026-03-04T12:00:30Z'));
  });

  it('gives up sooner on one that says an address and does not answer', async () => {
    const fake = await world({ readHolder: async () => ({ ...starting, address: 'http://10.0.0.1:1' }) });
    expect(await fake.run('user', 'list')).toBe(7);
    expect(fake.world.now().getTime()).toBe(Date.parse('2026-03-04T12:00:03Z'));
  });

  it('tries again when the daemon asks for patience', async () => {
    const answers: unknown[] = [new Status(429, { code: 'too-many-requests' }), sampleRun];
    const server = await api(() => answers.shift());
    const fake = await world();
    await writeDaemonFile(fake, server.address);
    expect(await fake.run('run', 'show', '7', '--json')).toBe(0);
    expect(server.arrived).toHaveLength(2);
  });

  it('never carries a token in clear to another machine', async () => {
    const fake = await world({ env: { ROSTERD_TOKEN: 'api-token' } });
    expect(await fake.run('user', 'list', '--url', 'http://rosterd.example.com')).toBe(2);
    expect(fake.stderr.text).toContain('insecure-address');
  });

  it('needs a token for an address', async () => {
    const fake = await world();
    expect(await fake.run('user', 'list', '--url', 'https://rosterd.example.com')).toBe(4);
    expect(fake.stderr.text).toContain('ROSTERD_TOKEN');
  });

  it('says that nobody answers', async () => {
    const server = await api();
    await server.close();
    const fake = await world({ env: { ROSTERD_TOKEN: 'api-token' } });
    expect(await fake.run('user', 'list', '--url', server.address)).toBe(7);
    expect(fake.stderr.text).toContain(`no answer from ${server.address}: connect ECONNREFUSED`);
  });

  it('goes on in the daemon when a sync is interrupted', async () => {
    const running = { id: 's1', atRest: false, runs: [sampleRun], refused: [] };
    const server = await api(() => running);
    const fake: FakeWorld = await world({ onSleep: () => fake.interrupt() });
    await writeDaemonFile(fake, server.address);
    expect(await fake.run('sync')).toBe(130);
    expect(fake.stderr.text).toContain('The sync goes on in the daemon');
  });
});
