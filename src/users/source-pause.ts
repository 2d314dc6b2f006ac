import type { SourceId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent, RequestReconcile } from './events.ts';

/** `source pause|resume` (spec 14.1). */
interface SourcePauseRequest {
  readonly source: SourceId;
  readonly reason?: string | undefined;
  readonly operator: string;
}

interface LockedSource {
  readonly paused: boolean;
  /** Failed runs in a row. */
  readonly failures: number;
}

/** What pausing needs inside one transaction. */
export interface SourcePauseTransaction {
  /** Locks the source's row; null where there is no such source. */
  lockSource(source: SourceId): Promise<LockedSource | null>;
  pause(request: SourcePauseRequest): Promise<void>;
  /** Ends the pause and forgets the failures that led to it. */
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
  /** Says *try again* after a refused log-in, too (spec 3.4). @throws ActionRefusedError */
  resume(request: SourcePauseRequest): Promise<{ changed: boolean }>;
}

/** People's pause of a source. Pausing what is paused keeps the first reason; resuming what runs changes nothing. */
export function createSourcePause(store: SourcePauseStore, requestReconcile: RequestReconcile): SourcePause {
  return {
    async pause(request) {
      const waiting = await store.transaction(async (transaction) => {
        if ((await lock(transaction, request.source)).paused) return null;
        await transaction.pause(request);
        await transaction.appendEvent(eventOf(request, 'source-paused'));
        return transaction.sourcesWaitingFor(request.source);
      });
      if (waiting !== null && waiting.length > 0) await requestReconcile(waiting);
      return { changed: waiting !== null };
    },
    async resume(request) {
      const changed = await store.transaction(async (transaction) => {
        const { paused, failures } = await lock(transaction, request.source);
        if (paused || failures > 0) await transaction.resume(request.source);
        if (paused) await transaction.appendEvent(eventOf(request, 'source-resumed'));
        return paused;
      });
      return { changed };
    },
  };
}

async function lock(transaction: SourcePauseTransaction, source: SourceId): Promise<LockedSource> {
  const locked = await transaction.lockSource(source);
  if (locked === null) throw new ActionRefusedError('source-unknown', `There is no source ${source}.`);
  return locked;
}

function eventOf(request: SourcePauseRequest, type: 'source-paused' | 'source-resumed'): PersonsEvent {
  const [before, after] = type === 'source-paused' ? ['no', 'yes'] : ['yes', 'no'];
  const changes = [{ field: 'paused', before, after }];
  return {
    operator: request.operator,
    type,
    source: request.source,
    userId: null,
    changes,
    reason: request.reason ?? null,
  };
}
