import { afterAll, describe, expect, inject, it } from 'vitest';
import { openRunQueue, openRunWorker, type QueueBackend } from '../../../src/queue/run-queue.ts';
import { connectionOf } from '../../../src/store/database.ts';
import { freshDatabase } from '../../support/database.ts';

const log = {
  warn: (data: object, message: string) => {
    throw new Error(`${message}: ${JSON.stringify(data)}`);
  },
  error: () => undefined,
};

const database = await freshDatabase();
afterAll(database.drop);
const backends: Record<string, QueueBackend> = {
  PostgreSQL: {
    kind: 'database',
    pool: { ...connectionOf(database.url, () => Promise.resolve(database.url)) },
    migrates: false,
  },
  Redis: { kind: 'redis', url: inject('redis').url },
};

describe.each(Object.entries(backends))('the queue on %s', (_name, backend) => {
  it('hands every run and reconcile to a worker once, also what was added before it came', async () => {
    const queue = await openRunQueue(backend, log);
    const done = Promise.withResolvers<undefined>();
    const seen: string[] = [];
    const note = (what: string): Promise<void> => {
      seen.push(what);
      if (seen.length === 4) done.resolve(undefined);
      return Promise.resolve();
    };
    await queue.addRun(1);
    await queue.addReconcile();
    const worker = await openRunWorker(
      backend,
      { run: (id) => note(`run ${String(id)}`), reconcile: () => note('reconcile') },
      log,
    );
    await queue.addRun(2);
    await queue.addRun(3);
    await done.promise;
    await worker.close();
    await queue.close();
    expect(seen.sort()).toEqual(['reconcile', 'run 1', 'run 2', 'run 3']);
  });

  it('a job that fails neither stops the worker nor comes again', async () => {
    const queue = await openRunQueue(backend, log);
    const done = Promise.withResolvers<undefined>();
    const tried: number[] = [];
    const run = (id: number): Promise<void> => {
      tried.push(id);
      if (id === 12) done.resolve(undefined);
      return id === 11 ? Promise.reject(new Error('planted')) : Promise.resolve();
    };
    const worker = await openRunWorker(backend, { run, reconcile: () => Promise.resolve() }, log);
    await queue.addRun(11);
    await queue.addRun(12);
    await done.promise;
    await worker.close();
    await queue.close();
    expect(tried.sort()).toEqual([11, 12]);
  });
});
