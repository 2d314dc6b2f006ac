import { join } from 'node:path';
import { Redis } from 'ioredis';
import { requireServices } from './install.ts';
import { programPath } from './program.ts';
import { freePort } from './port.ts';
import { startServer } from './process.ts';
import { createTempDir } from './temp.ts';

/** A Redis server for tests. */
export type TestRedis = { readonly url: string; readonly version: string; readonly stop: () => Promise<void> };

/** How the server keeps its data: `appendonly` lets it survive a kill, for crash tests. */
export type RedisOptions = { readonly appendonly?: boolean };

/**
 * Starts a private Redis, or takes the one at `ROSTERD_TEST_REDIS_URL`, which is then neither stopped nor emptied.
 *
 * @throws ServiceError
 */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const given = process.env['ROSTERD_TEST_REDIS_URL'];
  if (given !== undefined && given !== '') {
    return { url: given, version: await redisVersion(given), stop: () => Promise.resolve() };
  }
  await requireServices('redis');
  const directory = createTempDir('redis');
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const durability = ['--appendonly', options.appendonly === true ? 'yes' : 'no', '--save', ''];
  const server = await startServer({
    name: 'redis-server',
    command: programPath('redis-server'),
    args: ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory.path, ...durability],
    logFile: join(directory.path, 'log'),
    isReady: async () => (await redisVersion(url)) !== '',
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await directory.remove();
  };
  return { url, version: await redisVersion(url), stop };
}

async function redisVersion(url: string): Promise<string> {
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null });
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
