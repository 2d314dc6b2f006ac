import { afterEach, describe, expect, it } from 'vitest';
import { fakeWorld, Status, type FakeOptions, type FakeWorld, type Sent } from './fake-world.ts';
import { sampleUser } from './samples.ts';

const worlds: FakeWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.clean();
});

const acted = {
  preview: false,
  changed: true,
  changes: [
    { field: 'email', before: 'a@corp.test', after: 'b@corp.test' },
    { field: 'active', before: 'no', after: 'yes' },
  ],
  warnings: [],
  user: { ...sampleUser, version: 7 },
};

const switched = {
  ...acted,
  changes: [acted.changes[0], { field: 'sync.ad', before: 'off', after: 'on' }],
  warnings: ['hr B-1 waited'],
};

async function world(options: FakeOptions = {}): Promise<FakeWorld> {
  const fake = await fakeWorld({ answer: () => acted, ...options });
  worlds.push(fake);
  return fake;
}

const user = (path: string): string => `/api/v1/users/jnovak/${path}`;
const put = (path: string, body: object): Sent => ({ method: 'PUT', path: user(path), body });
const post = (path: string, body: object): Sent => ({ method: 'POST', path: user(path), body });

const table: readonly (readonly [line: readonly string[], request: Sent])[] = [
  [
    ['set', 'jnovak', 'email=b=c@corp.test', '--reason', 'new'],
    put('fields/email', { value: 'b=c@corp.test', reason: 'new' }),
  ],
  [['set', 'jnovak', 'attribute.deviceId='], put('fields/attribute.deviceId', { value: '' })],
  [['unset', 'jnovak', 'email'], put('fields/email', { value: null })],
  [['role', 'give', 'jnovak', 'trainer'], put('roles/trainer', { word: 'give' })],
  [['role', 'take', 'jnovak', 'trainer'], put('roles/trainer', { word: 'take' })],
  [['role', 'withdraw', 'jnovak', 'trainer'], put('roles/trainer', { word: 'withdraw' })],
  [['team', 'give', 'jnovak', 'Sales/EU'], put('teams/Sales%2FEU', { word: 'give' })],
  [['team', 'main', 'jnovak', 'Sales'], put('main-team', { team: 'Sales' })],
  [['team', 'main', 'jnovak'], put('main-team', { team: null })],
  [['supervision', 'take', 'jnovak', 'Sales'], put('supervision/Sales', { word: 'take' })],
  [['deactivate', 'jnovak'], put('active', { active: false })],
  [
    ['deactivate', 'jnovak', '--insist', '--reason', 'ACD down'],
    put('active', { active: false, insist: true, reason: 'ACD down' }),
  ],
  [['activate', 'jnovak', '--yes'], put('active', { active: true })],
  [['unlink', 'jnovak', 'ad', '--reason', 'wrong one'], post('unlink', { source: 'ad', reason: 'wrong one' })],
  [['link', 'jnovak', 'ad', 'guid-1', '--yes'], post('link', { source: 'ad', externalId: 'guid-1' })],
  [['repurpose', 'jnovak', '--username', 'jan', '--yes'], post('repurpose', { username: 'jan' })],
  [['repurpose', 'jnovak', 'acd', '--username', 'jan', '--yes'], post('repurpose', { source: 'acd', username: 'jan' })],
];

describe('what people do to a user', () => {
  it.each(table)('user %j', async (line, request) => {
    const fake = await world();
    expect(await fake.run('user', ...line)).toBe(0);
    expect(fake.sent).toEqual([request]);
    expect(fake.stdout.text).toContain('  email: a@corp.test → b@corp.test\n');
    expect(await fake.run('user', ...line, '--json')).toBe(0);
    expect(JSON.parse(fake.stdout.lines.at(-1) ?? '')).toEqual(acted);
  });

  it('refuses a field without a value, and a repurpose without the username that is kept', async () => {
    const fake = await world();
    expect(await fake.run('user', 'set', 'jnovak', 'email')).toBe(2);
    expect(await fake.run('user', 'repurpose', 'jnovak', '--yes')).toBe(2);
    expect(fake.sent).toEqual([]);
  });

  it('says when nothing was to change, and tells warnings to people only', async () => {
    const unchanged = await world({
      answer: () => ({ ...acted, changed: false, changes: [], warnings: ['it comes back'] }),
    });
    expect(await unchanged.run('user', 'role', 'take', 'jnovak', 'agent')).toBe(0);
    expect(unchanged.stdout.text).toBe('Nothing to change.\n');
    expect(unchanged.stderr.text).toBe('it comes back\n');
  });

  it('9.5 shows what an activation would change, asks, and does what it has shown', async () => {
    const asked: string[] = [];
    const fake = await world({
      onConfirm: (question) => {
        asked.push(question);
        return true;
      },
    });
    expect(await fake.run('user', 'activate', 'jnovak')).toBe(0);
    expect(asked).toEqual([expect.stringContaining('email: a@corp.test → b@corp.test')]);
    expect(fake.sent).toEqual([
      { ...put('active', { active: true }), query: { preview: true } },
      { ...put('active', { active: true }), headers: { 'if-match': '"7"' } },
    ]);
  });

  it('6.3 shows what switching on would change, asks, and does what it has shown', async () => {
    const asked: string[] = [];
    const fake = await world({
      answer: () => switched,
      onConfirm: (question) => {
        asked.push(question);
        return true;
      },
    });
    expect(await fake.run('user', 'sync', 'on', 'jnovak', '--source', 'ad', '--reason', 'back')).toBe(0);
    expect(asked).toEqual(['This would change of user 12:\n  email: a@corp.test → b@corp.test\nGo on?']);
    const body = { enabled: true, source: 'ad', reason: 'back' };
    expect(fake.sent).toEqual([
      { ...put('sync', body), query: { preview: true } },
      { ...put('sync', body), headers: { 'if-match': '"7"' } },
    ]);
    expect(fake.stdout.text).toBe('  email: a@corp.test → b@corp.test\nSync of user jnovak with ad is on.\n');
    expect(fake.stderr.text).toBe('hr B-1 waited\n');
  });

  it('6.3 a no leaves the sync off; so does a script that has not seen what would change, until it says --yes (issue 11, point 17)', async () => {
    const refusing = await world({ answer: () => switched, onConfirm: () => false });
    const script = await world({ answer: () => switched });
    for (const [fake, line] of [
      [refusing, ['user', 'sync', 'on', 'jnovak']],
      [script, ['user', 'sync', 'on', 'jnovak']],
      [script, ['user', 'sync', 'on', 'jnovak', '--json']],
    ] as const) {
      expect(await fake.run(...line)).toBe(1);
      expect(fake.sent.splice(0)).toEqual([{ ...put('sync', { enabled: true }), query: { preview: true } }]);
      expect(fake.stderr.text).toContain('Nothing was changed');
    }
    expect(await script.run('user', 'sync', 'on', 'jnovak', '--yes')).toBe(0);
    expect(script.sent).toEqual([put('sync', { enabled: true })]);
    // Where nothing waits there is nothing to ask.
    const nothing = await world({ answer: () => ({ ...switched, changes: switched.changes.slice(1) }) });
    expect(await nothing.run('user', 'sync', 'on', 'jnovak')).toBe(0);
  });

  it('6.4 off says until when, and asks nothing', async () => {
    const fake = await world({ answer: () => ({ ...switched, changes: switched.changes.slice(1), warnings: [] }) });
    expect(await fake.run('user', 'sync', 'off', 'jnovak', '--until', '2026-04-01T10:00Z')).toBe(0);
    expect(fake.sent).toEqual([put('sync', { enabled: false, until: '2026-04-01T10:00:00.000Z' })]);
    expect(fake.stdout.text).toMatch(/^Sync of user jnovak is off until 2026-04-01 \d\d:00:00 \S+\.\n$/);
  });

  it('does nothing where nobody is there to answer, or the answer is no', async () => {
    for (const options of [{}, { onConfirm: () => false }]) {
      const fake = await world(options);
      expect(await fake.run('user', 'link', 'jnovak', 'ad', 'guid-1')).toBe(1);
      expect(fake.sent).toHaveLength(1);
      expect(fake.stderr.text).toContain('Nothing was changed');
    }
  });

  it('asks nothing where activating changes nothing else', async () => {
    const fake = await world({ answer: () => ({ ...acted, changes: acted.changes.slice(1) }) });
    expect(await fake.run('user', 'activate', 'jnovak')).toBe(0);
    expect(fake.sent).toHaveLength(2);
  });

  it('tells a refusal with its code', async () => {
    const problem = {
      code: 'acd-still-has-the-agent',
      detail: 'acd still has the agent: delete the user in the ACD first.',
    };
    const fake = await world({ answer: () => new Status(409, problem) });
    expect(await fake.run('user', 'deactivate', 'jnovak')).toBe(1);
    expect(fake.stderr.text).toBe(
      'error: acd still has the agent: delete the user in the ACD first. (acd-still-has-the-agent)\n',
    );
  });
});

describe('8.1 owner', () => {
  const owner = {
    source: 'acd',
    externalId: '4711',
    from: '2026-01-01T00:00:00Z',
    to: null,
    userId: 12,
    disputed: true,
  };

  it('asks for an id at a time, and names both while it is disputed', async () => {
    const fake = await world({ answer: () => ({ items: [{ ...owner, names: ['Jan Novák', 'Petra Malá'] }] }) });
    expect(await fake.run('owner', 'acd', '4711', '--at', '2026-03-03T10:00Z')).toBe(0);
    expect(fake.sent).toEqual([
      {
        method: 'GET',
        path: '/api/v1/owners',
        query: { source: 'acd', externalId: '4711', at: '2026-03-03T10:00:00.000Z' },
      },
    ]);
    expect(fake.stdout.text).toMatch(/12 +Jan Novák or Petra Malá .* disputed/);
  });

  it('says that nobody held it', async () => {
    const fake = await world({ answer: () => ({ items: [] }) });
    expect(await fake.run('owner', 'acd', '4711')).toBe(0);
    expect(fake.stderr.text).toBe('Nobody held 4711 at acd.\n');
  });
});
