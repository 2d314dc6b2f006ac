import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiRequest } from '../../../src/cli/api-client.ts';
import type { ExitCode } from '../../../src/cli/exit-codes.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import type { DaemonPorts, TextStream, World } from '../../../src/cli/world.ts';
import { createRedactor } from '../../../src/telemetry/redactor.ts';

/** A stream that keeps what is written to it. */
class FakeStream implements TextStream {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor(isTTY = false, columns = 100) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string, done: (error?: Error | null) => void): void {
    this.text += text;
    done();
  }

  on(): void {
    // It never breaks.
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

/** One request as it went out. */
export interface Sent extends ApiRequest {
  readonly method: string;
  readonly path: string;
}

/** What the fake API says; an object stands for status 200. */
type Answering = (request: Sent) => unknown;

/** An answer with another status than 200. */
export class Status {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    this.status = status;
    this.body = body;
  }
}

export interface FakeWorld {
  readonly world: World;
  readonly stdout: FakeStream;
  readonly stderr: FakeStream;
  readonly sent: Sent[];
  readonly folder: string;
  /** What the composition root was asked for. */
  readonly asked: { readonly name: string; readonly options: Readonly<Record<string, unknown>> }[];
  /** How many in-process engines are open. */
  opened: number;
  /** Presses Ctrl-C. */
  interrupt(): void;
  run(...argv: string[]): Promise<ExitCode>;
  clean(): Promise<void>;
}

export interface FakeOptions {
  readonly answer?: Answering;
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly ports?: Partial<DaemonPorts>;
  readonly readHolder?: World['readHolder'];
  /** Answers a yes-or-no question; without it nobody is there. */
  readonly onConfirm?: (question: string) => boolean;
  /** Called instead of waiting. */
  readonly onSleep?: (ms: number) => Promise<void> | void;
}

/** A world whose API is in process and answers as told, and whose clock moves only when somebody sleeps. */
export async function fakeWorld(options: FakeOptions = {}): Promise<FakeWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'rosterd-cli-'));
  const config = join(folder, 'rosterd.yaml');
  await writeFile(config, 'dataDir: data\n');
  const stdout = new FakeStream(options.terminal, options.columns);
  const stderr = new FakeStream(options.terminal, options.columns);
  const sent: Sent[] = [];
  const asked: FakeWorld['asked'] = [];
  const interrupts = new Set<() => void>();
  let now = Date.parse('2026-03-04T12:00:00Z');

  const ports: DaemonPorts = {
    startDaemon: async (given) => void asked.push({ name: 'startDaemon', options: { ...given } }),
    migrateDatabase: async (given) => {
      asked.push({ name: 'migrateDatabase', options: { ...given } });
      return { applied: ['0001-foundation'] };
    },
    openInProcess: async (given) => {
      asked.push({ name: 'openInProcess', options: { ...given } });
      fake.opened += 1;
      return {
        client: {
          request: async (method, path, request = {}) => {
            sent.push({ method, path, ...request });
            const said = options.answer?.({ method, path, ...request }) ?? { items: [], next: null, atEnd: true };
            return said instanceof Status ? said : { status: 200, body: said };
          },
        },
        close: async () => {
          fake.opened -= 1;
        },
      };
    },
    dryRun: () => Promise.reject(new Error('no dry run here')),
    readSettings: () => Promise.reject(new Error('no settings here')),
    ...options.ports,
  };
  const world: World = {
    stdout,
    stderr,
    env: { ROSTERD_CONFIG: config, ...options.env },
    osUser: 'jana',
    timeZone: 'Europe/Prague',
    redactor: createRedactor(),
    now: () => new Date(now),
    confirm: async (question) => options.onConfirm?.(question) ?? null,
    sleep: async (ms) => {
      now += ms;
      await options.onSleep?.(ms);
    },
    onInterrupt: (listener) => {
      interrupts.add(listener);
      return () => interrupts.delete(listener);
    },
    loadDaemon: async () => ports,
    readHolder: options.readHolder ?? (async () => null),
  };
  const fake: FakeWorld = {
    ...{ world, stdout, stderr, sent, folder, asked },
    opened: 0,
    interrupt: () => {
      for (const listener of [...interrupts]) listener();
    },
    run: (...argv) => runCli(argv, world),
    clean: () => rm(folder, { recursive: true, force: true }),
  };
  return fake;
}
