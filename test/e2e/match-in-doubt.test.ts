import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { createSite } from './support/rosterd.ts';
import type { Site } from './support/rosterd.ts';
import type { AccountRow, ReviewRow, UserRow } from './support/rows.ts';
import { csvOf } from './support/sources.ts';

/**
 * An ACD has given ids to other people, and the directory already knows the new ones by these ids: what it says of them must
 * not reach the users who had the ids before. The directory ranks higher, so it is reconciled first.
 */

let site: Site;
let database: Database;
const said = { agents: new Map<string, string>(), people: new Map([['p1', '0001']]) };

beforeAll(async () => {
  [site, database] = await Promise.all([createSite('match-in-doubt'), serverDatabase()]);
  await site.configure({
    database: database.setting,
    guard: { linked: { number: 2, percent: 1 } },
    sources: [
      {
        ...{ id: 'hr', kind: 'csv-file', as: 'directory', connection: { path: 'hr.csv' }, match: [['acdId']] },
        mapping: { externalId: 'Person', acdId: 'Agent', department: 'Department' },
        guard: { linked: { number: 100, percent: 100 } },
      },
      {
        ...{ id: 'acd', kind: 'csv-file', idsLike: 'avaya', connection: { path: 'agents.csv' } },
        mapping: { username: 'ACD ID', 'attribute.agentId': 'ACD ID' },
      },
    ],
  });
}, 120_000);
afterAll(async () => {
  await site.remove();
  await database.drop();
});

/** Every test has agents of its own: they are called as they were, and HR says nothing of them. */
let ids: readonly string[] = [];
let next = 4700;
beforeEach(async () => {
  ids = Array.from({ length: 4 }, () => String(next++));
  for (const id of ids) said.agents.set(id, 'Jan Novák');
  await sync([0]);
}, 60_000);

const another = 'Eva Malá';

function inHr(id: string): string {
  said.people.set(`p${id}`, id);
  return `p${id}`;
}

/** Syncs what is said now; `codes` are the ends that may come of it. */
async function sync(codes: readonly number[]): Promise<void> {
  const agents = [...said.agents].map(([id, name]) => [id, ...name.split(' ')]);
  await site.write('agents.csv', csvOf(['ACD ID', 'First Name', 'Last Name'], agents));
  const people = [...said.people].map(([person, agent]) => [person, agent, 'Claims']);
  await site.write('hr.csv', csvOf(['Person', 'Agent', 'Department'], people));
  const { code, stderr } = await site.sync('--full');
  expect(codes).toContain(code);
  expect(stderr).toBe('');
}

async function accountOf(person: string): Promise<Pick<AccountRow, 'match' | 'reason'>> {
  const found = (await site.rows<AccountRow>('account', 'list', '--source', 'hr')).find(
    ({ externalId }) => externalId === person,
  );
  return { match: found?.match ?? 'none', reason: found?.reason ?? null };
}

const waits = { match: 'waiting', reason: 'id-in-doubt' };

async function departmentsOf(username: string): Promise<(string | null)[]> {
  const users = await site.rows<UserRow>('user', 'list', '--all');
  return users.filter((user) => user.username === username).map(({ department }) => department);
}

async function answer(id: string, ...words: string[]): Promise<void> {
  const items = await site.rows<ReviewRow>('review', 'list');
  const item = items.find(({ kind, externalId }) => kind === 'possible-id-reuse' && externalId === id);
  const { code, stderr } = await site.run('review', 'resolve', String(item?.id), ...words, '--yes');
  expect([code, stderr]).toEqual([0, '']);
}

test('8.3 who matches only by what may be another person’s waits, and a person’s word that it is the same one ends that', async () => {
  const [id = ''] = ids;
  said.agents.set(id, another);
  const person = inHr(id);
  await sync([0]);
  expect(await accountOf(person)).toEqual(waits);
  expect(await departmentsOf(id)).toEqual([null]);
  expect((await site.run('account', 'list', '--source', 'hr')).stdout).toContain(
    'until it is clear whose account user',
  );
  await sync([0]);
  expect(await accountOf(person)).toEqual(waits);
  await answer(id, 'same-person');
  await sync([0]);
  expect(await accountOf(person)).toMatchObject({ match: 'linked' });
  expect(await departmentsOf(id)).toEqual(['Claims']);
}, 60_000);

test('8.2, 8.3 said to be a new person’s, the account goes on to them, and so does who matches by it', async () => {
  const [id = ''] = ids;
  said.agents.set(id, another);
  const person = inHr(id);
  await sync([0]);
  await answer(id, 'new-person', `old.${id}`);
  await sync([0]);
  await sync([0]);
  expect(await accountOf(person)).toMatchObject({ match: 'linked' });
  expect(await departmentsOf(`old.${id}`)).toEqual([null]);
  expect(await departmentsOf(id)).toEqual(['Claims']);
}, 60_000);

test('8.3 a doubt that passes before anybody has decided on it holds nobody up', async () => {
  for (const each of ids) said.agents.set(each, another);
  const people = ids.map(inHr);
  // So many at once are one held question: the ACD's accounts are not decided on.
  await sync([6]);
  for (const person of people) expect(await accountOf(person)).toEqual(waits);
  for (const each of ids) said.agents.set(each, 'Jan Novák');
  await sync([0]);
  for (const person of people) expect(await accountOf(person)).toMatchObject({ match: 'linked' });
}, 60_000);
