import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { osUserName } from '../access/os-user.ts';
import { createRedactor } from '../telemetry/redactor.ts';
import type { DaemonPorts, World } from './world.ts';

/** The world of a real process. `loadDaemon` comes from the binary, which alone stands above the composition root. */
export function systemWorld(loadDaemon: () => Promise<DaemonPorts>): World {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    osUser: osUserName(),
    redactor: createRedactor(),
    now: () => new Date(),
    sleep,
    onInterrupt,
    loadDaemon,
    readHolder: async (dataDir) => (await import('../store/embedded/data-directory.ts')).readHolder(dataDir),
  };
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}

function onInterrupt(listener: () => void): () => void {
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
}
