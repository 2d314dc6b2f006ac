import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectors } from '../../connectors/registry.ts';
import type { User } from '../../src/api/schemas/users.ts';
import { openPostgres } from '../support/api/databases.ts';
import { createTempDir } from '../support/services/temp.ts';
import { startAvayaSms } from '../support/simulators/avaya-sms/server.ts';
import type { AvayaSms } from '../support/simulators/avaya-sms/server.ts';
import { startUccx } from '../support/simulators/cisco/uccx.ts';
import type { Uccx } from '../support/simulators/cisco/uccx.ts';
import { openSite } from '../support/site.ts';
import type { Site } from '../support/site.ts';

/** Issue 9, to show 5: one human in a directory, in UCCX and in Avaya. The personnel number is what all three know. */

const folder = createTempDir('mixed');
let uccx: Uccx;
let avaya: AvayaSms;
beforeAll(async () => {
  [uccx, avaya] = await Promise.all([startUccx(), startAvayaSms({ callMs: 0 })]);
  uccx.system.teams.set('6', { name: 'North', primary: 'enovak' });
  uccx.system.resources.set('enovak', {
    ...{ firstName: 'Evička', lastName: 'Novák', extension: '6101', alias: '000420', team: '6', supervisor: true },
  });
  for (let index = 1; index <= 6; index += 1)
    uccx.system.resources.set(`other${index}`, { firstName: 'Jan', lastName: `Jiný ${index}`, alias: `9${index}` });
  avaya.cm.agents.set('41001', { Name: 'Novak, Eva', skills: [{ number: '12', level: '1' }], COR: '000420' });
  await writeFile(join(folder.path, 'uccx'), `${uccx.password}\n`);
  await writeFile(join(folder.path, 'avaya'), `${avaya.password}\n`);
  await writeFile(join(folder.path, 'ad.ldif'), directory);
});
afterAll(() => Promise.all([uccx.close(), avaya.close(), folder.remove()]));

const directory = `version: 1

dn: CN=Eva Novakova,OU=People,DC=corp,DC=example
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: user
objectGUID:: P7dALexehC2HCqvRU8XfOQ==
cn: Eva Novakova
sn: Novakova
givenName: Eva
sAMAccountName: enovak
msDS-PrincipalName: CORP\\enovak
mail: eva.novakova@corp.example
employeeID: 000420
department: Customer Care
userAccountControl: 512

`;

function configuration(): string {
  const file = (name: string): object => ({ file: join(folder.path, name) });
  const sources = [
    { id: 'ad', kind: 'ldif-file', connection: { path: join(folder.path, 'ad.ldif') } },
    {
      id: 'uccx',
      kind: 'cisco-uccx',
      connection: { url: uccx.origin, username: uccx.username, password: file('uccx'), tls: { caFile: uccx.caFile } },
      mapping: { employeeId: 'alias' },
    },
    {
      id: 'avaya',
      kind: 'avaya-cm',
      connection: { url: avaya.url, username: avaya.username, password: file('avaya'), tls: { caFile: avaya.caFile } },
      mapping: { employeeId: 'COR' },
    },
  ];
  return JSON.stringify({ database: 'embedded', guard: { firstImport: 'apply' }, sources });
}

async function withSite<T>(use: (site: Site) => Promise<T>): Promise<T> {
  const database = await openPostgres();
  const site = await openSite(database.knex, '', { configuration: configuration(), connectors });
  try {
    return await use(site);
  } finally {
    await site.close();
    await database.close();
  }
}

async function read(site: Site, source: string): Promise<void> {
  const { status, text } = await site.ask('POST', '/syncs', { body: { sources: [source], mode: 'full' } });
  expect(status, text).toBe(202);
}

/** Eva, without what time and order of creation decide. */
async function eva(site: Site): Promise<object> {
  const { json } = await site.ask<{ items: { id: number; employeeId: string | null }[] }>('GET', '/users?limit=100');
  const found = json.items.filter(({ employeeId }) => employeeId === '000420');
  expect(found).toHaveLength(1);
  const user: User = await site.user(found[0]?.id ?? 0);
  const { username, firstName, lastName, email, windowsLogin, department, acdId, acdSource, active, roles, teams } =
    user;
  return {
    ...{ username, firstName, lastName, email, windowsLogin, department, acdId, acdSource, active, roles, teams },
    supervises: user.supervises,
    attributes: user.attributes.map(({ name, value }) => [name, value]).sort(),
    profiles: user.profiles.map(({ source, externalId, state }) => [source, externalId, state]).sort(),
  };
}

const orders = [
  ['ad', 'uccx', 'avaya'],
  ['ad', 'avaya', 'uccx'],
  ['uccx', 'ad', 'avaya'],
  ['uccx', 'avaya', 'ad'],
  ['avaya', 'ad', 'uccx'],
  ['avaya', 'uccx', 'ad'],
];

describe('4.8, 5.1 one human in AD, UCCX and Avaya', () => {
  const seen: object[] = [];

  test.each(orders)('is one user with three profiles, read in the order %s, %s, %s', async (...order) => {
    await withSite(async (site) => {
      for (const source of order) await read(site, source);
      seen.push(await eva(site));
    });
    expect(seen.at(-1)).toEqual(seen[0]);
    expect(seen.at(-1)).toMatchObject({
      // The directory's names win; the ACD's own are still in the profiles.
      ...{ firstName: 'Eva', lastName: 'Novakova', email: 'eva.novakova@corp.example', department: 'Customer Care' },
      ...{ windowsLogin: 'CORP\\enovak', acdId: 'enovak', acdSource: 'uccx', active: true },
      supervises: ['North'],
      profiles: [
        ['ad', expect.any(String), 'present'],
        ['avaya', '41001', 'present'],
        ['uccx', 'enovak', 'present'],
      ],
    });
  });

  test('9.1, 9.2 removed from UCCX only: still one user, active, on the worklist', async () => {
    await withSite(async (site) => {
      await site.sync();
      const resource = uccx.system.resources.get('enovak');
      uccx.system.resources.delete('enovak');
      try {
        await site.sync();
      } finally {
        if (resource !== undefined) uccx.system.resources.set('enovak', resource);
      }
      expect(await eva(site)).toMatchObject({
        active: true,
        firstName: 'Eva',
        profiles: [
          ['ad', expect.any(String), 'present'],
          ['avaya', '41001', 'present'],
          ['uccx', 'enovak', 'gone'],
        ],
      });
      const { text } = await site.ask('GET', '/worklist');
      expect(text).toContain('uccx');
      expect(text).toContain('gone');
    });
  });
});
