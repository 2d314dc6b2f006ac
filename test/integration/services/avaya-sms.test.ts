import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { faultOf, release, resultOf, SERVICE, sessionOf, submit } from '../../support/avaya/sms-calls.ts';
import { startAvayaSms } from '../../support/simulators/avaya-sms/server.ts';
import type { AvayaSms } from '../../support/simulators/avaya-sms/server.ts';
import type { Fault } from '../../support/simulators/avaya-sms/faults.ts';

/** The simulator of Avaya's service, seen through raw requests: what the connector's tests stand on. */

let sms: AvayaSms;

beforeAll(async () => {
  sms = await startAvayaSms({ maxSessions: 2, cmHosts: ['cm-a.example', 'cm-b.example'], callMs: 0 });
});
afterAll(() => sms.close());
beforeEach(() => {
  sms.faults.off();
  sms.expireSessions();
  sms.resetCounters();
  for (const map of [sms.cm.agents, sms.cm.huntGroups]) map.clear();
  const skills = [
    { number: '12', level: '1' },
    { number: '15', level: '3' },
  ];
  sms.cm.agents.set('0041002', { Name: "O'Brien & Sons <x>", Extension: '5001', COR: '7', Native_Name_1: 'Žofie' });
  sms.cm.agents.set('0041001', { Name: 'Nováková, Eva', skills });
  sms.cm.agents.set('99', { Name: 'IVR', AAS: 'y' });
  sms.cm.huntGroups.set('12', { Group_Name: 'Inbound', Skill: 'y', ACD: 'y' });
});

type Seen = {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** How the connection ended before the answer was whole. */
  readonly broken: string | undefined;
};

type Sent = {
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

/** One HTTPS request on a connection of its own; what went wrong is part of what was seen. */
function post(body: string, { authorization = basic(), headers = {}, signal }: Sent = {}): Promise<Seen> {
  return new Promise((resolve) => {
    let seen: Seen = { status: 0, headers: {}, body: '', broken: undefined };
    const options = { method: 'POST', agent: false as const, ca: readFileSync(sms.caFile), headers: { ...headers } };
    const end = (broken?: string): void => resolve({ ...seen, broken });
    const outgoing = request(
      sms.url,
      {
        ...options,
        headers: { 'content-type': 'application/xml', authorization, ...headers },
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        seen = { ...seen, status: response.statusCode ?? 0, headers: response.headers };
        response.setEncoding('utf8').on('data', (text: string) => (seen = { ...seen, body: seen.body + text }));
        response.on('end', () => end());
        response.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    outgoing.end(body);
  });
}

/** How a connection ends below HTTP: in order, or by which error. */
function rawEnd(body: string): Promise<string> {
  return new Promise((resolve) => {
    const { port, pathname } = new URL(sms.url);
    const lines = [`POST ${pathname} HTTP/1.1`, 'Host: localhost', `Authorization: ${basic()}`];
    const text = [...lines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
    const socket = connect({ host: '127.0.0.1', port: Number(port), ca: readFileSync(sms.caFile), servername: '' });
    socket.on('secureConnect', () => socket.write(text)).resume();
    socket.on('end', () => resolve('end'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

function basic(username = sms.username, password = sms.password): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function opened(): Promise<string> {
  return sessionOf((await post(submit('list', '<HuntGroup/>'))).body);
}

describe('calls', () => {
  test('list gives the fields of the screen, in the order of the ids, with arrays by position', async () => {
    const { status, headers, body } = await post(submit('list', '<Agent/>'));
    expect([status, headers['content-type']]).toEqual([200, 'text/xml; charset=utf-8']);
    expect(body).toContain('<result_code>0</result_code>');
    expect(resultOf(body)).toBe(
      '<Agent><Login_ID>99</Login_ID><AAS>y</AAS><COR>1</COR><Name>IVR</Name><Extension>unstaffed</Extension></Agent>' +
        '<Agent><Login_ID>0041001</Login_ID><AAS>n</AAS><COR>1</COR><Name>Nováková, Eva</Name>' +
        '<Extension>unstaffed</Extension><SN position="1">12</SN><SN position="2">15</SN>' +
        '<SL position="1">1</SL><SL position="2">3</SL></Agent>' +
        '<Agent><Login_ID>0041002</Login_ID><AAS>n</AAS><COR>7</COR>' +
        "<Name>O'Brien &amp; Sons &lt;x&gt;</Name><Extension>5001</Extension></Agent>",
    );
  });

  test('fields that are named come back alone; count n and a first id limit the list', async () => {
    const named = await post(submit('list', '<Agent><Login_ID/><COR/></Agent>', { qualifier: 'count 1' }));
    expect(resultOf(named.body)).toBe('<Agent><Login_ID>99</Login_ID><COR>1</COR></Agent>');
    const from = await post(submit('list', '<Agent><Login_ID/></Agent>', { qualifier: '0041001 count 1' }));
    expect(resultOf(from.body)).toBe('<Agent><Login_ID>0041001</Login_ID></Agent>');
  });

  test('display gives what list does not show; an id that nobody has is a result code', async () => {
    const session = await opened();
    const whole = await post(submit('display', '<Agent/>', { session, qualifier: '0041002' }));
    expect(resultOf(whole.body)).toContain('<Native_Name_1>Žofie</Native_Name_1>');
    const nobody = await post(submit('display', '<Agent/>', { session, qualifier: '41002' }));
    expect([nobody.status, resultOf(nobody.body)]).toEqual([200, undefined]);
    expect(nobody.body).toMatch(/<result_code>[1-9]\d*<\/result_code>.*Identifier not assigned/);
  });

  test('a list that is limited is an operation of its own', async () => {
    sms.faults.on({ kind: 'http', status: 503 }, { operation: 'list Agent' });
    expect((await post(submit('list', '<Agent/>', { qualifier: 'count 1' }))).status).toBe(200);
    expect((await post(submit('list', '<Agent/>'))).status).toBe(503);
    expect(sms.counters().byOperation).toEqual({ 'list count Agent': 1, 'list Agent': 1 });
  });

  test('skills are hunt groups', async () => {
    const { body } = await post(submit('list', '<HuntGroup/>'));
    expect(resultOf(body)).toContain('<Group_Number>12</Group_Number><Group_Name>Inbound</Group_Name>');
  });

  test('nothing can be written, and the attempt is counted', async () => {
    const { status, body } = await post(submit('remove', '<Agent/>', { qualifier: '0041001' }));
    expect([status, faultOf(body)]).toEqual([500, 'This login may not change anything']);
    expect([sms.counters().writes, sms.cm.agents.size]).toEqual([1, 3]);
  });

  test.each([
    ['another namespace', () => submit('list', '<Agent/>').replaceAll(SERVICE, 'http://example.com/')],
    ['no operation', () => submit('', '<Agent/>')],
    ['no end', () => submit('list', '<Agent/>').slice(0, -30)],
    ['a bare &', () => submit('list', '<Agent/>', { qualifier: 'a & b' })],
    ['nothing', () => ''],
    ['an unknown model', () => submit('list', '<Unicorn/>')],
  ])('%s is refused with a fault', async (_, body) => {
    const seen = await post(body());
    expect(seen.status).toBe(500);
    expect(faultOf(seen.body)).toBeDefined();
    expect(sms.counters().sessions.opened).toBe(0);
  });
});

describe('sessions', () => {
  test('carried on, released, and afterwards unknown', async () => {
    const session = await opened();
    const again = await post(submit('list', '<Agent/>', { session }), { headers: { 'content-type': 'text/xml' } });
    expect(sessionOf(again.body)).toBe(session);
    const released = await post(release(session));
    expect([sessionOf(released.body), released.status]).toEqual(['', 200]);
    expect(released.body).toContain('<ns2:releaseResponse><return><result_code>0</result_code>');
    const late = await post(submit('list', '<Agent/>', { session }));
    expect([late.status, faultOf(late.body)]).toEqual([500, 'Invalid or expired session ID']);
    expect((await post(release(session))).status).toBe(200);
    expect(sms.counters().sessions).toEqual({ opened: 1, released: 1, expired: 0, open: 0 });
  });

  test('an id that is not carried on costs a session each time, until none is free', async () => {
    await opened();
    await opened();
    const third = await post(submit('list', '<Agent/>'));
    expect([third.status, faultOf(third.body)]).toEqual([500, expect.stringContaining('no free session')]);
    expect(sms.counters().sessions).toMatchObject({ opened: 2, open: 2 });
  });

  test('a session belongs to one CM', async () => {
    const session = await opened();
    const other = basic('rosterd@cm-b.example');
    const seen = await post(submit('list', '<Agent/>', { session }), { authorization: other });
    expect(faultOf(seen.body)).toBe('Invalid or expired session ID');
    expect((await post(submit('list', '<Agent/>'), { authorization: other })).status).toBe(200);
  });

  test('two calls at a time on one CM are counted; on two CMs, or one behind the other, they are none', async () => {
    sms.faults.on({ kind: 'slow', ms: 300 });
    await Promise.all([post(submit('list', '<Agent/>')), post(submit('list', '<Agent/>'))]);
    expect(sms.counters()).toMatchObject({ simultaneous: 2, overlaps: 1 });
    sms.expireSessions();
    sms.resetCounters();
    const other = basic('rosterd@cm-b.example');
    await Promise.all([post(submit('list', '<Agent/>')), post(submit('list', '<Agent/>'), { authorization: other })]);
    await post(submit('list', '<Agent/>'));
    expect(sms.counters()).toMatchObject({ simultaneous: 1, overlaps: 0 });
  });
});

describe('log-in', () => {
  test.each([
    ['no header', () => ''],
    ['a wrong password', () => basic(sms.username, 'wrong')],
    ['no CM in the name', () => basic('rosterd')],
  ])('%s: 401, and no session', async (_, authorization) => {
    const seen = await post(submit('list', '<Agent/>'), { authorization: authorization() });
    expect([seen.status, seen.headers['www-authenticate']]).toEqual([401, 'Basic realm="SMS"']);
    expect(sms.counters()).toMatchObject({ refusedLogins: 1, sessions: { opened: 0 } });
  });

  test('a CM that is not there is a fault; a port behind its name is none', async () => {
    const nowhere = await post(submit('list', '<Agent/>'), { authorization: basic('rosterd@cm-c.example') });
    expect([nowhere.status, faultOf(nowhere.body)]).toEqual([500, 'Unable to connect to the Communication Manager']);
    const withPort = await post(submit('list', '<Agent/>'), { authorization: basic('rosterd@cm-a.example:5022') });
    expect(withPort.status).toBe(200);
  });

  test('a service that leaves the log-in to the CM answers a fault', async () => {
    const strict = await startAvayaSms({ wrongLogin: 'soap-fault' });
    const mine = sms;
    sms = strict;
    const seen = await post(submit('list', '<Agent/>'), { authorization: basic(sms.username, 'wrong') });
    sms = mine;
    await strict.close();
    expect([seen.status, faultOf(seen.body)]).toEqual([500, expect.stringContaining('invalid login or password')]);
  });
});

describe('faults', () => {
  const many = (): void => {
    for (let id = 1000; id < 1100; id += 1) sms.cm.agents.set(String(id), { Name: `Agent, ${id}` });
  };
  const listWith = async (fault: Fault): Promise<Seen> => {
    many();
    sms.faults.on(fault);
    return post(submit('list', '<Agent/>'));
  };
  const rows = (body: string): number => body.match(/<Agent>/g)?.length ?? 0;

  test.each([401, 403, 429, 500, 503])('HTTP %i, with Retry-After where it is said', async (status) => {
    expect(await listWith({ kind: 'http', status, retryAfter: '7' })).toMatchObject({
      status,
      headers: { 'retry-after': '7' },
      broken: undefined,
    });
    expect(sms.counters().sessions.opened).toBe(0);
  });

  test('a redirect, whose target sees who follows it', async () => {
    const seen = await listWith({ kind: 'redirect' });
    expect([seen.status, seen.headers.location]).toEqual([302, '/elsewhere']);
    expect(sms.counters().elsewhere).toBe(0);
  });

  test('garbage, a SOAP fault, no free session', async () => {
    expect(await listWith({ kind: 'garbage' })).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html' },
    });
    sms.faults.off();
    expect(faultOf((await listWith({ kind: 'soap-fault', text: 'CM <down>' })).body)).toBe('CM &lt;down&gt;');
    sms.faults.off();
    expect(faultOf((await listWith({ kind: 'no-free-session' })).body)).toContain('no free session');
    expect(sms.counters().sessions.opened).toBe(0);
  });

  test('slow: the answer comes, and whoever does not wait leaves no session behind', async () => {
    const started = performance.now();
    expect((await listWith({ kind: 'slow', ms: 300 })).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(290);
    sms.expireSessions();
    const seen = await post(submit('list', '<Agent/>'), { signal: AbortSignal.timeout(100) });
    expect(seen.broken).toBe('ABORT_ERR');
    await delay(400);
    expect(sms.counters().sessions.open).toBe(0);
  });

  test('no answer at all: the call ends with the client', async () => {
    many();
    sms.faults.on({ kind: 'never-answers' }, { times: 1 });
    const seen = await post(submit('list', '<Agent/>'), { signal: AbortSignal.timeout(300) });
    expect([seen.status, seen.broken]).toEqual([0, 'ABORT_ERR']);
    await expect.poll(() => sms.counters().requests).toBe(1);
    await delay(50);
    expect((await post(submit('list', '<Agent/>'))).status).toBe(200);
    expect(sms.counters().overlaps).toBe(0);
  });

  test('a reset before the answer, and one in its middle', async () => {
    expect(await listWith({ kind: 'reset' })).toMatchObject({ status: 0, broken: 'ECONNRESET' });
    expect(sms.counters().sessions.opened).toBe(0);
    sms.faults.off();
    const middle = await listWith({ kind: 'reset-in-body' });
    expect([middle.status, middle.broken]).toEqual([200, 'ECONNRESET']);
    expect(rows(middle.body)).toBeGreaterThan(10);
    expect(rows(middle.body)).toBeLessThan(103);
    // The session was opened; its id came with the first bytes.
    expect(sms.counters().sessions).toMatchObject({ opened: 1, open: 1 });
    expect(sessionOf(middle.body)).not.toBe('');
  });

  test('a reset is one for TCP too; a body cut off ends in order', async () => {
    many();
    const ends: string[] = [];
    for (const fault of [{ kind: 'reset' }, { kind: 'reset-in-body' }, { kind: 'cut', framing: 'chunked' }] as const) {
      sms.faults.on(fault, { times: 1 });
      sms.expireSessions();
      ends.push(await rawEnd(submit('list', '<Agent/>')));
    }
    expect(ends).toEqual(['ECONNRESET', 'ECONNRESET', 'end']);
  });

  test.each([
    ['content-length', 'ECONNRESET'],
    ['chunked', 'ECONNRESET'],
    ['document', undefined],
  ] as const)('a body cut off in order: %s', async (framing, broken) => {
    const seen = await listWith({ kind: 'cut', framing });
    expect([seen.status, seen.broken]).toEqual([200, broken]);
    expect(seen.body).not.toContain('</SOAP-ENV:Envelope>');
    expect(rows(seen.body)).toBeGreaterThan(10);
  });

  test('an empty list, half a list, half a list with its number', async () => {
    expect((await listWith({ kind: 'empty-list' })).body).toContain('<result_code>0</result_code><result_data/>');
    sms.faults.off();
    sms.expireSessions();
    const half = await listWith({ kind: 'half-list', announced: false });
    expect([rows(half.body), half.body.includes('<message_text/>')]).toEqual([51, true]);
    sms.faults.off();
    expect((await listWith({ kind: 'half-list', announced: true })).body).toContain('51 of 103 records returned');
  });

  test('a result code inside HTTP 200', async () => {
    const seen = await listWith({ kind: 'result-code', resultCode: 3, messageText: 'Command aborted' });
    expect(seen.status).toBe(200);
    expect(seen.body).toContain('<result_code>3</result_code><result_data/><message_text>Command aborted<');
  });

  test('an expired session, in the middle of a conversation', async () => {
    const session = await opened();
    sms.faults.on({ kind: 'expired-session' }, { times: 1 });
    const seen = await post(submit('list', '<Agent/>', { session }));
    expect([seen.status, faultOf(seen.body)]).toEqual([500, 'Invalid or expired session ID']);
    expect(sms.counters().sessions).toEqual({ opened: 1, released: 0, expired: 1, open: 0 });
  });

  test('a fault meets the operation, number and order of requests that it is for', async () => {
    sms.faults.on({ kind: 'http', status: 503 }, { operation: 'list Agent', after: 1, times: 1 });
    const statuses: number[] = [];
    for (const model of ['<HuntGroup/>', '<Agent/>', '<HuntGroup/>', '<Agent/>', '<Agent/>']) {
      sms.expireSessions();
      statuses.push((await post(submit('list', model))).status);
    }
    expect(statuses).toEqual([200, 200, 200, 503, 200]);
    expect(sms.counters()).toMatchObject({ requests: 5, byOperation: { 'list Agent': 3, 'list HuntGroup': 2 } });
  });
});

describe('certificates', () => {
  test('a new one ends the connections that are open', async () => {
    const { port } = new URL(sms.url);
    const options = { host: '127.0.0.1', port: Number(port), ca: readFileSync(sms.caFile), servername: '' };
    const socket = connect(options).resume();
    const ended = new Promise((resolve) => socket.on('error', resolve).on('end', resolve));
    await new Promise<void>((resolve) => socket.on('secureConnect', resolve));
    await sms.useCertificate('trusted');
    await ended;
  });

  /** What a client that trusts the authority finds. */
  function handshake(): Promise<{ error: string | null; days: number }> {
    return new Promise((resolve, reject) => {
      const { port } = new URL(sms.url);
      const options = {
        host: '127.0.0.1',
        port: Number(port),
        ca: readFileSync(sms.caFile),
        rejectUnauthorized: false,
      };
      const socket = connect({ ...options, servername: '' }, () => {
        const { valid_to: end } = socket.getPeerCertificate();
        // With rejectUnauthorized off the reason stands here, as a code.
        const error = socket.authorizationError as unknown as string | null | undefined;
        resolve({ error: error ?? null, days: (Date.parse(end) - Date.now()) / 86_400_000 });
        socket.destroy();
      }).on('error', reject);
    });
  }

  test.each([
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT', 364],
    ['expiring', null, 4],
    ['expired', 'CERT_HAS_EXPIRED', -2],
    ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID', 364],
    ['trusted', null, 364],
  ] as const)('%s', async (kind, error, days) => {
    await sms.useCertificate(kind);
    const seen = await handshake();
    expect(seen.error).toBe(error);
    expect(seen.days).toBeGreaterThan(days);
    expect(seen.days).toBeLessThan(days + 2);
  });
});
