import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newToken } from '../../../src/access/tokens.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openFilledApi } from '../../support/api/filled-api.ts';
import { askAs, localToken, testApi, type TestApi } from '../../support/api/test-api.ts';

let database: OpenDatabase;
let api: TestApi;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ database, api, close } = await openFilledApi(openPostgres));
});
afterAll(() => close());

const local = { authorization: `Bearer ${localToken}`, 'x-rosterd-os-user': 'anna' };

/** Sends bytes as they are and gives what came back until the other side, or we, had enough. */
async function raw(app: TestApi['app'], bytes: string, { hangUp = false } = {}): Promise<string> {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => (answer += data.toString('latin1')));
  socket.on('error', () => undefined);
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.write(bytes, () => {
    if (hangUp) socket.resetAndDestroy();
  });
  await Promise.race([ended, sleep(2_000)]);
  socket.destroy();
  return answer;
}

describe('refused requests (spec 19.3, issue 10 points 4, 5, 10, 15)', () => {
  it('never lock out who has a valid token, and are limited themselves', async () => {
    const small = await testApi(database.knex, { http: { hostNames: [], requestsPerMinute: 3 } });
    const ask = async (headers: Record<string, string>) =>
      (await askAs(small.app, headers, 'GET', '/api/v1/version')).status;
    const refused: number[] = [];
    for (const authorization of ['Bearer wrong', `Bearer ${newToken()}`, '', 'Basic x', 'Bearer wrong'])
      refused.push(await ask({ authorization }));
    expect(refused).toEqual([401, 401, 401, 429, 429]);
    expect([await ask(local), await ask(local), await ask(local)]).toEqual([200, 200, 200]);
    // Who has a token is limited too, each for themselves.
    expect(await ask(local)).toBe(429);
    expect(await ask({ authorization: `Bearer ${await small.tokenWith(['view'])}` })).toBe(200);
    await small.app.close();
  });

  it('are logged once per address and minute, with the address, and counted', async () => {
    const small = await testApi(database.knex, { http: { hostNames: [] } });
    for (const address of ['10.0.0.1', '10.0.0.1', '10.0.0.2', '2001:db8:1:2::1', '2001:db8:1:2::2'])
      await small.app.inject({ url: '/api/v1/users', headers: { host: 'localhost' }, remoteAddress: address });
    expect(small.refusals).toMatchObject([
      { address: '10.0.0.1', why: 'token' },
      { address: '10.0.0.2' },
      { address: '2001:db8:1:2' },
    ]);
    await askAs(small.app, { host: 'evil.example' }, 'GET', '/api/v1/users');
    const { text } = await small.ask('GET', '/metrics');
    expect(text).toContain('rosterd_requests_refused_total{why="token"} 5');
    expect(text).toContain('rosterd_requests_refused_total{why="host-name"} 1');
    await small.app.close();
  });

  it("are counted for whom a trusted proxy names, and nobody else's word is taken", async () => {
    const behind = await testApi(database.knex, { http: { hostNames: [], trustedProxies: ['10.0.0.0/8'] } });
    for (const [remoteAddress, said] of [
      ['10.0.0.1', '192.0.2.7'],
      ['198.51.100.1', '192.0.2.8'],
    ] as const)
      await behind.app.inject({
        url: '/api/v1/users',
        headers: { host: 'localhost', 'x-forwarded-for': said },
        remoteAddress,
      });
    expect(behind.refusals).toMatchObject([{ address: '192.0.2.7' }, { address: '198.51.100.1' }]);
    await behind.app.close();
  });

  it.each([
    ['another machine', '192.0.2.1', {}, 401],
    ['a proxy on this machine', '127.0.0.1', { 'x-forwarded-for': '192.0.2.1' }, 401],
    ['this machine', '127.0.0.1', {}, 200],
    ['this machine by IPv6', '::1', {}, 200],
    ['somebody who cannot read the data directory', '127.0.0.1', { 'x-rosterd-os-user': 'boss' }, 401],
    ['who became root by sudo', '127.0.0.1', { 'x-rosterd-os-user': 'anna (sudo jana)' }, 200],
  ])('take the local token from %s', async (_who, remoteAddress, headers, status) => {
    const answer = await api.app.inject({
      url: '/api/v1/version',
      headers: { host: 'localhost', ...local, ...headers },
      remoteAddress,
    });
    expect(answer.statusCode).toBe(status);
    if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer realm="rosterd"');
  });

  it('name who became another user by sudo beside them', async () => {
    const headers = { ...local, 'x-rosterd-os-user': 'anna (sudo jana)' };
    await askAs(api.app, headers, 'PUT', '/api/v1/users/jnovak/sync', { body: { enabled: false, reason: 'test' } });
    const events: unknown = await database.knex('event').orderBy('id', 'desc').limit(1);
    expect(events).toMatchObject([{ actor_name: 'local:anna (sudo jana)' }]);
  });

  it('break nothing in a plain-HTTP LAN', async () => {
    const { headers } = await askAs(api.app, local, 'GET', '/api/v1/version');
    expect(headers).not.toHaveProperty('strict-transport-security');
    expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
  });

  it('of clients that have gone leave no line, and two Host headers get 400', async () => {
    const noisy = await testApi(database.knex, {
      authenticate: async () => Promise.reject(new Error('the database does not answer')),
    });
    await noisy.app.listen({ port: 0, host: '127.0.0.1' });
    const one = 'GET /api/v1/users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n';
    await raw(noisy.app, `${one.repeat(1_000)}\0garbage\r\n\r\n`);
    await raw(noisy.app, one.repeat(1_000), { hangUp: true });
    await sleep(50);
    expect(noisy.failures.length).toBeLessThan(5);
    expect(noisy.refusals.length).toBeLessThanOrEqual(1);
    const twice = 'GET /api/v1/users HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n';
    expect(await raw(noisy.app, twice)).toMatch(/^HTTP\/1.1 400 /);
    await noisy.app.close();
  });
});

describe('a request that takes too long (issue 10, point 7)', () => {
  it('is answered in time, with a body as without one', async () => {
    const slow = await testApi(database.knex, {});
    const handler = () => sleep(60_000, null, { ref: false });
    const options = { config: { access: 'view' as const }, handlerTimeout: 50, handler };
    slow.app.route({ method: 'POST', url: '/slow', ...options });
    slow.app.route({ method: 'GET', url: '/slow', ...options });
    await slow.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = slow.app.server.address() as AddressInfo;
    for (const [method, body] of [
      ['POST', '{"a":1}'],
      ['GET', null],
    ] as const) {
      const answer = await fetch(`http://127.0.0.1:${String(port)}/slow`, {
        method,
        body,
        headers: { ...local, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(5_000),
      });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([503, 'too-slow']);
    }
    await slow.app.close();
  });
});

describe('text and times that no database can store (issue 10, point 11)', () => {
  it.each([
    ['GET', '/api/v1/users/%00', undefined],
    ['GET', '/api/v1/users?search=a%00b', undefined],
    ['GET', '/api/v1/events?text=%00', undefined],
    ['PUT', '/api/v1/users/jnovak/sync', { enabled: false, reason: 'half \ud800 a pair' }],
    ['PUT', '/api/v1/users/jnovak/sync', { enabled: false, until: '0000-01-01T00:00:00Z' }],
    ['GET', '/api/v1/events?since=9999-12-31T23:59:59-14:00', undefined],
    ['GET', '/api/v1/events?until=0000-12-31T23:59:59Z', undefined],
    ['GET', '/api/v1/events?run=2147483648', undefined],
    ['GET', '/api/v1/runs/9999999999', undefined],
    ['GET', '/api/v1/users?after=99999999999', undefined],
    ['GET', '/api/v1/runs?after=99999999999', undefined],
    ['GET', '/api/v1/review-items?after=99999999999', undefined],
  ] as const)('%s %s is a mistake of who asks', async (method, url, body) => {
    const answer = await api.ask(method, url, body === undefined ? {} : { body });
    expect(answer).toMatchObject({ status: 400 });
  });
});
