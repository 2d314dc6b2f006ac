import type { AddressInfo } from 'node:net';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissions } from '../../../src/domain/permissions.ts';
import { createBulkStore } from '../../../src/store/bulk-store.ts';
import { createBulkQueries } from '../../../src/store/queries/bulk.ts';
import { createBulk, type BulkRequest } from '../../../src/users/bulk.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { fillStore } from '../../support/api/filled-store.ts';
import { testApi, type TestApi } from '../../support/api/test-api.ts';

let database: OpenDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await openPostgres();
  await fillStore(database.knex);
  api = await testApi(database.knex);
});
afterAll(async () => {
  await api.app.close();
  await database.close();
});

const unlockBy = (operator: string): BulkRequest => ({
  ...{ action: 'unlock', value: null, insist: false, until: null, reason: null, operator, may: new Set(permissions) },
});
const usersFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

const some = (userIds: readonly number[]) => ({ userIds, unknown: [] });

/** Jobs whose action only notes whom it was done to; `during` is called before each. */
function bulkWith(during: (user: number) => Promise<void> = async () => undefined) {
  const done: number[] = [];
  const bulk = createBulk({
    store: createBulkStore(database.knex),
    acts: async (_job, userIds) => {
      for (const user of userIds) {
        await during(user);
        done.push(user);
      }
      return {
        results: userIds.map((userId) => ({ userId, outcome: 'changed', code: null, message: null })),
        woken: [],
      };
    },
    mergesWith: () => ({ mergeAll: () => expect.unreachable() }),
    requestReconcile: async () => undefined,
    exclusively: (work) => work(new AbortController().signal),
    log: { error: (_data, message) => expect.unreachable(message) },
  });
  return { bulk, done };
}

describe('bulk jobs (spec 16, issue 10 point 7)', () => {
  it('of one operator do not queue before those of everybody else', async () => {
    const store = createBulkStore(database.knex);
    await store.add(unlockBy('local:anna'), some(usersFrom(1, 250)));
    await store.add(unlockBy('local:anna'), some(usersFrom(1_000, 250)));
    await store.add(unlockBy('local:tester'), some(usersFrom(5_000, 3)));
    const { bulk, done } = bulkWith();
    await bulk.carryOut();
    expect(done).toHaveLength(503);
    expect(done.indexOf(5_000)).toBe(100);
  });

  it('are cancelled within a batch: who has no result stays as they are', async () => {
    const store = createBulkStore(database.knex);
    const job = await store.add(unlockBy('local:anna'), some(usersFrom(1, 250)));
    const { bulk, done } = bulkWith(async (user) => {
      if (user === 5) await bulk.cancel(job, 'local:tester');
    });
    await bulk.carryOut();
    expect(done).toHaveLength(100);
    const shown = await createBulkQueries(database.knex, null).get(job);
    expect(shown).toMatchObject({ cancelledBy: 'local:tester', counts: { users: 250, done: 100 } });
    await bulk.cancel(job, 'local:anna');
    expect(await createBulkQueries(database.knex, null).get(job)).toEqual(shown);
  });

  it('are at most five per operator', async () => {
    const store = createBulkStore(database.knex);
    const jobs: number[] = [];
    for (let job = 0; job < 5; job++) jobs.push(await store.add(unlockBy('local:anna'), some([1])));
    const { bulk } = bulkWith();
    await expect(bulk.start(unlockBy('local:anna'), some([1]))).rejects.toMatchObject({ code: 'too-many-jobs' });
    await expect(bulk.start(unlockBy('local:tester'), some([1]))).resolves.toBeGreaterThan(0);
    await bulk.carryOut();
    await expect(bulk.start(unlockBy('local:anna'), some([1]))).resolves.toBeGreaterThan(0);
    await bulk.carryOut();
    expect(jobs).toHaveLength(5);
  });

  it('find ten thousand users by one statement', async () => {
    const statements: string[] = [];
    const note = ({ sql }: { sql: string }): void => void statements.push(sql);
    const users = ['jnovak', ...Array.from({ length: 9_999 }, (_, index) => `nobody-${String(index)}`)];
    database.knex.on('query', note);
    const answer = await api.ask('POST', '/api/v1/bulk', { body: { action: 'unlock', users, preview: true } });
    database.knex.off('query', note);
    expect(answer).toMatchObject({ status: 200, json: { users: 1 } });
    expect(statements.length).toBeLessThan(10);
  });
});

describe('exports (issue 10, point 7)', () => {
  it('are at most two per operator at a time, and one that nobody reads ends', async () => {
    await api.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = api.app.server.address() as AddressInfo;
    const ask = (signal?: AbortSignal) =>
      fetch(`http://127.0.0.1:${String(port)}/api/v1/accounts/export`, {
        headers: { authorization: 'Bearer local-token-of-this-test', 'x-rosterd-os-user': 'anna' },
        ...(signal === undefined ? {} : { signal }),
      });
    // The list of accounts waits for its first page as long as the table is locked.
    const locked = await database.knex.transaction();
    await locked.raw('lock table account in access exclusive mode');
    const hangUp = new AbortController();
    const first = [ask(hangUp.signal), ask(hangUp.signal)].map((each) => each.catch(() => null));
    await expect.poll(() => waiting(locked)).toBe(2);
    expect((await ask()).status).toBe(429);
    hangUp.abort();
    await Promise.all(first);
    await locked.rollback();
    await expect.poll(async () => (await ask()).status).toBe(200);
  });
});

/** How many statements on accounts wait for the lock of the table. */
async function waiting(locked: Knex): Promise<number> {
  const text = `select count(*)::int as waiting from pg_locks where relation = 'account'::regclass and not granted`;
  return (await locked.raw<{ rows: { waiting: number }[] }>(text)).rows[0]?.waiting ?? 0;
}
