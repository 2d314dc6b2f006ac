import { afterEach, describe, expect, it } from 'vitest';
import type { Run } from '../../../src/cli/shapes.ts';
import { fakeWorld } from './fake-world.ts';
import type { FakeOptions, FakeWorld, Sent } from './fake-world.ts';
import { sampleRun, sampleSource } from './samples.ts';

const worlds: FakeWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.clean();
});

const importing: Run = {
  ...sampleRun,
  state: 'importing',
  phase: 'import',
  progress: { done: 400, total: 1200, rate: 100 },
};
const woken: Run = { ...sampleRun, id: 8, source: 'acd', mode: 'reconcile' };

/** At rest after so many questions; the woken run comes first, out of order. */
function syncServer(questions: number, refused: readonly object[] = []): (request: Sent) => unknown {
  let left = questions;
  return ({ method }) => {
    if (method === 'POST') return { id: 's1', runs: [importing], refused };
    left -= 1;
    return left > 0
      ? { id: 's1', atRest: false, runs: [importing] }
      : { id: 's1', atRest: true, runs: [woken, sampleRun] };
  };
}

async function world(options: FakeOptions): Promise<FakeWorld> {
  const fake = await fakeWorld(options);
  worlds.push(fake);
  return fake;
}

describe('sync', () => {
  it('ends when what it woke is at rest, and prints the runs by their numbers', async () => {
    const fake = await world({ answer: syncServer(5) });
    expect(await fake.run('sync', '--json')).toBe(0);
    expect(fake.stdout.lines.map((line) => JSON.parse(line) as unknown)).toEqual([sampleRun, woken]);
    expect(fake.stderr.text).toBe('');
    expect(fake.sent).toHaveLength(6);
  });

  it('shows progress on a terminal after a second, and takes it away', async () => {
    const fake = await world({ answer: syncServer(12), terminal: true });
    expect(await fake.run('sync')).toBe(0);
    expect(fake.stderr.text).toBe('\rcorp-ad import 400/1,200 (33 %) · 100/s · 8.0 s left\u001b[K\r\u001b[K');
  });

  it('shows none for a short one, and none in a pipe', async () => {
    const quick = await world({ answer: syncServer(3), terminal: true });
    await quick.run('sync');
    const piped = await world({ answer: syncServer(50) });
    await piped.run('sync');
    expect([quick.stderr.text, piped.stderr.text]).toEqual(['', '']);
  });

  it('names on standard error what was refused', async () => {
    const refused = [{ source: 'acd', code: 'source-paused', message: 'acd is paused; resume it' }];
    const fake = await world({ answer: syncServer(1, refused) });
    expect(await fake.run('sync', 'corp-ad', 'acd')).toBe(1);
    expect(fake.stderr.text).toBe('acd: acd is paused; resume it (source-paused)\n');
    expect(fake.stdout.lines).toHaveLength(3);
  });

  it('asks nothing more when nothing was started', async () => {
    const answer = (): unknown => ({ id: 's1', runs: [], refused: [] });
    const fake = await world({ answer });
    expect(await fake.run('sync')).toBe(0);
    expect(fake.sent).toHaveLength(1);
    expect(fake.stderr.text).toContain('No source to read');
  });

  it('says on standard error why a run failed', async () => {
    const failed = { ...sampleRun, state: 'failed', error: { code: 'login-refused', message: 'wrong password' } };
    const answer = ({ method }: Sent): unknown =>
      method === 'POST' ? { id: 's1', runs: [failed], refused: [] } : { id: 's1', atRest: true, runs: [failed] };
    const fake = await world({ answer });
    expect(await fake.run('sync')).toBe(4);
    expect(fake.stderr.text).toBe('error: run 7 of corp-ad: wrong password (login-refused)\n');
  });

  it('4.8 says for which source creation waits, why, and how to go on without it', async () => {
    const waits = { ...sampleRun, source: 'acd', waitingFor: ['staff'] };
    const failed = { id: 3, state: 'failed', error: 'unreachable', message: 'nobody answers at ldap.test' };
    const items = [
      { ...sampleSource, id: 'acd', state: 'ok' as const, waitingFor: ['staff'] },
      { ...sampleSource, id: 'staff', state: 'failing' as const, lastRun: failed },
    ];
    const answer = ({ method, path }: Sent): unknown => {
      if (path.endsWith('/sources')) return { items, next: null };
      if (path.endsWith('/users')) return { items: [], next: null };
      return method === 'POST' ? { id: 's1', runs: [waits], refused: [] } : { id: 's1', atRest: true, runs: [waits] };
    };
    for (const call of [['sync'], ['user', 'list'], ['source', 'list']]) {
      const fake = await world({ answer });
      await fake.run(...call);
      expect(fake.stderr.text).toContain(
        'staff has not: its run 3 failed: nobody answers at ldap.test (unreachable). Mend that and run `rosterd sync`; ' +
          'to go on without it: `rosterd source pause staff`, then `rosterd sync`.',
      );
    }
  });

  it('closes cleanly on Ctrl-C in process', async () => {
    const fake: FakeWorld = await world({ answer: syncServer(100), onSleep: () => fake.interrupt() });
    expect(await fake.run('sync')).toBe(130);
    expect(fake.opened).toBe(0);
    expect(fake.stdout.text).toBe('');
    expect(fake.stderr.text).toContain('the next `rosterd sync` or `rosterd start` goes on');
  });
});
