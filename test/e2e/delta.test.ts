import { Attribute, Change } from 'ldapts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startLdapProxy } from '../support/ldap-proxy.ts';
import type { LdapProxy } from '../support/ldap-proxy.ts';
import { generatePeople } from '../support/services/people.ts';
import { addUsers, asAdmin, createOu, directoryUser } from '../support/services/samba-directory.ts';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import type { EventRow, UserRow } from './support/rows.ts';
import { createSite } from './support/rosterd.ts';
import type { RunRow, Site } from './support/rosterd.ts';
import { secretFile } from './support/sources.ts';

const samba = inject('samba');
let site: Site;
let database: Database;
let proxy: LdapProxy;
let ou: string;
let outside: string;
let users: string[];

beforeAll(async () => {
  proxy = await startLdapProxy(samba);
  ou = await createOu(samba, 'e2e-delta');
  outside = await createOu(samba, 'e2e-delta-outside');
  users = await addUsers(
    samba,
    ou,
    [...generatePeople(12)].map((person) => directoryUser(person, 'ed')),
  );
  site = await createSite('delta');
  database = await serverDatabase();
  await secretFile(site, samba.adminPassword);
  const bindPassword = { file: 'secrets/bind' };
  const connection = { url: proxy.url, bindDn: samba.adminDn, bindPassword, timeoutMs: 20_000 };
  await site.configure({
    database: database.setting,
    sources: [{ id: 'ad', kind: 'active-directory', connection, baseDn: ou, createsUsers: true }],
  });
}, 120_000);
afterAll(async () => {
  await site.remove();
  await database.drop();
  await proxy.stop();
});

async function synced(...more: string[]): Promise<RunRow> {
  const { code, runs, stderr } = await site.sync(...more);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [run, another] = runs;
  expect(another).toBeUndefined();
  if (run === undefined) throw new Error('the sync had no run');
  return run;
}

const setMail = (dn: string, mail: string) =>
  asAdmin(samba, (client) =>
    client.modify(
      dn,
      new Change({ operation: 'replace', modification: new Attribute({ type: 'mail', values: [mail] }) }),
    ),
  );

test('3.5 the first sync reads in full, the next ones only what has changed', async () => {
  expect(await synced()).toMatchObject({ mode: 'full', counts: { read: 12, created: 12 } });
  expect(await synced()).toMatchObject({ mode: 'delta', counts: { read: 0, changed: 0, updated: 0 } });
  await setMail(users[0] ?? '', 'changed@example.com');
  expect(await synced()).toMatchObject({ mode: 'delta', counts: { read: 1, changed: 1, updated: 1 } });
  expect(await synced('--full')).toMatchObject({ mode: 'full', counts: { read: 12, changed: 0, updated: 0 } });
}, 120_000);

test('14.4 after a restore from a backup the same run reads in full, and says so', async () => {
  proxy.behave({ invocationId: Buffer.alloc(16, 9) });
  const run = await synced();
  expect(run).toMatchObject({ mode: 'full', counts: { read: 12 } });
  const { stdout } = await site.run('run', 'show', String(run.id), '--json');
  expect(stdout).toMatch(/read in full instead of the changes only: .*restored from a backup/);
  expect(await synced()).toMatchObject({ mode: 'delta' });
  proxy.behave({});
  expect(await synced()).toMatchObject({ mode: 'full' });
}, 120_000);

const moveAll = (from: (index: number) => string, to: (index: number) => readonly string[]) =>
  asAdmin(samba, async (client) => {
    for (const index of users.slice(5).keys()) await client.modifyDN(from(index), to(index).join(','));
  });

test('3.3, 13.2 a delta after a full read that is held for showing too few is held like it, and lets nothing pass', async () => {
  const away = (index: number) => [`CN=away${String(index)}`, outside] as const;
  const home = (index: number) => users[index + 5] ?? '';
  await moveAll(home, away);
  const whole = await site.sync('--full');
  expect([whole.code, whole.runs.map(({ mode, state }) => [mode, state])]).toEqual([6, [['full', 'held']]]);
  await setMail(users[0] ?? '', 'meanwhile@example.com');
  const delta = await site.sync();
  expect([delta.code, delta.runs.map(({ mode, state }) => [mode, state])]).toEqual([6, [['delta', 'held']]]);
  expect(delta.runs[0]?.error?.message).toMatch(/^7 of 12 .* missing since an import before/);
  expect(await site.rows('account', 'list', '--state', 'gone')).toEqual([]);
  expect((await site.run('user', 'list', '--json')).stdout).not.toContain('meanwhile@example.com');
  await moveAll(
    (index) => away(index).join(','),
    (index) => [home(index)],
  );
  expect(await synced()).toMatchObject({ mode: 'delta', counts: { read: 7, gone: 0, updated: 1 } });
}, 120_000);

test('3.1, 13.1, 9.1 what a delta reports of most accounts one by one is evidence, asked about in a small source; nobody is deactivated', async () => {
  await asAdmin(samba, async (client) => {
    for (const dn of users.slice(0, 4)) await client.del(dn);
    for (const [index, dn] of users.slice(4, 8).entries()) await client.modifyDN(dn, `CN=moved${index},${outside}`);
  });
  const { code, runs } = await site.sync();
  expect([code, runs.map(({ mode, state }) => [mode, state])]).toEqual([6, [['delta', 'held']]]);
  const [held] = await site.rows<RunRow & { readonly digest: string }>('run', 'show', String(runs[0]?.id));
  expect(held?.error?.message).toMatch(/gone 8/);
  const [approved] = await site.rows<RunRow>('run', 'approve', String(held?.id), '--digest', held?.digest ?? '');
  expect(approved).toMatchObject({ state: 'completed', counts: { gone: 8 } });
  const events = await site.rows<EventRow>('log');
  const reasons = events.filter((event) => event.type === 'account-gone').map((event) => event.reason);
  expect(reasons.filter((reason) => reason?.startsWith('deleted, '))).toHaveLength(4);
  expect(reasons.filter((reason) => reason?.startsWith('it exists, '))).toHaveLength(4);
  expect((await site.rows<UserRow>('user', 'list')).map((user) => user.active)).toEqual(Array(12).fill(true));
}, 120_000);

test('9.1 accounts that are back are present again, as their users were all the time', async () => {
  await asAdmin(samba, async (client) => {
    for (const [index, dn] of users.slice(4, 8).entries()) await client.modifyDN(`CN=moved${index},${outside}`, dn);
  });
  expect(await synced()).toMatchObject({ mode: 'delta', counts: { read: 4, gone: 0, returned: 4, updated: 0 } });
}, 120_000);
