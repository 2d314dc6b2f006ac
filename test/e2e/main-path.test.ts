import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { personAt } from '../support/services/people.ts';
import type { Person } from '../support/services/people.ts';
import { addGroup, addUsers, createOu, directoryUser } from '../support/services/samba-directory.ts';
import { embeddedDatabase, rowVersions, serverDatabase, writeStatistics } from './support/database.ts';
import type { Database } from './support/database.ts';
import { createSite } from './support/rosterd.ts';
import type { Site } from './support/rosterd.ts';
import { activeDirectory, csvOf, secretFile } from './support/sources.ts';
import { without } from './support/rows.ts';
import type { UserRow } from './support/rows.ts';

const samba = inject('samba');
const IN_DIRECTORY = 310;
const AGENTS = 200;
/** The last agents are in the ACD only. */
const IN_BOTH = 190;
const TEAMS = ['Care', 'Billing', 'Sales & Retention', 'Péče o zákazníky'];

let ou: string;
let group: string;

beforeAll(async () => {
  ou = await createOu(samba, 'e2e-main');
  const people = Array.from({ length: IN_DIRECTORY }, (_, index) => personAt(index + 1));
  const dns = await addUsers(
    samba,
    ou,
    people.map((person) => directoryUser(person, 'em')),
  );
  group = await addGroup(
    samba,
    ou,
    'EM Quality',
    dns.filter((_, index) => isInGroup(index + 1)),
  );
}, 180_000);

const isInGroup = (index: number): boolean => index % 10 === 0;
const isSupervisor = (index: number): boolean => index % 20 === 0;
const teamOf = (index: number): string => TEAMS[index % TEAMS.length] ?? '';
const acdIdOf = (index: number): string => String(index * 7).padStart(5, '0');

/** What the ACD says of a person: a third each with both, only the e-mail address, only the employee id to be known by. */
function agent(person: Person): string[] {
  const { index, givenName, sn, employeeNumber } = person;
  const email = index > IN_BOTH ? `only${index}@acd.example` : index % 3 === 0 ? '' : `EM${index}@example.com`;
  const employeeId = index > IN_BOTH ? `E-0${index}` : index % 3 === 1 ? '' : employeeNumber;
  const supervisor = isSupervisor(index) ? 'yes' : 'no';
  return [acdIdOf(index), `login${index}`, givenName, sn, email, employeeId, teamOf(index), supervisor];
}

const COLUMNS = ['ACD ID', 'Login', 'First Name', 'Last Name', 'Email', 'Employee ID', 'Team', 'Supervisor'];

function configurationOf(database: string, order: readonly ('corp-ad' | 'acd')[]): Record<string, unknown> {
  const sources = {
    'corp-ad': { ...activeDirectory('corp-ad', samba, ou), roles: [{ when: { group }, role: 'quality' }] },
    acd: {
      id: 'acd',
      kind: 'csv-file',
      connection: { path: 'agents.csv' },
      mapping: { supervisor: 'Supervisor' },
      roles: [{ when: { supervisor: true }, role: 'supervisor' }],
    },
  };
  return {
    database,
    organization: { timeZone: 'Europe/Prague', locale: 'cs' },
    roles: { catalogue: { quality: ['view'] } },
    sources: order.map((id) => sources[id]),
  };
}

async function siteWith(label: string): Promise<Site> {
  const site = await createSite(label);
  const agents = Array.from({ length: AGENTS }, (_, index) => agent(personAt(index + 1)));
  await site.write('agents.csv', csvOf(COLUMNS, agents));
  await secretFile(site, samba.adminPassword);
  return site;
}

/** What must have become of a person, by the specification and by hand. */
function expectedUser(index: number): unknown {
  const person = personAt(index);
  const linked = index <= IN_BOTH;
  return {
    origin: 'acd',
    username: `login${index}`,
    firstName: person.givenName,
    lastName: person.sn,
    // The ACD says none.
    displayName: linked ? person.displayName : null,
    email: linked ? `em${index}@example.com` : `only${index}@acd.example`,
    windowsLogin: linked ? `CORP\\em${index}` : null,
    employeeId: linked ? person.employeeNumber : `E-0${index}`,
    employeeIdDerived: false,
    acdId: acdIdOf(index),
    acdSource: 'acd',
    active: true,
    syncEnabled: true,
    department: linked ? person.department : null,
    locale: 'cs',
    displayTimeZone: 'Europe/Prague',
    roles: [
      { role: 'agent', givenBy: 'acd' },
      ...(linked && isInGroup(index) ? [{ role: 'quality', givenBy: 'corp-ad' }] : []),
      ...(isSupervisor(index) ? [{ role: 'supervisor', givenBy: 'acd' }] : []),
    ],
    teams: [{ name: teamOf(index), main: true }],
    sources: linked ? ['acd present', 'corp-ad present'] : ['acd present'],
  };
}

function shown(user: UserRow): Record<string, unknown> {
  const expected = expectedUser(1) as Record<string, unknown>;
  const known: Record<string, unknown> = {
    ...user,
    roles: user.roles.toSorted((a, b) => a.role.localeCompare(b.role, 'en')),
    sources: user.profiles.map(({ source, state }) => `${source} ${state}`).toSorted(),
  };
  return Object.fromEntries(Object.keys(expected).map((key) => [key, known[key]]));
}

const byAcdId = (a: UserRow, b: UserRow): number => Number(a.acdId) - Number(b.acdId);

async function checkFirst(site: Site): Promise<void> {
  const first = await site.sync();
  expect(first.stderr).toBe('');
  expect(first.code).toBe(0);
  const users = (await site.rows<UserRow>('user', 'list', '--all')).toSorted(byAcdId);
  expect(users).toHaveLength(AGENTS);
  expect(users.map(shown)).toEqual(users.map((_, index) => expectedUser(index + 1)));
  const events = await site.rows<{ type: string; userId: number | null }>('log');
  const count = (type: string): number => events.filter((event) => event.type === type).length;
  expect({
    created: count('user-created'),
    made: count('link-made'),
    teams: count('team-created'),
    other: events.length,
  }).toEqual({ created: AGENTS, made: IN_BOTH, teams: TEAMS.length, other: AGENTS + IN_BOTH + TEAMS.length });
  const unmatched = await site.rows('account', 'list', '--match', 'unmatched');
  expect(unmatched).toHaveLength(IN_DIRECTORY - IN_BOTH);
}

async function checkSecond(site: Site, database: Database, measures: readonly (typeof rowVersions)[]): Promise<void> {
  const measure = (): Promise<Record<string, string>[]> =>
    database.query(async (sql) => {
      const results: Record<string, string>[] = [];
      for (const each of measures) results.push(await each(sql));
      return results;
    });
  const before = await measure();
  expect(Object.keys(before[0] ?? {}).length).toBeGreaterThan(7);
  const second = await site.sync('--full');
  expect(second.code).toBe(0);
  expect(second.runs.map(({ source, mode, state }) => `${source} ${mode} ${state}`).toSorted()).toEqual([
    'acd full completed',
    'corp-ad full completed',
  ]);
  for (const { source, counts } of second.runs) {
    const read = source === 'acd' ? AGENTS : IN_DIRECTORY;
    expect(counts).toMatchObject({ read, unchanged: read, new: 0, changed: 0, gone: 0, returned: 0, rejected: 0 });
    expect(counts).toMatchObject({ created: 0, linked: 0, updated: 0, review: 0 });
  }
  expect(await measure()).toEqual(before);
}

describe('the first and the second sync on PostgreSQL', () => {
  let site: Site;
  let database: Database;
  beforeAll(async () => {
    site = await siteWith('pg');
    database = await serverDatabase();
    await site.configure(configurationOf(database.setting, ['corp-ad', 'acd']));
  });
  afterAll(async () => {
    await site.remove();
    await database.drop();
  });

  test('4.5, 4.6 the first sync creates the agents and links the directory to them', () => checkFirst(site), 180_000);
  test(
    '2.4, 20.5 the second sync writes nothing',
    () => checkSecond(site, database, [rowVersions, writeStatistics]),
    180_000,
  );
});

describe('the first and the second sync on the embedded database', () => {
  let site: Site;
  beforeAll(async () => {
    site = await siteWith('pglite');
    await site.configure(configurationOf('embedded', ['corp-ad', 'acd']));
  });
  afterAll(() => site.remove());

  test('4.5, 4.6 the first sync creates the agents and links the directory to them', () => checkFirst(site), 180_000);
  test(
    '2.4, 20.5 the second sync writes nothing',
    () => checkSecond(site, embeddedDatabase(site), [rowVersions]),
    180_000,
  );
});

/** A user without what differs from store to store: ids and times. */
function withoutIdsAndTimes(user: UserRow): unknown {
  const profiles = user.profiles
    .map((profile) => without(profile, 'lastSeenAt'))
    .toSorted((a, b) => a.source.localeCompare(b.source, 'en'));
  return { ...without(user, 'id', 'createdAt'), profiles };
}

type Order = { readonly configured: readonly ('corp-ad' | 'acd')[]; readonly synced: readonly string[] };

async function usersAfter({ configured, synced }: Order): Promise<unknown[]> {
  const site = await siteWith('order');
  const database = await serverDatabase();
  try {
    await site.configure(configurationOf(database.setting, configured));
    if (synced.length === 0) expect((await site.sync()).code).toBe(0);
    for (const source of synced) expect((await site.sync(source)).code).toBe(0);
    const users = await site.rows<UserRow>('user', 'list', '--all');
    return users.toSorted(byAcdId).map(withoutIdsAndTimes);
  } finally {
    await site.remove();
    await database.drop();
  }
}

test('4.8, 20.6 the directory first or the ACD first gives the same users', async () => {
  const reference = await usersAfter({ configured: ['corp-ad', 'acd'], synced: [] });
  expect(reference).toHaveLength(AGENTS);
  const orders: Order[] = [
    { configured: ['acd', 'corp-ad'], synced: [] },
    { configured: ['corp-ad', 'acd'], synced: ['corp-ad', 'acd'] },
    { configured: ['acd', 'corp-ad'], synced: ['acd', 'corp-ad'] },
  ];
  for (const order of orders) expect({ order, users: await usersAfter(order) }).toEqual({ order, users: reference });
}, 300_000);
