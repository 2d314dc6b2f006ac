import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../../src/api/schemas/runs.ts';
import { sameValue } from '../../../src/domain/change.ts';
import { fold } from '../../../src/domain/fold.ts';
import { noReadRules } from '../../../src/store/read-rules.ts';
import { reconcileReads } from '../../../src/store/reconcile-reads.ts';
import type { UserActed } from '../../../src/cli/shapes.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

/** People who move from the ACD `acd` to the file's ACD `b`, which ranks below it. */
describe('5.8 whoever moves to another ACD has the new id and the new team', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex, '  - { id: b, kind: csv-file, match: [[employeeId]], createsUsers: false }');
    for (let index = 1; index <= 30; index++) inA(index, 'North');
    await site.sync();
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const team = (name: string) => ({ teams: [{ id: name, name }], supervises: [], roleFacts: { roles: [] } });
  const said = (index: number, id: string) => ({
    ...{ acdId: id, employeeId: `E${String(index)}`, firstName: `First${String(index)}` },
    lastName: `Last${String(index)}`,
  });
  function inA(index: number, name: string): void {
    site.acd.put(String(index), said(index, String(index)), team(name));
  }
  function inB(index: number, name: string): void {
    site.file.put(String(700 + index), said(index, String(700 + index)), team(name));
  }
  const shown = async (index: number): Promise<object> => {
    const { acdId, acdSource, teams } = await site.user(String(index));
    return {
      acd: `${String(acdId)} at ${String(acdSource)}`,
      teams: teams.map(({ name, main }) => (main ? `*${name}` : name)),
    };
  };
  const atB = (index: number, name = 'South') => ({ acd: `${String(700 + index)} at b`, teams: [`*${name}`] });

  it.each([
    [1, ['acd', 'b']],
    [2, ['b', 'acd']],
  ] as const)('5.8 agent %i is gone from one and new in the other, read in the order %s', async (index, order) => {
    site.acd.records.delete(String(index));
    inB(index, 'South');
    for (const source of order) await site.sync(source);
    expect(await shown(index)).toEqual(atB(index));
  });

  it('5.8 whoever only leaves keeps everything; whoever returns is the first ACD by rank again', async () => {
    site.acd.records.delete('3');
    await site.sync();
    expect(await shown(3)).toEqual({ acd: '3 at acd', teams: ['*North'] });
    inB(3, 'South');
    await site.sync();
    expect(await shown(3)).toEqual(atB(3));
    inA(3, 'North');
    await site.sync();
    expect(await shown(3)).toMatchObject({ acd: '3 at acd', teams: ['North', '*South'] });
  });

  it('6.2, 5.8 a user whose sync is off stays; on again, the other ACD counts', async () => {
    inB(4, 'South');
    await site.sync();
    expect(await shown(4)).toMatchObject({ acd: '4 at acd' });
    await site.ask('PUT', '/users/4/sync', { body: { enabled: false } });
    site.acd.records.delete('4');
    await site.sync();
    expect(await shown(4)).toMatchObject({ acd: '4 at acd' });
    await site.ask('PUT', '/users/4/sync', { body: { enabled: true } });
    expect(await shown(4)).toEqual(atB(4));
  });

  it('15.3, 5.8 undone, the move is not made again; the user has the former id and team', async () => {
    inB(5, 'South');
    await site.sync();
    site.acd.records.delete('5');
    await site.sync();
    expect(await shown(5)).toEqual(atB(5));
    const undone = await site.ask('POST', '/undo', { body: { user: '5' } });
    expect(undone.status, undone.text).toBe(200);
    expect(await shown(5)).toMatchObject({ acd: '5 at acd' });
    await site.sync();
    expect(await shown(5)).toMatchObject({ acd: '5 at acd' });
  });

  it('5.8 the link to an ACD ends where the account is gone, and only there', async () => {
    const unlink = (index: number) =>
      site.ask<UserActed>('POST', `/users/${String(index)}/unlink`, { body: { source: 'acd' } });
    expect(await unlink(6)).toMatchObject({ status: 409, json: { code: 'not-a-directory' } });
    site.acd.records.delete('6');
    await site.sync();
    expect((await unlink(6)).status).toBe(200);
    expect(await shown(6)).toEqual({ acd: '6 at acd', teams: ['*North'] });
    inB(6, 'South');
    await site.sync();
    expect(await shown(6)).toEqual(atB(6));
  });

  it('14.1, 5.8 after a planned migration too: links are moved, or the old source is retired by a guarded run', async () => {
    for (const index of [10, 11, 12, 13, 14, 15, 16]) inB(index, 'South');
    await site.sync();
    expect(await shown(10)).toMatchObject({ acd: '10 at acd' });
    await site.ask('POST', '/sources/acd/retire', { body: { reason: 'cut-over' } });
    const run = (await site.ask<{ items: Run[] }>('GET', '/runs?limit=1')).json.items[0];
    if (run?.state === 'held')
      await site.ask('POST', `/runs/${String(run.id)}/approve`, { body: { digest: run.digest } });
    for (const index of [10, 16]) expect(await shown(index)).toEqual(atB(index));
    // Who is only in the retired one keeps everything, until the link is moved.
    expect(await shown(20)).toEqual({ acd: '20 at acd', teams: ['*North'] });
    site.file.put('720', { ...said(20, '720'), employeeId: 'another' }, team('South'));
    await site.sync();
    await site.ask('POST', '/sources/acd/move-links', { body: { to: 'b', pairs: [{ old: '20', new: '720' }] } });
    expect(await shown(20)).toEqual(atB(20));
    await site.ask('POST', '/sources/acd/resume', { body: {} });
  });

  it('20.1 every user is the function of words, snapshots and policy', async () => {
    const reads = reconcileReads(database.knex, noReadRules);
    const teamNames = new Map((await reads.teams()).map(({ id, name }) => [id, name]));
    const ids = await database.knex('user').pluck<number[]>('id');
    const stale = (await reads.users(ids, false)).filter(({ subject }) => {
      const { origin, value } = subject.user;
      return !sameValue(value, fold({ origin, ...subject, teamNames, present: value }));
    });
    expect(ids.length).toBeGreaterThan(20);
    expect(stale).toEqual([]);
  });
});
