import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { permissions } from '../../../src/access/permissions.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { fuzzer } from '../../support/api/fuzz.ts';
import { openSite, type Site } from '../../support/site.ts';

/**
 * The short form is part of the suite; ROSTERD_TEST_FUZZ=50000 is the long one of issue 10, and ROSTERD_TEST_FUZZ_SEED plays
 * a seed again.
 */
const requests = Number(process.env['ROSTERD_TEST_FUZZ'] ?? 2_000);
const seed = Number(process.env['ROSTERD_TEST_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
/** An operator may ask 6,000 times a minute. */
const perOperator = 2_000;
/** From here on nothing grows any more. */
const settledAfter = 5_000;
const hangMs = 2_000;
/** What one asks without a token refuses wrong passwords, and more than 30 requests in a minute (spec 19). */
const signsIn = /\/(?:sign-in|links\/redeem)$/;

let database: OpenDatabase;
let site: Site;

beforeAll(async () => {
  database = await openPostgres();
  site = await openSite(database.knex);
  site.acd.lookup = 'absent';
  for (const id of ['a1', 'a2', 'b1', 'b2'])
    site.acd.put(
      id,
      { acdId: id, firstName: 'Adam', lastName: id, blocked: 'true' },
      { teams: [{ id: 't', name: 'Sales' }] },
    );
  await site.sync();
});
afterAll(async () => {
  // Runs that the requests have started come to rest first.
  await site.ask('GET', '/version');
  await site.close();
  await database.close();
});

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

it(`${String(requests)} fuzzed requests over the whole OpenAPI, seed ${String(seed)}: no 5xx, no hang, no growth (spec 19, issue 10)`, async () => {
  const document = (await site.askMeanwhile<Parameters<typeof fuzzer>[0]>('GET', '/openapi.json')).json;
  const fuzz = fuzzer(document, seed);
  const statuses = new Map<number, number>();
  const failed: unknown[] = [];
  let [slowest, settled, token] = [0, 0, ''];
  for (let number = 0; number < requests; number++) {
    if (number % perOperator === 0) token = await site.tokenWith(permissions);
    if (number === settledAfter) settled = heapUsed();
    const { method, path, body } = fuzz.next();
    // A dry run makes a database of its own: that is another test's.
    const sent = body === undefined || !path.endsWith('/syncs') ? body : { ...body, dryRun: false };
    const ask = (): Promise<{ status: number; text: string }> =>
      site.askMeanwhile(method as 'GET', path.replace('/api/v1', ''), {
        ...(sent === undefined ? {} : { body: sent }),
        headers: { authorization: `Bearer ${token}` },
      });
    const begun = performance.now();
    let answer = await ask();
    const took = performance.now() - begun;
    if (answer.status === 401 && !signsIn.test(path)) {
      // A request before has revoked the token or disabled its operator.
      token = await site.tokenWith(permissions);
      answer = await ask();
    }
    slowest = Math.max(slowest, took);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (
      answer.status >= 500 ||
      ([401, 429].includes(answer.status) && !signsIn.test(path)) ||
      (took > hangMs && requests > settledAfter)
    )
      failed.push({ number, method, path, body: sent, status: answer.status, took, text: answer.text.slice(0, 300) });
    if (failed.length >= 20) break;
  }
  const growth = settled === 0 ? 0 : heapUsed() - settled;
  const told = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${String(status)}: ${String(count)}`);
  process.stdout.write(
    `fuzz seed ${String(seed)}: ${told.join(', ')}; slowest ${slowest.toFixed(0)} ms; heap since request ${String(settledAfter)}: ${growth.toFixed(1)} MB\n`,
  );
  expect(failed).toEqual([]);
  expect(growth).toBeLessThan(32);
}, 3_600_000);
