import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** One of the programs of this folder, in a process of its own. */
export type Child = {
  readonly pid: number;
  readonly say: (line: string) => void;
  /** The next line that it prints; an error if it ends without one. */
  readonly nextLine: () => Promise<string>;
  /** Everything that it still prints until it ends, with its exit code. */
  readonly rest: () => Promise<{ readonly lines: readonly string[]; readonly exitCode: number | null }>;
  /** SIGKILL; resolves when the process is gone. */
  readonly kill: () => Promise<void>;
};

/** Starts `program` of this folder; `shell` runs in a bash before it, such as `umask 022` or `ulimit -f 1000`. */
export function startChild(program: URL, args: readonly string[], shell = 'true'): Child {
  const script = fileURLToPath(program);
  const command = ['-c', `${shell} && exec "$0" "$@"`, process.execPath, script, ...args];
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn('bash', command, {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    say: (line) => void child.stdin.write(`${line}\n`),
    nextLine: async () => {
      const next = await lines.next();
      if (next.done === true) throw new Error(`${script} ended with exit code ${child.exitCode ?? 'none'}`);
      return next.value;
    },
    rest: async () => {
      const rest: string[] = [];
      for (let next = await lines.next(); next.done !== true; next = await lines.next()) rest.push(next.value);
      await exited;
      return { lines: rest, exitCode: child.exitCode };
    },
    kill: stop,
  };
}
