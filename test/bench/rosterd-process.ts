import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stopOnExit, forget } from '../support/services/cleanup.ts';

export const mainFile = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A run as `sync --json` prints it, as far as benches look at it. */
export interface PrintedRun {
  readonly id: number;
  readonly source: string;
  readonly mode: string;
  readonly state: string;
  readonly counts: Readonly<
    Record<'read' | 'new' | 'changed' | 'unchanged' | 'created' | 'linked' | 'updated', number>
  >;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What one command took. */
export interface Measured {
  readonly seconds: number;
  /** The most memory that the process had at once, in MB (VmHWM, proc(5)). */
  readonly peakRssMb: number;
  /** What the process itself computed, in seconds: other than the time it took, it does not depend on who else is busy. */
  readonly cpuSeconds: number;
  readonly stdout: string;
}

/** Writes a configuration (JSON is YAML) and gives its path. */
export async function writeConfiguration(folder: string, content: object): Promise<string> {
  const file = join(folder, 'rosterd.yaml');
  await writeFile(file, JSON.stringify(content, null, 2), { mode: 0o600 });
  return file;
}

/** This process's environment without its own ROSTERD_… settings, which would be rosterd's too. */
export function childEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ROSTERD_')));
}

/** Runs a rosterd command to its end in a process of its own. Throws with what it said where it did not end with 0. */
export function runRosterd(args: readonly string[]): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(process.execPath, [mainFile, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: childEnvironment(),
    });
    const leftover = { stopNow: () => child.kill('SIGKILL') };
    stopOnExit(leftover);
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
    let peakRssMb = 0;
    let cpuSeconds = 0;
    const sampler = setInterval(() => {
      peakRssMb = Math.max(peakRssMb, peakRssOf(child.pid ?? 0));
      cpuSeconds = Math.max(cpuSeconds, cpuSecondsOf(child.pid ?? 0));
    }, 100);
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(sampler);
      forget(leftover);
      const seconds = (performance.now() - started) / 1000;
      if (code === 0) resolve({ seconds, peakRssMb, cpuSeconds, stdout: said.stdout });
      else reject(new Error(`rosterd ${args.join(' ')} ended with ${String(code)}:\n${said.stdout}${said.stderr}`));
    });
  });
}

/** The high-water mark of a process's memory in MB; 0 for one that has ended. */
export function peakRssOf(pid: number): number {
  return memoryOf(pid, 'VmHWM');
}

/** A process's memory in MB; 0 for one that has ended. */
export function rssOf(pid: number): number {
  return memoryOf(pid, 'VmRSS');
}

function memoryOf(pid: number, what: 'VmHWM' | 'VmRSS'): number {
  try {
    const line = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) / 1024;
  } catch {
    return 0; // ended between two samples
  }
}

/** Lets the high-water mark of a process's memory begin anew (proc(5), clear_refs). */
export function forgetPeakRss(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** User and system time of a process so far; 0 for one that has ended. proc(5): fields 14 and 15 of stat, in hundredths. */
export function cpuSecondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0; // ended between two samples
  }
}

/** The runs that a `sync --json` printed. */
export function runsOf({ stdout }: Measured): PrintedRun[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as PrintedRun);
}
