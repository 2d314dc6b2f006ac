import { afterEach, expect, it } from 'vitest';
import { fakeWorld, Status, type FakeOptions, type FakeWorld, type Sent } from './fake-world.ts';
import { sampleUser } from './samples.ts';

const worlds: FakeWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.clean();
});

async function world(answer: FakeOptions['answer']): Promise<FakeWorld> {
  const fake = await fakeWorld(answer === undefined ? {} : { answer });
  worlds.push(fake);
  return fake;
}

const tree = {
  items: [
    { name: 'Default', below: null, path: ['Default'], default: true, teams: ['Default', 'Night'] },
    { name: 'Europe', below: null, path: ['Europe'], default: false, teams: [] },
    { name: 'Prague', below: 'Europe', path: ['Europe', 'Prague'], default: false, teams: ['Sales'] },
  ],
};
const acted = {
  ...{ preview: false, changed: true, warnings: [], user: { ...sampleUser, version: 7 } },
  changes: [{ field: 'memberGroup', before: null, after: 'Prague' }],
};

const put = (path: string, body: object): Sent => ({ method: 'PUT', path: `/api/v1/${path}`, body });
const post = (path: string, body: object): Sent => ({ method: 'POST', path: `/api/v1/${path}`, body });
const scope = (change: string, more: object): Sent =>
  put('users/jnovak/scope', { change, full: false, groups: [], teams: [], ...more });

it.each<[readonly string[], Sent]>([
  [['group', 'add', 'Letná', '--below', 'Prague'], post('groups', { name: 'Letná', below: 'Prague' })],
  [['group', 'add', 'Asia', '--reason', 'new site'], post('groups', { name: 'Asia', reason: 'new site' })],
  [['group', 'rename', 'Asia', 'APAC'], put('groups/Asia', { name: 'APAC' })],
  [['group', 'move', 'Prague', 'Asia'], put('groups/Prague', { below: 'Asia' })],
  [['group', 'move', 'Prague'], put('groups/Prague', { below: null })],
  [['group', 'remove', 'A/B'], post('groups/A%2FB/remove', {})],
  [['group', 'team', 'Sales', 'Prague'], put('teams/Sales/group', { group: 'Prague' })],
  [['group', 'team', 'Sales'], put('teams/Sales/group', { group: null })],
])('11.5 %j', async (line, request) => {
  const fake = await world(() => tree);
  expect(await fake.run(...line)).toBe(0);
  expect(fake.sent).toEqual([request]);
  expect(await fake.run(...line, '--json')).toBe(0);
  expect(fake.stdout.lines.slice(-3).map((each) => JSON.parse(each) as unknown)).toEqual(tree.items);
});

it.each<[readonly string[], Sent]>([
  [['group', 'jnovak', 'Prague'], put('users/jnovak/group', { group: 'Prague' })],
  [['group', 'jnovak'], put('users/jnovak/group', { group: null })],
  [
    ['scope', 'add', 'jnovak', '--group', 'Prague', 'Asia', '--team', 'Sales'],
    scope('add', { groups: ['Prague', 'Asia'], teams: ['Sales'] }),
  ],
  [['scope', 'remove', 'jnovak', '--full'], scope('remove', { full: true })],
  [['scope', 'set', 'jnovak'], scope('set', {})],
])('11.5 user %j', async (line, request) => {
  const fake = await world(() => acted);
  expect(await fake.run('user', ...line)).toBe(0);
  expect(fake.sent).toEqual([request]);
  expect(fake.stdout.text).toContain('memberGroup: Prague');
});

it('11.5 user scope add wants to know what', async () => {
  const fake = await world(() => acted);
  expect(await fake.run('user', 'scope', 'add', 'jnovak')).toBe(2);
  expect(fake.sent).toEqual([]);
});

it('11.5 group list shows the tree', async () => {
  const fake = await world(() => tree);
  await fake.run('group', 'list');
  expect(fake.stdout.lines).toEqual([
    'GROUP            DEFAULT  TEAMS',
    'Default          yes      Default, Night',
    'Europe',
    'Europe / Prague           Sales',
  ]);
});

it('10.5 what lies beyond the own scope is not allowed: exit code 4', async () => {
  const fake = await world(
    () => new Status(403, { code: 'beyond-scope', detail: 'The team "Care" is outside the scope.' }),
  );
  expect(await fake.run('user', 'team', 'give', 'jnovak', 'Care')).toBe(4);
  expect(fake.stderr.text).toContain('outside the scope');
});

it('10.6 role list shows the privileges per application', async () => {
  const items = [
    { role: 'agent', privileges: [], managesTeams: false },
    {
      role: 'lead',
      privileges: [
        { application: null, privilege: 'manage-teams' },
        { application: 'wfm', privilege: 'plan' },
      ],
      managesTeams: true,
    },
  ];
  const fake = await world(() => ({ items }));
  await fake.run('role', 'list');
  expect(fake.stdout.lines).toEqual([
    'ROLE   MANAGES TEAMS  PRIVILEGES',
    'agent  no',
    'lead   yes            manage-teams, wfm: plan',
  ]);
});

it('10.6 user show says what a supervisor lacks', async () => {
  const fake = await world(() => ({ ...sampleUser, supervises: ['Sales'], missingPrivileges: ['manage-teams'] }));
  await fake.run('user', 'show', 'jnovak');
  expect(fake.stdout.text).toMatch(/Lacks +manage-teams, which supervising needs/);
});
