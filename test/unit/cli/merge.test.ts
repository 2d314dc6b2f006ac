import { afterEach, describe, expect, it } from 'vitest';
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

const outcome = {
  ...{ primary: 12, other: 13, outcome: 'changed', refusal: null, otherChanges: [], warnings: [], event: 99 },
  changes: [{ field: 'department', before: null, after: 'Sales' }],
  differing: [{ field: 'email', primary: 'a@x', other: 'b@x', becomes: 'b@x', open: true }],
};
const named = (userId: number) => ({
  userId,
  username: `u${String(userId)}`,
  name: 'Jan Novák',
  email: null,
  links: [],
});
const candidate = (primary: number, other: number, refusal: object | null = null) => ({
  ...{ primary: named(primary), other: named(other), reason: 'same-name', refusal },
  differing: outcome.differing,
});
const candidates = {
  items: [
    candidate(12, 13),
    candidate(14, 15),
    candidate(16, 17),
    candidate(18, 19, { code: 'x', message: 'two agents' }),
  ],
  next: null,
};
const counts = { users: 2, done: 2, changed: 1, unchanged: 0, refused: 1 };
const job = { id: 5, action: 'merge', counts, unknown: [], finishedAt: '2026-11-30T12:00:00.000Z', cancelledBy: null };

describe('merge (18)', () => {
  it('18.3 shows one pair and what is to be chosen, asks, merges, and says how to take it back', async () => {
    const asked: string[] = [];
    const fake = await world({ answer: () => outcome, onConfirm: (question) => asked.push(question) > 0 });
    expect(await fake.run('merge', 'apply', '12', 'jnovak', '--choose', 'email=other', '--reason', 'one person')).toBe(
      0,
    );
    const body = { other: 'jnovak', choices: { email: 'other' }, reason: 'one person' };
    expect(fake.sent).toEqual([
      { method: 'POST', path: '/api/v1/users/12/merge', query: { preview: true }, body },
      { method: 'POST', path: '/api/v1/users/12/merge', query: {}, body },
    ]);
    expect(asked).toEqual(['Merge jnovak into 12?']);
    expect(fake.stdout.text).toMatch(/email +a@x +b@x +b@x \(choose\)/);
    expect(fake.stdout.text).toContain('undo --event 99');
  });

  it('18.2 all candidates: pairs left out, turned round, the refused ones not asked for', async () => {
    const fake = await world({
      answer: (request) =>
        request.path.includes('candidates')
          ? candidates
          : request.path.includes('results')
            ? { items: [{ userId: 13, username: null, outcome: 'refused', message: 'choose email' }], next: null }
            : request.path.includes('/bulk/')
              ? job
              : { preview: false, pairs: [outcome], job },
    });
    const line = [
      'merge',
      'apply',
      '--candidates',
      '--leave-out',
      '14',
      '--reverse',
      '17',
      '--prefer',
      'primary',
      '--yes',
    ];
    expect(await fake.run(...line)).toBe(5);
    expect(fake.sent.find(({ method }) => method === 'POST')?.body).toEqual({
      pairs: [
        { primary: 'id:12', other: 'id:13', choices: {} },
        { primary: 'id:17', other: 'id:16', choices: {} },
      ],
      ...{ prefer: 'primary', preview: false },
    });
    expect(fake.stdout.text).toMatch(/13 .*choose email/s);
    expect(fake.stdout.text).toContain('1 pairs changed');
  });

  it('18.1 lists pairs with why they cannot be merged', async () => {
    const fake = await world({ answer: () => candidates });
    expect(await fake.run('merge', 'list')).toBe(0);
    expect(fake.stdout.text).toMatch(/12 u12 .*email/);
    expect(fake.stdout.text).toContain('two agents');
  });

  it.each([
    [['apply', '12']],
    [['apply', '12', '13', '--leave-out', '4']],
    [['apply', '12', '13', '--choose', 'email=mine']],
    [['apply', '--candidates', '--reverse', 'jnovak']],
  ])('refuses merge %j', async (line) => {
    const fake = await world({ answer: () => candidates });
    expect(await fake.run('merge', ...line)).toBe(2);
    expect(fake.sent.filter(({ method }) => method === 'POST')).toEqual([]);
  });
});
