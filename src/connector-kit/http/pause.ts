import { setTimeout as sleep } from 'node:timers/promises';

/** Waits as long as a server asked for. Throws the signal's reason as soon as that is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } finally {
    signal.throwIfAborted();
  }
}
