import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

const counts = { back: 2, partly: 0, untouched: 1, already: 0, linksEnded: 0, deactivated: 0 };
const report = {
  ...{ preview: false, counts, told: [] },
  named: [
    {
      ...{ userId: 7, username: 'jnovak', outcome: 'untouched', changes: [] },
      kept: [{ field: 'email', undone: 'b@corp.test', now: 'c@corp.test', why: 'edited-since' }],
    },
  ],
};

describe('undo', () => {
  it('15.3 shows what would go back and asks; what stays is named with the reason, exit code 5', async () => {
    const asked: string[] = [];
    const fake = await world({ answer: () => report, onConfirm: (question) => asked.push(question) > 0 });
    expect(await fake.run('undo', '--run', '12', '--reason', 'wrong OU')).toBe(5);
    const body = { run: 12, reason: 'wrong OU' };
    expect(fake.sent).toEqual([
      { method: 'POST', path: '/api/v1/undo', body: { ...body, preview: true } },
      { method: 'POST', path: '/api/v1/undo', body: { ...body, preview: false } },
    ]);
    expect(asked).toHaveLength(1);
    expect(fake.stdout.text).toMatch(
      /jnovak .*email: b@corp\.test → c@corp\.test \(a person has changed the user since\)/,
    );
    expect(fake.stdout.text).toContain('2 users went back, 1 stay as they are.');
    // The numbers of the preview are in the question, and not said twice.
    expect(fake.stdout.text).not.toContain('would go back');
  });

  it.each([
    [['--user', 'jnovak', '--run', '3'], { user: 'jnovak', run: 3 }],
    [['--user', 'jnovak', '--field', 'email'], { user: 'jnovak', field: 'email' }],
    [['--event', '99', '--field', 'email'], { event: 99, field: 'email' }],
  ])('15.3 undo %j', async (line, body) => {
    const fake = await world({ answer: () => ({ ...report, counts: { ...counts, untouched: 0 } }) });
    expect(await fake.run('undo', ...line, '--yes', '--json')).toBe(0);
    expect(fake.sent).toEqual([{ method: 'POST', path: '/api/v1/undo', body: { ...body, preview: false } }]);
  });

  it.each([[[]], [['--run', '1', '--event', '2']], [['--run', '1', '--field', 'email']], [['--run', 'x']]])(
    'refuses undo %j',
    async (line) => {
      const fake = await world({ answer: () => report });
      expect(await fake.run('undo', ...line)).toBe(2);
      expect(fake.sent).toEqual([]);
    },
  );
});

describe('bulk', () => {
  const job = {
    id: 4,
    finishedAt: null,
    cancelledBy: null,
    unknown: [],
    counts: { users: 2, done: 0, changed: 0, unchanged: 0, refused: 0 },
  };
  const ended = {
    ...job,
    finishedAt: '2026-01-01T00:00:00.000Z',
    counts: { ...job.counts, done: 2, changed: 1, refused: 1 },
  };
  const refused = {
    userId: 8,
    username: 'eva',
    outcome: 'refused',
    code: 'not-a-member',
    message: 'no member of "Sales"',
  };
  const answer: FakeOptions['answer'] = ({ path }) => {
    if (path.endsWith('/results')) return { items: [refused], next: null };
    return path.endsWith('/bulk') ? { preview: false, users: 2, unknown: [], job } : ended;
  };

  it('16.1 shows the number and asks; a refused user is named with the reason, exit code 5', async () => {
    const asked: string[] = [];
    const fake = await world({ answer, onConfirm: (question) => asked.push(question) > 0 });
    expect(await fake.run('bulk', 'set-main-team', 'Sales', '--users', 'jan, eva')).toBe(5);
    expect(asked).toEqual(['set-main-team Sales: 2 users. Go on?']);
    const body = { action: 'set-main-team', value: 'Sales', users: ['jan', 'eva'] };
    expect(fake.sent.map((sent) => sent.body ?? sent.path)).toEqual([
      { ...body, preview: true },
      { ...body, preview: false },
      '/api/v1/bulk/4',
      '/api/v1/bulk/4/results',
    ]);
    expect(fake.stdout.text).toContain('no member of "Sales"');
    expect(fake.stdout.text).toContain('1 users changed, 0 were so already, 1 refused.');
  });

  it('16.1 cancels a job, and says how far it was (issue 10, point 7)', async () => {
    const fake = await world({ answer: () => ({ ...ended, cancelledBy: 'local:jana' }) });
    expect(await fake.run('bulk', 'cancel', '4')).toBe(0);
    expect(fake.sent.map(({ method, path }) => [method, path])).toEqual([['POST', '/api/v1/bulk/4/cancel']]);
    expect(fake.stdout.text).toBe('Job 4 is cancelled: 2 of 2 users were done.\n');
    expect(await fake.run('bulk', 'cancel')).toBe(2);
  });

  it('16.1 takes a filter; says every result to programs', async () => {
    const fake = await world({ answer });
    expect(await fake.run('bulk', 'enable', '--filter', 'nov', '--all', '--yes', '--json')).toBe(5);
    expect(fake.sent[0]?.body).toEqual({ action: 'enable', filter: { search: 'nov', all: true }, preview: false });
    expect(JSON.parse(fake.stdout.text)).toEqual(refused);
  });

  it('16.1 takes a file, by employee id, until a date; names what nobody has (issue 11, point 14)', async () => {
    const asked: string[] = [];
    const missing = { users: 1, unknown: ['employee-id:E2'] };
    const fake = await world({
      answer: ({ path }) =>
        path.endsWith('/bulk')
          ? { preview: true, ...missing, job }
          : { ...ended, ...missing, counts: { ...ended.counts, refused: 0 } },
      onConfirm: (question) => asked.push(question) > 0,
    });
    const file = join(fake.folder, 'leavers.csv');
    await writeFile(file, '\uFEFFE1;Ana\r\n"E2";Bob\r\n\r\n');
    expect(await fake.run('bulk', 'disable-sync', '--file', file, '--by', 'employee-id', '--until', '7d')).toBe(5);
    expect(fake.sent[0]?.body).toMatchObject({ users: ['employee-id:E1', 'employee-id:E2'], preview: true });
    expect(asked[0]).toMatch(/^disable-sync until .*: 1 users \(nobody has employee-id:E2\)\. Go on\?$/);
    expect(fake.stderr.text).toContain('nobody has employee-id:E2');
  });

  it('16.1 selects as user list does, and from the worklist (issue 11, point 14)', async () => {
    const fake = await world({ answer });
    await fake.run('bulk', 'enable', '--team', 'Care', '--account', 'gone', '--state', 'inactive', '--yes');
    await fake.run('bulk', 'disable', '--worklist', 'account-gone', '--yes');
    await fake.run('user', 'list', '--team', 'Care', '--account', 'gone', '--state', 'inactive');
    const selected = { team: 'Care', account: 'gone', state: 'inactive' };
    expect(fake.sent.find(({ path }) => path.endsWith('/bulk'))?.body).toMatchObject({ filter: selected });
    expect(fake.sent.filter(({ path }) => path.endsWith('/bulk'))[1]?.body).toMatchObject({
      worklist: { why: 'account-gone' },
    });
    expect(fake.sent.find(({ path }) => path.endsWith('/users'))?.query).toMatchObject(selected);
  });

  it.each([[['unlock']], [['unlock', '--users', 'a', '--filter', 'b']], [['unlock', '--users', 'a', '--all']]])(
    'refuses bulk %j',
    async (line) => {
      const fake = await world({ answer });
      expect(await fake.run('bulk', ...line)).toBe(2);
      expect(fake.sent).toEqual([]);
    },
  );
});
