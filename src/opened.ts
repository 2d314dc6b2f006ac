import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from './telemetry/logger.ts';

/** What a process has opened so far, with the way to close each. */
export interface Opened {
  add(name: string, close: () => Promise<unknown> | unknown): void;
  /** Closes everything, the last first. What fails or hangs is told and left, so that the rest is closed all the same. */
  close(): Promise<void>;
}

/** Work under way is let finish: a batch, a page, the closing of the embedded database (30 s at most). */
const patienceMs = 60_000;

/** Starts with nothing opened. */
export function collectOpened(log: Pick<Logger, 'warn'>): Opened {
  const all: { readonly name: string; readonly close: () => Promise<unknown> | unknown }[] = [];
  return {
    add: (name, close) => void all.push({ name, close }),
    async close() {
      for (let next = all.pop(); next !== undefined; next = all.pop()) {
        const { name, close } = next;
        try {
          await inTime(close);
        } catch (error) {
          log.warn({ err: error }, `could not be closed: ${name}`);
        }
      }
    },
  };
}

async function inTime(close: () => Promise<unknown> | unknown): Promise<void> {
  const limit = new AbortController();
  const timeUp = async (): Promise<never> => {
    await sleep(patienceMs, undefined, { signal: limit.signal, ref: false });
    throw new Error(`it did not close within ${String(patienceMs / 1_000)} s`);
  };
  try {
    await Promise.race([close(), timeUp()]);
  } finally {
    limit.abort();
  }
}
