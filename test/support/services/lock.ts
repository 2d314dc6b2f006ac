import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programPath } from './program.ts';
import { ServiceError } from './service-error.ts';

const WAIT_LIMIT_S = 900;

/**
 * Does `work` while no other process of this user does work under the same name. The lock is flock(1)'s, held by a
 * child that ends with its standard input: it is free again as soon as this process is gone, however it ends.
 *
 * @throws ServiceError `service-lock-failed` when another process has held it for 15 minutes.
 */
export async function withLock<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const file = join(tmpdir(), `rosterd-test-${process.getuid?.() ?? 0}.${name}.lock`);
  const holder = spawn(
    programPath('flock'),
    ['--wait', String(WAIT_LIMIT_S), file, 'sh', '-c', 'echo held; exec cat'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    },
  );
  const ended = once(holder, 'close');
  await untilHeld(holder, file);
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}

async function untilHeld(holder: ChildProcess, file: string): Promise<void> {
  const held = await new Promise<boolean>((resolve, reject) => {
    holder.once('error', reject);
    holder.stdout?.once('data', () => resolve(true));
    holder.once('close', () => resolve(false));
  });
  if (held) return;
  const message = `Another test run has held ${file} for ${WAIT_LIMIT_S} seconds. Look who: fuser ${file}`;
  throw new ServiceError('service-lock-failed', message);
}
