import { randomInt } from 'node:crypto';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { ServiceError } from './service-error.ts';

// Below 32768, where Linux's ephemeral ports begin (ip(7), ip_local_port_range): no outgoing connection takes such a
// port between our look and the server's bind. At random, so that two runs hardly ever look at the same one.
const LOWEST = 20_000;
const HIGHEST = 32_767;
const ATTEMPTS = 50;

/** A TCP port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (await isFree(port)) return port;
  }
  throw new ServiceError('service-port-taken', `${ATTEMPTS} ports from ${LOWEST} to ${HIGHEST} are all taken.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await listen(server, '127.0.0.1', port);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
  await close(server);
  return true;
}

/**
 * Makes sure that a server with fixed ports will get them.
 *
 * @throws ServiceError `service-port-taken`, with the process that holds the port
 */
export async function requirePort(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    await listen(server, host, port);
  } catch (error) {
    throw new ServiceError(
      'service-port-taken',
      `${host}:${port} cannot be used (${String(error)}): ${holderOf(port)}.`,
    );
  }
  await close(server);
}

function close(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, resolve);
  });
}

/** Who listens on a TCP port of this machine, for people: `held by process 123 (slapd -h …)`. */
function holderOf(port: number): string {
  const inodes = new Set([...listeningInodes('/proc/net/tcp', port), ...listeningInodes('/proc/net/tcp6', port)]);
  const holders = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && holdsOneOf(pid, inodes));
  if (holders.length === 0) return 'no process of this machine is seen to hold it; look with: ss -ltnp';
  return `held by ${holders.map((pid) => `process ${pid} (${commandOf(pid)})`).join(', ')}`;
}

function listeningInodes(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  // proc(5), /proc/net/tcp: local address is column 1, state column 3 (0A = LISTEN), inode column 9.
  const rows = readFileSync(table, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  return rows.filter((row) => row[1]?.endsWith(`:${hexPort}`) === true && row[3] === '0A').map((row) => row[9] ?? '');
}

function holdsOneOf(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkTarget(`/proc/${pid}/fd/${fd}`));
    return links.some((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? 'none'));
  } catch {
    // Ended meanwhile, or of another user: not a holder that can be named.
    return false;
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed between the listing and this look.
    return '';
  }
}

function commandOf(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
}
