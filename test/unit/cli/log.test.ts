import { afterEach, describe, expect, it } from 'vitest';
import type { HistoryEvent } from '../../../src/cli/shapes.ts';
import { fakeWorld } from './fake-world.ts';
import type { FakeOptions, FakeWorld, Sent } from './fake-world.ts';
import { startApi } from './http-api.ts';
import type { HttpApi } from './http-api.ts';
import { sampleEvent } from './samples.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function world(options: FakeOptions): Promise<FakeWorld> {
  const fake = await fakeWorld(options);
  closers.push(() => fake.clean());
  return fake;
}

async function api(answer: (request: Sent) => unknown): Promise<HttpApi> {
  const server = await startApi(answer);
  closers.push(() => server.close());
  return server;
}

const events = (from: number, to: number): HistoryEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    ...sampleEvent,
    id: from + index,
    reason: `r${from + index}`,
  }));

/** All events with the cursor of the API: the id of the last one that was read. */
function eventServer(all: HistoryEvent[]): (request: Sent) => unknown {
  return ({ query = {} }) => {
    const after = Number(query['after'] ?? 0);
    const limit = Number(query['limit']);
    if (query['order'] === 'desc') {
      return { items: all.toReversed().slice(0, limit), next: 'older', atEnd: all.length <= limit };
    }
    const items = all.filter(({ id }) => id > after).slice(0, limit);
    return { items, next: String(items.at(-1)?.id ?? after), atEnd: items.length < limit };
  };
}

const ids = (fake: FakeWorld): number[] => fake.stdout.lines.map((line) => (JSON.parse(line) as HistoryEvent).id);

describe('log', () => {
  it('gives a pipe everything, page by page, the oldest first', async () => {
    const fake = await world({ answer: eventServer(events(1, 2500)) });
    expect(await fake.run('log', '--json')).toBe(0);
    expect(ids(fake)).toEqual(events(1, 2500).map(({ id }) => id));
    expect(fake.sent).toHaveLength(3);
  });

  it('gives a terminal the latest, in order, and says so', async () => {
    const fake = await world({ answer: eventServer(events(1, 80)), terminal: true, env: { NO_COLOR: '1' } });
    expect(await fake.run('log')).toBe(0);
    expect(fake.stdout.lines).toHaveLength(50);
    expect(fake.stdout.lines[0]).toContain('(r31)');
    expect(fake.stdout.lines.at(-1)).toContain('(r80)');
    expect(fake.stderr.text).toContain('the latest 50');
  });

  it('15.2 --csv is a line per event, with what a spreadsheet would run made harmless', async () => {
    const formula = { ...sampleEvent, reason: '=1+1', changes: [{ field: 'roles', before: null, after: ['a', 'b'] }] };
    const fake = await world({ answer: () => ({ items: [formula], next: 'c', atEnd: true }), terminal: true });
    expect(await fake.run('log', '--csv')).toBe(0);
    const [head, line] = fake.stdout.text.split('\r\n');
    expect(head).toBe('ID,Time,Type,Kind,By,Source,Run,User ID,External ID,Changes,Reason');
    expect(line).toContain(`${sampleEvent.type},${sampleEvent.actor.kind},`);
    expect(line).toContain('roles: (empty) → a; b');
    expect(line).toMatch(/,'=1\+1$/);
    expect(fake.sent[0]?.query).toMatchObject({ order: 'asc' });
  });

  it('15.2 a filter shows everything that it lets through; --follow has no end', async () => {
    const fake = await world({ answer: eventServer(events(1, 80)), terminal: true });
    expect(await fake.run('log', '--text', 'needle')).toBe(0);
    expect(fake.stdout.lines).toHaveLength(80);
    expect(await fake.run('log', '--follow', '--until', '1h')).toBe(2);
  });

  it('--follow prints each new event once until Ctrl-C', async () => {
    const all = events(1, 3);
    const server = await api(eventServer(all));
    let sleeps = 0;
    const fake: FakeWorld = await world({
      env: { ROSTERD_URL: server.address, ROSTERD_TOKEN: 'token-of-the-test' },
      onSleep: () => {
        sleeps += 1;
        if (sleeps === 1) all.push(...events(4, 5));
        if (sleeps === 3) all.push(...events(6, 6));
        if (sleeps === 5) fake.interrupt();
      },
    });
    expect(await fake.run('log', '--follow', '--json')).toBe(0);
    expect(ids(fake)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(sleeps).toBe(5);
  });

  it('--follow outlives a daemon that is away for a while', async () => {
    const all = events(1, 1);
    const server = await api(eventServer(all));
    let sleeps = 0;
    const fake: FakeWorld = await world({
      env: { ROSTERD_URL: server.address, ROSTERD_TOKEN: 'token-of-the-test' },
      onSleep: async () => {
        sleeps += 1;
        if (sleeps === 1) await server.close();
        if (sleeps === 3) await server.reopen();
        if (sleeps === 3) all.push(...events(2, 2));
        if (sleeps === 5) fake.interrupt();
      },
    });
    expect(await fake.run('log', '--follow', '--json')).toBe(0);
    expect(ids(fake)).toEqual([1, 2]);
  });

  it('--follow without a daemon lets go of the store, so that one can start', async () => {
    const fake: FakeWorld = await world({
      answer: eventServer(events(1, 1)),
      onSleep: () => {
        expect(fake.opened).toBe(0);
        fake.interrupt();
      },
    });
    expect(await fake.run('log', '--follow')).toBe(0);
    expect(fake.stderr.text).toContain('No daemon runs here');
  });
});
