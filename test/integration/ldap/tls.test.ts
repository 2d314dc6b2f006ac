import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connector } from '../../../connectors/ldap/connector.ts';
import type { CheckStep } from '../../../src/connector-kit/contract.ts';
import { SecretRef } from '../../../src/connector-kit/secret.ts';
import { readWhole, testKit } from '../../support/read-source.ts';
import { generatePeople, inetOrgPerson } from '../../support/services/people.ts';
import { startSlapd } from '../../support/services/slapd.ts';
import type { TestSlapd } from '../../support/services/slapd.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';

const SUFFIX = 'dc=example,dc=com';
const PASSWORD_MARK = 'reader-secret';

let slapd: TestSlapd;
let elsewhere: TestSlapd;
let plain: TestSlapd;
beforeAll(async () => {
  const entries = [...generatePeople(3)].map((person) => inetOrgPerson(person, `ou=people,${SUFFIX}`));
  [slapd, elsewhere, plain] = await Promise.all([
    startSlapd({ suffix: SUFFIX, entries, tls: {} }),
    startSlapd({ suffix: SUFFIX, entries, tls: { hostName: 'elsewhere.example.com' } }),
    startSlapd({ suffix: SUFFIX, entries }),
  ]);
});
afterAll(() => Promise.all([slapd.stop(), elsewhere.stop(), plain.stop()]));

type Connection = { readonly url: string; readonly startTls?: boolean; readonly tls?: object };

function configOf(connection: Connection): ReturnType<typeof connector.configSchema.parse> {
  const { bindDn } = slapd;
  const config = connector.configSchema.parse({
    connection: { ...connection, bindDn, bindPassword: { env: 'UNUSED' }, timeoutMs: 5_000 },
    baseDn: slapd.peopleDn,
  });
  return { ...config, connection: { ...config.connection, bindPassword: SecretRef.fixed(PASSWORD_MARK, 'test') } };
}

async function count(connection: Connection): Promise<number> {
  const kit = testKit();
  const session = await connector.open(configOf(connection), kit);
  const { records, end } = await readWhole(session.readAll(kit.signal));
  await session.close();
  return end.whole ? records.length : -1;
}

async function failure(connection: Connection): Promise<unknown> {
  return count(connection).catch((error: unknown) => error);
}

function caOf(server: TestSlapd): { caFile: string } {
  return { caFile: server.caFile ?? '' };
}

describe('with the right authority', () => {
  test('LDAPS', async () => {
    expect(await count({ url: slapd.ldapsUrl ?? '', tls: caOf(slapd) })).toBe(3);
  });

  test('StartTLS, and the password does not travel in clear', async () => {
    const proxy = await startTcpProxy({ port: Number(new URL(slapd.url).port) });
    expect(await count({ url: `ldap://127.0.0.1:${proxy.port}`, startTls: true, tls: caOf(slapd) })).toBe(3);
    await proxy.stop();
    expect(proxy.seen.sent.length).toBeGreaterThan(100);
    expect(proxy.seen.sent).not.toContain(PASSWORD_MARK);
  });
});

describe('what must not be trusted', () => {
  const another = (): Connection => ({ url: slapd.ldapsUrl ?? '', tls: caOf(elsewhere) });
  const anotherHost = (): Connection => ({ url: elsewhere.ldapsUrl ?? '', tls: caOf(elsewhere) });
  const unknown = (): Connection => ({ url: slapd.ldapsUrl ?? '' });
  const startTls = (): Connection => ({ url: elsewhere.url, startTls: true, tls: caOf(elsewhere) });

  test.each([
    ['another authority', another, /signed by a CA that is not trusted|not signed by the CA/],
    ['a host name that the certificate does not have', anotherHost, /another host name/],
    ['an authority that nobody configured', unknown, /signed by a CA that is not trusted/],
    ['StartTLS under another host name', startTls, /another host name/],
  ])('%s is fatal, and names tls.caFile', async (_case, connection, message) => {
    const error = await failure(connection());
    expect(error).toMatchObject({ class: 'fatal', code: 'tls', message: expect.stringMatching(message) as string });
    expect(String(error)).toContain('tls.caFile');
  });

  test('a server without StartTLS gets no password', async () => {
    const proxy = await startTcpProxy({ port: Number(new URL(plain.url).port) });
    const error = await failure({ url: `ldap://127.0.0.1:${proxy.port}`, startTls: true });
    await proxy.stop();
    expect(error).toMatchObject({ class: 'fatal', code: 'tls' });
    expect(proxy.seen.binds).toBe(0);
    expect(proxy.seen.sent).not.toContain(PASSWORD_MARK);
  });

  test('the wrong kind of port: either way the error speaks of TLS', async () => {
    const url = plain.url.replace('ldap:', 'ldaps:');
    expect(await failure({ url })).toMatchObject({
      code: expect.stringMatching(/tls|unreachable/) as string,
      message: expect.stringMatching(/TLS/) as string,
    });
    const inClear = `ldap://127.0.0.1:${new URL(slapd.ldapsUrl ?? '').port}`;
    expect(await failure({ url: inClear })).toMatchObject({ message: expect.stringMatching(/ldaps:\/\//) as string });
  });

  test('a missing caFile is named', async () => {
    const error = await failure({ url: slapd.ldapsUrl ?? '', tls: { caFile: '/nowhere/ca.pem' } });
    expect(error).toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('/nowhere/ca.pem') as string,
    });
  });

  test('insecure accepts every certificate, in so many words', async () => {
    expect(await count({ url: elsewhere.ldapsUrl ?? '', tls: { insecure: true } })).toBe(3);
  });
});

describe('check', () => {
  const outcomes = (steps: readonly CheckStep[]): string[] => steps.map(({ name, outcome }) => `${name} ${outcome}`);

  test('goes through every step and warns of what no entry shows', async () => {
    const steps = await connector.check(configOf({ url: slapd.ldapsUrl ?? '', tls: caOf(slapd) }), testKit());
    expect(outcomes(steps)).toEqual([
      'configuration ok',
      'dns ok',
      'tcp ok',
      expect.stringMatching(/^tls (ok|warning)$/),
      'bind ok',
      'base ok',
      'page ok',
      'groups ok',
      'rights warning',
      'changes ok',
    ]);
    expect(steps.find((step) => step.name === 'tls')?.detail).toMatch(/certificate expires on \d{4}-\d\d-\d\d/);
    expect(steps.find((step) => step.name === 'rights')?.remedy).toContain('mobile');
  });

  test('stops at the first failed step, with its remedy', async () => {
    const steps = await connector.check(configOf({ url: slapd.ldapsUrl ?? '' }), testKit());
    expect(outcomes(steps)).toEqual(['configuration ok', 'dns ok', 'tcp ok', 'tls failed']);
    expect(steps.at(-1)?.remedy).toContain('caFile');
  });

  test('a named group that does not exist is a warning', async () => {
    const kit = testKit({ roleGroups: ['supervisors'] });
    const steps = await connector.check(configOf({ url: slapd.url }), kit);
    expect(steps.find((step) => step.name === 'groups')).toMatchObject({
      outcome: 'warning',
      detail: expect.stringContaining('"supervisors" does not exist') as string,
    });
  });
});
