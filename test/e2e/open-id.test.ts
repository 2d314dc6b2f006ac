import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createProvider } from '../../src/access/open-id/provider.ts';
import { createOpenIdSignIn } from '../../src/access/open-id/sign-in.ts';
import { createOpenIdStore } from '../../src/store/sign-in-store.ts';
import { openPostgres } from '../support/api/databases.ts';
import { testApi } from '../support/api/test-api.ts';
import { clientId, startOpenIdProvider } from '../support/open-id-provider.ts';
import { openChromium } from '../support/services/chromium.ts';

/** A port that was free a moment ago: the provider has to know it before the console listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

it('19.2 in a real browser: from the page of the console to a provider of another site and back, with strict cookies', async () => {
  const database = await openPostgres();
  const origin = `http://127.0.0.1:${String(await freePort())}`;
  const provider = await startOpenIdProvider([`${origin}/sign-in/openid/callback`]);
  const { issuer, caFile, clientSecret } = provider;
  const settings = { issuer, clientId, clientSecret: { read: async () => clientSecret }, claim: 'preferred_username' };
  const openIdSignIn = createOpenIdSignIn(
    createOpenIdStore(database.knex),
    createProvider({ ...settings, tls: { caFile }, allowPlaintext: false }),
    { info: () => undefined, warn: () => undefined },
  );
  const { app } = await testApi(database.knex, { openIdSignIn });
  const operator = { name: 'eva', kind: 'person', permissions: ['view', 'view-log'], full_scope: true };
  await database.knex('operator').insert(operator);
  await app.listen({ host: '127.0.0.1', port: Number(new URL(origin).port) });
  const chromium = await openChromium();
  try {
    const page = await chromium.newPage({ ignoreHTTPSErrors: true });
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    await page.goto(`${origin}/log`);
    await page.click('a[href^="/sign-in/openid"]');
    await page.waitForURL((url) => url.origin === issuer);
    await page.fill('input[name="login"]', 'eva');
    await page.fill('input[name="password"]', 'any');
    await page.click('button[type="submit"]');
    await page.waitForURL(`${origin}/log`);
    expect(await page.textContent('.who')).toContain('eva');
    expect(said.filter((text) => /polic|cookie/i.test(text))).toEqual([]);
    await page.click('.who button');
    await page.waitForURL(`${origin}/sign-in`);
  } finally {
    await chromium.close();
    await app.close();
    await provider.stop();
    await database.close();
  }
}, 180_000);
