import { setTimeout as sleep } from 'node:timers/promises';
import { PermissionMissingError } from '../domain/permitted.ts';
import { storageFailureCode } from '../domain/storage-failure.ts';
import { ActionRefusedError } from './errors.ts';
import { createJobLoop } from './job-loop.ts';
import type { ManyDecisions, Undo, Undone, UndoRequest } from './undo-ports.ts';

/** An undo of a run, or of everything since a moment. */
export type ManyUndone = UndoRequest & { readonly target: ManyDecisions };

/** Such an undo as who asked for it sees it. */
export interface UndoJob {
  readonly id: number;
  readonly preview: boolean;
  readonly state: 'running' | 'finished' | 'failed' | 'cancelled';
  /** Decisions that were gone through. */
  readonly done: number;
  readonly report: Undone | null;
  readonly failure: UndoFailure | null;
}

/** What these jobs need of the database. */
export interface UndoJobStore {
  add(request: ManyUndone): Promise<number>;
  /** The oldest that is not finished. */
  next(): Promise<{ readonly id: number; readonly request: ManyUndone } | null>;
  /** Notes how far a job is; false where it has been cancelled. */
  progress(job: number, done: number): Promise<boolean>;
  finish(job: number, end: { readonly report: Undone } | { readonly failure: UndoFailure }): Promise<void>;
  /** Ends a job of this operator that is not finished, as it stands. */
  cancel(job: number, operator: string): Promise<void>;
  /** A job of this operator: its report names users in their scope. */
  get(job: number, operator: string): Promise<UndoJob | null>;
}

export interface UndoJobs {
  /** Keeps the job, begins with it in this process, and waits a little for its end. @throws ActionRefusedError */
  start(request: ManyUndone): Promise<UndoJob>;
  get(job: number, operator: string): Promise<UndoJob | null>;
  cancel(job: number, operator: string): Promise<void>;
  /** Goes on with the jobs that are not finished, until none is left. */
  carryOut(): Promise<void>;
}

export interface UndoJobOptions {
  readonly store: UndoJobStore;
  readonly undo: Undo;
  /** Runs work in one process at a time; where another one has it, it goes on there. */
  readonly exclusively: (work: (signal: AbortSignal) => Promise<void>) => Promise<void>;
  readonly log: { error(data: object, message: string): void };
}

/** So long the request for it waits; most undos have ended by then. */
const patienceMs = 8_000;
const pollMs = 50;
const noteMs = 1_000;

/**
 * Undoes of many decisions as jobs (spec 15.3): a run of 100,000 users takes longer than a request may. One that was broken off
 * is done again from its start, where what went back already is found to be back.
 */
export function createUndoJobs(options: UndoJobOptions): UndoJobs {
  const { store, log } = options;
  const carryOut = createJobLoop(options.exclusively, (signal) => carryOutAll(options, signal));
  return {
    async start(request) {
      const id = await store.add(request);
      carryOut().catch((error: unknown) => {
        log.error({ err: error, undoJob: id }, 'an undo was broken off and goes on later');
      });
      for (const until = performance.now() + patienceMs; ;) {
        const job = await store.get(id, request.operator);
        if (job === null) throw new Error(`undo job ${String(id)} is gone`);
        if (job.failure !== null) throw new UndoFailedError(job.failure);
        if (job.state !== 'running' || performance.now() > until) return job;
        await sleep(pollMs);
      }
    },
    get: (job, operator) => store.get(job, operator),
    cancel: (job, operator) => store.cancel(job, operator),
    carryOut,
  };
}

async function carryOutAll(options: UndoJobOptions, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const job = await options.store.next();
    if (job === null) return;
    const end = await undoWatched(options, job, signal);
    if (end !== 'cancelled') await options.store.finish(job.id, end);
  }
}

/** Undoes, notes every now and then how far it is, and hears a cancel. */
async function undoWatched(
  { store, undo, log }: UndoJobOptions,
  { id, request }: { readonly id: number; readonly request: ManyUndone },
  signal: AbortSignal,
): Promise<{ readonly report: Undone } | { readonly failure: UndoFailure } | 'cancelled'> {
  const stopped = new AbortController();
  let done = 0;
  const note = async (): Promise<void> => {
    if (!(await store.progress(id, done))) stopped.abort(new Cancelled());
  };
  // Beside the undo and not in it: the embedded database has one session, which a preview keeps until its end.
  const noting = setInterval(() => {
    note().catch((error: unknown) => {
      stopped.abort(error);
    });
  }, noteMs);
  try {
    const report = await undo(request, {
      signal: AbortSignal.any([signal, stopped.signal]),
      wentThrough: (decisions) => {
        done += decisions;
      },
    });
    await note();
    return { report };
  } catch (error) {
    if (error instanceof Cancelled) return 'cancelled';
    if (error instanceof ActionRefusedError || error instanceof PermissionMissingError)
      return { failure: { code: error.code, message: error.message } };
    // The database is full, or away: it goes on when that is over. So it does where this process ends.
    if (signal.aborted || storageFailureCode(error) !== null) throw error;
    log.error({ err: error, undoJob: id }, 'an undo failed');
    return { failure: { code: 'internal', message: 'a defect: the log has it; what went back before stays so' } };
  } finally {
    clearInterval(noting);
  }
}

interface UndoFailure {
  readonly code: string;
  readonly message: string;
}

/** Why a job failed, for who waits for it. */
class UndoFailedError extends Error {
  override readonly name = 'UndoFailedError';
  readonly code: string;
  constructor({ code, message }: UndoFailure) {
    super(message);
    this.code = code;
  }
}

/** A person has cancelled the job. */
class Cancelled extends Error {
  override readonly name = 'Cancelled';
}
