import { describe, expect, it } from 'vitest';
import { fakeWorld } from './fake-world.ts';
import type { Sent } from './fake-world.ts';
import { sampleAccount, sampleEvent, sampleExplanation, sampleRun, sampleSource, sampleUser } from './samples.ts';

/** Answers everything well, so that every command gets to its last request. */
function answer({ method, path }: Sent): unknown {
  if (path.endsWith('/explain')) return sampleExplanation;
  if (path.endsWith('/cancel')) return { result: 'asked' };
  if (path.endsWith('/check')) return { steps: [] };
  if (/\/(pause|resume|retire)$/.test(path)) return sampleSource;
  if (/\/(ignore|unignore)$/.test(path)) return sampleAccount;
  if (path.endsWith('/ack')) return { userId: 12, acknowledged: true };
  if (path.endsWith('/sync')) return { preview: false, changed: true, changes: [], warnings: [], user: sampleUser };
  if (path === '/api/v1/syncs') return { id: 's 1', runs: [sampleRun], refused: [] };
  if (path.startsWith('/api/v1/syncs/')) return { id: 's 1', atRest: true, runs: [sampleRun] };
  if (path.startsWith('/api/v1/runs/')) return sampleRun;
  if (method === 'GET' && /users\/[^/]+$/.test(path)) return sampleUser;
  // Where there is nobody, `user list` asks for the reason.
  if (path === '/api/v1/users') return { items: [sampleUser], next: null };
  if (path === '/api/v1/events') return { items: [sampleEvent], next: 'c1', atEnd: true };
  return { items: [], next: null };
}

const page = (path: string, query: Record<string, unknown> = {}): Sent => ({
  method: 'GET',
  path,
  query: { ...query, limit: 1000 },
});
const put = (body: Record<string, unknown>): Sent => ({ method: 'PUT', path: '/api/v1/users/jnovak/sync', body });
const post = (path: string, body: Record<string, unknown> = {}): Sent => ({ method: 'POST', path, body });
const poll: Sent = { method: 'GET', path: '/api/v1/syncs/s%201' };

/** Command line → the requests that go out, and whether they may create a store. */
const table: readonly (readonly [line: string, write: boolean, requests: readonly Sent[]])[] = [
  ['user list', false, [page('/api/v1/users')]],
  [
    'user list --all --search nov --sync off',
    false,
    [page('/api/v1/users', { all: true, search: 'nov', sync: 'off' })],
  ],
  ['user show 12', false, [{ method: 'GET', path: '/api/v1/users/12' }]],
  ['user show CORP\\j/n?', false, [{ method: 'GET', path: '/api/v1/users/CORP%5Cj%2Fn%3F' }]],
  ['user explain jnovak', false, [{ method: 'GET', path: '/api/v1/users/jnovak/explain' }]],
  ['user history jnovak', false, [page('/api/v1/users/jnovak/events')]],
  ['user sync on jnovak --yes', true, [put({ enabled: true })]],
  [
    'user sync off jnovak --source corp-ad --until 2026-06-01T10:00Z --reason leave',
    true,
    [put({ enabled: false, source: 'corp-ad', until: '2026-06-01T10:00:00.000Z', reason: 'leave' })],
  ],
  ['user sync off jnovak --until 7d', true, [put({ enabled: false, until: '2026-03-11T12:00:00.000Z' })]],
  ['account list', false, [page('/api/v1/accounts')]],
  [
    'account list --source corp-ad --state gone --match linked',
    false,
    [page('/api/v1/accounts', { source: 'corp-ad', state: 'gone', match: 'linked' })],
  ],
  ['source list', false, [page('/api/v1/sources')]],
  ['source check corp-ad', true, [post('/api/v1/sources/corp-ad/check')]],
  ['source pause corp-ad --reason repair', true, [post('/api/v1/sources/corp-ad/pause', { reason: 'repair' })]],
  ['source resume corp-ad', true, [post('/api/v1/sources/corp-ad/resume')]],
  ['source retire corp-ad --reason moved', true, [post('/api/v1/sources/corp-ad/retire', { reason: 'moved' })]],
  ['account list --matched', false, [page('/api/v1/accounts', { matched: true })]],
  ['account list --not-matched --source acd', false, [page('/api/v1/accounts', { source: 'acd', matched: false })]],
  ['account ignore acd 00/71 --reason test', true, [post('/api/v1/accounts/acd/00%2F71/ignore', { reason: 'test' })]],
  ['account unignore acd 0071', true, [post('/api/v1/accounts/acd/0071/unignore')]],
  ['run list --source corp-ad --state failed', false, [page('/api/v1/runs', { source: 'corp-ad', state: 'failed' })]],
  ['run list --all', false, [page('/api/v1/runs')]],
  [
    'run list --since 2h --until 1h',
    false,
    [
      page('/api/v1/runs', {
        since: '2026-03-04T10:00:00.000Z',
        until: '2026-03-04T11:00:00.000Z',
        busy: true,
      }),
    ],
  ],
  ['run show 7', false, [{ method: 'GET', path: '/api/v1/runs/7' }]],
  ['run cancel 7', true, [post('/api/v1/runs/7/cancel')]],
  ['sync', true, [post('/api/v1/syncs', { mode: 'delta' }), poll]],
  ['sync corp-ad acd --full', true, [post('/api/v1/syncs', { sources: ['corp-ad', 'acd'], mode: 'full' }), poll]],
  [
    'review list --source corp-ad --kind unique-taken',
    false,
    [page('/api/v1/review-items', { source: 'corp-ad', kind: 'unique-taken' })],
  ],
  ['worklist', false, [page('/api/v1/worklist')]],
  ['worklist --all', false, [page('/api/v1/worklist', { all: true })]],
  [
    'worklist --why account-gone --source acd --run 3 --user jnovak --team North',
    false,
    [page('/api/v1/worklist', { why: 'account-gone', source: 'acd', run: '3', user: 'jnovak', team: 'North' })],
  ],
  [
    'worklist ack jnovak --reason seen --until 7d',
    true,
    [post('/api/v1/worklist/jnovak/ack', { reason: 'seen', until: '2026-03-11T12:00:00.000Z' })],
  ],
  ['log', false, [page('/api/v1/events', { order: 'asc' })]],
  [
    'log --since 2h --source corp-ad --user jnovak --run 7',
    false,
    [
      page('/api/v1/events', {
        order: 'asc',
        since: '2026-03-04T10:00:00.000Z',
        source: 'corp-ad',
        user: 'jnovak',
        run: '7',
      }),
    ],
  ],
  [
    'log --until 1h --kind operator --type user-purged --text sure',
    false,
    [
      page('/api/v1/events', {
        order: 'asc',
        until: '2026-03-04T11:00:00.000Z',
        kind: 'operator',
        type: 'user-purged',
        text: 'sure',
      }),
    ],
  ],
  [
    'user create eva language=cs email=e=v@x.test --team Sales --group Prague --reason new',
    true,
    [
      post('/api/v1/users', {
        fields: { username: 'eva', language: 'cs', email: 'e=v@x.test' },
        ...{ team: 'Sales', group: 'Prague', reason: 'new' },
      }),
    ],
  ],
  ['user numeric-ids', false, [{ method: 'GET', path: '/api/v1/numeric-ids/free' }, page('/api/v1/numeric-ids')]],
  ['user numeric-ids --free', false, [{ method: 'GET', path: '/api/v1/numeric-ids/free' }]],
  ['openapi', false, [{ method: 'GET', path: '/api/v1/openapi.json' }]],
];

describe('requests of the commands', () => {
  it.each(table)('%s', async (line, write, requests) => {
    const fake = await fakeWorld({ answer });
    try {
      for (const json of [[], ['--json']]) {
        fake.sent.length = 0;
        expect(await fake.run(...line.split(' '), ...json)).toBe(0);
        expect(fake.sent.map(withoutUndefined)).toEqual(requests);
        expect(fake.asked.at(-1)).toMatchObject({ name: 'openInProcess', options: { write } });
        expect(fake.opened).toBe(0);
      }
    } finally {
      await fake.clean();
    }
  });
});

/** A query name without a value does not go out. */
function withoutUndefined({ query, ...rest }: Sent): Sent {
  if (query === undefined) return rest;
  return { ...rest, query: Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) };
}

describe('commands of the composition root', () => {
  it('start and migrate get the configuration', async () => {
    const fake = await fakeWorld();
    try {
      expect(await fake.run('start', '--role', 'worker', '--config', 'other.yaml')).toBe(0);
      expect(await fake.run('migrate', '--json')).toBe(0);
      expect(fake.asked).toMatchObject([
        { name: 'startDaemon', options: { configFile: 'other.yaml', role: 'worker', redactor: fake.world.redactor } },
        { name: 'migrateDatabase', options: { configFile: fake.world.env['ROSTERD_CONFIG'] } },
      ]);
      expect(fake.stdout.lines).toEqual(['{"applied":["0001-foundation"]}']);
    } finally {
      await fake.clean();
    }
  });
});
