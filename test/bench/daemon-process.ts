import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { forget, stopOnExit } from '../support/services/cleanup.ts';
import { childEnvironment, mainFile } from './rosterd-process.ts';

/** A real daemon in a process of its own, and its API. */
export interface DaemonProcess {
  readonly pid: number;
  /** Status and body of one request with the local token. */
  readonly ask: (method: 'GET' | 'POST', path: string, body?: object) => Promise<{ status: number; body: unknown }>;
  /** The body of a GET that must succeed. */
  readonly get: <Body>(path: string) => Promise<Body>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** SIGTERM, or the signal given; resolves when the process is gone. */
  readonly end: (name?: NodeJS.Signals) => Promise<void>;
  readonly hasEnded: () => boolean;
  /** Everything that it has printed. */
  readonly output: () => string;
}

const startLimitMs = 120_000;
const endLimitMs = 30_000;

/** Starts `rosterd start` and waits until its API answers. `dataDir` is the configuration's, made absolute. */
export async function startDaemon(config: string, dataDir: string): Promise<DaemonProcess> {
  const child = spawn(process.execPath, [mainFile, 'start', '--config', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment(),
  });
  const pid = child.pid ?? 0;
  const leftover = { stopNow: () => child.kill('SIGKILL') };
  stopOnExit(leftover);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let ended = false;
  const exited = once(child, 'exit').then(() => {
    ended = true;
    forget(leftover);
  });
  const agent = new Agent({ keepAlive: true });
  const local = await untilListening(join(dataDir, 'daemon.json'), pid, () => {
    if (ended) throw new Error(`the daemon ended at its start:\n${output}`);
  });
  const ask: DaemonProcess['ask'] = (method, path, body) => askOnce(agent, local, method, path, body);
  return {
    pid,
    ask,
    get: async <Body>(path: string) => {
      const answer = await ask('GET', path);
      if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body as Body;
    },
    signal: (name) => child.kill(name),
    end: async (name = 'SIGTERM') => {
      child.kill(name);
      const late = sleep(endLimitMs, 'late' as const, { ref: false });
      if ((await Promise.race([exited, late])) === 'late') {
        child.kill('SIGKILL');
        throw new Error(`the daemon does not end on ${name}:\n${output.slice(-3_000)}`);
      }
      agent.destroy();
    },
    hasEnded: () => ended,
    output: () => output,
  };
}

interface Local {
  readonly address: string;
  readonly token: string;
  readonly pid: number;
}

/** The daemon's own description of itself; that of a killed one before it does not count. */
async function untilListening(file: string, pid: number, check: () => void): Promise<Local> {
  const deadline = Date.now() + startLimitMs;
  while (Date.now() < deadline) {
    check();
    const local = readLocal(file);
    if (local?.pid === pid) return local;
    await sleep(20);
  }
  throw new Error(`the daemon did not listen within ${startLimitMs} ms`);
}

function readLocal(file: string): Local | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Local;
  } catch {
    return undefined; // not there yet, or half written
  }
}

function askOnce(
  agent: Agent,
  local: Local,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${local.token}`,
      'x-rosterd-os-user': userInfo().username,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const sent = request(`${local.address}${path}`, { method, agent, headers, timeout: 60_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        const json = answer.headers['content-type']?.includes('json') === true && text !== '';
        resolve({ status: answer.statusCode ?? 0, body: json ? (JSON.parse(text) as unknown) : text });
      });
      answer.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer within 60 s`)));
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The answer of `/api/v1/syncs/:id` as far as tests look at it. */
export interface SyncAnswer {
  readonly id: string;
  readonly atRest: boolean;
  readonly runs: readonly {
    readonly id: number;
    readonly state: string;
    readonly phase: string | null;
    readonly counts: Readonly<Record<string, number>>;
    readonly error?: { readonly code: string; readonly message: string };
  }[];
}

/** Asks for a full sync of every source and waits until it and what it woke are at rest. */
export async function syncThroughApi(daemon: DaemonProcess): Promise<SyncAnswer> {
  const started = await daemon.ask('POST', '/api/v1/syncs', { mode: 'full' });
  if (started.status !== 202) throw new Error(`the sync was not accepted: ${JSON.stringify(started.body)}`);
  const { id } = started.body as SyncAnswer;
  for (;;) {
    const sync = await daemon.get<SyncAnswer>(`/api/v1/syncs/${id}`);
    if (sync.atRest) return sync;
    await sleep(100);
  }
}

/** Waits until no run is unfinished and at least one is there. */
export async function untilAtRest(daemon: DaemonProcess, limitMs = 300_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    const { items } = await daemon.get<{ items: { state: string }[] }>('/api/v1/runs?limit=50');
    if (items.length > 0 && items.every(({ state }) => !['queued', 'importing', 'reconciling'].includes(state))) return;
    await sleep(100);
  }
  throw new Error(`not at rest within ${limitMs} ms`);
}
