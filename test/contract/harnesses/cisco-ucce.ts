import { onTestFinished } from 'vitest';
import { agent, page, person, ucceListing } from '../../support/cisco/ucce-answers.ts';
import { xml } from '../../support/cisco/uccx-answers.ts';
import type { MockedAnswer } from '../../support/http-mock.ts';
import { closedPort, startScriptedHttp } from '../../support/scripted-http.ts';
import { startUcce } from '../../support/simulators/cisco/ucce.ts';
import type { UcceOptions } from '../../support/simulators/cisco/ucce.ts';
import type { RestFault, RestFaultScope } from '../../support/simulators/rest/faults.ts';
import type { ExpectedError, Harness, Prepared, Variant } from '../harness.ts';

const password = 'S3cret/+Wort';
const passwordVariable = 'ROSTERD_CONTRACT_UCCE_PASSWORD';
process.env[passwordVariable] = password;
const username = 'rosterd@corp.example';

interface Simulated extends UcceOptions {
  readonly wanted?: string;
  /** Further keys of the source. */
  readonly more?: object;
  readonly reversed?: boolean;
}

async function simulate(
  count: number,
  faults: readonly (readonly [RestFault, RestFaultScope?])[] = [],
  { wanted = password, more = {}, reversed = false, ...options }: Simulated = {},
): Promise<Prepared> {
  const ucce = await startUcce(options);
  onTestFinished(() => ucce.close());
  ucce.system.accounts.set(username, { password: wanted, role: 'Administrator' });
  ucce.system.teams.set('5001', { name: 'North' });
  const people = Array.from({ length: count }, (_, index) => (reversed ? count - index : index + 1));
  for (const index of people) ucce.system.agents.set(String(5000 + index), somebody(index));
  for (const [armed, scope] of faults) ucce.faults.on(armed, scope);
  return reach(ucce.origin, { tls: { caFile: ucce.caFile } }, more);
}

function somebody(index: number) {
  const [agentId, userName] = [String(10_000 + index), `agent${String(index)}@corp.example`];
  return { agentId, firstName: 'Jan', lastName: `Novák ${String(index)}`, userName, team: '5001' };
}

/** A list that the simulator is too well-behaved to give. */
async function script(list: MockedAnswer): Promise<Prepared> {
  return reach(await startScriptedHttp(ucceListing(list)));
}

function reach(url: string, connection: object = {}, more: object = {}): Prepared {
  const usual = { url, username, password: { env: passwordVariable }, timeoutMs: 2000 };
  return { config: { connection: { ...usual, ...connection }, ...more } };
}

function one(index: number, first = 'Jan', more = ''): string {
  return agent(String(index), String(1000 + index), person(first, 'Novák', `agent${String(index)}`), more);
}

const ten = Array.from({ length: 10 }, (_, index) => one(index + 1));
/** The list that is read; the one before asks for the rights. */
const pages: RestFaultScope = { operation: 'list agent', after: 1 };
const secondPage: RestFaultScope = { ...pages, after: 2, times: 1 };

function fails(name: string, armed: RestFault, scope: RestFaultScope = pages): Variant {
  return { name, prepare: () => simulate(10, [[armed, scope]], { more: { pageSize: 4 } }) };
}

function says(name: string, ...written: readonly string[]): Variant {
  return { name, prepare: () => script(xml(page('agents', written))) };
}

function raw(name: string, answer: MockedAnswer): Variant {
  return { name, prepare: () => script(answer) };
}

function expecting(prepared: Prepared, like: Omit<ExpectedError, keyof Prepared>): ExpectedError {
  return { ...prepared, ...like };
}

const anError = `<apiErrors><apiError><errorMessage>${password}</errorMessage></apiError></apiErrors>`;

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
    fails('by a total that changes', { kind: 'wrong-total' }, secondPage),
    fails('by a page that is shifted', { kind: 'shifted-page' }, secondPage),
    fails('by silence', { kind: 'never-answers' }),
    fails('by an error inside HTTP 200', { kind: 'error-inside' }, secondPage),
    { name: 'without a total', prepare: () => script(xml(page('agents', ten, { total: undefined }))) },
    {
      name: 'by a list that shifts between pages, while its number stays',
      prepare: () => simulate(10, [], { more: { pageSize: 4 }, onPage: moveOn }),
    },
  ],
  repeated: async () => simulate(10, [[{ kind: 'repeated-page' }, secondPage]], { more: { pageSize: 4 } }),
  reordered: () => simulate(10, [], { reversed: true, more: { sort: 'description asc' } }),
  empty: [
    { name: 'a system without agents', prepare: () => simulate(0) },
    fails('every list is empty', { kind: 'empty-list' }, {}),
    fails('one page is empty', { kind: 'empty-list' }, secondPage),
    raw('an empty document', xml('')),
  ],
  badRecord: async () => ({
    ...(await script(xml(page('agents', [one(1), one(2, 'bad&#7;bell'), one(3)])))),
    position: /^agent 2$/,
  }),
  notRead: async () => ({
    ...(await script(
      xml(
        page(
          'agents',
          [1, 2, 3].map((id) => `<agent><refURL>/agent/${String(id)}</refURL></agent>`),
        ),
      ),
    )),
    fields: ['firstName', 'lastName', 'email', 'username', 'acdId', 'attribute.skills'],
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
      says('in a field that nobody asked for', one(1, 'Jan', `<password>${password}</password>`)),
      raw('in an error', xml(anError)),
      raw('in a refusal', xml(anError, 500)),
      raw('in a redirect', { status: 302, headers: { location: `https://x.test/${password}` } }),
      { name: 'in a configuration that works', prepare: () => simulate(2) },
    ],
  },
  hostile: [
    says('a huge field', one(1, 'x'.repeat(500_000)), one(2)),
    says('a field beyond all measure', one(1, 'x'.repeat(2e7)), one(2)),
    says('control characters', one(1, '&#0;\u001b[31m\u0007'), one(2, 'a\u0085')),
    says('links that lead nowhere', agent('..', '1'), agent('', '2'), agent('%zz', '3')),
    says('fields of the same name', one(1, 'Jan', '<description>x</description>'.repeat(1e5))),
    raw('a bomb of entities', xml(`<!DOCTYPE a [<!ENTITY a "${'x'.repeat(1e4)}">]><a>${'&a;'.repeat(1e5)}</a>`)),
    raw('deep nesting', xml('<a>'.repeat(1e6))),
    raw('a page of a web server', { body: '<html><body><p>It works!<br></body></html>' }),
    raw('bytes of no encoding', { body: Buffer.alloc(1e6, 0xff) }),
    raw('millions of tags', xml(`<results><agents>${'<b/>'.repeat(3e6)}</agents></results>`)),
    raw('pages without an end', xml(page('agents', ten, { total: 10, next: '/agent?startIndex=1' }))),
    raw(
      'a next page of another server',
      xml(page('agents', ten, { total: 20, next: 'https://x.test/a?startIndex=10' })),
    ),
  ],
};

/** The first agent leaves and another comes at the end: the number stays, and everybody moves by one. */
function moveOn({ agents }: { readonly agents: Map<string, object> }): void {
  const [first] = agents.keys();
  if (first !== undefined) agents.delete(first);
  const next = agents.size + 1000 + Number(first);
  agents.set(String(6000 + next), somebody(next));
}
