import { Ber, BerWriter, Client, Control } from 'ldapts';
import type { ClientOptions, SearchOptions, SearchResult } from 'ldapts';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { refuseDirSync, startLdapProxy } from '../../support/ldap-proxy.ts';
import type { LdapProxy } from '../../support/ldap-proxy.ts';
import { makeCertificates } from '../../support/services/certificates.ts';
import { addGroup, addUsers, createOu } from '../../support/services/samba-directory.ts';
import { createTempDir } from '../../support/services/temp.ts';

const samba = inject('samba');
const MEMBERS = 7;
let proxy: LdapProxy;
let ou: string;
let groupDn: string;
let userDns: string[];

beforeAll(async () => {
  ou = await createOu(samba, 'proxy');
  const names = Array.from({ length: MEMBERS }, (_, index) => ({
    sAMAccountName: `px${index}`,
    mail: `px${index}@x.org`,
  }));
  userDns = await addUsers(samba, ou, names);
  groupDn = await addGroup(samba, ou, 'px-group', userDns);
  proxy = await startLdapProxy(samba);
});
beforeEach(() => proxy.behave({}));
afterAll(() => proxy.stop());

async function withClient<Result>(
  work: (client: Client) => Promise<Result>,
  options: ClientOptions = { url: proxy.url },
): Promise<Result> {
  const client = new Client({ timeout: 10_000, ...options });
  try {
    await client.bind(samba.adminDn, samba.adminPassword);
    return await work(client);
  } finally {
    await client.unbind();
  }
}

const search = (base: string, options: SearchOptions, control?: Control): Promise<SearchResult> =>
  withClient((client) => client.search(base, options, control));

async function attributesOf(base: string, ...attributes: string[]): Promise<Record<string, unknown>> {
  const { searchEntries } = await search(base, { scope: 'base', attributes });
  return { ...searchEntries[0], dn: undefined };
}

test('without a behaviour everything passes unchanged, and is counted by kind', async () => {
  const { searchEntries } = await search(ou, {
    filter: '(objectClass=user)',
    paged: { pageSize: 3 },
    attributes: ['mail'],
  });
  expect(searchEntries.map(({ mail }) => mail).sort()).toEqual(userDns.map((_, index) => `px${index}@x.org`));
  await attributesOf('', 'dnsHostName');
  await attributesOf(groupDn, 'member;range=0-2');
  // The last goodbye may still be under way.
  expect(proxy.counts()).toMatchObject({ bind: 3, page: 3, 'root-dse': 1, range: 1 });
  expect(proxy.counts().search).toBeUndefined();
  expect(proxy.connections()).toBe(3);
  expect(proxy.requests()[1]).toMatchObject({ base: ou, scope: 'sub', attributes: ['mail'], connection: 0, nth: 1 });
});

test('LDAPS with the certificate of the test', async () => {
  const directory = createTempDir('proxy');
  const made = await makeCertificates(directory.path, { hostNames: ['localhost'], addresses: ['127.0.0.1'] });
  const secure = await startLdapProxy(samba, made);
  const trusting = { url: secure.url, tlsOptions: { ca: await readFile(made.caFile) } };
  const seen = await withClient((client) => client.search(ou, { scope: 'base', attributes: ['ou'] }), trusting);
  await expect(withClient(() => Promise.resolve(), { url: secure.url })).rejects.toThrow('certificate');
  await secure.stop();
  await directory.remove();
  expect(seen.searchEntries).toEqual([{ dn: ou, ou: 'proxy' }]);
});

describe('a chosen request is refused', () => {
  class DirSync extends Control {
    constructor() {
      super('1.2.840.113556.1.4.841', { critical: true });
    }
    override writeControl(writer: BerWriter): void {
      const value = new BerWriter();
      value.startSequence();
      for (const number of [1, 100_000]) value.writeInt(number);
      value.writeString('');
      value.endSequence();
      writer.writeBuffer(value.buffer, Ber.OctetString);
    }
  }
  const dirSync = (): Promise<SearchResult> =>
    search(samba.domainDn, { filter: '(sAMAccountName=px1)', attributes: ['mail'] }, new DirSync());

  test('DirSync, without the control or without the right; everything else passes', async () => {
    expect((await dirSync()).searchEntries).toHaveLength(1);
    for (const code of [12, 50] as const) {
      proxy.behave(refuseDirSync(code));
      await expect(dirSync()).rejects.toMatchObject({ code });
      expect((await search(ou, { scope: 'base' })).searchEntries).toHaveLength(1);
      expect(proxy.counts()).toMatchObject({ dirsync: 1, search: 1 });
    }
  });

  test('the log-in', async () => {
    proxy.behave({
      refuse: ({ kind }) => (kind === 'bind' ? { code: 49, diagnostic: 'data 775, v3839' } : undefined),
    });
    await expect(search(ou, { scope: 'base' })).rejects.toMatchObject({
      code: 49,
      message: expect.stringContaining('data 775') as string,
    });
  });

  test.each([
    [51, undefined],
    [10, ['ldap://dc2.example.com/DC=example']],
  ])('the second search, with %i', async (code, referral) => {
    const refusal = { code, ...(referral === undefined ? {} : { referral }) };
    proxy.behave({ refuse: ({ kind, nth }) => (kind === 'search' && nth === 2 ? refusal : undefined) });
    await withClient(async (client) => {
      expect((await client.search(ou, { scope: 'base' })).searchEntries).toHaveLength(1);
      await expect(client.search(ou, { scope: 'base' })).rejects.toMatchObject({ code });
      expect((await client.search(ou, { scope: 'base' })).searchEntries).toHaveLength(1);
    });
  });

  test('a size limit behind some of the entries', async () => {
    proxy.behave({ refuse: ({ kind }) => (kind === 'search' ? { code: 4, afterEntries: 2 } : undefined) });
    // This client is content with what came when it asked for a limit itself.
    const { searchEntries } = await search(ou, { filter: '(objectClass=user)', sizeLimit: 100 });
    expect(searchEntries).toHaveLength(2);
    await expect(search(ou, { filter: '(objectClass=user)' })).rejects.toMatchObject({ code: 4 });
  });
});

test('the connection ends behind the n-th message of the server', async () => {
  proxy.behave({ cutAfter: (connection) => (connection === 0 ? 4 : undefined) });
  const everybody = (): Promise<SearchResult> => search(ou, { filter: '(objectClass=user)' });
  await expect(everybody()).rejects.toThrow(/closed/i);
  expect((await everybody()).searchEntries).toHaveLength(MEMBERS);
  proxy.behave({ refuse: ({ kind }) => (kind === 'search' ? { cut: true, afterEntries: 3 } : undefined) });
  await expect(everybody()).rejects.toThrow(/closed/i);
});

describe('another server', () => {
  test('another root DSE, with its clock off', async () => {
    const names = ['dnsHostName', 'highestCommittedUSN', 'currentTime', 'defaultNamingContext'] as const;
    const before = await attributesOf('', ...names);
    proxy.behave({ rootDse: { dnsHostName: 'dc2.example.com', highestcommittedusn: '7' }, clockShiftMs: -300_000 });
    const after = await attributesOf('', ...names);
    expect(after).toMatchObject({
      dnsHostName: 'dc2.example.com',
      highestCommittedUSN: '7',
      defaultNamingContext: before['defaultNamingContext'],
    });
    const time = (of: Record<string, unknown>): number =>
      Date.parse(String(of['currentTime']).replace(/^(....)(..)(..)(..)(..)(..)\.0Z$/, '$1-$2-$3T$4:$5:$6Z'));
    expect(time(after) - time(before) + 300_000).toBeGreaterThanOrEqual(0);
    expect(time(after) - time(before) + 300_000).toBeLessThan(60_000);
  });

  test('another invocationID', async () => {
    const { dsServiceName } = await attributesOf('', 'dsServiceName');
    const invocationId = Buffer.alloc(16, 7);
    proxy.behave({ invocationId });
    const { searchEntries } = await search(String(dsServiceName), {
      scope: 'base',
      attributes: ['invocationId'],
      explicitBufferAttributes: ['invocationId'],
    });
    expect(searchEntries[0]?.['invocationId']).toEqual(invocationId);
  });

  test('another domain SID, and the same accounts', async () => {
    const domainSid = Buffer.from(`010400000000000515000000${'07'.repeat(12)}`, 'hex');
    proxy.behave({ domainSid });
    const binary = ['objectSid'];
    const sidOf = async (dn: string): Promise<unknown> => {
      const options = { scope: 'base', attributes: binary, explicitBufferAttributes: binary } as const;
      const { searchEntries } = await search(dn, options);
      return searchEntries[0]?.['objectSid'];
    };
    expect(await sidOf(samba.domainDn)).toEqual(domainSid);
    expect(await sidOf(userDns[0] ?? '')).toHaveLength(28);
  });

  test('attributes that may not be read', async () => {
    proxy.behave({ hidden: ['Mail'] });
    expect(await attributesOf(userDns[0] ?? '', 'mail', 'sAMAccountName')).toMatchObject({
      mail: [],
      sAMAccountName: 'px0',
    });
  });
});

test('members come in ranges, as Windows sends them', async () => {
  const { member: all } = await attributesOf(groupDn, 'member');
  proxy.behave({ mostValues: 3 });
  const first = await attributesOf(groupDn, 'member');
  const second = await attributesOf(groupDn, 'member;range=3-*');
  const third = await attributesOf(groupDn, 'member;range=6-*');
  expect(first['member']).toEqual([]);
  expect(second).toMatchObject({ 'member;range=3-5': expect.any(Array) as unknown });
  const ranges = [first['member;range=0-2'], second['member;range=3-5'], third['member;range=6-*']].flat();
  expect(ranges).toEqual(all);
});
