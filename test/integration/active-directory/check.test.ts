import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Attribute, Change } from 'ldapts';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Config } from '../../../connectors/active-directory/config.ts';
import { connector } from '../../../connectors/active-directory/connector.ts';
import type { CheckStep, Kit } from '../../../src/connector-kit/contract.ts';
import { SecretRef } from '../../../src/connector-kit/secret.ts';
import { refuseDirSync, startLdapProxy } from '../../support/ldap-proxy.ts';
import type { LdapProxy } from '../../support/ldap-proxy.ts';
import { testKit } from '../../support/read-source.ts';
import { makeCertificates, signCertificate } from '../../support/services/certificates.ts';
import { generatePeople } from '../../support/services/people.ts';
import { freePort } from '../../support/services/port.ts';
import { addGroup, addUsers, asAdmin, createOu, directoryUser } from '../../support/services/samba-directory.ts';
import { createTempDir } from '../../support/services/temp.ts';

const samba = inject('samba');
const PASSWORD = 'S3rvice-Passw0rd';
const MINUTE = 60_000;
const names = { hostNames: ['localhost'], addresses: ['127.0.0.1'] };

const directory = createTempDir('check');
let ou: string;
let caFile: string;
/** With a certificate for a year, for 9 days, and for another host. */
let proxy: LdapProxy;
let expiring: LdapProxy;
let elsewhere: LdapProxy;

beforeAll(async () => {
  ({ caFile } = await makeCertificates(directory.path, names));
  const otherNames = { hostNames: ['dc9.corp.example.com'], addresses: [] };
  [proxy, expiring, elsewhere] = await Promise.all([
    startLdapProxy(samba, await signCertificate(directory.path, 'year', names, 365)),
    startLdapProxy(samba, await signCertificate(directory.path, 'days', names, 9)),
    startLdapProxy(samba, await signCertificate(directory.path, 'other', otherNames, 365)),
  ]);
  ou = await createOu(samba, 'adcheck');
  const people = [...generatePeople(20)].map((person) => directoryUser(person, 'chk'));
  const dns = await addUsers(samba, ou, people);
  await addGroup(samba, ou, 'chk-supervisors', dns.slice(0, 2));
  await asAdmin(samba, async (client) => {
    for (const type of ['mobile', 'telephoneNumber', 'company', 'title']) {
      const values = new Attribute({ type, values: [`some ${type}`] });
      await client.modify(dns[3] ?? '', new Change({ operation: 'replace', modification: values }));
    }
  });
  await addServiceAccount('chk-service');
});
beforeEach(() => {
  for (const each of [proxy, expiring, elsewhere]) each.behave({});
});
afterAll(async () => {
  await Promise.all([proxy.stop(), expiring.stop(), elsewhere.stop()]);
  await asAdmin(samba, (client) => client.del(`CN=chk-service,CN=Users,${samba.domainDn}`));
  await directory.remove();
});

/** An ordinary account, as the README says, without any grant. */
async function addServiceAccount(name: string): Promise<void> {
  const users = `CN=Users,${samba.domainDn}`;
  const [dn = ''] = await addUsers(samba, users, [{ sAMAccountName: name, enabled: false }]);
  const values = { unicodePwd: Buffer.from(`"${PASSWORD}"`, 'utf16le'), userAccountControl: Buffer.from('512') };
  await asAdmin(samba, async (client) => {
    for (const [type, value] of Object.entries(values)) {
      const modification = new Attribute({ type, values: [value] });
      await client.modify(dn, new Change({ operation: 'replace', modification }));
    }
  });
}

type Changes = {
  readonly url?: string | readonly string[];
  readonly ca?: string;
  readonly bindDn?: string;
  readonly password?: string;
  readonly baseDn?: string;
  readonly mapping?: Kit['mapping'];
  readonly roleGroups?: readonly string[];
};

/** Checks as the administrator, who has every right, unless the test says otherwise. */
async function check(changes: Changes = {}): Promise<readonly CheckStep[]> {
  const { url = proxy.url, ca = caFile, bindDn = samba.adminDn, password = samba.adminPassword, baseDn = ou } = changes;
  const bindPassword = { env: 'UNUSED' };
  const connection = { url, bindDn, bindPassword, timeoutMs: 20_000, tls: { caFile: ca } };
  const config: Config = connector.configSchema.parse({ connection, baseDn });
  const secret = SecretRef.fixed(password, 'test');
  const { mapping = {}, roleGroups = [] } = changes;
  return connector.check(
    { ...config, connection: { ...config.connection, bindPassword: secret } },
    testKit({ mapping, roleGroups }),
  );
}

const asService = { bindDn: 'CORP\\chk-service', password: PASSWORD };

const outcomes = (steps: readonly CheckStep[]): Record<string, string> =>
  Object.fromEntries(steps.map(({ name, outcome }) => [name, outcome]));

/** The steps that are not ok. */
const complaints = (steps: readonly CheckStep[]): Record<string, CheckStep> =>
  Object.fromEntries(steps.filter(({ outcome }) => outcome !== 'ok').map((step) => [step.name, step]));

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

test('everything in order: every step says what it saw', async () => {
  const steps = await check({ roleGroups: ['chk-supervisors'] });
  expect(steps.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    ...['configuration ok', 'dns ok', 'tcp ok', 'tls ok', 'bind ok', 'domain ok', 'clock ok'],
    ...['base ok', 'page ok', 'groups ok', 'rights ok', 'deleted-objects ok', 'delta ok'],
  ]);
  const details = Object.fromEntries(steps.map(({ name, detail }) => [name, detail]));
  expect(details).toMatchObject({
    tls: matching(/TLSv1\.[23]; the certificate expires on \d{4}-\d\d-\d\d \(36[45] days\)/),
    domain: matching(/^CORP, DC=corp,DC=example,DC=com, S-1-5-21-/),
    base: ou,
    page: 'the first page has 20 people',
    groups: '1 of 1 groups found',
    rights: 'all 12 mapped attributes can be read',
    clock: matching(/^the clocks differ by \d+ s$/),
    delta: matching(/by DirSync/),
  });
});

test('an expiring certificate, missing rights and a clock five minutes off are said in one check, each with its remedy', async () => {
  expiring.behave({ clockShiftMs: 5 * MINUTE, hidden: ['mail'] });
  const steps = await check({ url: expiring.url, ...asService });
  expect(complaints(steps)).toEqual({
    tls: {
      name: 'tls',
      outcome: 'warning',
      detail: matching(/the certificate expires on \d{4}-\d\d-\d\d \([89] days\)/),
      remedy: 'renew the certificate of the server',
    },
    rights: {
      name: 'rights',
      outcome: 'warning',
      detail: matching(/10 of 11 .*no entry shows mail \(email\)/),
      remedy: matching(new RegExp(`samba-tool dsacl set --objectdn='${ou}' --sddl='.*;S-1-5-21-[-0-9]+\\)'`)),
    },
    'deleted-objects': {
      name: 'deleted-objects',
      outcome: 'warning',
      detail: matching(/may not read CN=Deleted Objects,DC=corp,DC=example,DC=com: DirSync leaves deletions out/),
      remedy: matching(/ldbmodify/),
    },
    clock: {
      name: 'clock',
      outcome: 'warning',
      detail: matching(/^the clock of the domain controller is (4 min 59|5 min \d) s ahead of that of this machine/),
      remedy: matching(/w32tm .*chronyc/),
    },
  });
});

describe('each of them alone', () => {
  test('the certificate', async () => {
    expect(Object.keys(complaints(await check({ url: expiring.url })))).toEqual(['tls']);
  });

  test('the right to an attribute', async () => {
    proxy.behave({ hidden: ['mobile', 'memberOf'] });
    const steps = await check({ roleGroups: ['chk-supervisors'], mapping: { jobTitle: 'mobile' } });
    expect(complaints(steps)).toEqual({ rights: expect.anything() as unknown });
    expect(complaints(steps)['rights']?.detail).toMatch(/shows mobile \(mobileNumber, jobTitle\), memberof:/);
  });

  test.each([
    [119_000, 'ok'],
    [-119_000, 'ok'],
    [-3 * MINUTE, 'warning'],
    [26 * 60 * MINUTE, 'warning'],
  ])('the clock, %i ms off: %s', async (clockShiftMs, outcome) => {
    proxy.behave({ clockShiftMs });
    const steps = await check();
    const clock = steps.find(({ name }) => name === 'clock');
    expect(clock?.outcome).toBe(outcome);
    if (clockShiftMs === -3 * MINUTE) expect(clock?.detail).toMatch(/(2 min 5\d|3 min \d) s behind/);
    if (clockShiftMs > 5 * MINUTE) expect(clock?.detail).toMatch(/(25 h 59|26 h 0) min ahead of/);
  });
});

describe('the right to read deleted objects', () => {
  const complaint = async (changes: Changes): Promise<CheckStep | undefined> =>
    complaints(await check(changes))['deleted-objects'];

  test.each([
    ['CORP\\chk-service'],
    ['chk-service@corp.example.com'],
    ['CN=chk-service,CN=Users,DC=corp,DC=example,DC=com'],
  ])('the grant names the account that logs in as %s', async (bindDn) => {
    const remedy = (await complaint({ bindDn, password: PASSWORD }))?.remedy ?? '';
    const { stdout } = await promisify(execFile)('ldbsearch', [
      ...['-H', join(dirname(samba.caFile), 'private/sam.ldb'), '(sAMAccountName=chk-service)', 'objectSid'],
    ]);
    expect(remedy).toContain(`(A;;LCRP;;;${/objectSid: (\S+)/.exec(stdout)?.[1] ?? 'no SID'})`);
  });

  test('on Windows the commands are those that Microsoft documents', async () => {
    proxy.behave({ rootDse: { vendorName: 'somebody else' }, hidden: ['mail'] });
    const steps = complaints(await check(asService));
    const container = 'CN=Deleted Objects,DC=corp,DC=example,DC=com';
    expect(steps['deleted-objects']?.remedy).toBe(
      `as a domain administrator run: dsacls "${container}" /takeOwnership, then: dsacls "${container}" /G "CORP\\chk-service:LCRP"`,
    );
    expect(steps['rights']?.remedy).toContain(`dsacls "${ou}" /I:S /G "CORP\\chk-service:RP;mail;user"`);
  });

  test('on Samba the printed commands do what they promise, and keep what was granted before', async () => {
    const accounts = ['chk-first', 'chk-second'];
    const [first = {}, second = {}] = accounts.map((name) => ({ bindDn: `CORP\\${name}`, password: PASSWORD }));
    for (const name of accounts) await addServiceAccount(name);
    try {
      for (const account of [first, second]) await runOnController((await complaint(account))?.remedy);
      expect([await complaint(first), await complaint(second)]).toEqual([undefined, undefined]);
      proxy.behave({ hidden: ['mail'] });
      await runOnController(complaints(await check(first))['rights']?.remedy);
    } finally {
      for (const name of accounts)
        await asAdmin(samba, (client) => client.del(`CN=${name},CN=Users,${samba.domainDn}`));
    }
  });

  /** Runs the command of a remedy with the path of the database that this test's controller has. */
  async function runOnController(remedy = ''): Promise<void> {
    const command = /run: ([^]*?)(?:; where really|$)/.exec(remedy)?.[1] ?? 'false';
    const database = join(dirname(samba.caFile), 'private/sam.ldb');
    const ours = command.replaceAll('/var/lib/samba/private/sam.ldb', database);
    const here = ours.startsWith('samba-tool') ? `${ours} -H ${database}` : ours;
    await promisify(execFile)('sh', ['-ec', here]);
  }
});

describe('what ends the check, with its remedy', () => {
  const last = async (changes: Changes): Promise<CheckStep | undefined> => (await check(changes)).at(-1);

  test('a host that the DNS does not know', async () => {
    expect(await last({ url: 'ldaps://dc.no-such-domain.invalid' })).toMatchObject({
      name: 'dns',
      outcome: 'failed',
      code: 'unreachable',
      detail: matching(/dc\.no-such-domain\.invalid: .*DNS/),
    });
  });

  test('a port where nobody listens', async () => {
    expect(await last({ url: `ldaps://127.0.0.1:${await freePort()}` })).toMatchObject({
      name: 'tcp',
      outcome: 'failed',
      code: 'unreachable',
      detail: matching(/nothing listens there/),
      remedy: matching(/firewall/),
    });
  });

  test('a certificate of an authority that is not trusted', async () => {
    expect(await last({ ca: samba.caFile })).toMatchObject({
      name: 'tls',
      outcome: 'failed',
      code: 'tls',
      remedy: matching(/caFile/),
    });
    expect(proxy.counts()).toEqual({});
  });

  test('a certificate of another host', async () => {
    expect(await last({ url: elsewhere.url })).toMatchObject({
      name: 'tls',
      code: 'tls',
      detail: matching(/another host name/),
    });
    expect(elsewhere.counts()).toEqual({});
  });

  test('a wrong password, tried once', async () => {
    expect(await last({ ...asService, password: 'wrong' })).toMatchObject({
      name: 'bind',
      outcome: 'failed',
      code: 'login-refused',
      detail: matching(/password/),
      remedy: matching(/connection\.bindPassword/),
    });
    expect(proxy.counts().bind).toBe(1);
  });
});

test('a base that does not exist: said, and everything that needs none is checked all the same', async () => {
  proxy.behave({ clockShiftMs: 5 * MINUTE });
  const steps = await check({ ...asService, baseDn: `OU=nowhere,${samba.domainDn}` });
  expect(outcomes(steps)).toMatchObject({ domain: 'ok', base: 'failed', clock: 'warning' });
  expect(outcomes(steps)).toMatchObject({ 'deleted-objects': 'warning', delta: 'ok' });
  expect(outcomes(steps)).not.toHaveProperty('page');
  expect(complaints(steps)['base']).toMatchObject({
    code: 'configuration',
    detail: matching(/no such entry/),
    remedy: matching(/correct the key/),
  });
});

test('a named group that does not exist is a warning', async () => {
  const steps = complaints(await check({ roleGroups: ['chk-supervisors', 'chk-missing'] }));
  expect(steps).toMatchObject({ groups: { outcome: 'warning', detail: matching(/"chk-missing" does not exist/) } });
});

describe('the way that deltas take', () => {
  const delta = async (): Promise<CheckStep | undefined> => (await check()).find(({ name }) => name === 'delta');

  test.each([12, 50] as const)('uSNChanged, where DirSync is refused with %i', async (code) => {
    proxy.behave(refuseDirSync(code));
    expect(await delta()).toMatchObject({
      outcome: 'ok',
      detail: matching(new RegExp(`by uSNChanged.*DirSync is refused: .*result ${code}`)),
    });
  });

  test('none, where the domain controller does not tell how far it has got', async () => {
    proxy.behave({ hidden: ['invocationId'] });
    expect(await delta()).toMatchObject({ outcome: 'warning', detail: matching(/in full/), remedy: matching(/grant/) });
  });
});

describe('several domain controllers', () => {
  const failed = (steps: readonly CheckStep[]): CheckStep[] => steps.filter(({ outcome }) => outcome !== 'ok');

  test('each is checked, and every step says which it was', async () => {
    expiring.behave({ clockShiftMs: 5 * MINUTE });
    const steps = await check({ url: [proxy.url, expiring.url] });
    const places = [proxy, expiring].map(({ port }) => `127.0.0.1:${port}: `);
    expect(failed(steps)).toMatchObject([
      { name: 'tls', detail: matching(new RegExp(`^${places[1] ?? ''}.*expires on`)) },
      { name: 'clock', detail: matching(new RegExp(`^${places[1] ?? ''}the clock`)) },
    ]);
    const domains = steps.filter(({ name }) => name === 'domain');
    expect(domains.map(({ detail }) => detail.replace(/CORP.*/, ''))).toEqual(places);
    expect(proxy.counts().bind).toBe(1);
    expect(expiring.counts().bind).toBe(1);
  });

  test('one that is down is a warning, since the next one is used', async () => {
    const steps = await check({ url: [`ldaps://127.0.0.1:${await freePort()}`, proxy.url] });
    expect(failed(steps)).toMatchObject([{ name: 'tcp', outcome: 'warning', detail: matching(/nothing listens/) }]);
    expect(steps.at(-1)).toMatchObject({ name: 'delta', outcome: 'ok' });
  });

  test('a first one with a bad certificate fails, as a read would; the rest is checked at the second', async () => {
    const steps = await check({ url: [elsewhere.url, proxy.url] });
    expect(failed(steps)).toMatchObject([{ name: 'tls', outcome: 'failed', code: 'tls' }]);
    expect(steps.at(-1)).toMatchObject({ name: 'delta', outcome: 'ok' });
  });

  test('a second one with a bad certificate is a warning', async () => {
    const steps = await check({ url: [proxy.url, elsewhere.url] });
    expect(failed(steps)).toMatchObject([{ name: 'tls', outcome: 'warning' }]);
  });

  test('a wrong password is tried at the first only', async () => {
    const steps = await check({ url: [proxy.url, expiring.url], password: 'wrong' });
    expect(failed(steps)).toMatchObject([{ name: 'bind', outcome: 'failed', code: 'login-refused' }]);
    expect([proxy.counts().bind, expiring.counts().bind]).toEqual([1, undefined]);
  });

  test('one of another domain does not belong there', async () => {
    const domainSid = Buffer.from(`010400000000000515000000${'07'.repeat(12)}`, 'hex');
    expiring.behave({ domainSid });
    const steps = await check({ url: [proxy.url, expiring.url] });
    expect(failed(steps)).toMatchObject([
      { name: 'tls' },
      { name: 'domain', outcome: 'warning', detail: matching(/controller of S-1-5-21-117901063-.* not of S-1-5-21-/) },
    ]);
  });
});
