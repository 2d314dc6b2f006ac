import { afterEach, expect, it } from 'vitest';
import { fakeWorld, type FakeOptions, type FakeWorld } from './fake-world.ts';

const worlds: FakeWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.clean();
});
async function world(options: FakeOptions): Promise<FakeWorld> {
  const fake = await fakeWorld(options);
  worlds.push(fake);
  return fake;
}

const counts = {
  created: 0,
  activated: 0,
  deactivated: 0,
  changed: 2,
  override: 0,
  cleared: 0,
  teams: 0,
  roles: 0,
  scope: 0,
};
const waiting = {
  ...{ id: 7, fileName: 'people.csv', undoes: null, state: 'shown', digest: 'd1', reason: null, askedBy: 'local:x' },
  ...{ cancelledBy: null, missing: [], shown: { rows: 3, unchanged: 1, errors: 0, counts, exceeded: [], unread: [] } },
  progress: { rows: 2, done: 0, changed: 0, unchanged: 0, refused: 0 },
};
const finished = { ...waiting, state: 'finished', progress: { ...waiting.progress, done: 2, changed: 2 } };

it('17.4 csv apply shows an import that waits, asks, and has it carried out as it was shown', async () => {
  const asked: string[] = [];
  let applied = false;
  const fake = await world({
    answer: ({ method, path }) => {
      if (path.endsWith('/rows')) return { items: [], next: null };
      applied ||= method === 'POST';
      return applied ? finished : waiting;
    },
    onConfirm: (question) => asked.push(question) > 0,
  });
  expect(await fake.run('csv', 'apply', '7', '--reason', 'autumn')).toBe(0);
  expect(asked).toEqual(['Change 2 users?']);
  expect(fake.sent.filter(({ method }) => method === 'POST')).toMatchObject([
    {
      path: '/api/v1/csv/imports/7/apply',
      body: { digest: 'd1', skipBad: false, beyondLimits: false, reason: 'autumn' },
    },
  ]);
  expect(fake.stdout.text).toContain('2 users changed');
});

it('17.4 csv apply of one that does not wait says so and does nothing', async () => {
  const fake = await world({ answer: () => finished });
  expect(await fake.run('csv', 'apply', '7', '--yes')).toBe(1);
  expect(fake.sent.map(({ method }) => method)).toEqual(['GET']);
  expect(fake.stderr.text).toContain('does not wait');
});
