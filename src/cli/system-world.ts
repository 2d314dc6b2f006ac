import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { actingOsUser } from '../access/os-user.ts';
import { createRedactor } from '../telemetry/redactor.ts';
import type { DaemonPorts, World } from './world.ts';

/** The world of a real process. `loadDaemon` comes from the binary, which alone stands above the composition root. */
export function systemWorld(loadDaemon: () => Promise<DaemonPorts>): World {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    osUser: actingOsUser(),
    redactor: createRedactor(),
    now: () => new Date(),
    confirm,
    sleep,
    onInterrupt,
    loadDaemon,
    readHolder: async (dataDir) => (await import('../store/embedded/data-directory.ts')).readHolder(dataDir),
  };
}

/** On standard error: standard output is for data. The end of the input is no. */
async function confirm(question: string): Promise<boolean | null> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
    return /^y(es)?$/i.test((await Promise.race([terminal.question(`${question} [y/N] `), ended])).trim());
  } finally {
    terminal.close();
  }
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
