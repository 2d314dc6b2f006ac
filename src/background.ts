import { setTimeout as sleep } from 'node:timers/promises';
import { LeaseLost } from './domain/lease.ts';
import type { ConfigurationEpoch } from './runs/epoch.ts';
import type { Logger } from './telemetry/logger.ts';

/** A stop in the middle of a run is no failure of the job: the next start takes the run up. */
export async function unlessStopping(signal: AbortSignal, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Nor is a run that is left to a process with a newer configuration, which that process has said. */
export async function unlessEnding(signal: AbortSignal, epoch: ConfigurationEpoch, work: Promise<void>): Promise<void> {
  try {
    await unlessStopping(signal, work);
  } catch (error) {
    if (!(error instanceof LeaseLost) || (await epoch.inForce())) throw error;
  }
}

/** Work that goes on behind the job that asked for it; `ended` waits for it at the end of the process. */
export function inBackground(signal: AbortSignal, epoch: ConfigurationEpoch, log: Logger) {
  const working = new Set<Promise<void>>();
  return {
    start(work: () => Promise<void>): void {
      const tracked = unlessEnding(signal, epoch, work())
        .catch((error: unknown) => {
          log.error({ err: error }, 'a reconcile failed');
        })
        .finally(() => working.delete(tracked));
      working.add(tracked);
    },
    async ended(): Promise<void> {
      await Promise.all(working);
    },
  };
}

/** Calls `round` again and again until the process is to stop, or until it has once not failed. One that fails is told and tried again. */
export async function inRounds(
  ms: number,
  signal: AbortSignal,
  log: Logger,
  round: () => Promise<void>,
  until: 'stop' | 'once' = 'stop',
): Promise<void> {
  const told = (error: unknown): void => {
    if (!signal.aborted) log.error({ err: error }, 'a round of upkeep failed and is tried again');
  };
  while (!signal.aborted) {
    const done = await round().then(() => true, told);
    if (done === true && until === 'once') return;
    await sleep(ms, undefined, { signal }).catch(told);
  }
}
