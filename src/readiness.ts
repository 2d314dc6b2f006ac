import { setTimeout as sleep } from 'node:timers/promises';
import { schemaState } from './store/migrate.ts';
import type { Db } from './store/sql.ts';
import type { Logger } from './telemetry/logger.ts';

/** Below the 2 s in which load balancers want their answer. */
const readinessMs = 1_500;

/** Answers in time whatever the database does, and asks it only once at a time however many ask (issue 10, point 7). */
export function inTime(ask: () => Promise<string | null>): () => Promise<string | null> {
  let asked: Promise<string | null> | null = null;
  return async () => {
    asked ??= ask().finally(() => {
      asked = null;
    });
    const late = new AbortController();
    const timeUp = sleep(readinessMs, 'the database does not answer in time', { signal: late.signal }).catch(
      () => null,
    );
    try {
      return await Promise.race([asked, timeUp]);
    } finally {
      late.abort();
    }
  };
}

/** Why requests cannot be served now; null where they can. */
export async function notReady(db: Db, log: Logger): Promise<string | null> {
  try {
    const state = await schemaState(db);
    return state === 'current' ? null : `the database's schema is ${state}`;
  } catch (error) {
    // Asked without a token: the log says why, the answer does not.
    log.warn({ err: error }, 'not ready: the database does not answer');
    return 'the database does not answer';
  }
}
