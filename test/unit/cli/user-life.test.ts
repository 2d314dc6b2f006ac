import { describe, expect, it } from 'vitest';
import { fakeWorld, Status, type FakeOptions, type FakeWorld, type Sent } from './fake-world.ts';
import { sampleUser } from './samples.ts';

const inactive = { ...sampleUser, active: false, deactivatedAt: '2025-01-01T00:00:00.000Z', version: 3 };
const refused = (code: string) => new Status(409, { code, detail: `refused: ${code}` });
const purges = (fake: FakeWorld): Sent[] =>
  fake.sent.filter(({ path, query }) => path.endsWith('/purge') && !query?.['preview']);

/** Three inactive users, of whom the last one is still at its source. */
function answer({ method, path, query }: Sent): unknown {
  if (path.endsWith('/13/purge') || path.endsWith('/id%3A13/purge')) return refused('account-still-there');
  if (path.endsWith('/purge')) return { preview: query?.['preview'] === true, userId: 12, events: 4, accounts: 2 };
  if (method === 'GET' && path === '/api/v1/users')
    return { items: [inactive, { ...inactive, id: 11 }, { ...inactive, id: 13 }], next: null };
  return inactive;
}

async function run(options: FakeOptions, ...argv: string[]): Promise<{ fake: FakeWorld; code: number }> {
  const fake = await fakeWorld({ answer, ...options });
  try {
    return { fake, code: await fake.run(...argv) };
  } finally {
    await fake.clean();
  }
}

describe('user purge', () => {
  it('9.6 shows what would be blanked, asks, and purges the version that was shown', async () => {
    const questions: string[] = [];
    const onConfirm = (question: string): boolean => questions.push(question) > 0;
    const { fake, code } = await run({ terminal: true, onConfirm }, 'user', 'purge', 'jnovak', '--reason', 'old');
    expect(code).toBe(0);
    expect(questions.join()).toContain('User 12 (jnovak, Jan Novák), inactive since 2025-01-01');
    expect(questions.join()).toContain('4 events and the copies of 2 accounts blanked');
    expect(purges(fake)).toEqual([
      expect.objectContaining({
        path: '/api/v1/users/id%3A12/purge',
        body: { reason: 'old' },
        headers: { 'if-match': '"3"' },
      }),
    ]);
    expect(fake.stdout.text).toContain('User 12 is purged');
  });

  it('9.6 says that the files of the database keep deleted rows until they are vacuumed', async () => {
    const { fake, code } = await run({}, 'user', 'purge', '--help');
    expect(code).toBe(0);
    expect(fake.stdout.text.replace(/\s+/g, ' ')).toContain('keep deleted rows until their tables have been vacuumed');
  });

  it('9.6 purges nobody without a yes', async () => {
    for (const argv of [['jnovak'], ['--deactivated-before', '400d']]) {
      const declined = await run({ terminal: true, onConfirm: () => false }, 'user', 'purge', ...argv);
      expect([declined.code, purges(declined.fake)]).toEqual([1, []]);
      const nobodyThere = await run({}, 'user', 'purge', ...argv);
      expect([nobodyThere.code, purges(nobodyThere.fake)]).toEqual([1, []]);
    }
  });

  it('9.6 purges everybody who was deactivated before a time, and names who is refused', async () => {
    const { fake, code } = await run({}, 'user', 'purge', '--deactivated-before', '400d', '--yes');
    expect(code).toBe(5);
    expect(fake.sent[0]?.query).toMatchObject({ deactivatedBefore: '2025-01-28T12:00:00.000Z' });
    expect(purges(fake).map(({ path }) => path)).toEqual([
      '/api/v1/users/id%3A12/purge',
      '/api/v1/users/id%3A11/purge',
    ]);
    expect(fake.stderr.text).toContain('refused: account-still-there');
  });

  it('9.6 ends where the refusal is not about one user', async () => {
    const { code } = await run(
      {
        answer: (sent) =>
          sent.path.endsWith('/purge') ? new Status(403, { code: 'forbidden', detail: 'no' }) : answer(sent),
      },
      ...['user', 'purge', '--deactivated-before', '400d', '--yes'],
    );
    expect(code).toBe(4);
  });

  it('9.6 wants a user or a time, and not both', async () => {
    expect((await run({}, 'user', 'purge')).code).toBe(2);
    expect((await run({}, 'user', 'purge', '12', '--deactivated-before', '400d')).code).toBe(2);
  });
});

describe('user create', () => {
  it('12.4 wants fields with values', async () => {
    const { fake, code } = await run({}, 'user', 'create', 'eva', 'language');
    expect([code, fake.sent]).toEqual([2, []]);
    expect(fake.stderr.text).toContain('"language" has no field and value');
  });
});
