import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../../src/api/schemas/runs.ts';
import type { Account } from '../../../src/api/schemas/accounts.ts';
import type { LiftReport, Refusal, WorklistEntry } from '../../../src/cli/shapes.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

/** What was undone or discarded is wanted after all. */
describe('15.3 refusals can be lifted', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    for (let index = 1; index <= 40; index++) agent(index);
    await site.sync();
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  function agent(index: number, domain = 'old.example'): void {
    site.acd.put(String(index), {
      ...{ acdId: String(index), employeeId: `E${String(index)}`, firstName: `First${String(index)}` },
      ...{ lastName: `Last${String(index)}`, email: `a${String(index)}@${domain}` },
    });
  }
  const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);
  const lastRun = async (): Promise<Run> => {
    const [run] = (await site.ask<{ items: Run[] }>('GET', '/runs?source=acd&limit=1')).json.items;
    if (run === undefined) throw new Error('there is no run');
    return run;
  };
  const emailOf = async (index: number) => (await site.user(String(index))).email;
  const post = async <Body>(path: string, body: object) => {
    const answer = await site.ask<Body>('POST', path, { body });
    expect(answer.status, answer.text).toBe(200);
    return answer.json;
  };
  const worklist = async (): Promise<WorklistEntry[]> =>
    (await site.ask<{ items: WorklistEntry[] }>('GET', '/worklist')).json.items;
  const approve = async () => {
    const run = await lastRun();
    if (run.state === 'held')
      await site.ask('POST', `/runs/${String(run.id)}/approve`, { body: { digest: run.digest } });
  };

  it('15.3, 13.1 a changed domain, approved and undone, comes by one lift, guarded', async () => {
    for (let index = 1; index <= 40; index++) agent(index, 'new.example');
    await site.sync();
    const run = await lastRun();
    expect(run.state).toBe('held');
    await approve();
    expect(await emailOf(7)).toBe('a7@new.example');
    await post('/undo', { run: run.id });
    await site.sync();
    expect(await emailOf(7)).toBe('a7@old.example');
    const { items } = (await site.ask<{ items: Refusal[] }>('GET', `/refusals?run=${String(run.id)}`)).json;
    expect(items).toHaveLength(40);
    expect(items.find(({ externalId }) => externalId === '7')).toMatchObject({
      ...{ source: 'acd', username: '7', part: 'email', said: 'a7@new.example', runId: run.id, by: 'local:tester' },
    });
    const preview = await post<LiftReport>('/refusals/lift', { run: run.id, preview: true });
    expect(preview.counts).toEqual({ refusals: 40, accounts: 40, links: 0, refused: 0 });
    expect(preview.named.find(({ externalId }) => externalId === '7')?.changes).toEqual([
      { field: 'email', before: 'a7@old.example', after: 'a7@new.example' },
    ]);
    // One user's field, then the rest.
    await post('/refusals/lift', { user: '7', field: 'email' });
    expect(await emailOf(7)).toBe('a7@new.example');
    await post('/refusals/lift', { run: run.id, reason: 'wanted after all' });
    expect((await lastRun()).state).toBe('held');
    await approve();
    expect(await emailOf(8)).toBe('a8@new.example');
    expect((await site.ask<{ items: Refusal[] }>('GET', '/refusals')).json.items).toEqual([]);
  }, 120_000);

  it('13.2, 9.3 leavers that were discarded stand on the worklist, may be deactivated, and are proposed again', async () => {
    const leavers = numbers(29, 12);
    for (const index of leavers) site.acd.records.delete(String(index));
    await site.sync();
    const run = await lastRun();
    expect(run.state).toBe('held');
    await post(`/runs/${String(run.id)}/discard`, { reason: 'a broken export' });
    await site.sync();
    const refused = (await worklist()).filter(({ reasons }) => reasons.includes('gone-refused'));
    expect(refused.map(({ username }) => username)).toEqual(leavers.map(String));
    expect(refused[0]?.suggestions).toContain(`take the discard back: rosterd run reopen ${String(run.id)}`);
    // Files cannot be asked: the last complete import counts.
    expect((await site.ask('PUT', '/users/31/active', { body: { active: false } })).status).toBe(200);
    await post(`/runs/${String(run.id)}/reopen`, {});
    await site.sync();
    expect((await lastRun()).state).toBe('held');
    await approve();
    expect((await worklist()).filter(({ reasons }) => reasons.includes('account-gone'))).toHaveLength(11);
  }, 120_000);

  it('8.4 hires that were discarded, and agents whose creation was undone, stand on the worklist and come by one command', async () => {
    for (const index of numbers(51, 30)) agent(index);
    await site.sync();
    const discarded = await lastRun();
    expect(discarded.state, JSON.stringify(discarded)).toBe('held');
    await post(`/runs/${String(discarded.id)}/discard`, { reason: 'not yet' });
    agent(91);
    agent(92);
    await site.sync();
    const undone = await lastRun();
    await post('/undo', { run: undone.id });
    const without = (await worklist()).filter(({ reasons }) => reasons.includes('agent-without-user'));
    expect(without.map(({ count, suggestions }) => [count, suggestions])).toEqual([
      [30, [`let them be created: rosterd refusal lift --run ${String(discarded.id)}`]],
      [2, [`bring them back: rosterd refusal lift --run ${String(undone.id)}`]],
    ]);
    await post('/refusals/lift', { run: discarded.id });
    await approve();
    expect(await site.user('username:55')).toMatchObject({ active: true, acdId: '55' });
    expect((await site.user('username:91')).active).toBe(false);
    const lifted = await post<LiftReport>('/refusals/lift', { run: undone.id });
    expect(lifted.counts).toMatchObject({ links: 2, refused: 0 });
    expect(await site.user('username:91')).toMatchObject({ active: true, acdId: '91' });
    expect((await worklist()).filter(({ reasons }) => reasons.includes('agent-without-user'))).toEqual([]);
    const { items } = (await site.ask<{ items: Account[] }>('GET', '/accounts?source=acd&matched=false')).json;
    expect(items).toEqual([]);
  }, 120_000);

  it('2.7 account unignore that changes nothing says so', async () => {
    const answer = await site.ask<{ changed: boolean }>('POST', '/accounts/acd/1/unignore', { body: {} });
    expect(answer.json).toMatchObject({ changed: false });
  });
});
