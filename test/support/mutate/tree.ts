import { spawn } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const left = new Set(['node_modules', '.git', '.rosterd', 'dist', 'coverage']);

/** A private copy of the project, with its dependencies linked. The original is never touched. */
export interface TreeCopy {
  readonly root: string;
  /** Files below the given folders, relative to the root, in a fixed order. */
  readonly sources: (folders: readonly string[]) => string[];
  readonly remove: () => void;
}

export function copyTree(original: string): TreeCopy {
  const root = mkdtempSync(join(tmpdir(), 'rosterd-mutate-'));
  for (const name of readdirSync(original))
    if (!left.has(name)) cpSync(join(original, name), join(root, name), { recursive: true });
  symlinkSync(join(original, 'node_modules'), join(root, 'node_modules'));
  return {
    root,
    sources: (folders) => folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root })).sort(),
    remove: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** What the tests say: `timeout` where they did not end in time, which a change that loops for ever brings about. */
export type Outcome = 'green' | 'red' | 'timeout';

/** Runs the unit and pure property tests that reach `file`, up to the first that fails. */
export async function runTests(root: string, file: string, timeoutMs: number): Promise<Outcome> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'related', file, '--run', '--project', 'unit', '--bail', '1', '--reporter', 'dot'];
  // The same worlds for every change: whether one is found must not hang on what was drawn for it.
  const env = { ROSTERD_PROPERTY_SEED: '1', ...process.env };
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'ignore', detached: true, env });
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  child.once('error', reject);
  child.once('exit', (code, signal) => {
    resolve(signal !== null ? 'timeout' : code === 0 ? 'green' : 'red');
  });
  // A worker that loops for ever answers no polite signal: the whole group of processes goes.
  const timer = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, timeoutMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
