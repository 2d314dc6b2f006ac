import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissions, type Permission } from '../../../src/domain/permissions.ts';
import type { BulkAsked, BulkResult } from '../../../src/api/schemas/bulk.ts';
import type { ReviewItem } from '../../../src/api/schemas/review-items.ts';
import type { UndoReport } from '../../../src/api/schemas/undo.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

/** What an act needs follows from what it changes, whatever its way in (spec 19.1). */
describe('19.1 an act needs the permissions of everything that it does', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex, 'newUsers: { active: true }');
    for (const id of ['1', '2', '3']) say(id);
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  function say(id: string, roles: readonly string[] = []): void {
    const values = { acdId: `471${id}`, employeeId: `E${id}`, firstName: 'Jan', lastName: `N${id}` };
    site.acd.put(`471${id}`, values, { roleFacts: { roles: [...roles] } });
  }
  const without = (...lacking: readonly Permission[]) =>
    headers(permissions.filter((permission) => !lacking.includes(permission)));
  const headers = async (may: readonly Permission[]) => ({ authorization: `Bearer ${await site.tokenWith(may)}` });
  const missing = (...named: readonly Permission[]) => ({
    ...{ status: 403, json: { code: 'permission-missing' } },
    text: expect.stringContaining(named.map((each) => `\\"${each}\\"`).join(' and ')) as string,
  });
  const rolesOf = async (user: string) => (await site.user(user)).roles.map(({ role }) => role).sort();

  it('19.1 an answer that says what a role means needs assign-user-roles', async () => {
    say('1', ['clerk']);
    await site.sync();
    const [item] = (await site.ask<{ items: ReviewItem[] }>('GET', '/review-items?kind=unknown-role')).json.items;
    const answer = async (headersOfWho: object, query = '') =>
      site.ask('POST', `/review-items/${String(item?.id)}/answer${query}`, {
        body: { answer: 'map-to', value: 'trainer' },
        headers: headersOfWho as Record<string, string>,
      });
    const editor = await without('assign-user-roles');
    expect(await answer(editor, '?preview=true')).toMatchObject(missing('assign-user-roles'));
    expect(await answer(editor)).toMatchObject(missing('assign-user-roles'));
    expect(await rolesOf('4711')).toEqual(['agent']);
    expect(await answer(await headers(['edit-users', 'assign-user-roles']))).toMatchObject({ status: 200 });
    expect(await rolesOf('4711')).toEqual(['agent', 'trainer']);
  });

  it('19.1 an undo that deactivates needs activate, one that takes roles assign-user-roles; nothing is half done', async () => {
    const runOf = async (type: string): Promise<number> =>
      (await site.knex('event').where({ type, actor_kind: 'sync' }).max<{ max: number }[]>('run_id as max'))[0]?.max ??
      0;
    const undo = async (run: number, who: Record<string, string>, preview = false) =>
      site.ask<UndoReport>('POST', '/undo', { body: { run, preview }, headers: who });
    say('2', ['trainer']);
    await site.sync();
    const roleRun = await runOf('user-changed');
    const approver = await headers(['run-and-approve', 'edit-users']);
    expect(await undo(roleRun, approver, true)).toMatchObject(missing('assign-user-roles'));
    expect(await undo(roleRun, approver)).toMatchObject(missing('assign-user-roles'));
    expect(await rolesOf('4712')).toContain('trainer');
    expect(await undo(roleRun, await headers(['run-and-approve', 'assign-user-roles']))).toMatchObject({ status: 200 });
    expect(await rolesOf('4712')).toEqual(['agent']);

    const creation = await runOf('user-created');
    expect(await undo(creation, await headers(['run-and-approve']))).toMatchObject(missing('activate', 'edit-users'));
    expect(await undo(creation, await headers(['run-and-approve', 'activate']))).toMatchObject(missing('edit-users'));
    expect((await site.user('4713')).active).toBe(true);
  });

  it('19.1 a bulk job may what the token that asked for it may, and no more than its operator still may', async () => {
    const who = await headers(['view', 'activate']);
    site.acd.lookup = 'present';
    const asked = await site.ask<BulkAsked>('POST', '/bulk', {
      body: { action: 'disable', users: ['4713'], insist: true, reason: 'left' },
      headers: { ...who },
    });
    expect(asked).toMatchObject({ status: 403 });
    const token = { authorization: `Bearer ${await site.tokenWith(['view', 'assign-user-roles'])}` };
    await site
      .knex('operator')
      .update({ permissions: ['view', 'assign-user-roles'] })
      .where({ kind: 'person' });
    const job = await site
      .knex('bulk_job')
      .insert({
        ...{ action: 'assign-role', value: 'trainer', operator_name: 'local:tester', permissions: ['view'] },
      })
      .returning<{ id: number }[]>('id');
    const user = await site.user('4713');
    await site.knex('bulk_result').insert({ job_id: job[0]?.id ?? 0, user_id: user.id });
    const allowed = await site.ask<BulkAsked>('POST', '/bulk', {
      body: { action: 'assign-role', value: 'auditor', users: ['4713'] },
      headers: token,
    });
    const resultsOf = async (id: number): Promise<BulkResult[]> =>
      (await site.ask<{ items: BulkResult[] }>('GET', `/bulk/${id}/results`)).json.items;
    await expect
      .poll(async () => (await resultsOf(allowed.json.job?.id ?? 0)).map(({ outcome }) => outcome), { timeout: 10_000 })
      .toEqual(['changed']);
    expect(await resultsOf(job[0]?.id ?? 0)).toMatchObject([{ outcome: 'refused', code: 'permission-missing' }]);
    expect(await rolesOf('4713')).toEqual(['agent', 'auditor']);
  });

  it('19.1 insisting needs override-acd-presence where there is something to insist against', async () => {
    const insist = async (who: Record<string, string>) =>
      site.ask('PUT', '/users/4713/active?preview=true', {
        body: { active: false, insist: true, reason: 'x' },
        headers: who,
      });
    site.acd.lookup = 'present';
    expect(await insist(await headers(['activate']))).toMatchObject(missing('override-acd-presence'));
    expect(await insist(await headers(['activate', 'override-acd-presence']))).toMatchObject({ status: 200 });
    site.acd.lookup = 'absent';
    expect(await insist(await headers(['activate']))).toMatchObject({ status: 200 });
  });
});
