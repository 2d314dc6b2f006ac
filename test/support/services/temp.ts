import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forget, stopOnExit } from './cleanup.ts';
import { isRunning } from './process.ts';

/** A directory of mode 0700 that is gone after `remove`, or when the process that made it ends. */
export type TempDir = { readonly path: string; readonly remove: () => Promise<void> };

const PREFIX = 'rosterd-test-';
const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 } as const;
let staleRemoved = false;

/**
 * Makes a temporary directory. Its path is short, because a Unix socket's path may have 107 bytes only (unix(7)),
 * and carries the owner's process id, so that a later run removes what a killed one has left.
 */
export function createTempDir(label: string): TempDir {
  removeStale();
  const path = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-${label}-`));
  const leftover = { stopNow: () => rmSync(path, REMOVAL) };
  stopOnExit(leftover);
  return {
    path,
    remove: async () => {
      await rm(path, REMOVAL);
      forget(leftover);
    },
  };
}

function removeStale(): void {
  if (staleRemoved) return;
  staleRemoved = true;
  for (const name of readdirSync(tmpdir())) {
    const owner = /^rosterd-test-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) rmSync(join(tmpdir(), name), REMOVAL);
  }
}
