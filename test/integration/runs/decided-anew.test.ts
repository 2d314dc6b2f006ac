import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../../src/api/schemas/runs.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { closeGate, installGate } from '../../support/gate.ts';
import { openSite, type Site } from '../../support/site.ts';
import { told } from '../../support/told-event.ts';

/** More than a fifth less than these is under the guard's limits, and more than a batch of 100. */
const agents = 600;
const changed = 110;

/** Decisions are taken, then written batch by batch; people go on working meanwhile. */
describe('13.5 the world moves between decision and write', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    say(agents, 'before');
    await site.sync();
    await installGate(database.knex);
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const name = (index: number): string => String(100_000 + index);

  function say(count: number, word: string): void {
    for (let index = 1; index <= count; index++)
      site.acd.put(name(index), {
        ...{ acdId: name(index), employeeId: `E${name(index)}`, firstName: 'Agent' },
        ...{ lastName: `L-${word}`, department: `D-${word}` },
      });
  }

  async function set(user: string, field: string, value: string): Promise<void> {
    const answer = await site.askMeanwhile('PUT', `/users/${user}/fields/${field}`, { body: { value } });
    expect(answer.status, answer.text).toBe(200);
  }

  const lastRun = async (): Promise<Run> => {
    const run = (await site.ask<{ items: Run[] }>('GET', '/runs?source=acd&limit=1')).json.items[0];
    if (run === undefined) throw new Error('there is no run');
    return run;
  };

  async function toldOf(run: Run, user: string): Promise<unknown> {
    const { id } = await site.user(user);
    const where = { run_id: run.id, user_id: id, type: 'user-changed' };
    const events = await database.knex('event').where(where).select<object[]>('changes');
    return events.flatMap((event) => told(event)?.['changes']);
  }

  it('13.5 what no longer holds is decided anew: a word of meanwhile stands, a name taken meanwhile is asked about', async () => {
    say(changed, 'after');
    const [edited, loser, holder] = [name(105), name(106), name(500)];
    site.acd.put(loser, { ...site.acd.records.get(loser)?.values, employeeId: 'WANTED' });
    const order = await database.knex('account').orderBy('id').limit(changed).pluck<string[]>('external_id');
    // The run stands in its first batch; these two are in a later one, and have been decided on and counted.
    const [stop = ''] = order;
    expect([edited, loser].map((user) => order.indexOf(user) >= 100)).toEqual([true, true]);
    const gate = await closeGate(database.knex, [stop]);
    const working = site.sync();
    await gate.reached(stop);
    await set(edited, 'lastName', 'By hand');
    await set(holder, 'employeeId', 'WANTED');
    await gate.open(stop);
    await working;
    const run = await lastRun();
    expect(run).toMatchObject({ state: 'completed', counts: { updated: changed } });
    expect(await site.user(edited)).toMatchObject({ lastName: 'By hand', department: 'D-after' });
    expect(await toldOf(run, edited)).toEqual([{ field: 'department', before: 'D-before', after: 'D-after' }]);
    expect(await site.user(loser)).toMatchObject({ employeeId: `E${loser}`, lastName: 'L-after' });
    const { items } = (await site.ask<{ items: unknown[] }>('GET', '/review-items')).json;
    expect(items).toMatchObject([{ kind: 'unique-taken', externalId: loser }, { kind: 'possible-duplicate' }]);
  }, 240_000);

  it('13.5 an approved run leaves what would come out differently to the next one, and names it', async () => {
    say(200, 'held');
    await site.sync();
    const held = await lastRun();
    expect(held.state).toBe('held');
    const [stop, meanwhile] = [name(1), name(150)];
    const gate = await closeGate(database.knex, [stop]);
    const approving = site.ask('POST', `/runs/${held.id}/approve`, { body: { digest: held.digest } });
    await gate.reached(stop);
    await set(meanwhile, 'department', 'By hand');
    await gate.open(stop);
    await approving;
    const approved = (await site.ask<Run>('GET', `/runs/${held.id}`)).json;
    expect(approved).toMatchObject({ state: 'completed-with-rejects', counts: { skipped: 1 } });
    expect(approved.notes).toEqual([`left to the next run, since it is not as it was shown: values of ${meanwhile}`]);
    expect(await toldOf(approved, meanwhile)).toEqual([]);
    expect(await site.user(name(151))).toMatchObject({ lastName: 'L-held', department: 'D-held' });
    await site.reconcile();
    expect((await lastRun()).id).toBeGreaterThan(held.id);
    expect(await site.user(meanwhile)).toMatchObject({ lastName: 'L-held', department: 'By hand' });
  }, 240_000);

  it('13.5 a change of one user that a person has previewed passes without the guard', async () => {
    const user = name(300);
    const switchTo = (enabled: boolean, query = '') =>
      site.ask<{ changes: unknown }>('PUT', `/users/${user}/sync${query}`, { body: { enabled } });
    await switchTo(false);
    site.acd.put(user, { ...site.acd.records.get(user)?.values, lastName: 'Waited' });
    await site.sync();
    const shown = await switchTo(true, '?preview=true');
    expect(shown.json.changes).toContainEqual({ field: 'lastName', before: 'L-before', after: 'Waited' });
    expect((await site.user(user)).lastName).toBe('L-before');
    // The limit of the last 24 hours is reached: a run that changed one more would be held.
    say(200, 'full');
    await site.sync();
    expect((await lastRun()).state).toBe('held');
    expect((await switchTo(true)).status).toBe(200);
    expect((await site.user(user)).lastName).toBe('Waited');
    const { id } = await site.user(user);
    const guarded = await database.knex('event').where({ user_id: id }).whereNotNull('guard_classes');
    expect(guarded).toEqual([]);
  }, 240_000);
});
