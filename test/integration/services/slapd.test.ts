import { readFile } from 'node:fs/promises';
import { Client, SizeLimitExceededError } from 'ldapts';
import type { SearchResult } from 'ldapts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generatePeople, inetOrgPerson, personAt } from '../../support/services/people.ts';
import { startSlapd } from '../../support/services/slapd.ts';
import type { SlapdOptions, TestSlapd } from '../../support/services/slapd.ts';

const PEOPLE = 2_500;
const SUFFIX = 'dc=example,dc=com';

function* people(): Generator<ReturnType<typeof inetOrgPerson>> {
  for (const person of generatePeople(PEOPLE)) yield inetOrgPerson(person, `ou=people,${SUFFIX}`);
}

async function start(options: Omit<SlapdOptions, 'suffix'>): Promise<TestSlapd> {
  return startSlapd({ suffix: SUFFIX, ...options });
}

async function asReader<Result>(slapd: TestSlapd, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ url: slapd.url, timeout: 20_000 });
  try {
    await client.bind(slapd.bindDn, slapd.bindPassword);
    return await work(client);
  } finally {
    await client.unbind();
  }
}

function readPeople(slapd: TestSlapd): Promise<SearchResult> {
  const search = { filter: '(objectClass=inetOrgPerson)', paged: { pageSize: 500 } };
  return asReader(slapd, (client) => client.search(slapd.peopleDn, search));
}

describe('without a limit', () => {
  let slapd: TestSlapd;
  beforeAll(async () => {
    slapd = await start({ entries: people() });
  });
  afterAll(() => slapd.stop());

  test('a paged search gives every person once', async () => {
    const { searchEntries } = await readPeople(slapd);
    expect(new Set(searchEntries.map((entry) => entry['uid'])).size).toBe(PEOPLE);
  });

  test('names and numbers arrive as they were written', async () => {
    const person = personAt(21);
    const search = { filter: `(uid=${person.uid})`, attributes: ['sn', 'employeeNumber', 'mail'] };
    const { searchEntries } = await asReader(slapd, (client) => client.search(slapd.peopleDn, search));
    const { sn, employeeNumber, mail } = person;
    expect(searchEntries).toEqual([{ dn: `uid=${person.uid},${slapd.peopleDn}`, sn, employeeNumber, mail }]);
    expect({ sn, employeeNumber }).toEqual({ sn: 'Nguyễn', employeeNumber: '0000021' });
  });
});

test('a size limit ends a search with result code 4', async () => {
  const slapd = await start({ entries: people(), sizeLimit: 1_200 });
  const refusal: unknown = await readPeople(slapd).catch((error: unknown) => error);
  await slapd.stop();
  expect(refusal).toBeInstanceOf(SizeLimitExceededError);
});

describe('with TLS', () => {
  let slapd: TestSlapd;
  let elsewhere: TestSlapd;
  beforeAll(async () => {
    [slapd, elsewhere] = await Promise.all([start({ tls: {} }), start({ tls: { hostName: 'elsewhere.example.com' } })]);
  });
  afterAll(() => Promise.all([slapd.stop(), elsewhere.stop()]));

  async function bindAfterStartTls(url: string, trusted: TestSlapd): Promise<string> {
    const client = new Client({ url, timeout: 5_000 });
    try {
      await client.startTLS({ ca: await readFile(trusted.caFile ?? ''), host: 'localhost' });
      await client.bind(trusted.bindDn, trusted.bindPassword);
      return 'bound';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    } finally {
      await client.unbind();
    }
  }

  test('StartTLS works with the authority of the server', async () => {
    expect(await bindAfterStartTls(slapd.url, slapd)).toBe('bound');
  });

  test('StartTLS fails with another authority', async () => {
    expect(await bindAfterStartTls(slapd.url, elsewhere)).toBe('SELF_SIGNED_CERT_IN_CHAIN');
  });

  test('StartTLS fails where the certificate names another host', async () => {
    expect(await bindAfterStartTls(elsewhere.url, elsewhere)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('LDAPS works with the authority of the server', async () => {
    const ca = await readFile(slapd.caFile ?? '');
    const client = new Client({ url: slapd.ldapsUrl ?? '', tlsOptions: { ca }, timeout: 5_000 });
    await client.bind(slapd.bindDn, slapd.bindPassword);
    expect(client.isBound).toBe(true);
    await client.unbind();
  });
});
