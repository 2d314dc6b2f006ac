import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { SourceError } from '../../../src/connector-kit/errors.ts';
import type { BrokenAnswer } from '../../../src/connector-kit/http/broken-answer.ts';
import { HttpClient } from '../../../src/connector-kit/http/client.ts';
import type { HttpAnswer } from '../../../src/connector-kit/http/client.ts';
import { httpConnection, httpEndpoint } from '../../../src/connector-kit/http/connection-config.ts';
import { statusFailure } from '../../../src/connector-kit/http/failures.ts';
import { mockHttp } from '../../support/http-mock.ts';

const password = 'S3cret/+Wörd';
process.env['ROSTERD_HTTP_TEST_PASSWORD'] = password;
const schema = httpConnection({ username: z.string().min(1), timeoutMs: 60_000 });
const address = 'https://acd.test/service';
const usual = { username: 'reader', password: { env: 'ROSTERD_HTTP_TEST_PASSWORD' } };
const never = new AbortController().signal;

async function send(url = address, more: object = {}, signal = never): Promise<HttpAnswer> {
  const client = await HttpClient.open(schema.parse({ url, ...usual, ...more }));
  return client.send(
    { method: 'POST', doing: 'list Agent', body: '<personal/>', headers: { soapaction: 'x' } },
    signal,
  );
}

async function failure(sent: Promise<unknown>): Promise<SourceError> {
  const error = await sent.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SourceError)) throw new Error(`no SourceError: ${inspect(error)}`);
  return error;
}

/** A real server on loopback, for what a mock cannot do. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/service`;
}

describe('the connection of an HTTP source', () => {
  const problems = (connection: object) =>
    schema
      .safeParse({ ...usual, ...connection })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

  test('takes https, and http only within this machine or in so many words', () => {
    for (const url of [address, 'http://localhost:8080', 'http://127.0.0.1', 'http://[::1]/x'])
      expect(problems({ url })).toBeUndefined();
    expect(problems({ url: 'http://acd.test' })).toEqual([
      expect.stringContaining('url: would send the password in clear'),
    ]);
    expect(problems({ url: 'http://acd.test', allowPlaintext: true })).toBeUndefined();
  });

  test('refuses what would put a password into a log, and what has no effect', () => {
    const [problem = ''] = problems({ url: 'https://user:pass@acd.test' }) ?? [];
    expect(problem).toContain('must not hold a user or password');
    expect(problem).not.toContain('pass@');
    expect(problems({ url: 'ftp://acd.test' })).toEqual([expect.stringContaining('must be https://')]);
    expect(problems({ url: `${address}?wsdl` })).toEqual(['url: must end after the path']);
    expect(problems({ url: 'http://localhost', tls: { insecure: true } })).toEqual([
      'tls: has no effect without https://',
    ]);
    expect(problems({ url: address, password: 'inline' })).toEqual([expect.stringContaining('never written inline')]);
  });

  test('knows where an address listens', () => {
    expect(httpEndpoint(address)).toEqual({ host: 'acd.test', port: 443, encryption: 'tls' });
    expect(httpEndpoint('http://[::1]:81/')).toEqual({ host: '::1', port: 81, encryption: 'none' });
  });
});

describe('an answer', () => {
  test('comes with status, headers and body, and the request carries name and password in UTF-8', async () => {
    const seen = mockHttp(address, [{ status: 200, headers: { 'X-Kind': 'a' }, body: 'tělo' }]);
    const answer = await send();
    expect({ ...answer, body: answer.body.toString() }).toMatchObject({
      status: 200,
      headers: { 'x-kind': 'a' },
      body: 'tělo',
    });
    expect(seen).toMatchObject([{ path: '/service', body: '<personal/>', headers: { soapaction: 'x' } }]);
    const basic = seen[0]?.headers['authorization']?.replace('Basic ', '') ?? '';
    expect(Buffer.from(basic, 'base64').toString('utf8')).toBe(`reader:${password}`);
  });

  test('is unpacked', async () => {
    mockHttp(address, [{ headers: { 'content-encoding': 'gzip' }, body: gzipSync('x'.repeat(1e6)) }]);
    expect((await send()).body).toHaveLength(1e6);
  });

  test('of more than 64 MB after unpacking is given up, long before it has all been unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(2 ** 28));
    const url = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    expect(await failure(send(url))).toMatchObject({
      class: 'fatal',
      code: 'protocol',
      message: expect.stringContaining('more than 64 MB') as string,
    });
  });

  test('that is a redirect is not followed', async () => {
    const seen = mockHttp(address, [{ status: 302, headers: { location: 'https://evil.test/token=1' } }]);
    expect(await send()).toMatchObject({ status: 302 });
    expect(seen).toHaveLength(1);
  });
});

describe('a request that brings no whole answer', () => {
  test.each([
    ['ECONNREFUSED', 'unreachable', 'nothing listens there'],
    ['ECONNRESET', 'unreachable', 'the connection was reset'],
    ['ENOTFOUND', 'unreachable', 'the host name is unknown'],
    ['ETIMEDOUT', 'timeout', 'the connection timed out'],
  ])('%s is retryable', async (code, expected, said) => {
    mockHttp(address, [{ error: code }]);
    expect(await failure(send())).toMatchObject({
      class: 'retryable',
      code: expected,
      message: expect.stringContaining(said) as string,
    });
  });

  test.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'EPROTO'])(
    '%s is fatal',
    async (code) => {
      mockHttp(address, [{ error: code }]);
      expect(await failure(send())).toMatchObject({ class: 'fatal', code: 'tls' });
    },
  );

  test.each([
    ['its length', { 'content-length': '100' }],
    ['its chunks', {}],
  ])('a body that ends before %s is retryable and keeps what came', async (_, headers) => {
    const url = await serve((_request, response) => {
      response.writeHead(200, headers).write('<half');
      setTimeout(() => response.destroy(), 50);
    });
    const error = await failure(send(url));
    expect(error).toMatchObject({ class: 'retryable', code: 'unreachable' });
    expect((error as SourceError & Pick<BrokenAnswer, 'received'>).received.toString()).toBe('<half');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('half');
  });

  test('a packed body that ends too early is retryable', async () => {
    const packed = gzipSync('x'.repeat(1e5)).subarray(0, -20);
    mockHttp(address, [{ headers: { 'content-encoding': 'gzip' }, body: packed }]);
    expect(await failure(send())).toMatchObject({ class: 'retryable', code: 'unreachable' });
  });

  test('silence ends after timeoutMs, in the head as in the body', async () => {
    const silent = await serve(() => undefined);
    const half = await serve((_, response) => response.writeHead(200).write('x'));
    for (const url of [silent, half])
      expect(await failure(send(url, { timeoutMs: 200 }))).toMatchObject({ class: 'retryable', code: 'timeout' });
  });

  test('an abort throws its own reason', async () => {
    const url = await serve(() => undefined);
    const controller = new AbortController();
    const sent = send(url, {}, controller.signal);
    setTimeout(() => controller.abort(new Error('the run was cancelled')), 50);
    await expect(sent).rejects.toThrow('the run was cancelled');
    await expect(send(url, {}, controller.signal)).rejects.toThrow('the run was cancelled');
  });

  test('something else than HTTP is fatal', async () => {
    const { createServer: createTcp } = await import('node:net');
    const server = createTcp((socket) => socket.end('220 smtp ready\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
    expect(await failure(send(url))).toMatchObject({ class: 'fatal', code: 'protocol' });
  });

  test('20.11 tells neither password nor request, however its error is printed', async () => {
    for (const answer of [{ error: 'ECONNRESET' }, { headers: { 'content-length': '9' }, body: 'x' }]) {
      mockHttp(address, [answer]);
      const error = await failure(send());
      const said = inspect(error, { depth: 20, showHidden: true, maxStringLength: null });
      for (const part of [
        password,
        'reader',
        Buffer.from(`reader:${password}`).toString('base64'),
        'personal',
        'authorization',
      ])
        expect(said).not.toContain(part);
    }
  });

  test('the CA file that is not there is a mistake in the configuration', async () => {
    expect(await failure(send(address, { tls: { caFile: '/nowhere/ca.pem' } }))).toMatchObject({
      class: 'fatal',
      code: 'configuration',
      message: expect.stringContaining('/nowhere/ca.pem') as string,
    });
  });
});

describe('a status', () => {
  const judge = (status: number, headers = {}) => statusFailure({ status, headers }, 'acd.test:443', 'list Agent');

  test.each([
    [302, 'fatal', 'configuration'],
    [400, 'fatal', 'protocol'],
    [401, 'fatal', 'login-refused'],
    [403, 'fatal', 'right-missing'],
    [404, 'fatal', 'configuration'],
    [407, 'fatal', 'configuration'],
    [408, 'retryable', 'timeout'],
    [429, 'retryable', 'busy'],
    [500, 'retryable', 'unreachable'],
    [502, 'retryable', 'unreachable'],
    [503, 'retryable', 'busy'],
    [504, 'retryable', 'unreachable'],
  ])('%i is %s: %s', (status, errorClass, code) => {
    expect(judge(status)).toMatchObject({ class: errorClass, code });
  });

  test('200 is none', () => {
    expect(judge(200)).toBeUndefined();
    expect(judge(204)).toBeUndefined();
  });

  test('a redirect names where to, without what may be a token', () => {
    const { message } = judge(301, { location: 'https://other.test:444/path?token=abc' }) ?? { message: '' };
    expect(message).toContain('https://other.test:444,');
    expect(message).not.toMatch(/token|path/);
    expect(judge(302, { location: '/login' })?.message).toContain('redirects to another address');
  });

  test.each([
    ['in seconds', '7', undefined, 7_000],
    ['with spaces', ' 0 ', undefined, 0],
    ['as a date', 'Wed, 21 Oct 2026 07:28:30 GMT', 'Wed, 21 Oct 2026 07:28:00 GMT', 30_000],
    ['as a date that has passed', 'Wed, 21 Oct 2026 07:28:00 GMT', 'Wed, 21 Oct 2026 07:29:00 GMT', 0],
    ['as a word: none', 'soon', undefined, undefined],
    ['below zero: none', '-5', 'Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['missing: none', undefined, undefined, undefined],
  ])('the wait of Retry-After %s', (_what, retryAfter, date, expected) => {
    for (const status of [429, 503])
      expect(judge(status, { 'retry-after': retryAfter, date })?.retryAfterMs).toBe(expected);
  });
});
