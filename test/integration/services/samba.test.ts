import { Client } from 'ldapts';
import { beforeAll, expect, inject, test } from 'vitest';
import { generatePeople, personAt } from '../../support/services/people.ts';
import { addGroup, addUsers, asAdmin, createOu, directoryUser } from '../../support/services/samba-directory.ts';

const samba = inject('samba');
const COUNT = 30;
let ou: string;
let userDns: string[];

beforeAll(async () => {
  ou = await createOu(samba, 'services');
  const users = [...generatePeople(COUNT)].map((person) => directoryUser(person, 'svc'));
  userDns = await addUsers(
    samba,
    ou,
    users.map((user, position) => ({ ...user, enabled: position > 0 })),
  );
  await addGroup(samba, ou, 'svc-agents', userDns.slice(0, 5));
});

test('users are read with their GUIDs', async () => {
  const search = { filter: '(objectClass=user)', attributes: ['objectGUID'], explicitBufferAttributes: ['objectGUID'] };
  const { searchEntries } = await asAdmin(samba, (client) => client.search(ou, search));
  const guids = searchEntries.map((entry) => entry['objectGUID']);
  expect(guids.every((guid) => Buffer.isBuffer(guid) && guid.length === 16)).toBe(true);
  expect(new Set(guids.map((guid) => String(guid))).size).toBe(COUNT);
});

test('attributes arrive as they were written, and a disabled account says so', async () => {
  const search = { filter: '(sAMAccountName=svc1)', attributes: ['sn', 'employeeID', 'mail', 'userAccountControl'] };
  const { searchEntries } = await asAdmin(samba, (client) => client.search(ou, search));
  expect(searchEntries).toEqual([
    { dn: userDns[0], sn: personAt(1).sn, employeeID: '0000001', mail: 'svc1@example.com', userAccountControl: '546' },
  ]);
});

test('a group has its members', async () => {
  const search = { filter: '(sAMAccountName=svc-agents)', attributes: ['member'] };
  const { searchEntries } = await asAdmin(samba, (client) => client.search(ou, search));
  const members = searchEntries[0]?.['member'];
  expect([members].flat().map(String).sort()).toEqual(userDns.slice(0, 5).sort());
});

test('a password in clear text is refused', async () => {
  const client = new Client({ url: samba.url, timeout: 5_000 });
  const refusal: unknown = await client.bind(samba.adminDn, samba.adminPassword).catch((error: unknown) => error);
  await client.unbind();
  expect(refusal).toMatchObject({ name: 'StrongAuthRequiredError', code: 8 });
});
