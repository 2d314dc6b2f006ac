import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { startScriptedLdap } from '../support/scripted-ldap.ts';
import type { LdapAnswer, LdapRequest } from '../support/scripted-ldap.ts';
import type { Harness, Prepared, Variant } from './harness.ts';

/** Attributes of an entry. */
type Attributes = Readonly<Record<string, readonly (string | Buffer)[]>>;

/** What directories differ in. */
export interface DirectoryTraits {
  /** A person with an id and names; without mail, so that nothing shows that it can be read. */
  readonly person: (index: number) => Attributes;
  /** What the server answers to searches that are not for people. */
  readonly aside: (request: LdapRequest) => readonly LdapAnswer[];
  readonly baseDn: string;
}

const password = 'S3cret/+Wort';
const passwordVariable = 'ROSTERD_CONTRACT_PASSWORD';
const lastPage: LdapAnswer = { done: 0, cookie: '' };

type Pages = readonly (readonly LdapAnswer[])[];

/**
 * The states of a directory for the contract, played by a scripted server, because a real one cannot be made to repeat,
 * reorder or cut its answers. The same connectors read from slapd and Samba in test/integration.
 */
export function directoryHarness({ person, aside, baseDn }: DirectoryTraits): Harness {
  process.env[passwordVariable] = password;

  async function serve(pages: Pages, bind: readonly LdapAnswer[] = [{ done: 0 }]): Promise<Prepared> {
    let page = 0;
    const server = await startScriptedLdap((request) => {
      if (request.operation === 'bind') return bind;
      if (!request.paged) return aside(request);
      // A check after the read begins at the first page again.
      const answers = pages[page] ?? pages[0] ?? [];
      page = page + 1 >= pages.length ? 0 : page + 1;
      return answers;
    });
    onTestFinished(() => server.stop());
    return reach(server.url);
  }

  function reach(url: string): Prepared {
    const connection = { url, bindDn: 'cn=reader', bindPassword: { env: passwordVariable }, timeoutMs: 2000 };
    return { config: { connection, baseDn } };
  }

  const entryOf = (index: number, more: Attributes = {}): LdapAnswer => ({
    dn: `cn=${String(index)},${baseDn}`,
    entry: { ...person(index), ...more },
  });
  const entries = (count: number) => Array.from({ length: count }, (_, index) => entryOf(index + 1));
  const variant = (name: string, pages: () => Pages, bind?: readonly LdapAnswer[]): Variant => ({
    name,
    prepare: () => serve(pages(), bind),
  });
  const raw = (name: string, bytes: (id: number) => Buffer): Variant => variant(name, () => [[{ raw: bytes }]]);
  const hex = (text: string) => (id: number) =>
    Buffer.from(text.replace('II', id.toString(16).padStart(2, '0')), 'hex');
  const firstFive = [...entries(5), { done: 0, cookie: '1' }];

  return {
    people: (count) => serve(inPages(entries(count))),
    truncated: [
      variant('by a size limit', () => [firstFive, [...entries(10).slice(5, 8), { done: 4 }]]),
      variant('by a lost connection', () => [firstFive, [{ reset: true }]]),
      variant('by silence', () => [firstFive, []]),
      variant('by a referral', () => [firstFive, [{ done: 10 }]]),
      variant('by an answer without the paging control', () => [firstFive, [...entries(10).slice(5), { done: 0 }]]),
    ],
    repeated: () => serve([[...entries(10), entryOf(3), lastPage]]),
    alone: { notApplicable: 'asked of slapd and Samba in test/integration: the scripted server finds nobody by an id' },
    reordered: () => serve([[...entries(10).reverse(), lastPage]]),
    empty: [variant('one page without an entry', () => [[lastPage]])],
    badRecord: async () => {
      const people = [entryOf(1), entryOf(2, { givenName: ['bad\u0007bell'] }), entryOf(3)];
      return { ...(await serve([[...people, lastPage]])), position: /\b(?:cn|uid)=[^,]*2\b/i };
    },
    notRead: async () => {
      const prepared = await serve([[...entries(3), lastPage]]);
      return { ...prepared, fields: ['email', 'jobTitle'], parts: ['team', 'role', 'supervises'] };
    },
    loginRefused: async () => {
      const refused = [{ done: 49, diagnostic: '80090308: LdapErr: DSID-0C0903A9, data 52e, v1db1' }];
      return { ...(await serve([], refused)), class: 'fatal', code: 'login-refused' };
    },
    notThere: async () => ({ ...reach(await closedPort()), class: 'retryable', code: 'unreachable' }),
    busy: async () => ({ ...(await serve([[{ done: 51 }]])), class: 'retryable', code: 'busy' }),
    withSecrets: {
      secrets: [password],
      states: [
        variant('in an attribute that nobody asked for', () => [[entryOf(1, { userPassword: [password] }), lastPage]]),
        variant('in what the server says at the log-in', () => [], [{ done: 53, diagnostic: `no: ${password}` }]),
        variant('in what the server says to a search', () => [[{ done: 1, diagnostic: `after ${password}` }]]),
        variant('in a configuration that works', () => [[...entries(2), lastPage]]),
      ],
    },
    hostile: [
      variant('huge values', () => [[entryOf(1, { givenName: ['x'.repeat(1e6)] }), entryOf(2), lastPage]]),
      variant('a hundred thousand values', () => [
        [entryOf(1, { mail: Array.from({ length: 1e5 }, () => 'x@y') }), lastPage],
      ]),
      variant('control characters', () => [
        [entryOf(1, { sn: ['\u0000\u001b[31m', 'a\u0085'] }), entryOf(2), lastPage],
      ]),
      variant('bytes of no encoding', () => [[entryOf(1, { sn: [Buffer.alloc(1000, 0xff)] }), lastPage]]),
      variant('attributes named like properties of objects', () => [
        [entryOf(1, { ['__proto__']: ['x'], constructor: ['y'] }), lastPage],
      ]),
      variant('ten thousand references', () => [
        [...Array.from({ length: 1e4 }, () => ({ reference: 'ldap://127.0.0.1:1/' })), entryOf(1), lastPage],
      ]),
      raw('another protocol', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
      raw('an indefinite length', hex('3080')),
      raw('a message of 2 GB', hex('30847fffffff')),
      raw('an element longer than its message', hex('300c0201II64070440aabbccdd')),
      raw('deep nesting', (id) => Buffer.concat([hex('308203000201II')(id), Buffer.alloc(765, 0x30)])),
    ],
  };
}

function inPages(entries: readonly LdapAnswer[]): Pages {
  const pages: LdapAnswer[][] = [];
  for (let start = 0; start < entries.length; start += 1000) {
    const cookie = start + 1000 < entries.length ? String(start) : '';
    pages.push([...entries.slice(start, start + 1000), { done: 0, cookie }]);
  }
  return pages;
}

/** The address of a port that was free a moment ago. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `ldap://127.0.0.1:${String(port)}`;
}
