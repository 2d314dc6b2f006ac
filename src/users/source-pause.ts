import type { Asker } from '../domain/permissions.ts';
import type { SourceId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent, RequestReconcile } from './events.ts';

/** `source pause|resume|retire` (spec 14.1). */
interface SourcePauseRequest extends Asker {
  readonly source: SourceId;
  readonly reason?: string | undefined;
}

interface LockedSource {
  readonly paused: boolean;
  readonly retired: boolean;
  /** Failed runs in a row. */
  readonly failures: number;
}

/** What pausing needs inside one transaction. */
export interface SourcePauseTransaction {
  /** Locks the source's row; null where there is no such source. */
  lockSource(source: SourceId): Promise<LockedSource | null>;
  pause(request: SourcePauseRequest): Promise<void>;
  /**
   * Retires: a store that is still being filled does not wait for it any more (spec 13.3), and its unfinished runs are
   * cancelled, the queued at once and the others at their next page or batch.
   */
  retire(request: SourcePauseRequest): Promise<void>;
  /** Ends pause and retirement, and forgets the failures that led to it. */
  resume(source: SourceId): Promise<void>;
  /** The sources whose latest run waited for this one (spec 4.8). */
  sourcesWaitingFor(source: SourceId): Promise<readonly SourceId[]>;
  appendEvent(event: PersonsEvent): Promise<void>;
}

/** Runs work in one transaction. */
export interface SourcePauseStore {
  transaction<T>(work: (transaction: SourcePauseTransaction) => Promise<T>): Promise<T>;
}

export interface SourcePause {
  /** Pauses, schedule included; the sources that waited for this one need not any more. @throws ActionRefusedError */
  pause(request: SourcePauseRequest): Promise<{ changed: boolean }>;
  /** A pause in which its accounts no longer count as presence and its links can be moved. @throws ActionRefusedError */
  retire(request: SourcePauseRequest): Promise<{ changed: boolean }>;
  /** Ends a pause or a retirement; says *try again* after a refused log-in, too (spec 3.4). @throws ActionRefusedError */
  resume(request: SourcePauseRequest): Promise<{ changed: boolean }>;
}

/** People's pause of a source. Pausing what is paused keeps the first reason; resuming what runs changes nothing. */
export function createSourcePause(store: SourcePauseStore, requestReconcile: RequestReconcile): SourcePause {
  /** What stops being read makes nobody wait. */
  const stop = async (
    source: SourceId,
    retires: boolean,
    work: (transaction: SourcePauseTransaction, locked: LockedSource) => Promise<boolean>,
  ): Promise<{ changed: boolean }> => {
    const waiting = await store.transaction(async (transaction) => {
      const changed = await work(transaction, await lock(transaction, source));
      return changed ? transaction.sourcesWaitingFor(source) : null;
    });
    // Where an ACD retires, a run moves users to what their other ACDs say (spec 5.8).
    if (waiting !== null && (retires || waiting.length > 0)) await requestReconcile(waiting);
    return { changed: waiting !== null };
  };
  return {
    pause: (request) =>
      stop(request.source, false, async (transaction, { paused, retired }) => {
        if (retired) throw alreadyRetired(request.source);
        if (paused) return false;
        await transaction.pause(request);
        await transaction.appendEvent(eventOf(request, 'source-paused', [{ field: 'paused', ...begun }]));
        return true;
      }),
    retire: (request) =>
      stop(request.source, true, async (transaction, { retired }) => {
        if (retired) return false;
        await transaction.retire(request);
        await transaction.appendEvent(eventOf(request, 'source-retired', [{ field: 'retired', ...begun }]));
        return true;
      }),
    async resume(request) {
      const { changed, wasRetired } = await store.transaction(async (transaction) => {
        const { paused, retired, failures } = await lock(transaction, request.source);
        if (paused || retired || failures > 0) await transaction.resume(request.source);
        const ends = [...(paused ? ['paused'] : []), ...(retired ? ['retired'] : [])];
        if (ends.length === 0) return { changed: false, wasRetired: false };
        const changes = ends.map((field) => ({ field, ...ended }));
        await transaction.appendEvent(eventOf(request, 'source-resumed', changes));
        return { changed: true, wasRetired: retired };
      });
      if (wasRetired) await requestReconcile([]);
      return { changed };
    },
  };
}

const begun = { before: 'no', after: 'yes' };
const ended = { before: 'yes', after: 'no' };

function alreadyRetired(source: SourceId): ActionRefusedError {
  return new ActionRefusedError(
    'source-retired',
    `Source ${source} is retired and not read anyway; \`rosterd source resume ${source}\` ends that.`,
  );
}

async function lock(transaction: SourcePauseTransaction, source: SourceId): Promise<LockedSource> {
  const locked = await transaction.lockSource(source);
  if (locked === null) throw new ActionRefusedError('source-unknown', `There is no source ${source}.`);
  return locked;
}

function eventOf(
  request: SourcePauseRequest,
  type: PersonsEvent['type'],
  changes: PersonsEvent['changes'],
): PersonsEvent {
  const { operator, may, source, reason } = request;
  return { operator, may, type, source, userId: null, changes, reason: reason ?? null };
}
