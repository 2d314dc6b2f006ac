import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRunQueue } from '../../../src/queue/run-queue.ts';
import { migrateSchema } from '../../../src/store/migrate.ts';
import { openStore, type StoreOptions } from '../../../src/store/open-store.ts';
import { makeCertificates, type Certificates } from '../../support/services/certificates.ts';
import { startPostgres, type TestPostgres } from '../../support/services/postgres.ts';
import { startRedis, type TestRedis } from '../../support/services/redis.ts';
import { createTempDir } from '../../support/services/temp.ts';
import { load } from '../../unit/settings/support.ts';

const directory = createTempDir('tls');
const stranger = createTempDir('tls-other');
const quiet = { warn: () => undefined, error: () => undefined };
let certificates: Certificates;
let otherCa: string;

beforeAll(async () => {
  // Not to 127.0.0.1, which is then a wrong name of a right server.
  certificates = await makeCertificates(directory.path, { hostNames: ['localhost'], addresses: [] });
  otherCa = (await makeCertificates(stranger.path, { hostNames: ['localhost'], addresses: [] })).caFile;
});
afterAll(() => Promise.all([directory.remove(), stranger.remove()]));

/** A failed start: what it says, and that it did not take long. */
async function failure(start: () => Promise<unknown>): Promise<{ code: unknown; message: string }> {
  const began = performance.now();
  const error: unknown = await start().then(
    () => new Error('it started'),
    (reason: unknown) => reason,
  );
  expect(performance.now() - began, 'in seconds').toBeLessThan(15_000);
  return { code: (error as { code?: unknown }).code, message: (error as Error).message };
}

describe('architecture 8, issue 10: a real PostgreSQL that demands TLS', () => {
  let postgres: TestPostgres;
  const options: StoreOptions = { role: 'daemon', waitMs: 0, create: true, schema: 'any' };

  beforeAll(async () => {
    postgres = await startPostgres({ tls: certificates });
  }, 60_000);
  afterAll(() => postgres.stop());

  const address = (query: string, host = 'localhost'): string => {
    const url = new URL(postgres.url);
    url.host = `${host}:${url.port}`;
    url.search = query;
    return url.href;
  };
  const open = async (written: string, caFile?: string) => {
    const database = caFile === undefined ? written : `{ url: "${written}", caFile: ${caFile} }`;
    const { settings } = await load(`database: ${database}\n`);
    return openStore(settings, options);
  };

  it('works with the right CA, in caFile or in sslrootcert, for the store and the queue in it', async () => {
    const first = await open(address('sslmode=verify-full'), certificates.caFile);
    await migrateSchema(first.db);
    await first.close();
    const store = await open(address(`sslmode=verify-full&sslrootcert=${encodeURIComponent(certificates.caFile)}`));
    const { rows } = await store.db.raw<{ rows: unknown[] }>(
      'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    );
    expect(rows).toEqual([{ ssl: true }]);
    const queue = await openRunQueue({ kind: 'database', pool: { ...store.connection }, migrates: true }, quiet);
    await queue.addRun(1);
    await queue.close();
    await store.close();
  });

  it('says what to do about a CA that is not trusted, another host name, and clear text', async () => {
    const untrusted = await failure(() => open(address('sslmode=verify-full'), otherCa));
    expect(untrusted).toMatchObject({ code: 'tls', message: expect.stringContaining('caFile: PATH') as string });
    const publicCas = await failure(() => open(address('sslmode=require')));
    expect(publicCas).toMatchObject({ code: 'tls', message: expect.stringContaining('not trusted here') as string });
    const otherName = await failure(() => open(address('sslmode=verify-full', '127.0.0.1'), certificates.caFile));
    expect(otherName).toMatchObject({ code: 'tls', message: expect.stringContaining('another host name') as string });
    const inClear = await failure(() => open(address('')));
    expect(inClear).toMatchObject({ code: 'tls', message: expect.stringContaining('sslmode=verify-full') as string });
  });

  it('is refused by the configuration check where sslrootcert names no file', async () => {
    const refused = await failure(() => open(address('sslmode=verify-full&sslrootcert=none.pem')));
    expect(refused.message).toMatch(/database cannot be used: .*none\.pem cannot be read \(ENOENT\)/);
  });
});

describe('architecture 8, issue 10: a real Redis that demands TLS', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await startRedis({ tls: certificates });
  }, 60_000);
  afterAll(() => redis.stop());

  const open = async (url: string, ca?: string) =>
    openRunQueue({ kind: 'redis', url, ...(ca === undefined ? {} : { ca }) }, quiet);
  const pem = (file: string): Promise<string> => readFile(file, 'utf8');

  it('works with the right CA', async () => {
    const queue = await open(redis.url, await pem(certificates.caFile));
    await queue.addRun(1);
    await queue.close();
  });

  it('says what to do about a CA that is not trusted, another host name, and clear text', async () => {
    const ca = await pem(certificates.caFile);
    const otherCaText = await pem(otherCa);
    const untrusted = await failure(() => open(redis.url, otherCaText));
    expect(untrusted).toMatchObject({
      code: 'tls',
      message: expect.stringContaining('queue: {url: …, caFile') as string,
    });
    expect((await failure(() => open(redis.url))).message).toContain('not trusted here');
    const otherName = await failure(() => open(redis.url.replace('localhost', '127.0.0.1'), ca));
    expect(otherName).toMatchObject({ code: 'tls', message: expect.stringContaining('another host name') as string });
    const inClear = await failure(() => open(redis.url.replace('rediss:', 'redis:')));
    expect(inClear).toMatchObject({ code: 'tls', message: expect.stringContaining('write rediss://') as string });
  });
});
