import { afterAll, beforeAll, expect, test } from 'vitest';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import type { EventRow, UserRow } from './support/rows.ts';
import { createSite, until } from './support/rosterd.ts';
import type { Site } from './support/rosterd.ts';
import { csvOf } from './support/sources.ts';

let site: Site;
let database: Database;

/** The directory: an export of Active Directory, by GUID. `renamed`: both people have married. */
async function writeDirectory(renamed: boolean): Promise<void> {
  const rows = ['1', '2'].map((number) => [
    `guid-${number}`,
    `E${number}`,
    renamed ? `CORP\\married${number}` : `CORP\\maiden${number}`,
    renamed ? `Married-${number}` : `Maiden-${number}`,
    renamed ? `married${number}@corp.test` : `maiden${number}@corp.test`,
    renamed ? 'Claims' : 'Sales',
  ]);
  await site.write('ad.csv', csvOf(['GUID', 'Badge', 'Account', 'Last', 'Mail', 'Department'], rows));
}

async function configure(authority?: Record<string, unknown>): Promise<void> {
  await site.configure({
    database: database.setting,
    ...(authority === undefined ? {} : { authority }),
    sources: [
      {
        ...{ id: 'ad', kind: 'csv-file', as: 'directory', connection: { path: 'ad.csv' } },
        mapping: {
          ...{ externalId: 'GUID', employeeId: 'Badge', windowsLogin: 'Account' },
          ...{ lastName: 'Last', email: 'Mail', department: 'Department' },
        },
        match: [['employeeId']],
      },
      { id: 'acd', kind: 'csv-file', connection: { path: 'agents.csv' }, match: [['employeeId']] },
    ],
  });
}

beforeAll(async () => {
  site = await createSite('unlinked');
  database = await serverDatabase();
  await configure();
  await writeDirectory(false);
  const agents = ['1', '2'].map((number) => [`100${number}`, `agent${number}`, `E${number}`, `Acd-${number}`, 'Care']);
  await site.write('agents.csv', csvOf(['ACD ID', 'Login', 'Employee ID', 'Last Name', 'Team'], agents));
  expect((await site.sync()).code).toBe(0);
}, 120_000);
afterAll(async () => {
  await site.remove();
  await database.drop();
});

/** A user as people see it; when its accounts were last seen may go on. */
async function seen(user: string): Promise<unknown> {
  const [row] = await site.rows<UserRow>('user', 'show', user);
  if (row === undefined) throw new Error(`there is no user ${user}`);
  const { profiles, ...rest } = row;
  return { ...rest, profiles: profiles.map(({ source, externalId, state }) => ({ source, externalId, state })) };
}

const eventsOf = (user: string): Promise<EventRow[]> => site.rows<EventRow>('log', '--user', user);

test('7.1 an unlinked user stays unlinked, with the values of the day, whatever comes', async () => {
  const linked = (await seen('agent1')) as UserRow;
  expect(linked).toMatchObject({ lastName: 'Maiden-1', email: 'maiden1@corp.test', department: 'Sales' });
  expect((await site.run('user', 'unlink', 'agent1', 'ad', '--reason', 'wrong person')).code).toBe(0);
  const ofTheDay = await seen('agent1');
  expect(ofTheDay).toMatchObject({ lastName: 'Maiden-1', email: 'maiden1@corp.test', windowsLogin: 'CORP\\maiden1' });
  const { length } = await eventsOf('agent1');

  // A rename in the directory, and full imports; each command is a process of its own.
  await writeDirectory(true);
  for (let round = 0; round < 2; round++) expect((await site.sync('--full')).code).toBe(0);
  expect(await seen('agent1')).toEqual(ofTheDay);
  expect(await seen('agent2')).toMatchObject({ lastName: 'Married-2', email: 'married2@corp.test' });

  // Another ranking, which moves whom it concerns, and a start of the daemon.
  await configure({ lastName: { rank: ['acd', 'ad'] }, department: { rank: ['ad', 'acd'] } });
  const daemon = await site.start();
  try {
    await until('the ranking has been applied', async () => {
      return ((await seen('agent2')) as UserRow).lastName === 'Acd-2';
    });
    expect((await site.sync('--full')).code).toBe(0);
  } finally {
    await daemon.stop();
  }
  // The ranking is about all snapshots, kept ones too; everything else is that of the day.
  expect(await seen('agent1')).toEqual({
    ...(ofTheDay as UserRow),
    lastName: 'Acd-1',
    version: linked.version + 2,
  });
  const since = (await eventsOf('agent1')).slice(length);
  expect(since.map(({ type, changes }) => [type, changes])).toEqual([
    ['user-changed', [{ field: 'lastName', before: 'Maiden-1', after: 'Acd-1' }]],
  ]);
  // The former ranking again: what the ended link had said is still there.
  await configure();
  expect((await site.sync('--full')).code).toBe(0);
  expect(await seen('agent1')).toMatchObject({ lastName: 'Maiden-1', email: 'maiden1@corp.test', department: 'Sales' });
  const accounts = await site.rows<{ externalId: string; match: string }>('account', 'list', '--source', 'ad');
  expect(accounts).toMatchObject([
    { externalId: 'guid-1', match: 'unlinked' },
    { externalId: 'guid-2', match: 'linked' },
  ]);
}, 180_000);
