import { afterAll, beforeAll, expect, test } from 'vitest';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import type { AccountRow, EventRow, ExplanationRow, UserRow } from './support/rows.ts';
import { createSite, until } from './support/rosterd.ts';
import type { Site } from './support/rosterd.ts';
import { csvOf } from './support/sources.ts';

type Agent = { id: string; login: string; last: string; email: string; team: string };
type Employee = { badge: string; email: string; department: string };

const FILLERS = 30;
let site: Site;
let database: Database;
let agents: Map<string, Agent>;
let employees: Map<string, Employee>;

beforeAll(async () => {
  agents = new Map();
  employees = new Map();
  const names = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'shared1', 'shared2'];
  const fillers = Array.from({ length: FILLERS }, (_, index) => `filler${index}`);
  for (const [index, login] of [...names, ...fillers].entries()) {
    const email = login.startsWith('shared') ? 'shared@acd.example' : `${login}@acd.example`;
    agents.set(login, { id: `0${2000 + index}`, login, last: `Last-${login}`, email, team: 'Care' });
    if (login !== 'frank' && !login.startsWith('shared'))
      employees.set(login, { badge: `B-${login}`, email, department: 'Support' });
  }
  site = await createSite('toggle');
  database = await serverDatabase();
  await site.configure({
    database: database.setting,
    sources: [
      {
        id: 'hr',
        kind: 'csv-file',
        as: 'directory',
        connection: { path: 'hr.csv' },
        mapping: { externalId: 'Badge', department: 'Department' },
        match: [['email']],
      },
      // Not by e-mail, or the two that share one would be a question among themselves.
      { id: 'acd', kind: 'csv-file', connection: { path: 'agents.csv' }, match: [['employeeId']] },
    ],
  });
  await writeSources();
  const first = await site.sync();
  expect(first.code).toBe(0);
}, 120_000);
afterAll(async () => {
  await site.remove();
  await database.drop();
});

async function writeSources(): Promise<void> {
  const acdRows = [...agents.values()].map(({ id, login, last, email, team }) => [id, login, 'Thị', last, email, team]);
  await site.write('agents.csv', csvOf(['ACD ID', 'Login', 'First Name', 'Last Name', 'Email', 'Team'], acdRows));
  const hrRows = [...employees.values()].map(({ badge, email, department }) => [badge, email, department]);
  await site.write('hr.csv', csvOf(['Badge', 'Email', 'Department'], hrRows));
}

async function change(login: string, news: Partial<Agent> & { department?: string }): Promise<void> {
  const { department, ...ofAgent } = news;
  const [agent, employee] = [agents.get(login), employees.get(login)];
  if (agent !== undefined) agents.set(login, { ...agent, ...ofAgent });
  if (employee !== undefined && department !== undefined) employees.set(login, { ...employee, department });
  await writeSources();
}

async function only<Row>(...args: string[]): Promise<Row> {
  const [row] = await site.rows<Row>(...args);
  if (row === undefined) throw new Error(`nothing from rosterd ${args.join(' ')}`);
  return row;
}
const show = (user: string): Promise<UserRow> => only<UserRow>('user', 'show', user);
const explain = (user: string): Promise<ExplanationRow> => only<ExplanationRow>('user', 'explain', user);
const logOf = (user: string, type: string): Promise<EventRow[]> =>
  site.rows<EventRow>('log', '--user', user).then((events) => events.filter((event) => event.type === type));
const accountOf = async (source: string, externalId: string | undefined): Promise<AccountRow | undefined> =>
  (await site.rows<AccountRow>('account', 'list', '--source', source)).find((row) => row.externalId === externalId);

/** A user as people and the application see it; when its accounts were last seen may go on. */
function seen({ profiles, ...user }: UserRow): unknown {
  return { ...user, profiles: profiles.map(({ source, externalId, state }) => ({ source, externalId, state })) };
}

async function syncs(): Promise<void> {
  const { code, stderr } = await site.sync();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

test('6.2 off: the user stays as it is while its accounts are observed', async () => {
  const off = await site.run('user', 'sync', 'off', 'alice', '--reason', 'on parental leave');
  expect([off.code, off.stdout]).toEqual([0, 'Sync of user alice is off.\n']);
  const before = await show('alice');
  expect(before.syncEnabled).toBe(false);
  await change('alice', { last: 'Nguyễn', team: 'Billing', department: 'Sales' });
  await change('bob', { last: 'Müller', department: 'Sales' });
  await syncs();
  expect(seen(await show('alice'))).toEqual(seen(before));
  expect(await show('bob')).toMatchObject({ lastName: 'Müller', department: 'Sales' });
  const observed = await accountOf('acd', agents.get('alice')?.id);
  expect(observed).toMatchObject({ match: 'linked', values: { lastName: 'Nguyễn' } });
}, 120_000);

test('15.1 the held change stands in the log once per source, as refused, with what and why', async () => {
  await syncs();
  await syncs();
  const refused = await logOf('alice', 'refused');
  expect(refused.map((event) => event.source).toSorted()).toEqual(['acd', 'hr']);
  const ofAcd = refused.find((event) => event.source === 'acd');
  expect(ofAcd).toMatchObject({ actor: { kind: 'sync' }, externalId: agents.get('alice')?.id });
  expect(ofAcd?.changes).toContainEqual({ field: 'lastName', before: 'Last-alice', after: 'Nguyễn' });
  expect(ofAcd?.reason).toMatch(/sync/i);
  const switched = await logOf('alice', 'sync-switched');
  expect(switched).toMatchObject([{ actor: { kind: 'operator' }, reason: 'on parental leave' }]);
  expect(switched[0]?.actor.name).toMatch(/^local:/);
}, 120_000);

test('5.7 explain names the hold, its reason, and what would change', async () => {
  const { accounts } = await explain('alice');
  const acd = accounts.find(({ source }) => source === 'acd');
  const hold = acd?.holds.find(({ code }) => code === 'sync-off');
  expect(hold).toMatchObject({ reason: 'on parental leave', until: null });
  expect(hold?.changes).toContainEqual({ field: 'lastName', before: 'Last-alice', after: 'Nguyễn' });
  const text = await site.run('user', 'explain', 'alice');
  expect(text.stdout).toContain('on parental leave');
  expect(text.stdout).toContain('Nguyễn');
  const listed = await site.rows<UserRow>('user', 'list', '--sync', 'off');
  expect(listed.map((user) => user.username)).toEqual(['alice']);
}, 120_000);

test('6.3 on: the change comes at once, without a sync', async () => {
  const on = await site.run('user', 'sync', 'on', 'alice', '--reason', 'back again', '--yes');
  expect(on.code).toBe(0);
  const after = await show('alice');
  expect(after).toMatchObject({ lastName: 'Nguyễn', department: 'Sales', syncEnabled: true });
  expect(after.teams).toEqual([{ name: 'Billing', main: true }]);
  expect((await explain('alice')).accounts.flatMap(({ holds, pending }) => [...holds, ...pending])).toEqual([]);
  const changed = await logOf('alice', 'user-changed');
  expect(changed.flatMap((event) => event.changes)).toContainEqual({
    field: 'lastName',
    before: 'Last-alice',
    after: 'Nguyễn',
  });
  const events = (await site.rows<EventRow>('log')).length;
  await syncs();
  expect((await site.rows<EventRow>('log')).length).toBe(events);
}, 120_000);

test('6.4 --source: only that source is held', async () => {
  expect((await site.run('user', 'sync', 'off', 'carol', '--source', 'acd')).code).toBe(0);
  await change('carol', { last: "O'Brien", department: 'Claims' });
  await syncs();
  expect(await show('carol')).toMatchObject({ lastName: 'Last-carol', department: 'Claims', syncEnabled: true });
  expect((await logOf('carol', 'refused')).map((event) => event.source)).toEqual(['acd']);
  expect((await site.run('user', 'sync', 'on', 'carol', '--source', 'acd', '--yes')).code).toBe(0);
  expect(await show('carol')).toMatchObject({ lastName: "O'Brien", department: 'Claims' });
}, 120_000);

test('6.4 --until: ends by itself, as the system, and what waited is applied', async () => {
  const past = await site.run('user', 'sync', 'off', 'dave', '--until', '2020-01-01');
  expect(past.code).toBe(2);
  expect(past.stderr).toContain('2020-01-01');
  expect(await show('dave')).toMatchObject({ syncEnabled: true });

  expect((await site.run('user', 'sync', 'off', 'dave', '--until', '1h', '--reason', 'an audit')).code).toBe(0);
  await change('dave', { last: 'Dvořák' });
  await syncs();
  expect(await show('dave')).toMatchObject({ lastName: 'Last-dave', syncEnabled: false });
  const { accounts } = await explain('dave');
  expect(accounts.flatMap(({ holds }) => holds).map(({ code, until: end }) => [code, end !== null])).toContainEqual([
    'sync-off',
    true,
  ]);

  const daemon = await site.start();
  try {
    expect((await site.run('user', 'sync', 'off', 'dave', '--until', '1s')).code).toBe(0);
    await until('the change has come', async () => (await show('dave')).lastName === 'Dvořák', 60_000);
    expect(await show('dave')).toMatchObject({ syncEnabled: true });
  } finally {
    await daemon.stop();
  }
  const ended = (await logOf('dave', 'sync-switched')).at(-1);
  expect(ended).toMatchObject({ actor: { kind: 'system' } });
  expect(ended?.changes).toContainEqual({ field: 'sync', before: 'off', after: 'on' });
}, 180_000);

test('4.2 an account of a user whose sync is off waits: no question, no second user; it links when on again', async () => {
  expect((await site.run('user', 'sync', 'off', 'frank', '--reason', 'two contracts')).code).toBe(0);
  employees.set('frank', { badge: 'B-frank', email: 'frank@acd.example', department: 'Sales' });
  await writeSources();
  await syncs();
  const waiting = await site.rows<AccountRow>('account', 'list', '--match', 'waiting');
  expect(waiting).toMatchObject([{ source: 'hr', externalId: 'B-frank' }]);
  expect(waiting[0]?.reason).toMatch(/off/);
  expect(await site.rows('review', 'list')).toEqual([]);
  expect((await show('frank')).profiles.map(({ source }) => source)).toEqual(['acd']);
  expect((await site.run('user', 'sync', 'on', 'frank')).code).toBe(0);
  await syncs();
  expect(await show('frank')).toMatchObject({ department: 'Sales' });
  expect(await accountOf('hr', 'B-frank')).toMatchObject({ match: 'linked' });
}, 120_000);

test('4.2 what matches two users is one question that names both', async () => {
  employees.set('shared', { badge: 'B-shared', email: 'SHARED@acd.example', department: 'Sales' });
  await writeSources();
  await syncs();
  const users = await Promise.all([show('shared1'), show('shared2')]);
  const items = await site.rows<{
    kind: string;
    source: string;
    externalId: string;
    userIds: number[];
    options: string[];
  }>('review', 'list');
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ kind: 'ambiguous-match', source: 'hr', externalId: 'B-shared' });
  expect(items[0]?.userIds.toSorted()).toEqual(users.map(({ id }) => id).toSorted());
  expect(await accountOf('hr', 'B-shared')).toMatchObject({ match: 'question' });
  const text = await site.run('review', 'list');
  expect(text.stdout).toContain('ambiguous-match');

  // It closes itself when the question no longer arises.
  employees.delete('shared');
  await writeSources();
  await syncs();
  expect(await site.rows('review', 'list')).toEqual([]);
}, 120_000);

test('9.1 who left the source stands on the worklist, and stays active', async () => {
  const { id } = await show('erin');
  expect((await site.run('user', 'sync', 'off', 'bob')).code).toBe(0);
  const erin = agents.get('erin');
  agents.delete('erin');
  agents.delete('bob');
  await writeSources();
  await syncs();
  type Entry = { userId: number; username: string; active: boolean; reasons: string[]; evidence: { source: string }[] };
  const worklist = await site.rows<Entry>('worklist');
  const entry = worklist.find(({ userId }) => userId === id);
  expect(entry).toMatchObject({
    username: 'erin',
    active: true,
    reasons: ['account-gone'],
    evidence: [{ source: 'acd' }],
  });
  expect(await show('erin')).toMatchObject({ active: true, lastName: 'Last-erin', acdId: erin?.id });
  expect((await show('erin')).profiles.find(({ source }) => source === 'acd')?.state).toBe('gone');
  const hold = (await explain('erin')).accounts.flatMap(({ holds }) => holds.map(({ code }) => code));
  expect(hold).toContain('gone');
  expect((await site.run('worklist')).stdout).toContain('erin');
  expect(await show('bob')).toMatchObject({ active: true, lastName: 'Müller' });
}, 120_000);
