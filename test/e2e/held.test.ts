import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { personAt } from '../support/services/people.ts';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import type { AccountRow, EventRow, UserRow } from './support/rows.ts';
import { createSite } from './support/rosterd.ts';
import type { RunRow, Site } from './support/rosterd.ts';
import { csvOf } from './support/sources.ts';

const COLUMNS = ['ACD ID', 'Login', 'First Name', 'Last Name', 'Email', 'Employee ID', 'Team'];
const AGENTS = 40;
const RENAMED = 24;

type LastName = (index: number) => string | undefined;

function agents(lastName: LastName = () => undefined, numbers: readonly number[] = range(1, AGENTS)): string {
  const rows = numbers.map((index) => {
    const { uid, givenName, sn, mail, employeeNumber } = personAt(index);
    return [`0${1000 + index}`, uid, givenName, lastName(index) ?? sn, mail, employeeNumber, 'Care'];
  });
  return csvOf(COLUMNS, rows);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const renamed: LastName = (index) => (index <= RENAMED ? `Renamed-${index}` : undefined);

let site: Site;
let database: Database;

beforeEach(async () => {
  site = await createSite('held');
  database = await serverDatabase();
  const acd = { id: 'acd', kind: 'csv-file', connection: { path: 'agents.csv' } };
  await site.configure({ database: database.setting, sources: [acd] });
  await site.write('agents.csv', agents());
  expect((await site.sync()).code).toBe(0);
});

afterEach(async () => {
  await site.remove();
  await database.drop();
});

const users = (): Promise<UserRow[]> => site.rows<UserRow>('user', 'list', '--all');
const namesNow = async (): Promise<(string | null)[]> => (await users()).map((user) => user.lastName);

/** Has the guard hold a run, and gives it as `run show` says it. */
async function hold(csv: string): Promise<RunRow & { readonly digest: string }> {
  await site.write('agents.csv', csv);
  const { code, runs } = await site.sync();
  expect([code, runs.map((run) => run.state)]).toEqual([6, ['held']]);
  const [run] = await site.rows<RunRow & { digest: string }>('run', 'show', String(runs[0]?.id));
  if (run === undefined) throw new Error('unreachable');
  return run;
}

/** A sync that has nothing to ask. */
async function quietSync(): Promise<readonly RunRow[]> {
  const { code, runs } = await site.sync();
  expect([code, runs.map((run) => run.state)]).toEqual([0, ['completed']]);
  return runs;
}

describe('13.2 a run of which 60 % are renamed', () => {
  test('13.2 is shown whole, and approving applies what is as shown; another digest is refused', async () => {
    const before = await namesNow();
    const run = await hold(agents(renamed));
    const decisions = await site.rows('run', 'decisions', String(run.id));
    expect(decisions).toHaveLength(RENAMED);
    expect(decisions[0]).toMatchObject({
      kind: 'values',
      changes: expect.arrayContaining([expect.objectContaining({ field: 'lastName', after: 'Renamed-1' })]) as unknown,
      classes: ['fieldChanged'],
    });
    const wrong = await site.run('run', 'approve', String(run.id), '--digest', 'f'.repeat(64), '--json');
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('digest-changed')]);
    expect(await namesNow()).toEqual(before);

    // Who was edited or switched off since is not as shown.
    const byNumber = async (index: number): Promise<UserRow | undefined> =>
      (await users()).find((user) => user.username === personAt(index).uid);
    const [touched, off] = [await byNumber(1), await byNumber(2)];
    expect((await site.run('user', 'sync', 'off', String(off?.id), '--reason', 'test')).code).toBe(0);
    expect((await site.run('user', 'set', String(touched?.id), 'lastName=By hand', '--reason', 'test')).code).toBe(0);

    const approved = await site.run('run', 'approve', String(run.id), '--digest', run.digest.slice(0, 12), '--json');
    expect(approved.code).toBe(5);
    expect(JSON.parse(approved.stdout)).toMatchObject({
      ...{ id: run.id, state: 'completed-with-rejects', counts: { updated: RENAMED - 2, skipped: 2 } },
    });
    const after = await users();
    expect(after.filter((user) => user.lastName?.startsWith('Renamed-'))).toHaveLength(RENAMED - 2);
    expect(after.find((user) => user.id === touched?.id)?.lastName).toBe('By hand');
    expect((await byNumber(2))?.lastName).toBe(off?.lastName);
    const log = await site.rows<EventRow>('log', '--run', String(run.id));
    expect(log.filter((event) => event.type === 'user-changed')).toHaveLength(RENAMED - 2);
    expect(log.map((event) => event.type)).toEqual(expect.arrayContaining(['run-held', 'run-approved']));
    expect((await quietSync())[0]?.counts).toMatchObject({ updated: 0 });
    expect((await users()).find((user) => user.id === touched?.id)?.lastName).toBe('By hand');
  }, 120_000);

  test('13.2 discarded, is not proposed again until the source says something else', async () => {
    const before = await namesNow();
    const run = await hold(agents(renamed));
    expect((await site.run('run', 'discard', String(run.id), '--reason', 'wrong export')).code).toBe(0);
    expect(await namesNow()).toEqual(before);
    await quietSync();
    expect(await namesNow()).toEqual(before);
    const again: LastName = (index) => (index === 3 ? 'Third' : renamed(index));
    await site.write('agents.csv', agents(again));
    expect((await quietSync())[0]?.counts).toMatchObject({ updated: 1 });
    expect((await namesNow()).filter((name) => name === 'Third' || name?.startsWith('Renamed-'))).toEqual(['Third']);
  }, 120_000);

  test('13.2 gives way to the next run, which asks again with the whole', async () => {
    const first = await hold(agents(renamed));
    const second = await hold(agents((index) => (index <= 30 ? `Renamed-${index}` : undefined)));
    expect(second.digest).not.toBe(first.digest);
    const [old] = await site.rows<RunRow>('run', 'show', String(first.id));
    expect(old).toMatchObject({ state: 'cancelled', error: { code: 'superseded' } });
    const late = await site.run('run', 'approve', String(first.id), '--digest', first.digest, '--json');
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('run-not-held')]);
    await site.rows<RunRow>('run', 'approve', String(second.id), '--digest', second.digest);
    expect((await namesNow()).filter((name) => name?.startsWith('Renamed-'))).toHaveLength(30);
  }, 120_000);
});

describe('13.2 what is gone, and who would be created', () => {
  test('3.3 more than half missing: approving makes them gone, and the worklist shows them', async () => {
    const run = await hold(agents(undefined, range(1, 15)));
    expect(await site.rows('account', 'list', '--state', 'gone')).toEqual([]);
    await site.rows<RunRow>('run', 'approve', String(run.id), '--digest', run.digest);
    expect(await site.rows('account', 'list', '--state', 'gone')).toHaveLength(25);
    expect(await site.rows('worklist', 'list')).toHaveLength(25);
    expect((await users()).every((user) => user.active)).toBe(true);
  }, 120_000);

  test('3.3 discarded, none of them is gone, and the next import without them asks nothing', async () => {
    const run = await hold(agents(undefined, range(1, 15)));
    expect((await site.run('run', 'discard', String(run.id), '--reason', 'half an export')).code).toBe(0);
    await quietSync();
    expect(await site.rows('account', 'list', '--state', 'gone')).toEqual([]);
    // Back and missing again is another absence.
    await site.write('agents.csv', agents());
    await quietSync();
    await hold(agents(undefined, range(1, 15)));
  }, 120_000);

  test('3.3, 13.2 more than half missing: an import that breaks off lets nothing of it pass, and asks again with the whole', async () => {
    const before = await namesNow();
    const first = await hold(agents((index) => (index === 1 ? 'Shown' : undefined), range(1, 15)));
    // In the middle of the first record: nothing is read, which is said as what it is, and what is held goes on waiting.
    await site.write('agents.csv', agents().slice(0, agents().indexOf('\n') + 10));
    const { code, runs } = await site.sync();
    expect([code, runs[0]?.state, runs[0]?.error?.code]).toEqual([1, 'failed', 'incomplete-read']);
    expect(await namesNow()).toEqual(before);
    expect(await site.rows('run', 'decisions', String(first.id))).toHaveLength(26);
    const approved = await site.run('run', 'approve', String(first.id), '--digest', first.digest, '--json');
    expect(approved.code).toBe(0);
    expect(await site.rows('account', 'list', '--state', 'gone')).toHaveLength(25);
    expect((await namesNow()).filter((name) => name === 'Shown')).toHaveLength(1);
  }, 120_000);

  test('13.1 thirty new agents are shown as users to be created; discarded, their accounts wait for a person', async () => {
    const run = await hold(agents(undefined, range(1, AGENTS + 30)));
    const decisions = await site.rows<{ kind: string }>('run', 'decisions', String(run.id));
    expect(decisions.map(({ kind }) => kind)).toEqual(Array.from({ length: 30 }, () => 'create'));
    expect((await site.run('run', 'discard', String(run.id), '--reason', 'a test system')).code).toBe(0);
    await quietSync();
    expect(await users()).toHaveLength(AGENTS);
    const waiting = await site.rows<AccountRow>('account', 'list', '--not-matched');
    expect(waiting).toHaveLength(30);
  }, 120_000);

  test('13.1 thirty new agents, approved, are created', async () => {
    const run = await hold(agents(undefined, range(1, AGENTS + 30)));
    const [approved] = await site.rows<RunRow>('run', 'approve', String(run.id), '--digest', run.digest);
    expect(approved).toMatchObject({ state: 'completed', counts: { created: 30 } });
    expect(await users()).toHaveLength(AGENTS + 30);
    await quietSync();
  }, 120_000);
});
