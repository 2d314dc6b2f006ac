import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run, ShownDecision } from '../../../src/api/schemas/runs.ts';
import type { UndoReport } from '../../../src/api/schemas/undo.ts';
import { databases, openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

const people = 30;
const acdFirst = 'authority: { email: { rank: [acd, ad] } }';
const acdFirstForNames = 'authority: { lastName: { rank: [acd, ad] } }';

type Emails = Readonly<Record<string, number>>;

/** Thirty people whom directory and ACD know under other e-mail addresses and last names. */
function thirtyPeople(open: () => Promise<OpenDatabase>) {
  let database: OpenDatabase;
  let site: Site;

  beforeEach(async () => {
    database = await open();
    site = await openSite(database.knex);
    for (let index = 1; index <= people; index++) join(index);
    await site.sync();
    expect(await emails()).toEqual({ corp: people });
  }, 120_000);
  afterEach(async () => {
    await site.close();
    await database.close();
  });

  function join(index: number): void {
    const employeeId = `E${String(index)}`;
    site.acd.put(String(4_000 + index), {
      ...{ acdId: String(4_000 + index), firstName: 'Jan', lastName: `Acd${String(index)}` },
      ...{ employeeId, email: `agent${String(index)}@acd.test` },
    });
    site.ad.put(`guid-${String(index)}`, {
      ...{ windowsLogin: `CORP\\u${String(index)}`, lastName: `Ad${String(index)}` },
      ...{ employeeId, email: `u${String(index)}@corp.test` },
    });
  }

  /** Users by where their address comes from. */
  async function emails(): Promise<Emails> {
    const all = await site.knex('user').pluck<string[]>('email');
    const from = (part: string): number => all.filter((email) => email.endsWith(`@${part}.test`)).length;
    return Object.fromEntries(['corp', 'acd', 'hand'].flatMap((part) => (from(part) > 0 ? [[part, from(part)]] : [])));
  }

  /** Starts anew with another configuration, and does what a daemon does then. */
  async function restart(extra: string): Promise<void> {
    const records = { ad: site.ad.records, acd: site.acd.records };
    await site.close();
    site = await openSite(database.knex, extra);
    for (const [id, { values }] of records.ad) site.ad.put(id, values);
    for (const [id, { values }] of records.acd) site.acd.put(id, values);
    await site.reconcile();
  }

  const policyRuns = async (): Promise<Run[]> =>
    (await site.ask<{ items: Run[] }>('GET', '/runs')).json.items.filter((run) => run.source === null);

  async function heldRun(): Promise<Run> {
    const [run] = await policyRuns();
    expect(run).toMatchObject({ state: 'held', error: { code: 'held' } });
    if (run === undefined) throw new Error('unreachable');
    return run;
  }

  const approve = (run: Run) => site.ask<Run>('POST', `/runs/${run.id}/approve`, { body: { digest: run.digest } });
  const discard = (run: Run) => site.ask('POST', `/runs/${run.id}/discard`, { body: { reason: 'not agreed' } });

  return { site: () => site, join, emails, restart, policyRuns, heldRun, approve, discard };
}

describe.each(databases)('a changed ranking on %s', (_name, open) => {
  const { site, emails, restart, policyRuns, heldRun, approve, join } = thirtyPeople(open);

  it('14.4 is held over the limits with every user it would change; approved, it moves those who are as shown', async () => {
    await restart(acdFirst);
    const run = await heldRun();
    expect(run.error?.message).toMatch(/fieldChanged 30 .*nothing was applied.*run approve.*until the configuration/s);
    expect(await emails()).toEqual({ corp: people });
    const shown = await site().ask<{ items: ShownDecision[]; next: string | null }>(
      'GET',
      `/runs/${run.id}/decisions`,
      {},
    );
    expect(shown.json.items).toHaveLength(people);
    expect(shown.json.items[0]).toMatchObject({
      ...{ kind: 'policy', externalId: null, classes: ['fieldChanged'] },
      changes: [{ field: 'email', before: 'u1@corp.test', after: 'agent1@acd.test' }],
    });
    // Started again, it waits for the same answer.
    await restart(acdFirst);
    expect((await policyRuns()).map(({ id, state }) => ({ id, state }))).toEqual([{ id: run.id, state: 'held' }]);
    // Who is edited since is not as shown.
    const edited = await site().ask('PUT', '/users/4001/fields/email', { body: { value: 'new@hand.test' } });
    expect(edited.status, edited.text).toBe(200);
    site().acd.put('4002', { ...site().acd.records.get('4002')?.values, email: 'other2@acd.test' });
    await site().sync();
    const answer = await approve(run);
    expect(answer.status, answer.text).toBe(200);
    expect(await emails()).toEqual({ hand: 1, corp: 1, acd: people - 2 });
    const done = (await policyRuns()).find(({ id }) => id === run.id);
    expect(done).toMatchObject({ state: 'completed-with-rejects', counts: { updated: people - 2, skipped: 2 } });
    expect(done?.notes).toEqual([
      'left to the next run, since it is not as it was shown: policy of 4001',
      'left to the next run, since it is not as it was shown: policy of 4002',
    ]);
    await site().reconcile();
    expect((await site().user('4002')).email).toBe('other2@acd.test');
  }, 120_000);

  it('14.4 undone after it was approved, it restores the former policy and is refused', async () => {
    await restart(acdFirst);
    const run = await heldRun();
    await approve(run);
    expect(await emails()).toEqual({ acd: people });
    join(people + 1);
    await site().sync();
    await site().ask('PUT', '/users/4001/fields/email', { body: { value: 'new@hand.test' } });
    const preview = await site().ask<UndoReport>('POST', '/undo', { body: { run: run.id, preview: true } });
    expect(preview.json).toMatchObject({ preview: true, counts: { back: people } });
    expect(await emails()).toEqual({ hand: 1, acd: people });
    const undone = await site().ask<UndoReport>('POST', '/undo', { body: { run: run.id, reason: 'wrong' } });
    expect(undone.status, undone.text).toBe(200);
    // A person's word of meanwhile stays.
    expect(await emails()).toEqual({ hand: 1, corp: people });
    await restart(acdFirst);
    await site().sync();
    expect(await emails()).toEqual({ hand: 1, corp: people });
    const again = await site().ask('POST', '/undo', { body: { run: run.id } });
    expect(again.json).toMatchObject({ code: 'not-undoable' });
  }, 120_000);
});

describe('a changed ranking that is not approved', () => {
  const { site, emails, restart, policyRuns, heldRun, approve, discard, join } = thirtyPeople(openPostgres);

  it('14.4 discarded, users keep the former policy, new ones too, until the configuration says another one', async () => {
    await restart(acdFirst);
    const run = await heldRun();
    const discarded = await discard(run);
    expect(discarded.json).toEqual({ refused: people });
    await restart(acdFirst);
    join(people + 1);
    await site().sync();
    expect(await emails()).toEqual({ corp: people + 1 });
    expect((await policyRuns()).map(({ state, error }) => [state, error?.code])).toEqual([['cancelled', 'discarded']]);
    await restart(acdFirstForNames);
    expect((await heldRun()).id).not.toBe(run.id);
    // The refusal has ended with that: the former wish is a new one.
    await restart(acdFirst);
    const again = await heldRun();
    expect((await policyRuns())[1]).toMatchObject({ state: 'cancelled', error: { code: 'superseded' } });
    await approve(again);
    expect(await emails()).toEqual({ acd: people + 1 });
  }, 120_000);

  it('14.4 held, it gives way when the configuration goes back', async () => {
    await restart(acdFirst);
    const run = await heldRun();
    await restart('');
    expect((await policyRuns()).map(({ state, error }) => [state, error?.code])).toEqual([['cancelled', 'superseded']]);
    expect((await approve(run)).json).toMatchObject({ code: 'run-not-held' });
    expect(await emails()).toEqual({ corp: people });
  }, 120_000);
});
