import { sourceFile } from '../../support/source-file.ts';
import type { Harness, Prepared, Variant } from '../harness.ts';

function person(index: number, more: readonly string[] = []): string {
  const number = String(index).padStart(5, '0');
  return [
    `dn: uid=agent${number},ou=people,dc=example,dc=com`,
    'objectClass: inetOrgPerson',
    `uid: agent${number}`,
    `entryUUID: 5dba0000-0000-4000-8000-0000000${number}`,
    `cn: Anna ${number}`,
    'sn:: TcO8bGxlcg==',
    ...more,
    `mail: agent${number}@example.com`,
  ].join('\n');
}

function people(count: number): string[] {
  return Array.from({ length: count }, (_, index) => person(index + 1));
}

function ldif(records: readonly string[]): string {
  return `version: 1\n\n${records.map((record) => `${record}\n\n`).join('')}`;
}

function file(content: string | Buffer): Promise<Prepared> {
  return Promise.resolve({ config: { connection: { path: sourceFile('people.ldif', content) } } });
}

function variant(name: string, content: () => string | Buffer): Variant {
  return { name, prepare: () => file(content()) };
}

const ten = ldif(people(10));
const secret = 'S3cret/+Wort';
const password = [`userPassword: ${secret}`, `userPassword:: ${Buffer.from(secret).toString('base64')}`];

export const harness: Harness = {
  people: (count) => file(ldif(people(count))),
  truncated: [
    variant('inside a value', () => ten.slice(0, -6)),
    variant('at the end of a line', () => ten.slice(0, ten.lastIndexOf('mail:'))),
    variant('inside the last dn', () => ten.slice(0, ten.lastIndexOf('ou=people'))),
    variant('after a result code', () => `${ten}search: 2\nresult: 4 Size limit exceeded\n\n# numResponses: 11\n`),
    variant('before the number that is announced', () => `${ten}# numEntries: 11\n`),
    variant('before the summary of ldapsearch', () => `# extended LDIF\n#\n# LDAPv3\n\n${ten}`),
  ],
  repeated: () => file(ldif([...people(10), person(3)])),
  reordered: () => file(ldif(people(10).reverse())),
  empty: [
    variant('nothing', () => ''),
    variant('a version line', () => 'version: 1\n'),
    variant('nobody', () => ldif(['dn: dc=example,dc=com\nobjectClass: domain\ndc: example'])),
  ],
  badRecord: async () => {
    const content = ldif([person(1), person(2, ['givenName:: !']), person(3)]);
    return { ...(await file(content)), position: /^line 11$/ };
  },
  notRead: async () => {
    const content = ldif(people(3).map((record) => record.replace(/\nmail:.*/, '\nl: Praha')));
    return {
      ...(await file(content)),
      kit: { roleGroups: ['Leads'] },
      fields: ['email', 'firstName'],
      parts: ['disabled', 'team', 'group'],
    };
  },
  loginRefused: { notApplicable: 'a file has no log-in' },
  notThere: () =>
    Promise.resolve({ config: { connection: { path: '/nowhere/people.ldif' } }, class: 'fatal', code: 'file-missing' }),
  busy: { notApplicable: 'a file is not busy; an input/output error cannot be had from a real disk at will' },
  withSecrets: {
    secrets: [secret],
    states: [
      variant('in userPassword', () => ldif([person(1, password)])),
      variant('beside bad records', () =>
        ldif([person(1, [...password, 'givenName:: !', secret]), `${secret}\n${person(2)}`]),
      ),
      variant('in a cut record', () => ldif([person(1), person(2, password)]).slice(0, -30)),
    ],
  },
  hostile: [
    variant('a line of 100 MB', () => `${ldif(people(3))}dn: uid=x\nobjectClass: person\nmail: ${'x'.repeat(1e8)}\n\n`),
    variant(
      'a value folded into a million lines',
      () => `${ldif(people(3))}dn: uid=x\nmail: x${'\n xxxxxxxxxx'.repeat(1e6)}\n\n`,
    ),
    variant('a record of a million values', () =>
      ldif([person(1), `${person(2)}${'\nmemberOf: cn=x,dc=example'.repeat(1e6)}`]),
    ),
    variant('a million records of nothing', () => `${ldif(people(1))}${'x: y\n\n'.repeat(1e6)}`),
    variant(
      'a million attributes',
      () =>
        `${ldif(people(1))}dn: uid=x\n${Array.from({ length: 1e6 }, (_, index) => `a${String(index)}: 1`).join('\n')}\n\n`,
    ),
    variant('control characters', () => ldif([person(1, ['givenName:: AAEbWzMx', 'title: \u0000\u0007']), person(2)])),
    variant('bytes of no encoding', () => Buffer.concat([Buffer.from(ldif(people(2))), Buffer.alloc(100_000, 0xff)])),
    variant('half of UTF-16', () => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(ldif(people(2)))])),
    variant('files of this machine', () => ldif([person(1, ['givenName:< file:///etc/passwd']), person(2)])),
    variant('names like properties of objects', () => ldif([person(1, ['__proto__: x', 'constructor: y']), person(2)])),
    variant('a deep DN', () => ldif([person(1).replace('ou=people', 'ou=x,'.repeat(100_000) + 'ou=people')])),
  ],
};
