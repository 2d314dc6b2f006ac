import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { permissions } from '../../../src/access/permissions.ts';
import { hashToken } from '../../../src/access/tokens.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openFilledApi } from '../../support/api/filled-api.ts';
import { askAs, localToken, testApi, type TestApi } from '../../support/api/test-api.ts';

type OpenApi = { openapi: string; paths: object; components: { schemas: object } };

let database: OpenDatabase;
let api: TestApi;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ database, api, close } = await openFilledApi(openPostgres));
});
afterAll(() => close());

const local = { authorization: `Bearer ${localToken}`, 'x-rosterd-os-user': 'anna' };
const everything = [
  '/api/v1/users',
  '/api/v1/openapi.json',
  '/api/v1/version',
  '/metrics',
  '/nowhere',
  '/api/v1/nowhere',
];

/** Every body with an example, its references as `fromJSONSchema` reads them. */
function bodiesIn(document: OpenApi): { schema: object; example: unknown }[] {
  const text = JSON.stringify(document).replaceAll('#/components/schemas/', '#/$defs/');
  const found: { schema: object; example: unknown }[] = [];
  JSON.parse(text, (_key, value: unknown) => {
    if (typeof value === 'object' && value !== null && 'schema' in value && 'example' in value)
      found.push({ schema: value.schema as object, example: value.example });
    return value;
  });
  return found;
}

describe('who is let in', () => {
  it.each(everything)('says nothing at %s without a token', async (url) => {
    const answer = await askAs(api.app, {}, 'GET', url);
    expect(answer).toMatchObject({ status: 401, json: { code: 'token-required', status: 401 } });
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it.each([
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['another scheme', { authorization: `Basic ${localToken}` }],
    ['the local token without a user', { authorization: `Bearer ${localToken}` }],
    ['the local token with a strange user', { ...local, 'x-rosterd-os-user': 'a b' }],
    ['an empty token', { authorization: 'Bearer ' }],
  ])('refuses %s', async (_what, headers) => {
    expect((await askAs(api.app, headers, 'GET', '/api/v1/users')).status).toBe(401);
  });

  it('makes the local operator of the OS user, once', async () => {
    const ask = () => askAs(api.app, local, 'GET', '/api/v1/users');
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
    const operators = await database.knex('operator').where({ name: 'local:anna' });
    expect(operators).toMatchObject([{ kind: 'local' }]);
  });

  it('lets an API token do what both it and its operator may', async () => {
    const bearer = { authorization: `Bearer ${await api.tokenWith(['view'])}` };
    expect((await askAs(api.app, bearer, 'GET', '/api/v1/users')).status).toBe(200);
    for (const [method, url, body] of [
      ['GET', '/api/v1/events', undefined],
      ['PUT', '/api/v1/users/jnovak/sync', { enabled: false }],
      ['POST', '/api/v1/syncs', {}],
      ['POST', '/api/v1/sources/acd/pause', {}],
      ['POST', '/api/v1/runs/1/cancel', undefined],
    ] as const)
      expect(await askAs(api.app, bearer, method, url, body === undefined ? {} : { body }), url).toMatchObject({
        status: 403,
        json: { code: 'permission-missing' },
      });
    await database
      .knex('operator')
      .whereLike('name', 'person-%')
      .update({ permissions: ['view-log'] });
    expect((await askAs(api.app, bearer, 'GET', '/api/v1/users')).status).toBe(403);
  });

  it('refuses revoked tokens and those of disabled operators', async () => {
    const token = await api.tokenWith(permissions);
    const bearer = { authorization: `Bearer ${token}` };
    const row = () => database.knex('api_token').where({ token_hash: hashToken(token) });
    expect((await askAs(api.app, bearer, 'GET', '/api/v1/users')).status).toBe(200);
    const used = await row().first<{ last_used_at: Date | null; operator_id: number }>();
    expect(used.last_used_at).toBeInstanceOf(Date);
    await row().update({ revoked_at: database.knex.fn.now() });
    expect((await askAs(api.app, bearer, 'GET', '/api/v1/users')).status).toBe(401);
    await row().update({ revoked_at: null });
    await database.knex('operator').where({ id: used.operator_id }).update({ disabled_at: database.knex.fn.now() });
    expect((await askAs(api.app, bearer, 'GET', '/api/v1/users')).status).toBe(401);
  });

  it.each([
    ['127.0.0.1', 200],
    ['localhost:8474', 200],
    ['[::1]:8474', 200],
    ['127.8.8.8', 200],
    ['rosterd.example.com:443', 200],
    ['ROSTERD.example.com.', 200],
    ['evil.example.com', 421],
    ['127.0.0.1.evil.example.com', 421],
    ['localhost@evil.example.com', 421],
    ['10.0.0.1', 421],
    ['[', 421],
  ])('answers under the host name "%s" with %i', async (host, status) => {
    expect((await askAs(api.app, { ...local, host }, 'GET', '/api/v1/version')).status).toBe(status);
  });

  it('answers health checks to everybody, and says when it is not ready', async () => {
    for (const url of ['/health/live', '/health/ready'])
      expect((await askAs(api.app, { host: 'balancer' }, 'GET', url)).json).toEqual({ status: 'ok' });
    const down = await testApi(database.knex, { notReady: async () => 'the database does not answer' });
    expect(await askAs(down.app, {}, 'GET', '/health/ready')).toMatchObject({ status: 503 });
    expect((await askAs(down.app, {}, 'GET', '/health/live')).status).toBe(200);
    await down.app.close();
  });

  it('limits refused requests, unknown addresses included, but not health checks', async () => {
    const small = await testApi(database.knex, { http: { hostNames: [], requestsPerMinute: 3 } });
    const statuses = [];
    for (const url of ['/nowhere', '/api/v1/users', '/api/v1/version', '/nowhere', '/health/live'])
      statuses.push((await askAs(small.app, {}, 'GET', url)).status);
    expect(statuses).toEqual([401, 401, 401, 429, 200]);
    const refused = await askAs(small.app, {}, 'GET', '/api/v1/users');
    expect(refused.json).toMatchObject({ code: 'too-many-requests' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await small.app.close();
  });
});

describe('errors', () => {
  it.each([
    ['GET', '/api/v1/nowhere', undefined, 404, 'path-unknown'],
    ['GET', '/api/v1/users/nobody', undefined, 404, 'user-unknown'],
    ['GET', '/api/v1/runs/99', undefined, 404, 'run-unknown'],
    ['GET', '/api/v1/runs/0x1', undefined, 400, 'request-invalid'],
    ['GET', '/api/v1/users?limit=5000', undefined, 400, 'request-invalid'],
    ['GET', '/api/v1/users?souce=ad', undefined, 400, 'request-invalid'],
    ['POST', '/api/v1/runs/7/cancel', undefined, 404, 'run-unknown'],
    ['POST', '/api/v1/syncs', { reason: 'x'.repeat(70_000) }, 413, 'too-large'],
  ] as const)('%s %s is a problem with a stable code', async (method, url, body, status, code) => {
    const answer = await api.ask(method, url, body === undefined ? {} : { body });
    expect(answer.json).toMatchObject({
      status,
      code,
      type: `urn:rosterd:problem:${code}`,
      requestId: answer.headers['x-request-id'],
    });
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('takes JSON only', async () => {
    const form = await api.app.inject({
      method: 'POST',
      url: '/api/v1/syncs',
      headers: { ...local, host: 'localhost', 'content-type': 'text/plain' },
      payload: '{}',
    });
    expect(form.statusCode).toBe(415);
    const broken = await api.app.inject({
      method: 'POST',
      url: '/api/v1/syncs',
      headers: { ...local, host: 'localhost', 'content-type': 'application/json' },
      payload: '{"mode":',
    });
    expect(broken.json()).toMatchObject({ status: 400, code: 'request-invalid' });
  });

  it('never tells what failed inside, and logs it', async () => {
    const secret = 'postgres://rosterd:s3cret@db/rosterd';
    const failing = await testApi(database.knex, {
      sourceChecks: { check: async () => Promise.reject(new Error(`no connection to ${secret}`)) },
      settings: () => {
        throw Object.assign(new Error(secret), { statusCode: 400 + 100, code: 'ECONNREFUSED' });
      },
    });
    for (const [method, url, status, code] of [
      ['POST', '/api/v1/sources/acd/check', 500, 'internal'],
      ['GET', '/api/v1/config', 503, 'storage'],
    ] as const) {
      const answer = await failing.ask(method, url);
      expect(answer).toMatchObject({ status, json: { code } });
      expect(answer.text + JSON.stringify(answer.headers)).not.toContain('s3cret');
    }
    expect(failing.failures).toHaveLength(2);
    await failing.app.close();
  });

  it('never shows a token or its hash', async () => {
    const token = await api.tokenWith(permissions);
    const bearer = { authorization: `Bearer ${token}` };
    for (const url of ['/api/v1/users', '/api/v1/config', '/api/v1/events', '/nowhere', '/metrics']) {
      const { text, headers } = await askAs(api.app, bearer, 'GET', url);
      const whole = text + JSON.stringify(headers);
      for (const secret of [token, hashToken(token), localToken]) expect(whole).not.toContain(secret);
    }
    const stored = JSON.stringify(await database.knex('api_token'));
    expect(stored).not.toContain(token);
  });
});

describe('the description', () => {
  it('is valid OpenAPI 3.1 whose references all resolve', async () => {
    const { json } = await api.ask<OpenApi>('GET', '/api/v1/openapi.json');
    expect(json.openapi).toBe('3.1.0');
    expect(await new Validator().validate(structuredClone(json))).toMatchObject({ valid: true });
    const references = [...JSON.stringify(json).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name,
    );
    expect(references.length).toBeGreaterThan(10);
    expect(references.filter((name) => !(String(name) in json.components.schemas))).toEqual([]);
    expect(Object.keys(json.paths)).toContain('/api/v1/users/{user}/sync');
  });

  it('has examples of requests and answers that its own schemas allow', async () => {
    const { json } = await api.ask<OpenApi>('GET', '/api/v1/openapi.json');
    const definitions: unknown = JSON.parse(
      JSON.stringify(json.components.schemas).replaceAll('#/components/schemas/', '#/$defs/'),
    );
    const wrong = bodiesIn(json).flatMap(({ schema, example }) => {
      // Whole times are checked by their format; the pattern beside it is the same once more.
      const judged = z.fromJSONSchema({ ...schema, $defs: definitions } as never).safeParse(example);
      return judged.success ? [] : [{ example, issues: judged.error.issues.slice(0, 2) }];
    });
    expect(wrong).toEqual([]);
  });

  it('has Prometheus metrics of runs and sources', async () => {
    const { text, status } = await api.ask('GET', '/metrics');
    expect(status).toBe(200);
    expect(text).toContain('# TYPE rosterd_runs_total counter');
    expect(text).toContain('rosterd_accounts{source="acd",state="gone"} 1');
    expect(text).toMatch(/rosterd_last_success_timestamp_seconds\{source="ad"\} 177\d+/);
  });

  it('passes a sync on to the engine and says what was refused', async () => {
    const answer = await api.ask('POST', '/api/v1/syncs', { body: { sources: ['acd'] } });
    expect(answer).toMatchObject({
      status: 202,
      json: { id: 'sync-1', runs: [], refused: [{ code: 'source-paused' }] },
    });
  });
});
