import { onTestFinished } from 'vitest';
import { cloudListing, errorBody, user, users } from '../../support/genesys/answers.ts';
import type { MockedAnswer } from '../../support/http-mock.ts';
import { closedPort, startScriptedHttp } from '../../support/scripted-http.ts';
import { startGenesysCloud } from '../../support/simulators/genesys/cloud.ts';
import type { CloudOptions } from '../../support/simulators/genesys/cloud.ts';
import type { RestFault, RestFaultScope } from '../../support/simulators/rest/faults.ts';
import type { ExpectedError, Harness, Prepared, Variant } from '../harness.ts';

const clientSecret = 'S3cret/+Wort';
const secretVariable = 'ROSTERD_CONTRACT_GENESYS_SECRET';
process.env[secretVariable] = clientSecret;

interface Simulated extends CloudOptions {
  readonly wanted?: string;
  /** Further keys of the source. */
  readonly more?: object;
  readonly reversed?: boolean;
}

async function simulate(
  count: number,
  faults: readonly (readonly [RestFault, RestFaultScope?])[] = [],
  { wanted = clientSecret, more = {}, reversed = false, ...options }: Simulated = {},
): Promise<Prepared> {
  const cloud = await startGenesysCloud(options);
  onTestFinished(() => cloud.close());
  const { organisation } = cloud;
  organisation.clientSecret = wanted;
  organisation.teams.set('t1', 'North');
  const people = Array.from({ length: count }, (_, index) => (reversed ? count - index : index + 1));
  for (const index of people) organisation.users.set(`6f1c-${String(index)}`, somebody(index));
  for (const [armed, scope] of faults) cloud.faults.on(armed, scope);
  return reach(cloud.origin, { clientId: organisation.clientId, tls: { caFile: cloud.caFile } }, more);
}

function somebody(index: number) {
  const username = `agent${String(index)}@corp.example`;
  return { name: `Jan Novák ${String(index)}`, username, team: 't1', skills: { Sales: 2 }, roles: ['employee'] };
}

/** A list that the simulator is too well-behaved to give. */
async function script(list: MockedAnswer, total = 10): Promise<Prepared> {
  return reach(await startScriptedHttp(cloudListing(list, total)));
}

function reach(url: string, connection: object = {}, more: object = {}): Prepared {
  const usual = { url, clientId: 'rosterd', clientSecret: { env: secretVariable }, timeoutMs: 2000 };
  return { config: { connection: { ...usual, ...connection }, ...more } };
}

const ten = Array.from({ length: 10 }, (_, index) => user(`u${String(index + 1)}`));
const pages: RestFaultScope = { operation: 'list users' };
const secondPage: RestFaultScope = { ...pages, after: 1, times: 1 };

function fails(name: string, armed: RestFault, scope: RestFaultScope = pages): Variant {
  return { name, prepare: () => simulate(10, [[armed, scope]], { more: { pageSize: 4 } }) };
}

function says(name: string, ...entities: readonly unknown[]): Variant {
  return { name, prepare: () => script(users(entities), entities.length) };
}

function raw(name: string, answer: MockedAnswer): Variant {
  return { name, prepare: () => script(answer) };
}

function expecting(prepared: Prepared, like: Omit<ExpectedError, keyof Prepared>): ExpectedError {
  return { ...prepared, ...like };
}

export const harness: Harness = {
  people: (count) => simulate(count),
  truncated: [
    fails('by a reset', { kind: 'reset-in-body' }),
    fails('before its Content-Length', { kind: 'cut', framing: 'content-length' }),
    fails('in its chunks', { kind: 'cut', framing: 'chunked' }),
    fails('in the document alone', { kind: 'cut', framing: 'document' }),
    fails('between two records', { kind: 'cut', framing: 'between-records' }),
    fails('by half of every page', { kind: 'half-list' }),
    fails('by a wrong total', { kind: 'wrong-total' }),
    fails('by a page that is shifted', { kind: 'shifted-page' }, secondPage),
    fails('by silence', { kind: 'never-answers' }),
    fails('by an error inside HTTP 200', { kind: 'error-inside' }, secondPage),
    { name: 'by a last page without a cursor, where more are announced', prepare: () => script(users(ten), 11) },
  ],
  repeated: () => simulate(10, [[{ kind: 'repeated-page' }, secondPage]], { more: { pageSize: 4 } }),
  reordered: () => simulate(10, [], { reversed: true }),
  empty: [
    { name: 'an organisation without users', prepare: () => simulate(0) },
    fails('every list is empty', { kind: 'empty-list' }, {}),
    fails('one page is empty', { kind: 'empty-list' }, secondPage),
    raw('an empty document', { body: '' }),
    raw('an object without a list', { body: '{}' }),
  ],
  badRecord: async () => ({
    ...(await script(users([user('u1'), user('u2', { name: 'bad\u0007bell' }), user('u3')]), 3)),
    position: /^user 2$/,
  }),
  notRead: async () => ({
    ...(await script(users([{ id: 'u1' }, { id: 'u2' }, { id: 'u3', team: null, authorization: null }]), 3)),
    fields: ['displayName', 'email', 'username', 'employeeId', 'department', 'jobTitle', 'attribute.skills'],
    parts: ['disabled', 'role', 'group', 'profile', 'supervises', 'supervisor'],
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
    secrets: [clientSecret, 'tok-1'],
    states: [
      says('in a field that nobody asked for', user('u1', { password: clientSecret, token: 'tok-1' })),
      raw('in an error inside HTTP 200', { ...errorBody(500, 'x', `no ${clientSecret} tok-1`), status: 200 }),
      raw('in a refusal', errorBody(403, 'missing', `${clientSecret} tok-1`)),
      raw('in an expired session', errorBody(401, 'bad.credentials', `${clientSecret} tok-1`)),
      raw('in a redirect', { status: 302, headers: { location: `https://x.test/${clientSecret}` } }),
      { name: 'in a configuration that works', prepare: () => simulate(2) },
    ],
  },
  hostile: [
    says('a huge field', user('u1', { name: 'x'.repeat(500_000) }), user('u2')),
    says('a field beyond all measure', user('u1', { name: 'x'.repeat(2e7) }), user('u2')),
    says('control characters', user('u1', { name: '\u0000\u001b[31m\u0007' }), user('u2', { email: 'a\u0085' })),
    says('ids that lead elsewhere', user('..'), user('a/b'), user(''), user('%zz')),
    says('no users at all', null, 7, 'x', [], [[]], { id: 7 }, { id: null }),
    says('fields of other kinds', user('u1', { name: {}, skills: {}, team: [], authorization: 7, addresses: 'x' })),
    says('a hundred thousand skills', user('u1', { skills: Array.from({ length: 1e5 }, () => ({ name: 'x' })) })),
    raw('a bomb of entities', { body: `<!DOCTYPE a [<!ENTITY a "${'x'.repeat(1e4)}">]><a>${'&a;'.repeat(1e5)}</a>` }),
    raw('deep nesting', { body: `{"entities":${'['.repeat(1e5)}` }),
    raw('deep nesting that ends', { body: `{"entities":${'['.repeat(1e5)}${']'.repeat(1e5)}}` }),
    raw('a page of a web server', { body: '<html><body><p>It works!<br></body></html>' }),
    raw('bytes of no encoding', { body: Buffer.alloc(1e6, 0xff) }),
    raw('a hundred thousand numbers', users(Array.from({ length: 1e5 }, () => 0))),
    raw('pages without an end', users(ten, { cursor: 'again' })),
    raw('a next page of another server', users(ten, { nextUri: 'https://x.test/api/v2/users/query?cursor=x' })),
  ],
};
