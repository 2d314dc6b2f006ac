import { onTestFinished } from 'vitest';
import { code, json, puzzelListing, result, row } from '../../support/puzzel/answers.ts';
import type { MockedAnswer } from '../../support/http-mock.ts';
import { closedPort, startScriptedHttp } from '../../support/scripted-http.ts';
import { startPuzzel } from '../../support/simulators/puzzel/puzzel.ts';
import type { RestFault, RestFaultScope } from '../../support/simulators/rest/faults.ts';
import type { ExpectedError, Harness, Prepared, Variant } from '../harness.ts';

const secret = 'S3cret/+Wort';
const secretVariable = 'ROSTERD_CONTRACT_PUZZEL_SECRET';
process.env[secretVariable] = secret;

async function simulate(
  count: number,
  faults: readonly (readonly [RestFault, RestFaultScope?])[] = [],
  { wanted = secret, reversed = false, nobody = false } = {},
): Promise<Prepared> {
  const puzzel = await startPuzzel();
  onTestFinished(() => puzzel.close());
  const client = { secret: wanted, productAccess: `10042:${puzzel.userId}`, grants: ['client_credentials'] };
  puzzel.system.clients.set(puzzel.clientId, client);
  puzzel.system.groups.set(6, 'North');
  const people = Array.from({ length: count }, (_, index) => (reversed ? count - index : index + 1));
  for (const index of people)
    puzzel.system.users.set(5000 + index, {
      ...{ firstName: 'Jan', lastName: `Novák ${String(index)}`, userName: `agent${String(index)}`, group: 6 },
      ...{ eMail: `agent${String(index)}@corp.example`, skills: { Sales: 7 } },
    });
  if (nobody) puzzel.faults.on({ kind: 'empty-list' }, everyList);
  for (const [armed, scope] of faults) puzzel.faults.on(armed, scope);
  return reach(puzzel.origin, { tls: { caFile: puzzel.caFile }, timeoutMs: 2000 }, { details: count <= 100 });
}

/** A list that the simulator is too well-behaved to give. */
async function script(list: MockedAnswer): Promise<Prepared> {
  return reach(await startScriptedHttp(puzzelListing(list)));
}

function reach(url: string, connection: object = {}, more: object = {}): Prepared {
  const client = { customerKey: '10042', userId: '900001', clientId: 'rosterd-client' };
  const clientSecret = { env: secretVariable };
  return { config: { connection: { url, ...client, clientSecret, ...connection }, ...more } };
}

const everyList: RestFaultScope = { operation: 'list users' };
const firstList: RestFaultScope = { ...everyList, times: 1 };
const ten = Array.from({ length: 10 }, (_, index) => row(5001 + index));

function fails(name: string, armed: RestFault, scope: RestFaultScope = everyList): Variant {
  return { name, prepare: () => simulate(10, [[armed, scope]]) };
}

function says(name: string, ...users: readonly unknown[]): Variant {
  return { name, prepare: () => script(result(users)) };
}

function raw(name: string, answer: MockedAnswer): Variant {
  return { name, prepare: () => script(answer) };
}

function expecting(prepared: Prepared, like: Omit<ExpectedError, keyof Prepared>): ExpectedError {
  return { ...prepared, ...like };
}

const jsonType = { 'content-type': 'application/json' };
const writtenList = (users: string): string => `{"result":[${users}],"code":0,"id":"a","message":"OK"}`;

export const harness: Harness = {
  people: (count) => simulate(count),
  truncated: [
    fails('by a reset', { kind: 'reset-in-body' }),
    fails('before its Content-Length', { kind: 'cut', framing: 'content-length' }),
    fails('in its chunks', { kind: 'cut', framing: 'chunked' }),
    fails('in the document alone', { kind: 'cut', framing: 'document' }),
    fails('between two records', { kind: 'cut', framing: 'between-records' }),
    fails('by half, always and silently', { kind: 'half-list' }),
    fails('by half, once and silently', { kind: 'half-list' }, firstList),
    fails('by half in the second list', { kind: 'half-list' }, { ...firstList, after: 1 }),
    fails('by silence', { kind: 'never-answers' }),
    fails('by an error inside HTTP 200', { kind: 'error-inside' }),
    fails('by an error inside HTTP 200 in one detail', { kind: 'error-inside' }, { operation: 'get user', times: 1 }),
  ],
  repeated: () => script(result([...ten, ten[2]])),
  reordered: () => simulate(10, [], { reversed: true }),
  empty: [
    { name: 'a system without users', prepare: () => simulate(0, [], { nobody: true }) },
    { name: 'a system of API users only', prepare: () => simulate(0) },
    fails('one list is empty', { kind: 'empty-list' }, firstList),
    raw('an empty document', { headers: jsonType, body: '' }),
    raw('an empty object', json({})),
    raw('a list of nothing', result([])),
    raw('nothing', result(null)),
  ],
  badRecord: async () => ({
    ...(await script(result([row(1), row(2, { firstName: 'bad\u0007bell' }), row(3)]))),
    position: /^user 2$/,
  }),
  notRead: async () => ({
    ...(await script(result([{ id: 1 }, { id: 2 }, { id: 3 }]))),
    fields: ['username', 'firstName', 'lastName', 'email', 'mobileNumber', 'attribute.skills'],
    parts: ['disabled', 'team', 'role', 'group', 'supervises', 'supervisor'],
  }),
  loginRefused: async () =>
    expecting(await simulate(3, [], { wanted: 'another' }), { class: 'fatal', code: 'login-refused' }),
  notThere: async () => expecting(reach(await closedPort()), { class: 'retryable', code: 'unreachable' }),
  busy: async () =>
    expecting(await simulate(3, [[{ kind: 'http', status: 429, retryAfter: '7' }]]), {
      class: 'retryable',
      code: 'busy',
      retryAfterMs: 7000,
    }),
  withSecrets: {
    secrets: [secret, 'token-1'],
    states: [
      says('in a field that nobody asked for', row(1, { password: secret })),
      raw('in an error', code(3, `client ${secret}, token-1`)),
      raw('in a refusal', json({ code: 3, message: secret }, 500)),
      raw('in a redirect', { status: 302, headers: { location: `https://x.test/${secret}` } }),
      { name: 'in a configuration that works', prepare: () => simulate(2) },
    ],
  },
  hostile: [
    says('a huge field', row(1, { firstName: 'x'.repeat(500_000) }), row(2)),
    says('a field beyond all measure', row(1, { firstName: 'x'.repeat(2e7) }), row(2)),
    says('control characters', row(1, { firstName: '\u0000\u001b[31m\u0007', lastName: 'a\u0085' }), row(2)),
    says('ids that are none', row('../users'), row(-1), row(1.5), row(''), { id: null }, { id: {} }),
    says('users that are none', null, 7, 'x', [], [[]]),
    says('values that are none', row(1, { firstName: {}, lastName: [], groupId: {}, qualities: 7, profiles: [null] })),
    raw('fields of the same name', {
      headers: jsonType,
      body: writtenList(`{"id":1,${'"firstName":"x",'.repeat(1e5)}"a":1}`),
    }),
    raw('many fields', {
      headers: jsonType,
      body: writtenList(`{"id":1${Array.from({ length: 1e5 }, (_, index) => `,"f${String(index)}":1`).join('')}}`),
    }),
    raw('a bomb of entities', { body: `<!DOCTYPE a [<!ENTITY a "${'x'.repeat(1e4)}">]><a>${'&a;'.repeat(1e5)}</a>` }),
    raw('deep nesting', { headers: jsonType, body: `{"a":${'['.repeat(1e6)}` }),
    raw('deep objects', { headers: jsonType, body: '{"a":'.repeat(1e4) + '1' + '}'.repeat(1e4) }),
    raw('names of the language', {
      headers: jsonType,
      body: writtenList('{"id":1,"__proto__":{"userName":"x"},"constructor":1,"toString":2}'),
    }),
    raw('a number beyond exactness', { headers: jsonType, body: writtenList('{"id":12345678901234567890}') }),
    raw('a page of a web server', { body: '<html><body><p>It works!<br></body></html>' }),
    raw('bytes of no encoding', { body: Buffer.alloc(1e6, 0xff) }),
    raw('another encoding', { headers: jsonType, body: Buffer.from(writtenList('{"id":1}'), 'utf16le') }),
  ],
};
