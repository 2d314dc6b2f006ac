import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { forget, stopOnExit } from '../../support/services/cleanup.ts';
import { isRunning } from '../../support/services/process.ts';
import { programPath } from '../../support/services/program.ts';
import { createTempDir } from '../../support/services/temp.ts';

const repository = join(import.meta.dirname, '../../..');
const binary = join(repository, 'src/main.ts');
/** A command that hangs fails its test with what it has printed, instead of the whole run with nothing. */
const COMMAND_LIMIT_MS = 150_000;
const START_LIMIT_MS = 90_000;
const POLL_MS = 50;

/** How a command ended. */
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** A run as `sync --json` and `run list --json` print it; the part that tests look at. */
export type RunRow = {
  readonly id: number;
  readonly source: string;
  readonly mode: 'full' | 'delta' | 'reconcile';
  readonly state: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string; readonly message: string };
  readonly waitingFor: readonly string[];
  readonly finishedAt: string | null;
};

/** How a `sync` ended, and its runs. */
export type Synced = Ended & { readonly runs: readonly RunRow[] };

/** What a configuration file says; JSON is YAML too. */
export type Configuration = Readonly<Record<string, unknown>>;

/** A running `rosterd start`. */
export type Daemon = {
  readonly pid: number;
  /** Where its API is and how to be let in; from its daemon.json. */
  readonly address: string;
  readonly token: string;
  /** Everything that it has printed so far. */
  readonly log: () => string;
  readonly ended: Launched['ended'];
  /** Sends SIGTERM and waits for the end. */
  readonly stop: () => Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
};

/** One installation in a folder of its own: configuration, data directory, and the real binary on them. */
export type Site = {
  readonly folder: string;
  readonly configFile: string;
  readonly dataDir: string;
  /** Writes the configuration anew. */
  readonly configure: (configuration: Configuration) => Promise<void>;
  /** Writes a file next to the configuration and gives its path. */
  readonly write: (name: string, text: string | Uint8Array) => Promise<string>;
  /** Runs one command to its end. */
  readonly run: (...args: string[]) => Promise<Ended>;
  /** Runs `sync --json`. */
  readonly sync: (...args: string[]) => Promise<Synced>;
  /** Runs a command that reads, with `--json`, and gives its lines; fails unless it exits with 0. */
  readonly rows: <Row>(...args: string[]) => Promise<Row[]>;
  /** Starts the daemon and waits until its API answers. */
  readonly start: (options?: { readonly env?: Environment }) => Promise<Daemon>;
  /** Starts the daemon without waiting for anything. */
  readonly launch: (options?: { readonly env?: Environment }) => Launched;
  readonly remove: () => Promise<void>;
};

export type Environment = Readonly<Record<string, string>>;

/** A process that has been started and may not be ready, or may end by itself. */
type Launched = {
  readonly pid: number;
  readonly log: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly kill: (signal: NodeJS.Signals) => void;
};

/** Makes a site; `environment` is what its processes get beside PATH and the like. */
export async function createSite(label: string, environment: Environment = {}): Promise<Site> {
  const directory = createTempDir(`e2e-${label}`);
  const folder = directory.path;
  const configFile = join(folder, 'config/rosterd.yaml');
  const dataDir = join(folder, 'data');
  await mkdir(dirname(configFile), { recursive: true });
  const launched: Launched[] = [];

  const run = (...args: string[]): Promise<Ended> => runBinary([...args, '--config', configFile], environment);
  const launch: Site['launch'] = ({ env = {} } = {}) => {
    const logFile = join(folder, `daemon-${launched.length + 1}.log`);
    const process = launchBinary(['start', '--config', configFile], { ...environment, ...env }, logFile);
    launched.push(process);
    return process;
  };
  return {
    folder,
    configFile,
    dataDir,
    configure: async (configuration) => {
      const complete = { dataDir: '../data', http: { port: 0 }, ...configuration };
      await writeFile(configFile, JSON.stringify(complete, null, 2));
    },
    write: async (name, text) => {
      const path = join(folder, 'config', name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      return path;
    },
    run,
    sync: async (...args) => {
      const ended = await run('sync', ...args, '--json');
      return { ...ended, runs: linesOf<RunRow>(ended.stdout) };
    },
    rows: async <Row>(...args: string[]) => {
      const ended = await run(...args, '--json');
      if (ended.code !== 0) throw new Error(`rosterd ${args.join(' ')} ended with ${ended.code}: ${ended.stderr}`);
      return linesOf<Row>(ended.stdout);
    },
    launch,
    start: async (options) => ready(launch(options), dataDir),
    remove: async () => {
      for (const process of launched) {
        process.kill('SIGKILL');
        await process.ended;
      }
      await directory.remove();
    },
  };
}

/** Runs the binary with these arguments. It gets an environment of its own: nothing of the tests' may reach it. */
function runBinary(args: readonly string[], environment: Environment = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawnBinary(args, environment, ['ignore', 'pipe', 'pipe']);
    const output = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const limit = setTimeout(() => child.kill('SIGKILL'), COMMAND_LIMIT_MS);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      if (signal === null) return resolve({ code, ...output });
      reject(new Error(`rosterd ${args.join(' ')} ended by ${signal}: ${output.stdout}\n${output.stderr}`));
    });
  });
}

function launchBinary(args: readonly string[], environment: Environment, logFile: string): Launched {
  const log = openSync(logFile, 'a');
  const child = spawnBinary(args, environment, ['ignore', log, log]);
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error('rosterd cannot be started');
  const kill = (signal: NodeJS.Signals): void => {
    if (isRunning(pid)) child.kill(signal);
  };
  const leftover = { stopNow: () => kill('SIGKILL') };
  stopOnExit(leftover);
  const ended = new Promise<Awaited<Launched['ended']>>((resolve) =>
    child.once('exit', (code, signal) => {
      forget(leftover);
      resolve({ code, signal });
    }),
  );
  return { pid, log: () => readFileSync(logFile, 'utf8'), ended, kill };
}

type Stdio = ['ignore', 'pipe' | number, 'pipe' | number];

/** setpriv(1) becomes the program itself, and has it killed when these tests are. */
function spawnBinary(args: readonly string[], environment: Environment, stdio: Stdio): ChildProcess {
  const { PATH = '', HOME = '/', LANG = 'C.UTF-8' } = process.env;
  return spawn(programPath('setpriv'), ['--pdeathsig', 'KILL', process.execPath, binary, ...args], {
    cwd: repository,
    env: { PATH, HOME, LANG, ...environment },
    stdio,
  });
}

async function ready(launched: Launched, dataDir: string): Promise<Daemon> {
  const end: { code?: number | null } = {};
  launched.ended.then(({ code }) => (end.code = code)).catch(() => undefined);
  const { address, token } = await until(
    'the daemon answers',
    async () => {
      if (end.code !== undefined) throw new Error(`the daemon ended with ${end.code}:\n${launched.log()}`);
      const said = await daemonFile(dataDir, launched.pid);
      return said !== undefined && (await isReady(said.address)) ? said : undefined;
    },
    START_LIMIT_MS,
  );
  return {
    pid: launched.pid,
    address,
    token,
    log: launched.log,
    ended: launched.ended,
    stop: async () => {
      launched.kill('SIGTERM');
      return launched.ended;
    },
  };
}

type Said = { readonly pid: number; readonly address: string; readonly token: string };

async function daemonFile(dataDir: string, pid: number): Promise<Said | undefined> {
  try {
    const said = JSON.parse(await readFile(join(dataDir, 'daemon.json'), 'utf8')) as Said;
    return said.pid === pid ? said : undefined;
  } catch {
    // Not there yet, or half written.
    return undefined;
  }
}

async function isReady(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/health/ready`)).ok;
  } catch {
    // Nobody listens yet.
    return false;
  }
}

/** Asks again and again until something other than undefined or false comes; fails after `limitMs`. */
export async function until<T>(what: string, ask: () => Promise<T>, limitMs = 30_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(POLL_MS);
  }
}

/** The objects of NDJSON. */
function linesOf<Row>(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}
