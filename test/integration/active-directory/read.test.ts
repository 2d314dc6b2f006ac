import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Attribute, Change } from 'ldapts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Config } from '../../../connectors/active-directory/config.ts';
import { connector } from '../../../connectors/active-directory/connector.ts';
import type { Kit } from '../../../src/connector-kit/contract.ts';
import type { AccountRecord } from '../../../src/domain/account.ts';
import { SecretRef } from '../../../src/connector-kit/secret.ts';
import { readWhole, testKit } from '../../support/read-source.ts';
import type { WholeRead } from '../../support/read-source.ts';
import { generatePeople, personAt } from '../../support/services/people.ts';
import { addGroup, addUsers, asAdmin, createOu, directoryUser } from '../../support/services/samba-directory.ts';

const samba = inject('samba');
const COUNT = 300;
/** 100-nanosecond units since 1601: 2001-01-01, long ago. */
const LONG_AGO = '126227808000000000';

let ou: string;
let userDns: string[];
let outsiderDn: string;

beforeAll(async () => {
  ou = await createOu(samba, 'adread');
  const users = [...generatePeople(COUNT)].map((person) => directoryUser(person, 'ad'));
  userDns = await addUsers(
    samba,
    ou,
    users.map((user, position) => ({
      ...user,
      ...(position === 1 ? { cn: 'Müller, Jürgen (2) \\ #1' } : {}),
      enabled: position > 0,
    })),
  );
  const inner = await addGroup(samba, ou, 'ad-inner', [userDns[3] ?? '']);
  const middle = await addGroup(samba, ou, 'ad-middle', [inner]);
  await addGroup(samba, ou, 'ad-supervisors', [userDns[2] ?? '', middle]);
  const elsewhere = await createOu(samba, 'adread-outside');
  [outsiderDn = ''] = await addUsers(samba, elsewhere, [{ sAMAccountName: 'ad-outsider', sn: 'Outside' }]);
  await asAdmin(samba, async (client) => {
    const expired = new Attribute({ type: 'accountExpires', values: [LONG_AGO] });
    await client.modify(userDns[5] ?? '', new Change({ operation: 'replace', modification: expired }));
    await client.add(`CN=adpc,${ou}`, { objectClass: 'computer', sAMAccountName: 'ADPC$' });
  });
});
afterAll(() =>
  asAdmin(samba, async (client) => {
    await client.del(outsiderDn);
  }),
);

type Changes = { readonly url?: string; readonly password?: string; readonly source?: Record<string, unknown> };

function configOf({ url = samba.ldapsUrl, password = samba.adminPassword, source = {} }: Changes = {}): Config {
  const tls = url.startsWith('ldaps:') ? { tls: { caFile: samba.caFile } } : {};
  const connection = { url, bindDn: samba.adminDn, bindPassword: { env: 'UNUSED' }, timeoutMs: 20_000, ...tls };
  const config = connector.configSchema.parse({ connection, baseDn: ou, ...source });
  return { ...config, connection: { ...config.connection, bindPassword: SecretRef.fixed(password, 'test') } };
}

async function readWith(config: Config, overrides: Partial<Kit> = {}): Promise<WholeRead> {
  const kit = testKit(overrides);
  const session = await connector.open(config, kit);
  try {
    return await readWhole(session.readAll(kit.signal));
  } finally {
    await session.close();
  }
}

function byName(whole: WholeRead, name: string): AccountRecord | undefined {
  return whole.records.find((record) => record.values.username === name);
}

describe('a whole read', () => {
  let whole: WholeRead;
  beforeAll(async () => {
    whole = await readWith(configOf({ source: { pageSize: 50 } }));
  });

  test('brings every person once and no computer', () => {
    expect(whole.rejected).toEqual([]);
    expect(new Set(whole.records.map((record) => record.values.username)).size).toBe(COUNT);
    expect(whole.records).toHaveLength(COUNT);
    expect(whole.end.whole).toBe(true);
  });

  test('maps names, leading zeros and the Windows login', () => {
    const person = personAt(21);
    expect(byName(whole, 'ad21')).toEqual({
      externalId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string,
      disabled: false,
      values: {
        username: 'ad21',
        firstName: person.givenName,
        lastName: 'Nguyễn',
        displayName: person.displayName,
        email: 'ad21@example.com',
        windowsLogin: 'CORP\\ad21',
        employeeId: '0000021',
        department: person.department,
      },
    });
  });

  test('a disabled account says so, an expired one is living and noted', () => {
    expect(byName(whole, 'ad1')?.disabled).toBe(true);
    expect(byName(whole, 'ad6')?.disabled).toBe(false);
    expect(whole.end.notes).toContain('1 accounts have expired (accountExpires) and count as living');
  });

  test('the external id is the GUID as another client prints it', async () => {
    const { stdout } = await promisify(execFile)('ldbsearch', [
      ...[
        '-H',
        samba.ldapsUrl,
        '--option=tls verify peer = no_check',
        `--simple-bind-dn=${samba.adminDn}`,
        `--password=${samba.adminPassword}`,
      ],
      ...['-b', ou, '(sAMAccountName=ad21)', 'objectGUID'],
    ]);
    expect(byName(whole, 'ad21')?.externalId).toBe(/objectGUID: (\S+)/.exec(stdout)?.[1]);
  });
});

test('the whole domain: references are not followed, and the read is complete', async () => {
  const config = { ...configOf({ source: { filter: '(sAMAccountName=ad*)' } }), baseDn: undefined };
  const whole = await readWith(config);
  expect(byName(whole, 'ad-outsider')?.values.windowsLogin).toBe('CORP\\ad-outsider');
  expect(whole.end.whole).toBe(true);
});

test('an ordinary account without any grant reads all of this, the groups included', async () => {
  const [dn = ''] = await addUsers(samba, ou, [{ sAMAccountName: 'ad-service', enabled: false }]);
  await asAdmin(samba, async (client) => {
    const password = new Attribute({ type: 'unicodePwd', values: [Buffer.from('"S3rvice-Passw0rd"', 'utf16le')] });
    await client.modify(dn, new Change({ operation: 'replace', modification: password }));
    const enabled = new Attribute({ type: 'userAccountControl', values: ['512'] });
    await client.modify(dn, new Change({ operation: 'replace', modification: enabled }));
  });
  const config = configOf({ password: 'S3rvice-Passw0rd', source: { filter: '(sAMAccountName=ad4)' } });
  const asService = { ...config, connection: { ...config.connection, bindDn: 'CORP\\ad-service' } };
  const roleGroups = ['ad-supervisors'];
  const [seen, expected] = [
    await readWith(asService, { roleGroups }),
    await readWith(configOf({ source: { filter: '(sAMAccountName=ad4)' } }), { roleGroups }),
  ];
  await asAdmin(samba, (client) => client.del(dn));
  expect(seen.records).toEqual(expected.records);
  expect(seen.records).toHaveLength(1);
});

describe('groups', () => {
  test('direct and nested members, by name and by DN, as the table names them', async () => {
    const roleGroups = ['AD-Supervisors', `cn=ad-inner,${ou.toLowerCase()}`, 'ad-missing'];
    const whole = await readWith(configOf(), { roleGroups });
    expect(byName(whole, 'ad3')?.roleFacts?.groups).toEqual(['AD-Supervisors']);
    expect(byName(whole, 'ad4')?.roleFacts?.groups).toEqual(['AD-Supervisors', `cn=ad-inner,${ou.toLowerCase()}`]);
    expect(byName(whole, 'ad5')?.roleFacts?.groups).toEqual([]);
    expect(whole.end.notes).toContainEqual(expect.stringContaining('the group "ad-missing" does not exist'));
  });

  test('the primary group counts, which memberOf does not list', async () => {
    const whole = await readWith(configOf(), { roleGroups: ['Domain Users'] });
    expect(whole.records.every((record) => record.roleFacts?.groups?.[0] === 'Domain Users')).toBe(true);
  });

  test('who left the only group is in none, also when nobody else in the base is in any', async () => {
    const lonely = await createOu(samba, 'adread-lonely');
    await addUsers(samba, lonely, [{ sAMAccountName: 'ad-lonely' }]);
    const whole = await readWith(configOf({ source: { baseDn: lonely } }), { roleGroups: ['ad-supervisors'] });
    expect(byName(whole, 'ad-lonely')?.roleFacts).toEqual({ groups: [] });
  });
});

describe('the session', () => {
  test('knows whom it talks to, and looks accounts up also outside base and filter', async () => {
    const kit = testKit();
    const outside = await readWith(configOf({ source: { baseDn: outsiderDn.slice(outsiderDn.indexOf(',') + 1) } }));
    const whole = await readWith(configOf({ source: { filter: '(sAMAccountName=ad1)' } }));
    const session = await connector.open(configOf(), kit);
    expect(session.systemId).toMatch(/^S-1-5-21-\d+-\d+-\d+ DC=corp,DC=example,DC=com$/);
    expect(await session.lookup(outside.records[0]?.externalId ?? '', kit.signal)).toBe('present');
    expect(await session.lookup(whole.records[0]?.externalId ?? '', kit.signal)).toBe('disabled');
    expect(await session.lookup('00000000-0000-4000-8000-000000000000', kit.signal)).toBe('absent');
    await session.close();
  });

  test('2.8 reads one account alone as in a full read, and tells who is outside from who is nowhere', async () => {
    const kit = testKit();
    const whole = await readWith(configOf({ source: { filter: '(sAMAccountName=ad1)' } }));
    const outside = await readWith(configOf({ source: { baseDn: outsiderDn.slice(outsiderDn.indexOf(',') + 1) } }));
    const session = await connector.open(configOf(), kit);
    const idOf = ({ records }: typeof whole): string => records[0]?.externalId ?? '';
    const one = await session.readOne?.(idOf(whole), kit.signal);
    expect(one).toMatchObject({
      record: { externalId: idOf(whole), disabled: true, values: whole.records[0]?.values },
    });
    expect(await session.readOne?.(idOf(outside), kit.signal)).toEqual({ gone: 'out-of-scope' });
    expect(await session.readOne?.('00000000-0000-4000-8000-000000000000', kit.signal)).toEqual({ gone: 'deleted' });
    expect(await session.readOne?.('no-guid', kit.signal)).toEqual({ unsupported: 'its id is no objectGUID' });
    await session.close();
  });

  test('a filter with an escaped name is sent as it is meant', async () => {
    const whole = await readWith(configOf({ source: { filter: '(&(sn=M\\c3\\bcller)(cn=*\\28*))' } }));
    expect(whole.records.map((record) => record.values.username)).toEqual(['ad2']);
  });
});

describe('what is refused', () => {
  test('a wrong password, with what Active Directory says about it', async () => {
    await expect(connector.open(configOf({ password: 'wrong' }), testKit())).rejects.toMatchObject({
      class: 'fatal',
      code: 'login-refused',
      message: expect.stringMatching(/data 52e|connection\.bindPassword/) as string,
    });
  });

  test('a disabled account is told apart from a wrong password', async () => {
    const config = configOf({ password: 'whatever' });
    const disabled = { ...config, connection: { ...config.connection, bindDn: 'CN=Guest,CN=Users,' + samba.domainDn } };
    await expect(connector.open(disabled, testKit())).rejects.toMatchObject({ code: 'login-refused' });
  });

  test('a bind in clear, which the domain controller does not accept', async () => {
    const opening = connector.open(configOf({ url: samba.url }), testKit());
    await expect(opening).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('startTls') as string,
    });
  });

  test('a base of another domain', async () => {
    const opening = connector.open(configOf({ source: { baseDn: 'OU=x,DC=other,DC=com' } }), testKit());
    await expect(opening).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('baseDn') as string,
    });
  });

  test('the global catalogue', () => {
    expect(() => configOf({ url: 'ldaps://127.0.0.1:3269' })).toThrow('global catalogue');
  });
});
