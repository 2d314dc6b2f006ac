import type { ApiClient } from './api-client.ts';
import type * as Connecting from './connect.ts';
import type { Connection, ConnectOptions } from './connect.ts';
import { fromEnvironment } from './environment.ts';
import { Output } from './output.ts';
import { createPaint } from './paint.ts';
import type { Paint } from './paint.ts';
import { localTime } from './times.ts';
import type { World } from './world.ts';

/** The options that every command has. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly url?: string;
}

/** What a command works with. */
export interface Context {
  readonly world: World;
  /** Data, and nothing else. */
  readonly out: Output;
  /** Everything else: hints, progress, errors. */
  readonly err: Output;
  /** For programs: one JSON object per line, times in UTC. */
  readonly json: boolean;
  readonly paint: Paint;
  readonly configFile: string;
  /** Opened at the first use and closed when the command ends. */
  connect(access: 'read' | 'write'): Promise<Connection>;
  /** The API, as `connect` finds it. */
  api(access: 'read' | 'write'): Promise<ApiClient>;
  /** A daemon that answers now, or null; never in process. */
  daemon(): Promise<Connection | null>;
  /** Told to people only. */
  hint(message: string): Promise<void>;
  /** A time for people, in local time. */
  time(iso: string | null | undefined): string;
  /** Lets go of what `connect` opened; the next use opens it anew. */
  close(): Promise<void>;
}

export function createContext(world: World, options: CommonOptions): Context {
  const out = new Output(world.stdout);
  const err = new Output(world.stderr);
  const json = options.json === true;
  const configFile = options.config ?? fromEnvironment(world, 'ROSTERD_CONFIG') ?? 'config/rosterd.yaml';
  let connection: Promise<Connection> | undefined;
  const wanted = (access: 'read' | 'write'): ConnectOptions => ({
    configFile,
    url: options.url,
    write: access === 'write',
    say: (message) => err.line(message),
  });
  const open = (access: 'read' | 'write'): Promise<Connection> =>
    (connection ??= connecting().then(({ connect }) => connect(world, wanted(access))));
  return {
    world,
    out,
    err,
    json,
    paint: createPaint(out.isTerminal, world.env),
    configFile,
    connect: open,
    api: async (access) => (await open(access)).client,
    daemon: async () => (await connecting()).connectToDaemon(world, wanted('read')),
    hint: async (message) => (json ? undefined : err.line(message)),
    time: (iso) => localTime(iso, world.timeZone),
    close: async () => {
      if (connection === undefined) return;
      // Where opening failed there is nothing to close, and the command has already heard of it.
      const opened = await connection.catch(() => undefined);
      connection = undefined;
      await opened?.close();
    },
  };
}

/** Loaded when it is needed: it brings the reading of the configuration with it, and help has to be quick. */
async function connecting(): Promise<Pick<typeof Connecting, 'connect' | 'connectToDaemon'>> {
  return import('./connect.ts');
}
