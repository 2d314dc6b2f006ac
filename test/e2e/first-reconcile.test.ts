import { afterAll, beforeAll, expect, test } from 'vitest';
import { generatePeople, personAt } from '../support/services/people.ts';
import { apiOf } from './support/api.ts';
import type { Api } from './support/api.ts';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { indexes } from './support/living-directory.ts';
import { createSite } from './support/rosterd.ts';
import type { Daemon, RunRow, Site } from './support/rosterd.ts';
import type { AccountRow, UserRow } from './support/rows.ts';
import { csvOf } from './support/sources.ts';

const USERS = 1_000;
/** The directory has the first 900 of the users, and 100 people whom the ACD does not know. */
const MATCHED = 900;
const STRANGERS = 100;
const people = [...indexes(1, MATCHED), ...indexes(USERS + 1, USERS + STRANGERS)].map(personAt);

let site: Site;
let database: Database;
let daemon: Daemon;
let api: Api;
beforeAll(async () => {
  [site, database] = await Promise.all([createSite('first-reconcile'), serverDatabase()]);
  const agents = [...generatePeople(USERS)].map(({ index, uid, givenName, sn, employeeNumber }) => [
    ...[`0${10_000 + index}`, uid, givenName, sn, employeeNumber],
  ]);
  await site.write('agents.csv', csvOf(['ACD ID', 'Login', 'First Name', 'Last Name', 'Employee ID'], agents));
  const rows = people.map(({ employeeNumber, department }) => [employeeNumber, department]);
  await site.write('hr.csv', csvOf(['Number', 'Department'], rows));
  await configure([acd]);
  expect((await site.sync()).code).toBe(0);
  await configure([hr, acd]);
  daemon = await site.start();
  api = apiOf(daemon);
}, 120_000);
afterAll(async () => {
  await site.remove();
  await database.drop();
});

const acd = { id: 'acd', kind: 'csv-file', connection: { path: 'agents.csv' } };
const hr = {
  ...{ id: 'hr', kind: 'csv-file', as: 'directory', connection: { path: 'hr.csv' }, match: [['employeeId']] },
  mapping: { externalId: 'Number', employeeId: 'Number', department: 'Department' },
};

const configure = (sources: readonly object[], more: object = {}): Promise<void> =>
  site.configure({ database: database.setting, sources, ...more });

type Decision = {
  readonly kind: string;
  readonly externalId: string;
  readonly userId: number | null;
  readonly username: string | null;
  readonly changes: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[];
};

type HeldRow = RunRow & { readonly digest: string };

const WHOLE = { limit: '1000' };
const users = (): Promise<UserRow[]> => api.list<UserRow>('/users', WHOLE);
const matched = (flag: boolean): Promise<AccountRow[]> =>
  api.list<AccountRow>('/accounts', { ...WHOLE, source: 'hr', matched: String(flag) });

/** What must become of each person of the directory: the user with the same employee id, or nobody. */
async function expectedPreview(): Promise<Decision[]> {
  const idOf = new Map((await users()).map(({ username, id }) => [username, id]));
  return people.map(({ index, uid, employeeNumber, department }) =>
    index <= MATCHED
      ? {
          ...{ kind: 'link', externalId: employeeNumber, userId: idOf.get(uid) ?? null, username: uid },
          changes: [{ field: 'department', before: null, after: department }],
        }
      : { kind: 'unmatched', externalId: employeeNumber, userId: null, username: null, changes: [] },
  );
}

function essence({ kind, externalId, userId, username, changes }: Decision): Decision {
  return { kind, externalId, userId, username, changes };
}

test('13.3 the first run of a source against 1,000 users is held, and shows who is matched and who is not', async () => {
  const { code, runs } = await site.sync('hr');
  const run = runs.find(({ state }) => state === 'held');
  expect([code, run?.source, run?.error?.code]).toEqual([6, 'hr', 'held']);
  expect(run?.error?.message).toContain('first reconcile of hr');
  expect(run?.error?.message).toContain(`linked ${MATCHED} (90.0 %)`);

  const id = String(run?.id);
  const preview = await expectedPreview();
  expect((await site.rows<Decision>('run', 'decisions', id)).map(essence)).toEqual(preview);
  expect((await api.list<Decision>(`/runs/${id}/decisions`, WHOLE)).map(essence)).toEqual(preview);
  const { stdout } = await site.run('run', 'show', id);
  expect(stdout).toMatch(/^link +0000001 +agent000001 +department: Sales$/m);
  expect(stdout).toContain(`It would do: matched ${MATCHED} · not matched ${people.length - MATCHED}\n`);

  expect((await users()).filter(({ department }) => department !== null)).toEqual([]);
  expect(await matched(true)).toEqual([]);
}, 120_000);

test('13.2, 13.3 approved, everybody who matches is linked, and the next run has nothing to ask', async () => {
  const [held] = await site.rows<HeldRow>('run', 'list', '--state', 'held');
  const [approved] = await site.rows<RunRow>('run', 'approve', String(held?.id), '--digest', held?.digest ?? '');
  expect(approved).toMatchObject({ id: held?.id, state: 'completed', counts: { linked: MATCHED, skipped: 0 } });
  const departments = (await users()).map(({ username, department }) => [username, department]);
  expect(departments).toEqual(
    [...generatePeople(USERS)].map(({ index, uid, department }) => [uid, index <= MATCHED ? department : null]),
  );
  expect((await matched(false)).map(({ externalId, match }) => [externalId, match])).toEqual(
    people.slice(MATCHED).map(({ employeeNumber }) => [employeeNumber, 'unmatched']),
  );
  const { code, runs } = await site.sync('hr');
  expect([code, runs[0]?.state, runs[0]?.counts]).toMatchObject([0, 'completed', { linked: 0, updated: 0 }]);
}, 120_000);

test('13.3 with guard.firstImport: apply it passes, whatever the limits', async () => {
  await daemon.stop();
  const badges = { ...hr, id: 'badges', mapping: { externalId: 'Number', employeeId: 'Number' } };
  await configure([hr, badges, acd], { guard: { firstImport: 'apply' } });
  const { code, runs } = await site.sync('badges');
  const run = runs.find(({ source }) => source === 'badges');
  expect([code, run?.state, run?.counts['linked']]).toEqual([0, 'completed', MATCHED]);
}, 120_000);
