import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Certificates } from './certificates.ts';
import { requireServices } from './install.ts';
import { programPath } from './program.ts';
import { freePort } from './port.ts';
import { startServer } from './process.ts';
import { createTempDir } from './temp.ts';

/** A Redis server for tests. */
export type TestRedis = { readonly url: string; readonly version: string; readonly stop: () => Promise<void> };

/**
 * How the server keeps its data: `appendonly` lets it survive a kill, for crash tests. With `tls` it is a server of its own, which
 * speaks TLS alone under the names of that certificate.
 */
export type RedisOptions = { readonly appendonly?: boolean; readonly tls?: Certificates };

/**
 * Starts a private Redis, or takes the one at `ROSTERD_TEST_REDIS_URL`, which is then neither stopped nor emptied.
 *
 * @throws ServiceError
 */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const given = process.env['ROSTERD_TEST_REDIS_URL'];
  const { tls } = options;
  if (tls === undefined && given !== undefined && given !== '') {
    return { url: given, version: await redisVersion(given), stop: () => Promise.resolve() };
  }
  await requireServices('redis');
  const directory = createTempDir('redis');
  const port = await freePort();
  const url = tls === undefined ? `redis://127.0.0.1:${port}` : `rediss://localhost:${port}`;
  const ca = tls === undefined ? undefined : await readFile(tls.caFile, 'utf8');
  const ports =
    tls === undefined ? ['--port', String(port)] : ['--port', '0', '--tls-port', String(port), ...tlsOptions(tls)];
  const durability = ['--appendonly', options.appendonly === true ? 'yes' : 'no', '--save', ''];
  const server = await startServer({
    name: 'redis-server',
    command: programPath('redis-server'),
    args: ['--bind', '127.0.0.1', ...ports, '--dir', directory.path, ...durability],
    logFile: join(directory.path, 'log'),
    isReady: async () => (await redisVersion(url, ca)) !== '',
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await directory.remove();
  };
  return { url, version: await redisVersion(url, ca), stop };
}

function tlsOptions({ caFile, certFile, keyFile }: Certificates): string[] {
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', caFile];
  return [...files, '--tls-auth-clients', 'no'];
}

async function redisVersion(url: string, ca?: string): Promise<string> {
  const client = new Redis(url, {
    ...(ca === undefined ? {} : { tls: { ca } }),
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    retryStrategy: () => null,
  });
  // Without a listener ioredis prints every refused connection of the start; connect() reports them as well.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const info = await client.info('server');
    return /redis_version:(\S+)/.exec(info)?.[1] ?? '';
  } finally {
    client.disconnect();
  }
}
