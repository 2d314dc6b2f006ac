import { afterEach, expect, it } from 'vitest';
import { fakeWorld, type FakeWorld } from './fake-world.ts';

const worlds: FakeWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.clean();
});

const north = {
  ...{ name: 'North', group: 'Default', members: 2, supervisors: 0, memberNames: ['11', '12'], supervisorNames: [] },
  bindings: [{ source: 'acd', externalId: '7', name: 'Nord', gone: true }],
};

async function world(): Promise<FakeWorld> {
  const fake = await fakeWorld({
    answer: ({ path }) => (/teams(\/North\/remove)?$/.test(path) ? { items: [north] } : north),
  });
  worlds.push(fake);
  return fake;
}

it('11.6 team list and show print members and what is bound', async () => {
  const fake = await world();
  expect(await fake.run('team', 'list')).toBe(0);
  expect(await fake.run('team', 'show', 'North')).toBe(0);
  const printed = fake.stdout.lines.join('\n');
  expect(printed).toContain('acd: Nord (7), gone');
  expect(printed).toContain('2: 11, 12');
});

it('11.6 a rename tells how many see another name, and asks; --yes answers', async () => {
  const fake = await world();
  expect(await fake.run('team', 'rename', 'North', 'Nordic')).not.toBe(0);
  expect(fake.sent.filter(({ method }) => method === 'PUT')).toEqual([]);
  expect(fake.stderr.lines.join('\n')).toContain('North becomes Nordic for 2 members and 0 supervisors');
  expect(await fake.run('team', 'rename', 'North', 'Nordic', '--yes', '--reason', 'why')).toBe(0);
  expect(fake.sent.at(-1)).toEqual({
    ...{ method: 'PUT', path: '/api/v1/teams/North', body: { name: 'Nordic', reason: 'why' } },
  });
});

it('11.6 an empty team is removed', async () => {
  const fake = await world();
  expect(await fake.run('team', 'remove', 'North')).toBe(0);
  expect(fake.sent).toEqual([{ method: 'POST', path: '/api/v1/teams/North/remove', body: {} }]);
});
