import { describe, expect, it } from 'vitest';
import { ActionRefusedError } from '../../../src/users/errors.ts';
import { createUndoJobs, type ManyUndone, type UndoJob, type UndoJobStore } from '../../../src/users/undo-jobs.ts';
import type { Undo, Undone } from '../../../src/users/undo-ports.ts';

const request: ManyUndone = { target: { run: 7 }, preview: false, operator: 'anna', may: new Set() };
const report: Undone = {
  counts: { back: 3, partly: 0, untouched: 0, already: 0, linksEnded: 0, deactivated: 0 },
  named: [],
  told: [],
};

/** Jobs in memory, as the database keeps them. */
function memoryStore() {
  const jobs: (Omit<UndoJob, 'state'> & { state: UndoJob['state']; operator: string; request: ManyUndone })[] = [];
  const at = (id: number) => {
    const job = jobs.find((each) => each.id === id);
    if (job === undefined) throw new Error(`no job ${String(id)}`);
    return job;
  };
  const store: UndoJobStore = {
    add(asked) {
      const id = jobs.length + 1;
      const job = { preview: asked.preview, state: 'running', done: 0, report: null, failure: null } as const;
      jobs.push({ id, ...job, operator: asked.operator, request: asked });
      return Promise.resolve(id);
    },
    next: () => Promise.resolve(jobs.find((job) => job.state === 'running') ?? null),
    progress(id, done) {
      if (at(id).state !== 'running') return Promise.resolve(false);
      Object.assign(at(id), { done });
      return Promise.resolve(true);
    },
    finish(id, end) {
      if (at(id).state === 'running') Object.assign(at(id), end, { state: 'report' in end ? 'finished' : 'failed' });
      return Promise.resolve();
    },
    cancel(id) {
      Object.assign(at(id), { state: 'cancelled' });
      return Promise.resolve();
    },
    get: (id, operator) => Promise.resolve(at(id).operator === operator ? at(id) : null),
  };
  return { store, jobs };
}

function jobsWith(undo: Undo, exclusively = (work: (signal: AbortSignal) => Promise<void>) => work(never)) {
  const memory = memoryStore();
  const logged: object[] = [];
  const log = { error: (data: object) => void logged.push(data) };
  return { ...memory, logged, undoJobs: createUndoJobs({ store: memory.store, undo, exclusively, log }) };
}

const never = new AbortController().signal;

describe('15.3 undoing a run is a job', () => {
  it('that who asked waits for a little, with what came of it', async () => {
    const { undoJobs } = jobsWith((_request, watch) => {
      watch?.wentThrough(3);
      return Promise.resolve(report);
    });
    expect(await undoJobs.start(request)).toMatchObject({ state: 'finished', done: 3, report });
  });

  it('whose refusal is told with its code, and kept', async () => {
    const { undoJobs, jobs } = jobsWith(() =>
      Promise.reject(new ActionRefusedError('run-unknown', 'There is no run 7.')),
    );
    await expect(undoJobs.start(request)).rejects.toMatchObject({ code: 'run-unknown', message: 'There is no run 7.' });
    expect(jobs[0]).toMatchObject({ state: 'failed', failure: { code: 'run-unknown' } });
  });

  it('that another process does again from its start when the one that had it has died', async () => {
    let tries = 0;
    const dying = new AbortController();
    const signals = [dying.signal, never];
    const { undoJobs, jobs } = jobsWith(
      (_request, watch) => {
        tries++;
        if (tries === 1) dying.abort(new Error('the process ends'));
        watch?.signal.throwIfAborted();
        return Promise.resolve(report);
      },
      (work) => work(signals.shift() ?? never),
    );
    const asked = undoJobs.start(request);
    await expect.poll(() => tries).toBe(1);
    expect(jobs[0]).toMatchObject({ state: 'running' });
    await undoJobs.carryOut();
    expect(await asked).toMatchObject({ state: 'finished', report });
    expect(tries).toBe(2);
  });

  it('that stops before its next batch when it is cancelled', async () => {
    const begun = Promise.withResolvers<undefined>();
    const { undoJobs, jobs } = jobsWith(async (_request, watch) => {
      begun.resolve(undefined);
      const stopped = Promise.withResolvers<undefined>();
      watch?.signal.addEventListener('abort', () => {
        stopped.resolve(undefined);
      });
      await stopped.promise;
      watch?.signal.throwIfAborted();
      return report;
    });
    const asked = undoJobs.start(request);
    await begun.promise;
    await undoJobs.cancel(1, 'anna');
    expect(await asked).toMatchObject({ state: 'cancelled', report: null });
    await undoJobs.carryOut();
    expect(jobs[0]).toMatchObject({ state: 'cancelled', report: null });
  });

  it('that ends as failed where it meets a defect, instead of beginning anew for ever', async () => {
    const { undoJobs, logged } = jobsWith(() => Promise.reject(new TypeError('x is undefined')));
    await expect(undoJobs.start(request)).rejects.toMatchObject({ code: 'internal' });
    expect(logged).toHaveLength(1);
  });

  it('that only who asked for it sees: its report names users in their scope', async () => {
    const { undoJobs } = jobsWith(() => Promise.resolve(report));
    const { id } = await undoJobs.start(request);
    expect(await undoJobs.get(id, 'boris')).toBeNull();
    expect(await undoJobs.get(id, 'anna')).toMatchObject({ report });
  });
});
