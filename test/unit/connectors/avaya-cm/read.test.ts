import { describe, expect, test } from 'vitest';
import { answer, document, fault, released } from '../../../support/avaya/sms-answers.ts';
import { mockHttp } from '../../../support/http-mock.ts';
import type { MockedAnswer } from '../../../support/http-mock.ts';
import { readWhole, testKit } from '../../../support/read-source.ts';
import { agent, lists, openSource, readWith, service } from './support.ts';

const eva = agent({ Login_ID: '1', Name: 'Novak, Eva' });
const jan = agent({ Login_ID: '2', Name: 'Svoboda, Jan' });
const both = answer({ data: eva + jan });

/** What a read throws; `answers` are all that the service gives, the opening call included. */
async function failing(answers: readonly MockedAnswer[], more: object = {}) {
  const requests = mockHttp(service, answers);
  const session = await openSource(more);
  const error = await readWhole(session.readAll(testKit().signal)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, requests };
}

describe('a session', () => {
  test('is opened by the smallest command, carried on in every header, and released', async () => {
    const { requests } = await readWith([
      answer({ session: 'second', data: eva }),
      answer({ session: '', data: eva }),
      released,
    ]);
    const sessions = requests.map(({ body }) => /sessionID[^>]*>([^<]*)</.exec(body)?.[1]);
    expect(sessions).toEqual(['', 'a1b2c3', 'second', 'second']);
    const calls = requests.map(({ headers }) => headers['soapaction']?.split('#').at(-1));
    expect(calls).toEqual(['submitRequest"', 'submitRequest"', 'submitRequest"', 'release"']);
  });

  test('asks for named fields only, and never for a password', async () => {
    const { requests } = await readWith(lists([eva]));
    const fields = requests.map(({ body }) => /<Agent>(.*)<\/Agent>/.exec(body)?.[1]);
    const all = '<Login_ID/><Name/><AAS/><SN/><SL/>';
    expect(fields).toEqual(['<Login_ID/><Name/>', all, '<Login_ID/>', undefined]);
    expect(requests.map(({ body }) => body).join()).not.toMatch(/Security_Code|Password/);
  });

  test.each([
    ['a fault', fault('Internal error')],
    ['an HTTP error', { status: 502 }],
    ['a reset', { error: 'ECONNRESET' }],
    ['something else than XML', { body: 'It works!' }],
  ])('is released behind %s, with the old id', async (_, bad) => {
    const { error, requests } = await failing([answer(), bad, released]);
    expect(error).toMatchObject({ class: 'retryable' });
    expect(requests.at(-1)?.body).toMatch(/sessionID[^>]*>a1b2c3<.*release/s);
  });

  test('whose first answer broke off is released all the same', async () => {
    const whole = document({ session: 'cut-off', data: eva });
    const cut = { headers: { 'content-length': String(whole.length) }, body: whole.slice(0, -100) };
    const inTheDocument = { body: whole.slice(0, -100) };
    for (const answers of [
      [cut, released],
      [inTheDocument, released],
    ]) {
      const { error, requests } = await failing(answers);
      expect(error).toMatchObject({ class: 'retryable' });
      expect(requests.at(-1)?.body).toMatch(/>cut-off<.*release/s);
    }
  });

  test('that was never opened is not released', async () => {
    expect((await failing([{ status: 401 }])).requests).toHaveLength(1);
    expect((await failing([fault('Too many connections')])).requests).toHaveLength(1);
  });

  test('whose release fails is released once more, and given up with a word; the read is none the worse', async () => {
    const warned: string[] = [];
    const log = { debug: () => undefined, warn: (message: string) => void warned.push(message) };
    const { end } = await readWith([both, both, { error: 'ECONNRESET' }, released], {}, { log });
    expect({ whole: end.whole, warned }).toEqual({ whole: true, warned: [] });
    await readWith([both, both, { error: 'ECONNRESET' }, { status: 500 }], {}, { log });
    expect(warned).toEqual([expect.stringContaining('could not be released')]);
  });

  test('is not released again where the log-in is refused', async () => {
    const { end } = await readWith([both, both, { status: 401 }]);
    expect(end.whole).toBe(true);
  });

  test('one at a time for a CM, whichever source asks', async () => {
    const requests = mockHttp(service, [answer(), both, both, released, answer(), both, both, released]);
    const [one, other] = await Promise.all([openSource(), openSource({ names: { order: 'last-first' } })]);
    await Promise.all([readWhole(one.readAll(testKit().signal)), readWhole(other.readAll(testKit().signal))]);
    const releases = requests.map(({ body }) => body.includes(':release'));
    expect(releases).toEqual([false, false, false, true, false, false, false, true]);
  });

  test('whose turn has not come yet can be given up, and the next one waits all the same', async () => {
    const requests = mockHttp(service, [answer(), both, both, released, answer(), both, both, released]);
    const [first, second, third] = await Promise.all([openSource(), openSource(), openSource()]);
    const controller = new AbortController();
    const reads = [
      readWhole(first.readAll(testKit().signal)),
      readWhole(second.readAll(controller.signal)),
      readWhole(third.readAll(testKit().signal)),
    ];
    controller.abort(new Error('cancelled'));
    const outcomes = await Promise.allSettled(reads);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(requests[3]?.body).toContain(':release');
    expect(requests).toHaveLength(8);
  });
});

describe('3.1 a read is complete', () => {
  test('when result codes are 0 and two lists agree, in whatever order', async () => {
    const { records, end } = await readWith([both, answer({ data: jan + eva }), released]);
    expect(records).toHaveLength(2);
    expect(end).toMatchObject({ whole: true });
    expect(end.reason).toBeUndefined();
  });

  test.each(['Command successfully completed', '2 records', ''])('with the message "%s"', async (message) => {
    const list = answer({ data: eva + jan, message });
    expect((await readWith([list, list, released])).end.whole).toBe(true);
  });
});

describe('3.2 a read is incomplete', () => {
  test('when a list has a result code, and what it brought is used', async () => {
    const { records, end } = await readWith([
      answer({ code: 5, message: 'Command\u001b aborted', data: eva }),
      released,
    ]);
    expect(records).toHaveLength(1);
    expect(end).toMatchObject({
      whole: false,
      retryable: false,
      reason: 'list Agent ended with result code 5: "Command� aborted"',
    });
  });

  test('when the list is empty', async () => {
    const { end } = await readWith([answer(), released]);
    expect(end).toMatchObject({ whole: false, reason: 'the list of agents is empty, which is taken for a failure' });
  });

  test('when the list says that it is not whole', async () => {
    const list = answer({ data: eva + jan, message: '2 of 4 records returned' });
    const { end } = await readWith([list, list, released]);
    expect(end).toMatchObject({
      whole: false,
      retryable: true,
      reason: expect.stringContaining('2 of 4') as string,
    });
  });

  test.each([
    ['the second has fewer', both, answer({ data: eva }), 'differ in 1 agents'],
    ['the second has more', answer({ data: eva }), both, 'differ in 1 agents'],
    ['the second has others', answer({ data: eva }), answer({ data: jan }), 'differ in 2 agents'],
    ['the second is empty', both, answer(), 'differ in 2 agents'],
    [
      'the second is refused',
      both,
      answer({ code: 1, message: 'no', data: eva + jan }),
      'the second ended with result code 1: "no"',
    ],
  ])('when %s', async (_, one, other, said) => {
    const { end } = await readWith([one, other, released]);
    expect(end).toMatchObject({ whole: false, retryable: true, reason: expect.stringContaining(said) as string });
  });
});

describe('2.2 an id that comes twice', () => {
  test('is rejected the second time, and the read is whole all the same', async () => {
    const { records, rejected, end } = await readWith(lists([eva, jan, eva]));
    expect(records).toHaveLength(2);
    expect(rejected).toMatchObject([{ externalId: '1', position: 'agent 3', repeated: true }]);
    expect(end).toMatchObject({ whole: true });
  });
});

describe('3.4 a refusal', () => {
  test.each([
    ['Login failed: invalid login or password', 'fatal', 'login-refused'],
    ['Authentication failure', 'fatal', 'login-refused'],
    ['The account is locked', 'fatal', 'login-refused'],
    ['Login refused', 'fatal', 'login-refused'],
    ['Too many connections: no free session', 'retryable', 'busy'],
    ['All administration terminals are in use; try again later', 'retryable', 'busy'],
    ['Invalid or expired session ID', 'retryable', 'unreachable'],
    ['Unable to connect to the Communication Manager', 'retryable', 'unreachable'],
    ['Login to cm1 failed: connection timed out', 'retryable', 'unreachable'],
    ['User may not run this command', 'fatal', 'right-missing'],
    ['Something new', 'retryable', 'protocol'],
  ])('"%s" is %s: %s, as a fault', async (text, errorClass, code) => {
    const { error } = await failing([fault(text)]);
    expect(error).toMatchObject({ class: errorClass, code, message: expect.stringContaining(`"${text}"`) as string });
  });

  test('that is a fault of the client is fatal', async () => {
    const { error } = await failing([fault('Unknown model Agent', 'SOAP-ENV:Client')]);
    expect(error).toMatchObject({ class: 'fatal', code: 'protocol' });
  });

  test('in a result code is told apart where its words are known', async () => {
    const { error } = await failing([answer(), answer({ code: 7, message: 'Permission denied' }), released]);
    expect(error).toMatchObject({ class: 'fatal', code: 'right-missing' });
  });

  test('without a result code is none that this connector knows', async () => {
    const { error } = await failing([{ body: document({}).replace('<result_code>0</result_code>', '') }, released]);
    expect(error).toMatchObject({ class: 'fatal', code: 'protocol' });
  });

  test('with Retry-After says how long', async () => {
    const { error } = await failing([{ status: 503, headers: { 'retry-after': '9' } }]);
    expect(error).toMatchObject({ class: 'retryable', code: 'busy', retryAfterMs: 9000 });
  });
});

describe('a look-up', () => {
  async function lookUp(...answers: readonly MockedAnswer[]) {
    const requests = mockHttp(service, [...answers, released]);
    const state = await (await openSource()).lookup('0042', testKit().signal);
    expect(requests[0]?.body).toContain('<operation>display</operation><objectname/><qualifier>0042</qualifier>');
    return state;
  }

  test('finds an agent present, absent, or no person', async () => {
    expect(await lookUp(answer({ data: agent({ Login_ID: '0042', AAS: 'n' }) }))).toBe('present');
    expect(await lookUp(answer({ code: 4, message: '0042 Identifier not assigned' }))).toBe('absent');
    expect(await lookUp(answer({ data: agent({ Login_ID: '0042', AAS: 'y' }) }))).toBe('absent');
  });

  test.each([
    ['another refusal', answer({ code: 1, message: 'Strange' })],
    ['nobody', answer()],
    ['an id without its zeros', answer({ data: agent({ Login_ID: '42' }) })],
    ['not assigned, but with code 0', answer({ message: 'Identifier not assigned' })],
  ])('that is answered with %s says nothing', async (_, said) => {
    await expect(lookUp(said)).rejects.toMatchObject({ code: 'protocol' });
  });

  test('of what is no login id is not sent', async () => {
    mockHttp(service, []);
    const session = await openSource();
    await expect(session.lookup('1 count 9', testKit().signal)).rejects.toMatchObject({ class: 'fatal' });
  });
});

test('the system is the host of the Communication Manager, in lower case', async () => {
  mockHttp(service, []);
  expect((await openSource()).systemId).toBe('cm1.corp.test');
});
