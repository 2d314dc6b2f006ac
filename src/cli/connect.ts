import { hostOf, isLoopback } from '../loopback.ts';
import type { ApiClient } from './api-client.ts';
import { locateDataDirectory, readDaemonFile } from './data-directory.ts';
import { fromEnvironment } from './environment.ts';
import { CliError, UsageError } from './errors.ts';
import { exitCode } from './exit-codes.ts';
import { createHttpClient, isDaemonOf } from './http-client.ts';
import type { World } from './world.ts';

/** An open way to the API. */
export interface Connection {
  readonly client: ApiClient;
  /** `daemon`: what was asked for goes on when this process ends. */
  readonly where: 'daemon' | 'in-process';
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly configFile: string;
  /** From `--url`; ROSTERD_URL where it is not given. */
  readonly url: string | undefined;
  /** False for a command that only reads: it never creates a store. */
  readonly write: boolean;
  /** For people, on standard error: why it takes a while. */
  say(message: string): Promise<void>;
}

/** How long to wait for a daemon that is starting, and for another command, in milliseconds. */
const patienceMs = 30_000;
/** A daemon that says an address and does not answer there may be about to end. */
const goneMs = 3_000;
const pollMs = 100;
/** Nobody is told about a wait that is shorter. */
const quietMs = 700;

/**
 * The daemon over HTTP where one runs, else the same API in process. Waits for a daemon that is starting and for a
 * command that holds the data directory. Throws a CliError `no-connection`, `token-missing`, `insecure-address`, or what
 * the composition root throws.
 */
export async function connect(world: World, options: ConnectOptions): Promise<Connection> {
  const url = chosenUrl(world, options);
  return url === undefined ? connectHere(world, options) : connectThere(world, url);
}

function connectThere(world: World, url: string): Connection {
  if (!URL.canParse(url)) throw new UsageError(`"${url}" is no address; write one such as https://rosterd.example.com`);
  const asked = new URL(url);
  if (asked.protocol !== 'https:' && !(asked.protocol === 'http:' && isLoopback(hostOf(asked)))) {
    throw new CliError('insecure-address', exitCode.usage, `${url} would carry the token in clear`, {
      remedy: 'use an https:// address (http:// only to this machine itself)',
    });
  }
  const token = fromEnvironment(world, 'ROSTERD_TOKEN');
  if (token === undefined) {
    throw new CliError('token-missing', exitCode.notAllowed, `${url} needs an API token`, {
      remedy: 'put it into the environment variable ROSTERD_TOKEN',
    });
  }
  world.redactor.register(token);
  return overHttp(world, { address: url, token }, { unproven: false });
}

function overHttp(
  world: World,
  { address, token }: { readonly address: string; readonly token: string },
  { unproven }: { readonly unproven: boolean },
): Connection {
  const client = createHttpClient({ address, token, osUser: world.osUser, unproven });
  return { client, where: 'daemon', close: () => Promise.resolve() };
}

/** Only a daemon that answers, never in process; null where there is none. */
export async function connectToDaemon(world: World, options: ConnectOptions): Promise<Connection | null> {
  const url = chosenUrl(world, options);
  if (url !== undefined) return connectThere(world, url);
  return findDaemon(await locateDataDirectory(options.configFile, world), world);
}

function chosenUrl(world: World, options: ConnectOptions): string | undefined {
  return options.url ?? fromEnvironment(world, 'ROSTERD_URL');
}

async function connectHere(world: World, options: ConnectOptions): Promise<Connection> {
  const dataDir = await locateDataDirectory(options.configFile, world);
  const started = world.now().getTime();
  let told = false;
  for (;;) {
    const daemon = await findDaemon(dataDir, world);
    if (daemon !== null) return daemon;
    const holder = await world.readHolder(dataDir);
    const attempt = holder === null ? await openInProcess(world, options) : undefined;
    if (attempt !== undefined && 'client' in attempt) return { ...attempt, where: 'in-process' };

    const waited = world.now().getTime() - started;
    const reason = attempt?.heldBy ?? describeHolder(dataDir, holder);
    if (waited >= (holder?.address === undefined ? patienceMs : goneMs)) throw gaveUp(reason);
    if (!told && waited >= quietMs) {
      told = true;
      await options.say(`waiting: ${reason}`);
    }
    await world.sleep(pollMs);
  }
}

async function findDaemon(dataDir: string, world: World): Promise<Connection | null> {
  const file = await readDaemonFile(dataDir);
  if (file === null || !URL.canParse(file.address)) return null;
  world.redactor.register(file.token);
  if (!(await isDaemonOf(file.address, file.token))) return null;
  return overHttp(world, file, { unproven: true });
}

type Attempt = Omit<Connection, 'where'> | { readonly heldBy: string };

/** Somebody may take the data directory between the look at it and now. */
async function openInProcess(world: World, options: ConnectOptions): Promise<Attempt> {
  const { configFile, write } = options;
  const daemon = await world.loadDaemon();
  try {
    const opened = await daemon.openInProcess({
      configFile,
      redactor: world.redactor,
      wait: 0,
      write,
      osUser: world.osUser,
      say: (message) => options.say(message),
    });
    return { client: opened.client, close: () => opened.close() };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'data-directory-held')
      return { heldBy: error.message };
    throw error;
  }
}

function describeHolder(dataDir: string, holder: Awaited<ReturnType<World['readHolder']>>): string {
  if (holder === null) return `${dataDir} is in use`;
  const who = `(pid ${holder.pid} on ${holder.host})`;
  if (holder.role === 'command') return `\`rosterd ${holder.command}\` ${who} is using ${dataDir}`;
  if (holder.address === undefined) return `the daemon ${who} is starting`;
  return `the daemon ${who} does not answer at ${holder.address}`;
}

function gaveUp(reason: string): CliError {
  return new CliError('no-connection', exitCode.noConnection, `gave up waiting: ${reason}`, {
    remedy: 'try again, or stop that process',
  });
}
