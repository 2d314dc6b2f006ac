import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { personAt } from '../support/services/people.ts';
import { rowVersions, serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { without } from './support/rows.ts';
import type { AccountRow, EventRow, UserRow } from './support/rows.ts';
import { createSite } from './support/rosterd.ts';
import type { RunRow, Site, Synced } from './support/rosterd.ts';
import { csvOf } from './support/sources.ts';

const COLUMNS = ['ACD ID', 'Login', 'First Name', 'Last Name', 'Email', 'Employee ID', 'Team'];
const AGENTS = 40;

type Changed = { readonly lastName?: (index: number) => string | undefined; readonly count?: number };

function agents({ lastName = () => undefined, count = AGENTS }: Changed = {}): string {
  const rows = Array.from({ length: count }, (_, position) => {
    const index = position + 1;
    const { uid, givenName, sn, mail, employeeNumber } = personAt(index);
    return [`0${1000 + index}`, uid, givenName, lastName(index) ?? sn, mail, employeeNumber, 'Care'];
  });
  return csvOf(COLUMNS, rows);
}

const acd = { id: 'acd', kind: 'csv-file', connection: { path: 'agents.csv' } };

let site: Site;
let database: Database;

async function open(sources: readonly object[] = [acd]): Promise<void> {
  site = await createSite('guard');
  database = await serverDatabase();
  await site.configure({ database: database.setting, sources });
  await site.write('agents.csv', agents());
  expect((await site.sync()).code).toBe(0);
}

async function close(): Promise<void> {
  await site.remove();
  await database.drop();
}

const users = (): Promise<UserRow[]> => site.rows<UserRow>('user', 'list', '--all');
/** What happened to people; that a run was held is told too. */
const events = async (): Promise<EventRow[]> =>
  (await site.rows<EventRow>('log')).filter((event) => event.type !== 'run-held');

/** A sync that the guard holds: nothing of people may have changed, and everybody says the same. */
async function expectHeld(synced: Synced, source: string): Promise<RunRow> {
  const stopped = synced.runs.find((run) => run.source === source && run.mode === 'full');
  expect(synced.code).toBe(6);
  expect(stopped).toMatchObject({ state: 'held', error: { code: 'held' } });
  expect(stopped?.error?.message).toMatch(/nothing was applied.*run show.*approve.*discard.*next import/s);
  const [listed] = await site.rows<RunRow>('run', 'list', '--source', source);
  expect(listed).toEqual(stopped);
  if (stopped === undefined) throw new Error('unreachable');
  return stopped;
}

/** What the sync may move: users, links and everything about them, but not the observed accounts. */
async function appliedState(): Promise<Record<string, string>> {
  return without(await database.query(rowVersions), 'account', 'match_key', 'event');
}

describe('13.1, 3.3 an import that would change too much', () => {
  beforeAll(() => open());
  afterAll(close);

  test('3.3 more than half missing: held, nothing gone, and the next whole import goes on', async () => {
    const before = { state: await appliedState(), users: await users() };
    await site.write('agents.csv', agents({ count: AGENTS / 2 - 1 }));
    const stopped = await expectHeld(await site.sync(), 'acd');
    expect(stopped.error?.message).toContain('21 of 40');
    expect(await site.rows('account', 'list', '--state', 'gone')).toEqual([]);
    expect(await site.rows('worklist')).toEqual([]);
    expect(await appliedState()).toEqual(before.state);

    await site.write('agents.csv', agents());
    const next = await site.sync();
    expect([next.code, next.runs.map((run) => run.state)]).toEqual([0, ['completed']]);
    expect(next.runs[0]?.counts).toMatchObject({ read: AGENTS, gone: 0, updated: 0, rejected: 0 });
    expect((await users()).map((user) => user.version)).toEqual(before.users.map((user) => user.version));
    expect(await appliedState()).toEqual(before.state);
  }, 120_000);

  test('13.1 more than 20 and more than 20 % renamed: held, nothing applied', async () => {
    const before = { state: await appliedState(), events: await events() };
    await site.write('agents.csv', agents({ lastName: (index) => (index <= 21 ? `Renamed-${index}` : undefined) }));
    const stopped = await expectHeld(await site.sync(), 'acd');
    expect(stopped.error?.message).toMatch(/field.?changed 21 .*20.*20 %/i);
    expect(await appliedState()).toEqual(before.state);
    expect(await events()).toEqual(before.events);
    // It is observed all the same, and asked again as long as the source says so.
    const [account] = await site.rows<AccountRow>('account', 'list', '--source', 'acd');
    expect(account?.values['lastName']).toBe('Renamed-1');
    await expectHeld(await site.sync(), 'acd');

    await site.write('agents.csv', agents());
    expect((await site.sync()).code).toBe(0);
    expect(await appliedState()).toEqual(before.state);
  }, 120_000);

  test('13.1 the limits count the last 24 hours, each user once', async () => {
    const twenty = (index: number): string | undefined => (index <= 20 ? `New-${index}` : undefined);
    await site.write('agents.csv', agents({ lastName: twenty }));
    expect((await site.sync()).code).toBe(0);
    expect((await users()).filter((user) => user.lastName?.startsWith('New-'))).toHaveLength(20);

    // The same twenty again are no more users than before; one more is.
    const again = (index: number): string | undefined => (index <= 20 ? `Newer-${index}` : undefined);
    await site.write('agents.csv', agents({ lastName: again }));
    expect((await site.sync()).code).toBe(0);
    const state = await appliedState();
    const oneMore = (index: number): string | undefined => (index <= 21 ? `Newer-${index}` : undefined);
    await site.write('agents.csv', agents({ lastName: oneMore }));
    await expectHeld(await site.sync(), 'acd');
    expect(await appliedState()).toEqual(state);
  }, 120_000);
});

describe('13.3 a source that is added to a store with users', () => {
  beforeAll(() => open());
  afterAll(close);

  const directory = {
    id: 'hr',
    kind: 'csv-file',
    as: 'directory',
    connection: { path: 'hr.csv' },
    mapping: { externalId: 'Employee ID', department: 'Department' },
    match: [['employeeId']],
  };
  const added = (guard?: object): Record<string, unknown> => ({
    database: database.setting,
    sources: [directory, acd],
    ...(guard === undefined ? {} : { guard }),
  });

  test('13.3 its first reconcile is held, however small', async () => {
    const rows = [1, 2, 3].map((index) => [personAt(index).employeeNumber, `Department ${index}`]);
    await site.write('hr.csv', csvOf(['Employee ID', 'Department'], rows));
    await site.configure(added());
    // The new ranking of sources is another policy, which users carry; nothing else of them may move.
    const withoutPolicy = async (): Promise<unknown> => ({
      ...(await appliedState()),
      user: (await users()).map(({ profiles, ...user }) => ({
        ...user,
        sources: profiles.map(({ source }) => source),
      })),
    });
    const before = await withoutPolicy();
    const stopped = await expectHeld(await site.sync(), 'hr');
    expect(stopped.error?.message).toContain('first reconcile of hr');
    expect(await withoutPolicy()).toEqual(before);
    expect(await site.rows('account', 'list', '--source', 'hr', '--match', 'linked')).toEqual([]);
  }, 120_000);

  test('13.3 guard.firstImport: apply lets it pass', async () => {
    await site.configure(added({ firstImport: 'apply' }));
    expect((await site.sync()).code).toBe(0);
    const linked = (await users()).filter((user) => user.profiles.some(({ source }) => source === 'hr'));
    expect(linked.map((user) => user.department)).toEqual(['Department 1', 'Department 2', 'Department 3']);
  }, 120_000);
});
