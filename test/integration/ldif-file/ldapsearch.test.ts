import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connector } from '../../../connectors/ldif-file/connector.ts';
import { testKit } from '../../support/read-source.ts';
import { generatePeople, inetOrgPerson, personAt } from '../../support/services/people.ts';
import { startSlapd } from '../../support/services/slapd.ts';
import type { TestSlapd } from '../../support/services/slapd.ts';
import { readSource, sourceFile } from '../../support/source-file.ts';

const suffix = 'dc=example,dc=com';
const count = 120;

let slapd: TestSlapd;
beforeAll(async () => {
  const entries = [...generatePeople(count)].map((person) => inetOrgPerson(person, `ou=people,${suffix}`));
  slapd = await startSlapd({ suffix, entries, sizeLimit: 1000 });
});
afterAll(() => slapd.stop());

/** What ldapsearch writes, even if it fails: a cron job would have it in its file all the same. */
async function exported(...args: readonly string[]): Promise<string> {
  const login = ['-x', '-H', slapd.url, '-D', slapd.adminDn, '-w', slapd.adminPassword, '-b', suffix];
  const run = promisify(execFile)('ldapsearch', [...login, ...args], { maxBuffer: 1e8 });
  const { stdout } = await run.catch((error: unknown) => error as { readonly stdout: string });
  return stdout;
}

function read(content: string) {
  return readSource(connector, { connection: { path: sourceFile('people.ldif', content) } }, testKit());
}

const withId = ['(objectClass=*)', '*', 'entryUUID'];

test.each([
  ['with all its comments', []],
  ['in version 1', ['-L']],
  ['without comments', ['-LL']],
  ['without a version', ['-LLL']],
  ['in pages', ['-E', 'pr=50/noprompt']],
  ['without folding', ['-o', 'ldif-wrap=no']],
])('an export %s is complete, and the people are those of the directory', async (_name, options) => {
  const { records, rejected, end, systemId } = await read(await exported(...options, ...withId));
  expect(end).toMatchObject({ whole: true });
  expect(rejected).toEqual([]);
  expect(records).toHaveLength(count);
  expect(systemId).toBe(`${suffix}, id entryuuid`);
  const person = personAt(21);
  expect(records.find(({ values }) => values.username === person.uid)).toMatchObject({
    values: { lastName: person.sn, firstName: person.givenName, email: person.mail, employeeId: person.employeeNumber },
  });
});

test('an export that a size limit cut short is not complete, and says why', async () => {
  const { records, end } = await read(await exported('-z', '50', ...withId));
  expect(records.length).toBeGreaterThan(0);
  expect(end).toMatchObject({ whole: false, reason: expect.stringContaining('result 4') as string });
});

test('an export that lost its second half between two records is not complete', async () => {
  const whole = await exported(...withId);
  const { records, end } = await read(whole.slice(0, whole.lastIndexOf('# agent000060')));
  expect(records.length).toBeGreaterThan(10);
  expect(end.whole).toBe(false);
});
