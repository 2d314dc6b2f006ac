import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAvayaSms } from '../support/simulators/avaya-sms/server.ts';
import type { AvayaSms } from '../support/simulators/avaya-sms/server.ts';
import { apiOf } from './support/api.ts';
import type { Api } from './support/api.ts';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { createSite } from './support/rosterd.ts';
import type { Ended, Site } from './support/rosterd.ts';
import type { EventRow, OwnerRow, ReviewRow, UserRow, WorklistRow } from './support/rows.ts';
import { csvOf } from './support/sources.ts';

/**
 * The life of two ACD ids, each through three owners: one of an Avaya, one of a file with `idsLike: avaya`. A directory
 * keeps the agent id of everybody, and is one more who says that the id is somebody else's. The tests are its chapters.
 */

type Name = { readonly given: string; readonly family: string };
type Owner = 'first' | 'second' | 'third';

const named = (given: string, family: string): Name => ({ given, family });

/** Each next owner's name could pass for a short form of the former one's; Krejčí and Jirků are the same for women and men. */
const cast = {
  avaya: {
    id: '4711',
    first: named('Jan', 'Krejčí'),
    firstForShort: named('Honza', 'Krejčí'),
    second: named('Jana', 'Krejčí'),
    secondMarried: named('Jana', 'Dvořáková'),
    third: named('Jan', 'Dvořák'),
  },
  file: {
    id: '0815',
    first: named('Michal', 'Jirků'),
    firstForShort: named('Mike', 'Jirků'),
    second: named('Michala', 'Jirků'),
    secondMarried: named('Michala', 'Novotná'),
    third: named('Michal', 'Novotný'),
  },
} as const;

type Acd = keyof typeof cast;
const acds: readonly Acd[] = ['avaya', 'file'];
const COLLEAGUES = 8;

let site: Site;
let database: Database;
let sms: AvayaSms;
let api: Api;
/** What the file and the directory say now; the Avaya keeps its own. */
const file = new Map<string, Name>();
const directory = new Map<string, { readonly agent: string; readonly department: string }>();
/** The users of the owners, as they come: `avaya first`. */
const userIds = new Map<string, number>();
/** Whom the ids belonged to in truth, behind each sync. */
const moments: { readonly at: string; readonly holder: Readonly<Record<Acd, Owner | 'nobody'>> }[] = [];
let holder: Record<Acd, Owner | 'nobody'> = { avaya: 'first', file: 'first' };

beforeAll(async () => {
  [site, database, sms] = await Promise.all([createSite('three-owners'), serverDatabase(), startAvayaSms()]);
  await site.write('password', `${sms.password}\n`);
  const connection = { url: sms.url, username: sms.username, tls: { caFile: sms.caFile } };
  await site.configure({
    database: database.setting,
    sources: [
      {
        ...{ id: 'hr', kind: 'csv-file', as: 'directory', connection: { path: 'hr.csv' }, match: [['acdId']] },
        mapping: { externalId: 'Person', acdId: 'Agent', department: 'Department' },
      },
      {
        ...{ id: 'avaya', kind: 'avaya-cm', connection: { ...connection, password: { file: 'password' } } },
        mapping: { employeeId: 'Login_ID', 'attribute.agentId': 'Login_ID' },
      },
      {
        ...{ id: 'file', kind: 'csv-file', idsLike: 'avaya', connection: { path: 'agents.csv' } },
        mapping: { username: 'ACD ID', employeeId: 'ACD ID', 'attribute.agentId': 'ACD ID' },
      },
    ],
  });
  for (let index = 1; index <= COLLEAGUES; index += 1) {
    const colleague = named('Eva', `Malá-${String.fromCharCode(64 + index)}`);
    assign('avaya', `48${String(index)}`, colleague);
    assign('file', `09${String(index)}`, colleague);
  }
  for (const acd of acds) {
    assignTo(acd, 'first');
    directory.set(`${acd} first`, { agent: cast[acd].id, department: 'Sales' });
  }
  await writeFiles();
  api = apiOf(await site.start());
  await sync();
  await remember('first');
}, 120_000);
afterAll(async () => {
  await site.remove();
  await Promise.all([database.drop(), sms.close()]);
});

function assign(acd: Acd, id: string, { given, family }: Name): void {
  if (acd === 'avaya') sms.cm.agents.set(id, { Name: `${family}, ${given}` });
  else file.set(id, { given, family });
}

/** The id's account is this person's from now on, under this name. */
function assignTo(acd: Acd, owner: Owner, name: Name = cast[acd][owner]): void {
  assign(acd, cast[acd].id, name);
  holder = { ...holder, [acd]: owner };
}

function removeAgent(acd: Acd): void {
  (acd === 'avaya' ? sms.cm.agents : file).delete(cast[acd].id);
  holder = { ...holder, [acd]: 'nobody' };
}

async function writeFiles(): Promise<void> {
  const agents = [...file].map(([id, { given, family }]) => [id, given, family]);
  await site.write('agents.csv', csvOf(['ACD ID', 'First Name', 'Last Name'], agents));
  const people = [...directory].map(([person, { agent, department }]) => [person, agent, department]);
  await site.write('hr.csv', csvOf(['Person', 'Agent', 'Department'], people));
}

/** A clean sync of everything. */
async function sync(): Promise<void> {
  await writeFiles();
  const { code, stderr } = await site.sync('--full');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  moments.push({ at: new Date().toISOString(), holder });
}

const owners = (acd: Acd, at?: string): Promise<OwnerRow[]> =>
  api.list<OwnerRow>('/owners', { source: acd, externalId: cast[acd].id, ...(at === undefined ? {} : { at }) });
const userOf = (acd: Acd, owner: Owner): number => userIds.get(`${acd} ${owner}`) ?? 0;

/** The users who have the ids now are these owners'. */
async function remember(owner: Owner): Promise<void> {
  for (const acd of acds) userIds.set(`${acd} ${owner}`, (await owners(acd)).at(-1)?.userId ?? 0);
  expect(new Set(userIds.values())).toHaveLength(userIds.size);
}

/** Who has both ids now, beside the names of both while that is disputed. */
async function expectOwner(owner: Owner, { disputed }: { readonly disputed: boolean }): Promise<void> {
  const at = new Date().toISOString();
  const now = await Promise.all(acds.map((acd) => owners(acd, at)));
  expect(now).toMatchObject(acds.map((acd) => [{ userId: userOf(acd, owner), to: null, disputed }]));
  for (const { names } of now.flat()) expect(names).toHaveLength(disputed ? 2 : 1);
}

type Shown = Pick<UserRow, 'username' | 'acdId' | 'employeeId' | 'active' | 'department'> & { readonly name: string };

/** Everybody of the story by what they are called in it, and whoever else there is by name. */
async function everybody(): Promise<Record<string, Shown>> {
  const known = new Map([...userIds].map(([name, id]) => [id, name]));
  const users = await api.list<UserRow>('/users', { all: 'true' });
  const shown = users.map(({ id, firstName, lastName, username, acdId, employeeId, active, department }) => {
    const name = `${firstName ?? ''} ${lastName ?? ''}`;
    return [known.get(id) ?? name, { name, username, acdId, employeeId, active, department }] as const;
  });
  return Object.fromEntries(shown.filter(([name]) => !name.startsWith('Eva ')));
}

const called = (acd: Acd, who: Exclude<keyof (typeof cast)[Acd], 'id'>): Pick<Shown, 'name'> => ({
  name: `${cast[acd][who].given} ${cast[acd][who].family}`,
});
const holding = (acd: Acd): Omit<Shown, 'name' | 'department'> => {
  const { id } = cast[acd];
  return { username: id, acdId: id, employeeId: id, active: true };
};
const without = (username: string): Omit<Shown, 'name' | 'department'> => {
  return { username, acdId: null, employeeId: null, active: false };
};

const questions = (): Promise<ReviewRow[]> => api.list<ReviewRow>('/review-items');
const asked = async (): Promise<string[]> =>
  (await questions()).map(({ source, externalId, kind }) => `${source} ${externalId ?? ''}: ${kind}`).toSorted();
const itemOf = async (source: string, externalId: string): Promise<string> =>
  String((await questions()).find((item) => item.source === source && item.externalId === externalId)?.id);

async function expectDone(...command: string[]): Promise<void> {
  expect(await site.run(...command)).toMatchObject({ code: 0, stderr: '' });
}

test('8.3 the first owner: a short form of the name is theirs, and so is an account that was gone and is back', async () => {
  for (const acd of acds) assignTo(acd, 'first', cast[acd].firstForShort);
  await sync();
  for (const acd of acds) expect(await everybody()).toMatchObject({ [`${acd} first`]: called(acd, 'firstForShort') });
  for (const acd of acds) removeAgent(acd);
  await sync();
  const worklist = await api.list<WorklistRow>('/worklist');
  expect(worklist.map(({ userId, reasons }) => [userId, reasons.includes('account-gone')])).toEqual(
    acds.map((acd) => [userOf(acd, 'first'), true]),
  );
  for (const acd of acds) assignTo(acd, 'first');
  await sync();
  expect(await asked()).toEqual([]);
  expect(await everybody()).toEqual({
    'avaya first': { ...called('avaya', 'first'), ...holding('avaya'), department: 'Sales' },
    'file first': { ...called('file', 'first'), ...holding('file'), department: 'Sales' },
  });
  await expectOwner('first', { disputed: false });
}, 120_000);

test('8.1, 8.3 the second owner: disputed, and nothing is applied, whatever the sources say next', async () => {
  const before = await everybody();
  const expectNothingApplied = async (): Promise<void> => {
    expect(await everybody()).toEqual(before);
    expect(await asked()).toEqual([
      'avaya 4711: possible-id-reuse',
      'file 0815: possible-id-reuse',
      'hr avaya second: already-linked',
      'hr file second: already-linked',
    ]);
    await expectOwner('first', { disputed: true });
  };
  for (const acd of acds) {
    assignTo(acd, 'second');
    directory.set(`${acd} second`, { agent: cast[acd].id, department: 'Claims' });
  }
  await sync();
  await expectNothingApplied();
  expect((await site.run('owner', 'avaya', '4711')).stdout).toMatch(/Jan Krejčí or Jana Krejčí .* disputed$/m);
  // Nobody answers, and the account disappears and is back.
  await sync();
  for (const acd of acds) removeAgent(acd);
  await sync();
  expect(await everybody()).toEqual(before);
  for (const acd of acds) assignTo(acd, 'second');
  await sync();
  await expectNothingApplied();
}, 120_000);

test('8.2, 8.3 the second owner: a person says so, and they take the id, the username and the employee id', async () => {
  const active = await site.run('user', 'repurpose', String(userOf('avaya', 'first')), '--username', 'jan', '--yes');
  expect(active.stderr).toContain('user-active');
  const items = { avaya: await itemOf('avaya', '4711'), file: await itemOf('file', '0815') };
  const unnamed = await site.run('review', 'resolve', items.avaya, 'new-person', '--yes');
  expect(unnamed.stderr).toContain('username-needed');
  for (const acd of acds) await expectDone('review', 'resolve', items[acd], 'new-person', `${acd}.first`, '--yes');
  await sync();
  await remember('second');
  const firsts = {
    'avaya first': { ...called('avaya', 'first'), ...without('avaya.first'), department: 'Sales' },
    'file first': { ...called('file', 'first'), ...without('file.first'), department: 'Sales' },
  };
  expect(await everybody()).toEqual({
    ...firsts,
    'avaya second': { ...called('avaya', 'second'), ...holding('avaya'), department: null },
    'file second': { ...called('file', 'second'), ...holding('file'), department: null },
  });
  await expectOwner('second', { disputed: false });
  // The directory knows both by the id, so a person says that too.
  for (const acd of acds) {
    const item = await itemOf('hr', `${acd} second`);
    await expectDone('review', 'resolve', item, 'this-user', String(userOf(acd, 'second')), '--yes');
  }
  expect(await everybody()).toMatchObject({
    ...firsts,
    'avaya second': { department: 'Claims' },
    'file second': { department: 'Claims' },
  });
}, 120_000);

test('8.3, 9.3 the second owner marries and leaves, and is deactivated when the ACD has them no longer', async () => {
  for (const acd of acds) assignTo(acd, 'second', cast[acd].secondMarried);
  await sync();
  for (const acd of acds) expect(await everybody()).toMatchObject({ [`${acd} second`]: called(acd, 'secondMarried') });
  await expectOwner('second', { disputed: false });
  const deactivate = (acd: Acd): Promise<Ended> => site.run('user', 'deactivate', String(userOf(acd, 'second')));
  expect((await deactivate('avaya')).stderr).toContain('acd-still-has-the-agent');
  for (const acd of acds) removeAgent(acd);
  expect((await deactivate('avaya')).code).toBe(0);
  // A file cannot be asked: its last import counts.
  expect((await deactivate('file')).stderr).toContain('acd-still-has-the-agent');
  await sync();
  expect((await deactivate('file')).code).toBe(0);
}, 120_000);

test('8.2, 8.3 the third owner: takes what a person has repurposed, and waits for it where nobody has', async () => {
  await expectDone('user', 'repurpose', String(userOf('file', 'second')), '--username', 'file.second', '--yes');
  await sync();
  const before = await everybody();
  for (const acd of acds) {
    assignTo(acd, 'third');
    directory.set(`${acd} third`, { agent: cast[acd].id, department: 'Quality' });
  }
  await sync();
  const third = { ...called('file', 'third'), ...holding('file'), department: null };
  expect(await everybody()).toEqual({ ...before, [third.name]: third });
  await sync();
  expect(await everybody()).toEqual({ ...before, [third.name]: third });
  expect(await asked()).toContain('avaya 4711: possible-id-reuse');
  expect(await owners('avaya', new Date().toISOString())).toMatchObject([
    { userId: userOf('avaya', 'second'), disputed: true, names: ['Jana Dvořáková', 'Jan Dvořák'] },
  ]);

  await expectDone('user', 'repurpose', String(userOf('avaya', 'second')), '--username', 'avaya.second', '--yes');
  await sync();
  await remember('third');
  for (const acd of acds)
    expect(await everybody()).toMatchObject({
      [`${acd} first`]: { ...called(acd, 'first'), ...without(`${acd}.first`), department: 'Sales' },
      [`${acd} second`]: { ...called(acd, 'secondMarried'), ...without(`${acd}.second`), department: 'Claims' },
      [`${acd} third`]: { ...called(acd, 'third'), ...holding(acd), department: null },
    });
  expect(Object.keys(await everybody())).toHaveLength(userIds.size);
  expect((await asked()).filter((question) => question.includes('re-use'))).toEqual([]);
  await expectOwner('third', { disputed: false });
}, 120_000);

test('8.1 the owner at every moment is who had the id then', async () => {
  for (const acd of acds) {
    let last: Owner = 'first';
    for (const { at, holder: of } of moments) {
      const held = (await owners(acd, at)).map(({ userId, disputed }) => ({ userId, disputed }));
      const period = (owner: Owner): object[] => [{ userId: userOf(acd, owner), disputed: false }];
      // While nobody was the agent, it is the last one, or nobody where a person had let the id go.
      const right = of[acd] === 'nobody' ? [[], period(last)] : [period(of[acd])];
      expect(right, `${acd} at ${at}`).toContainEqual(held);
      if (of[acd] !== 'nobody') last = of[acd];
    }
    expect(await owners(acd, '2020-01-01T00:00:00Z')).toEqual([]);
  }
  const first = await site.rows<OwnerRow>('owner', 'avaya', '4711', '--at', moments[0]?.at ?? '');
  expect(first.map(({ names }) => names)).toEqual([['Jan Krejčí']]);
  expect((await site.run('owner', 'avaya', '4711')).stdout).toMatch(/Jan Krejčí.*\n.*Jana Dvořáková.*\n.*Jan Dvořák/);
}, 120_000);

test('20.8, 20.9 no user was ever changed by the data of another, and each hand-over was a person’s', async () => {
  const events = await api.list<EventRow>('/events', { order: 'asc', limit: '1000' });
  const bySync = events.filter(({ actor, type }) => actor.kind === 'sync' && type !== 'refused');
  for (const acd of acds)
    for (const [owner, own] of Object.entries(ownData(acd))) {
      const told = bySync.filter(({ userId }) => userId === userIds.get(`${acd} ${owner}`));
      for (const { field, after } of told.flatMap(({ changes }) => changes))
        if (field in own) expect(own[field], `${acd} ${owner}`).toContain(after);
    }
  const types = new Set(bySync.map(({ type }) => type));
  expect(types).toContain('user-created');
  for (const never of ['link-ended', 'deactivated', 'activated']) expect(types).not.toContain(never);
  const ended = events.filter(({ type, source }) => type === 'link-ended' && acds.some((acd) => acd === source));
  expect(ended.map(({ actor, userId }) => [actor.kind, userId])).toEqual(
    [userOf('avaya', 'first'), userOf('file', 'first'), userOf('file', 'second'), userOf('avaya', 'second')].map(
      (userId) => ['operator', userId],
    ),
  );
}, 60_000);

/** Everything that the sources ever said of each owner. */
function ownData(acd: Acd): Record<Owner, Readonly<Record<string, readonly string[]>>> {
  const { first, firstForShort, second, secondMarried, third } = cast[acd];
  const of = (names: readonly Name[], department: string): Readonly<Record<string, readonly string[]>> => ({
    firstName: names.map(({ given }) => given),
    lastName: names.map(({ family }) => family),
    department: [department],
  });
  return {
    first: of([first, firstForShort], 'Sales'),
    second: of([second, secondMarried], 'Claims'),
    third: of([third], 'Quality'),
  };
}
