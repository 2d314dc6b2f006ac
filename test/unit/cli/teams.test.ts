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

it('11.6 team bindings asks for all at once, since the API has no pages of them', async () => {
  const binding = {
    source: 'acd',
    externalId: '7',
    name: 'Nord',
    team: null,
    state: 'undecided',
    members: 3,
    gone: false,
  };
  const fake = await fakeWorld({ answer: () => ({ items: [binding] }) });
  worlds.push(fake);
  expect(await fake.run('team', 'bindings', '--source', 'acd')).toBe(0);
  expect(fake.sent).toEqual([{ method: 'GET', path: '/api/v1/team-bindings', query: { source: 'acd' } }]);
  expect(fake.stdout.lines.join('\n')).toMatch(/acd +7 +Nord +\(undecided\) +3/);
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

it('11.6 bind, unbind and merge show whom they move and ask; --yes answers, and undoing is named', async () => {
  const fake = await fakeWorld({
    answer: ({ body }) => {
      const preview = (body as { preview: boolean }).preview;
      const first = [
        { userId: 7, username: 'jana', changes: [{ field: 'teams', before: ['North'], after: ['South'] }] },
      ];
      return {
        preview,
        event: preview ? null : 31,
        moved: { count: 1, first },
        told: ['acd Nord (7) is bound to South.'],
      };
    },
  });
  worlds.push(fake);
  expect(await fake.run('team', 'bind', 'acd', '7', 'South')).toBe(1);
  expect(fake.stderr.text).toContain(
    '1 user would move:\n  jana  teams: North → South\nGo on?\nNothing was changed: say so with --yes (not-confirmed)',
  );
  expect(fake.sent.map(({ body }) => body)).toEqual([{ team: 'South', preview: true }]);
  expect(await fake.run('team', 'unbind', 'acd', '7', '--yes', '--reason', 'wrong')).toBe(0);
  expect(fake.sent.at(-1)).toEqual({
    ...{ method: 'PUT', path: '/api/v1/team-bindings/acd/7' },
    body: { team: null, preview: false, reason: 'wrong' },
  });
  expect(fake.stdout.text).toContain('`rosterd undo --event 31` takes it back.');
  expect(await fake.run('team', 'merge', 'North', 'South', '--yes')).toBe(0);
  expect(fake.sent.at(-1)).toMatchObject({ path: '/api/v1/teams/North/merge', body: { into: 'South' } });
});
