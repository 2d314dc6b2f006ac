import { afterEach, describe, expect, it } from 'vitest';
import { fakeWorld, type FakeWorld } from './fake-world.ts';
import { sampleRun } from './samples.ts';

const worlds: FakeWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.clean();
});

const changes = [{ field: 'email', before: 'a@corp.test', after: 'b@corp.test' }];
const answer = {
  id: 's1',
  atRest: true,
  accounts: [
    {
      ...{ source: 'corp-ad', externalId: 'guid-1', runId: 7 },
      read: { outcome: 'changed', text: 'corp-ad guid-1 has changed since it was read last' },
      match: { outcome: 'linked', text: 'linked to user 12 (jnovak), by employeeId', userId: 12, reviewItem: null },
      decide: { outcome: 'change', text: 'user-changed: 1 change', changes },
      apply: { outcome: 'applied', text: 'applied in run 7', changes },
    },
  ],
  runs: [sampleRun],
  refused: [],
};

async function world(told: object = answer): Promise<FakeWorld> {
  const fake = await fakeWorld({ answer: () => told });
  worlds.push(fake);
  return fake;
}

describe('2.8 account refresh and user refresh', () => {
  it('show the four steps, each with its outcome, and what was applied', async () => {
    const fake = await world();
    expect(await fake.run('account', 'refresh', 'corp-ad', 'guid-1')).toBe(0);
    expect(fake.sent).toMatchObject([{ method: 'POST', path: '/api/v1/accounts/corp-ad/guid-1/refresh' }]);
    expect(fake.stdout.lines).toEqual([
      'corp-ad guid-1',
      '  read    corp-ad guid-1 has changed since it was read last',
      '  match   linked to user 12 (jnovak), by employeeId',
      '  decide  user-changed: 1 change',
      '  apply   applied in run 7',
      '          email: a@corp.test → b@corp.test',
    ]);
  });

  it('give the answer as it is with --json', async () => {
    const fake = await world();
    expect(await fake.run('user', 'refresh', 'jnovak', '--json')).toBe(0);
    expect(fake.sent).toMatchObject([{ method: 'POST', path: '/api/v1/users/jnovak/refresh' }]);
    expect(fake.stdout.lines.map((line) => JSON.parse(line) as unknown)).toEqual([answer]);
  });

  it('end with the code of the runs', async () => {
    const held = await world({ ...answer, runs: [{ ...sampleRun, state: 'held' }] });
    expect(await held.run('user', 'refresh', 'jnovak')).toBe(6);
  });
});
