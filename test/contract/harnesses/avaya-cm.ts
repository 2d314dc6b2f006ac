import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { answer, document, fault, object } from '../../support/avaya/sms-answers.ts';
import type { Fields } from '../../support/avaya/sms-answers.ts';
import { listing, startScriptedSms } from '../../support/avaya/scripted-sms.ts';
import type { Asked } from '../../support/avaya/scripted-sms.ts';
import type { MockedAnswer } from '../../support/http-mock.ts';
import type { Fault, FaultScope } from '../../support/simulators/avaya-sms/faults.ts';
import { startAvayaSms } from '../../support/simulators/avaya-sms/server.ts';
import type { AvayaSmsOptions } from '../../support/simulators/avaya-sms/server.ts';
import type { ExpectedError, Harness, Prepared, Variant } from '../harness.ts';

const password = 'S3cret/+Wort';
const passwordVariable = 'ROSTERD_CONTRACT_AVAYA_PASSWORD';
process.env[passwordVariable] = password;
const username = 'rosterd@cm.example';

/** The simulator, with agents and a fault. */
async function simulate(
  count: number,
  faults: readonly (readonly [Fault, FaultScope?])[] = [],
  options: AvayaSmsOptions = {},
): Promise<Prepared> {
  const sms = await startAvayaSms({ password, callMs: 0, ...options });
  onTestFinished(() => sms.close());
  for (let index = 1; index <= count; index += 1) {
    const skills = [{ number: String(index % 7), level: '1' }];
    sms.cm.agents.set(loginId(index), { Name: `Novák, Jan ${String(index)}`, skills });
  }
  for (const [armed, scope] of faults) sms.faults.on(armed, scope);
  return reach(sms.url, { tls: { caFile: sms.caFile } });
}

/** Answers that the simulator is too well-behaved to give. */
async function script(script: (asked: Asked) => MockedAnswer): Promise<Prepared> {
  return reach(await startScriptedSms(script));
}

function reach(url: string, more: object = {}): Prepared {
  return { config: { connection: { url, username, password: { env: passwordVariable }, timeoutMs: 2000, ...more } } };
}

function loginId(index: number): string {
  return String(index).padStart(5, '0');
}

function agent(index: number, more: Fields = {}): string {
  return object('Agent', {
    Login_ID: loginId(index),
    Name: `Novák, Jan ${String(index)}`,
    SN: [[1, String(index % 7)]],
    SL: [[1, '1']],
    ...more,
  });
}

const ten = Array.from({ length: 10 }, (_, index) => agent(index + 1));
const everyList: FaultScope = { operation: 'list Agent' };
const firstList: FaultScope = { ...everyList, times: 1 };
const secondList: FaultScope = { ...firstList, after: 1 };

function fails(name: string, armed: Fault, scope: FaultScope = everyList): Variant {
  return { name, prepare: () => simulate(10, [[armed, scope]]) };
}

function says(name: string, ...agents: readonly string[]): Variant {
  return { name, prepare: () => script(listing(agents)) };
}

function raw(name: string, body: string | Buffer, headers: Record<string, string> = {}): Variant {
  return { name, prepare: () => script(() => ({ headers, body })) };
}

function expecting(prepared: Prepared, like: Omit<ExpectedError, keyof Prepared>): ExpectedError {
  return { ...prepared, ...like };
}

const entityBomb = `<!DOCTYPE a [<!ENTITY a "${'x'.repeat(1e4)}">]><a>${'&a;'.repeat(1e5)}</a>`;

export const harness: Harness = {
  people: (count) => simulate(count),
  truncated: [
    fails('by a reset', { kind: 'reset-in-body' }),
    fails('before its Content-Length', { kind: 'cut', framing: 'content-length' }),
    fails('in its chunks', { kind: 'cut', framing: 'chunked' }),
    fails('in the document alone', { kind: 'cut', framing: 'document' }),
    fails('by half, as it says itself', { kind: 'half-list', announced: true }),
    fails('by half, once and silently', { kind: 'half-list', announced: false }, firstList),
    fails('by half in the second list', { kind: 'half-list', announced: false }, secondList),
    fails('by a result code', { kind: 'result-code', resultCode: 5, messageText: 'Command aborted' }),
    fails('by an expired session', { kind: 'expired-session' }),
    fails('by silence', { kind: 'never-answers' }),
  ],
  repeated: () => script(listing([...ten, agent(3)])),
  reordered: () => script(listing(ten.toReversed())),
  empty: [
    { name: 'a CM without agents', prepare: () => simulate(0) },
    fails('every list is empty', { kind: 'empty-list' }, {}),
    fails('one list is empty', { kind: 'empty-list' }, firstList),
    raw('no result_data', document({}).replace('<result_data></result_data>', '')),
  ],
  badRecord: async () => {
    const people = [agent(1), agent(2, { Name: 'bad&#7;bell' }), agent(3)];
    return { ...(await script(listing(people))), position: /^agent 2$/ };
  },
  notRead: async () => {
    const people = [1, 2, 3].map((index) => object('Agent', { Login_ID: loginId(index), Name: '' }));
    return {
      ...(await script(listing(people))),
      fields: ['firstName', 'lastName', 'email', 'attribute.skills'],
      parts: ['disabled', 'team', 'role', 'group', 'supervises'],
    };
  },
  loginRefused: async () =>
    expecting(await simulate(3, [], { password: 'another' }), { class: 'fatal', code: 'login-refused' }),
  notThere: async () => expecting(reach(await closedPort()), { class: 'retryable', code: 'unreachable' }),
  busy: async () =>
    expecting(await simulate(3, [[{ kind: 'http', status: 429, retryAfter: '7' }]]), {
      class: 'retryable',
      code: 'busy',
      retryAfterMs: 7000,
    }),
  withSecrets: {
    secrets: [password],
    states: [
      says('in a field that nobody asked for', agent(1, { Security_Code: password, Password: password })),
      { name: 'in a fault', prepare: () => script(() => fault(`invalid password ${password}`)) },
      { name: 'in a message', prepare: () => script(() => answer({ code: 7, message: `after ${password}` })) },
      {
        name: 'in a redirect',
        prepare: () => script(() => ({ status: 302, headers: { location: `https://x.test/${password}` } })),
      },
      { name: 'in a configuration that works', prepare: () => simulate(2) },
    ],
  },
  hostile: [
    says('a huge field', agent(1, { Name: 'x'.repeat(500_000) }), agent(2)),
    says('a field beyond all measure', agent(1, { Name: 'x'.repeat(2e7) }), agent(2)),
    says('control characters', agent(1, { Name: '&#0;\u001b[31m\u0007' }), agent(2, { Name: 'a\u0085' })),
    says('ten thousand skills', agent(1, { SN: Array.from({ length: 1e4 }, (_, index) => [index, '1'] as const) })),
    says('ids that are commands', object('Agent', { Login_ID: '1 count 9' }), object('Agent', { Login_ID: '' })),
    says(
      'fields of the same name',
      object('Agent', { Login_ID: '1' }).replace('</Agent>', '<Name>x</Name>'.repeat(1e5) + '</Agent>'),
    ),
    raw('a bomb of entities', entityBomb),
    raw('deep nesting', '<a>'.repeat(1e6)),
    raw('a page of a web server', '<html><body><p>It works!<br></body></html>'),
    raw('bytes of no encoding', Buffer.alloc(1e6, 0xff)),
    raw('another encoding', Buffer.from(document({ data: ten.join('') }), 'utf16le'), {
      'content-type': 'text/xml; charset=utf-8',
    }),
    raw('a charset that nobody knows', document({ data: ten.join('') }), {
      'content-type': 'text/xml; charset=klingon',
    }),
    raw('no result code', document({ data: ten.join('') }).replace('<result_code>0', '<result_code>many')),
    raw('an envelope in another envelope', document({ data: document({ data: ten.join('') }).slice(39) })),
    raw('millions of tags', `<a>${'<b/>'.repeat(3e6)}</a>`),
  ],
};

/** The address of a port that was free a moment ago. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${String(port)}`;
}
