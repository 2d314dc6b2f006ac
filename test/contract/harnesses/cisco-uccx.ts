import { onTestFinished } from 'vitest';
import { names, resource, resources, uccxListing, xml } from '../../support/cisco/uccx-answers.ts';
import type { MockedAnswer } from '../../support/http-mock.ts';
import { closedPort, startScriptedHttp } from '../../support/scripted-http.ts';
import { startUccx } from '../../support/simulators/cisco/uccx.ts';
import type { RestFault, RestFaultScope } from '../../support/simulators/rest/faults.ts';
import type { ExpectedError, Harness, Prepared, Variant } from '../harness.ts';

const password = 'S3cret/+Wort';
const passwordVariable = 'ROSTERD_CONTRACT_UCCX_PASSWORD';
process.env[passwordVariable] = password;
const username = 'rosterd';

async function simulate(
  count: number,
  faults: readonly (readonly [RestFault, RestFaultScope?])[] = [],
  { wanted = password, reversed = false } = {},
): Promise<Prepared> {
  const uccx = await startUccx();
  onTestFinished(() => uccx.close());
  uccx.system.accounts.set(username, { password: wanted, role: 'administrator' });
  uccx.system.teams.set('6', { name: 'North', primary: 'agent00001' });
  const people = Array.from({ length: count }, (_, index) => (reversed ? count - index : index + 1));
  for (const index of people)
    uccx.system.resources.set(userId(index), { firstName: 'Jan', lastName: `Novák ${String(index)}`, team: '6' });
  for (const [armed, scope] of faults) uccx.faults.on(armed, scope);
  return reach(uccx.origin, { tls: { caFile: uccx.caFile } });
}

/** A list that the simulator is too well-behaved to give. */
async function script(list: MockedAnswer): Promise<Prepared> {
  return reach(await startScriptedHttp(uccxListing(list)));
}

function reach(url: string, more: object = {}): Prepared {
  return { config: { connection: { url, username, password: { env: passwordVariable }, timeoutMs: 2000, ...more } } };
}

function userId(index: number): string {
  return `agent${String(index).padStart(5, '0')}`;
}

function agent(index: number, more = names('Jan', `Novák ${String(index)}`)): string {
  return resource(userId(index), more);
}

const ten = Array.from({ length: 10 }, (_, index) => agent(index + 1));
const everyList: RestFaultScope = { operation: 'list resource' };
const firstList: RestFaultScope = { ...everyList, times: 1 };

function fails(name: string, armed: RestFault, scope: RestFaultScope = everyList): Variant {
  return { name, prepare: () => simulate(10, [[armed, scope]]) };
}

function says(name: string, ...written: readonly string[]): Variant {
  return { name, prepare: () => script(xml(resources(...written))) };
}

function raw(name: string, answer: MockedAnswer): Variant {
  return { name, prepare: () => script(answer) };
}

function expecting(prepared: Prepared, like: Omit<ExpectedError, keyof Prepared>): ExpectedError {
  return { ...prepared, ...like };
}

const jsonType = { 'content-type': 'application/json' };

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
    {
      name: 'in JSON',
      prepare: () => script({ headers: jsonType, body: '{"@type":"resources","resource":[{"userID":"a"},' }),
    },
  ],
  repeated: () => script(xml(resources(...ten, agent(3)))),
  reordered: () => simulate(10, [], { reversed: true }),
  empty: [
    { name: 'a system without agents', prepare: () => simulate(0) },
    fails('every list is empty', { kind: 'empty-list' }, {}),
    fails('one list is empty', { kind: 'empty-list' }, firstList),
    raw('an empty document', xml('')),
    raw('an empty object', { headers: jsonType, body: '{}' }),
    raw('a list of nothing', { headers: jsonType, body: '{"@type":"resources","resource":[]}' }),
  ],
  badRecord: async () => {
    const people = [agent(1), agent(2, names('bad&#7;bell', 'Novák')), agent(3)];
    return { ...(await script(xml(resources(...people)))), position: /^resource 2$/ };
  },
  notRead: async () => ({
    ...(await script(
      xml(resources(...[1, 2, 3].map((index) => `<resource><userID>${userId(index)}</userID></resource>`))),
    )),
    fields: ['firstName', 'lastName', 'email', 'attribute.skills', 'attribute.phoneExtension'],
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
    secrets: [password],
    states: [
      says('in a field that nobody asked for', agent(1, `<password>${password}</password>`)),
      raw('in an error', xml(`<apiErrors><apiError><errorMessage>${password}</errorMessage></apiError></apiErrors>`)),
      raw(
        'in a refusal',
        xml(`<apiErrors><apiError><errorMessage>${password}</errorMessage></apiError></apiErrors>`, 500),
      ),
      raw('in a redirect', { status: 302, headers: { location: `https://x.test/${password}` } }),
      { name: 'in a configuration that works', prepare: () => simulate(2) },
    ],
  },
  hostile: [
    says('a huge field', agent(1, names('x'.repeat(500_000), 'y')), agent(2)),
    says('a field beyond all measure', agent(1, names('x'.repeat(2e7), 'y')), agent(2)),
    says('control characters', agent(1, names('&#0;\u001b[31m\u0007', 'a\u0085')), agent(2)),
    says('ids that are paths', resource('../team'), resource('..'), resource('')),
    says('fields of the same name', agent(1, '<firstName>x</firstName>'.repeat(1e5))),
    raw('a bomb of entities', xml(`<!DOCTYPE a [<!ENTITY a "${'x'.repeat(1e4)}">]><a>${'&a;'.repeat(1e5)}</a>`)),
    raw('deep nesting', xml('<a>'.repeat(1e6))),
    raw('deep nesting in JSON', { headers: jsonType, body: `{"a":${'['.repeat(1e6)}` }),
    raw('deep objects in JSON', { headers: jsonType, body: '{"a":'.repeat(1e4) + '1' + '}'.repeat(1e4) }),
    raw('names of the language in JSON', {
      headers: jsonType,
      body: '{"__proto__":{"resource":[{"userID":"x"}]},"constructor":1,"resource":{"userID":"y","__proto__":{"type":2}}}',
    }),
    raw('a number beyond exactness', { headers: jsonType, body: '{"resource":[{"userID":12345678901234567890}]}' }),
    raw('a page of a web server', { body: '<html><body><p>It works!<br></body></html>' }),
    raw('bytes of no encoding', { body: Buffer.alloc(1e6, 0xff) }),
    raw('another encoding', xml(Buffer.from(resources(...ten), 'utf16le').toString('latin1'))),
    raw('a charset that nobody knows', {
      headers: { 'content-type': 'text/xml; charset=klingon' },
      body: resources(...ten),
    }),
    raw('millions of tags', xml(`<resources>${'<b/>'.repeat(3e6)}</resources>`)),
  ],
};
