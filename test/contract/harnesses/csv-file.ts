import { sourceFile } from '../../support/source-file.ts';
import type { Harness, Prepared, Variant } from '../harness.ts';

const header = 'ACD ID,Login,First Name,Last Name,Email,Team';

function row(index: number, lastName = 'Müller'): string {
  const id = String(index).padStart(5, '0');
  return `${id},agent${id},Anna,${lastName},agent${id}@example.com,Team ${String(index % 7)}`;
}

function rows(count: number): string[] {
  return Array.from({ length: count }, (_, index) => row(index + 1));
}

function table(lines: readonly string[]): string {
  return [header, ...lines, ''].join('\n');
}

function file(content: string | Buffer): Promise<Prepared> {
  return Promise.resolve({ config: { connection: { path: sourceFile('agents.csv', content) } } });
}

function variant(name: string, content: () => string | Buffer): Variant {
  return { name, prepare: () => file(content()) };
}

const ten = table(rows(10));
const secret = 'S3cret/+Wort';
const withPassword = (lines: readonly string[]) =>
  [`${header},Password`, ...lines.map((line) => `${line},${secret}`), ''].join('\n');

export const harness: Harness = {
  people: (count) => file(table(rows(count))),
  truncated: [
    variant('in the first cell of the last record', () => ten.slice(0, ten.indexOf('00010') + 3)),
    variant('in the middle of the last record', () => ten.slice(0, ten.indexOf('agent00010'))),
    variant('in the last cell', () => ten.slice(0, -2)),
    variant('in a quoted cell', () => table([...rows(9), '00010,x,"An']).slice(0, -1)),
    variant('in the header', () => header.slice(0, -1)),
  ],
  repeated: () => file(table([...rows(10), row(3)])),
  reordered: () => file(table(rows(10).reverse())),
  empty: [
    variant('nothing', () => ''),
    variant('a header alone', () => table([])),
    variant('only line breaks', () => '\n\n'),
  ],
  badRecord: async () => ({ ...(await file(table([row(1), row(2, 'M\u0000'), row(3)]))), position: /^line 3$/ }),
  notRead: async () => {
    const prepared = await file(['ACD ID,Last Name', '1,A', '2,B', '3,C', ''].join('\n'));
    return {
      ...prepared,
      kit: { roleGroups: ['Leads'] },
      fields: ['email', 'firstName'],
      parts: ['disabled', 'team', 'role', 'group'],
    };
  },
  loginRefused: { notApplicable: 'a file has no log-in' },
  notThere: () =>
    Promise.resolve({ config: { connection: { path: '/nowhere/agents.csv' } }, class: 'fatal', code: 'file-missing' }),
  busy: { notApplicable: 'a file is not busy; an input/output error cannot be had from a real disk at will' },
  withSecrets: {
    secrets: [secret],
    states: [
      variant('in a column that nobody mapped', () => withPassword(rows(3))),
      variant('beside a bad record', () => withPassword([row(1), row(2, 'M\u0000'), `${row(3)},`, `${row(4)}"`])),
      variant('in a cut record', () => withPassword(rows(3)).slice(0, -4)),
    ],
  },
  hostile: [
    variant('a line of 100 MB', () => `${table(rows(3))}${'x'.repeat(1e8)}`),
    variant('a line of 100 million delimiters', () => `${table(rows(3))}${','.repeat(1e8)}`),
    variant('a quote that is never closed', () => `${table(rows(3))}"${'line\n'.repeat(2e6)}`),
    variant('a million quotes', () => table([...rows(3), 'a"'.repeat(5e5)])),
    variant('a million bad rows', () => table(Array.from({ length: 1e6 }, () => 'x'))),
    variant('a huge cell', () => table([row(1, 'x'.repeat(500_000)), row(2)])),
    variant('a header of a million columns', () => `${'c,'.repeat(4e5)}\n1\n`),
    variant('NUL and other control characters', () =>
      table([row(1, '\u0000\u0007\u001b[31m'), row(2, 'a\u0085b'), '\u0000'.repeat(1000)]),
    ),
    variant('bytes of no encoding', () => Buffer.concat([Buffer.from(table(rows(2))), Buffer.alloc(100_000, 0xff)])),
    variant('half of UTF-16', () => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(table(rows(2)))])),
    variant('columns named like properties of objects', () => '__proto__,constructor,ACD ID\na,b,1\n'),
  ],
};
