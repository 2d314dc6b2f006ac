import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UserActed } from '../../../src/api/schemas/user-actions.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { told } from '../../support/told-event.ts';

describe.each(databases)('user activate and deactivate on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;
  const jan = { acdId: '4711', firstName: 'Jan', lastName: 'Novák', employeeId: 'E1' };

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
  });
  beforeEach(async () => {
    site.acd.lookup = 'unsupported';
    site.acd.put('4711', jan);
    site.acd.put('4712', { acdId: '4712', firstName: 'Eva', lastName: 'Malá' });
    site.ad.put('guid-1', { employeeId: 'E1', email: 'jan@corp.test', windowsLogin: 'CORP\\jnovak' });
    await site.sync();
    await put({ active: true });
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const put = (body: object, query = '', headers = {}) =>
    site.ask<UserActed>('PUT', `/users/4711/active${query}`, { body, headers });
  const lastEvent = async () =>
    told(await database.knex('event').where({ actor_kind: 'operator' }).orderBy('id', 'desc').first());
  const removeFromAcd = async (): Promise<void> => {
    site.acd.records.delete('4711');
    await site.sync();
  };

  it('9.3 refuses while the ACD still has the agent, in its own words', async () => {
    site.acd.lookup = 'present';
    expect(await put({ active: false })).toMatchObject({
      status: 409,
      json: {
        code: 'acd-still-has-the-agent',
        detail: expect.stringMatching(/acd still has the agent 4711.*delete the user in the ACD first/) as string,
      },
    });
    expect((await site.user('4711')).active).toBe(true);
  });

  it.each(['absent', 'disabled'] as const)('9.3 asks the source at that moment: %s there counts', async (said) => {
    site.acd.lookup = said;
    const answer = await put({ active: false, reason: 'has left' });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({ changed: true, user: { active: false } });
    expect(answer.json.user.deactivatedAt).not.toBeNull();
    expect(await lastEvent()).toMatchObject({
      type: 'deactivated',
      reason: 'has left',
      changes: [
        { field: 'active', before: 'yes', after: 'no' },
        { field: 'account.acd.4711', before: 'present', after: said },
      ],
    });
    expect((await put({ active: false })).json.changed).toBe(false);
  });

  it('9.3 one that cannot be reached is a refusal that says so', async () => {
    site.acd.lookup = null;
    expect(await put({ active: false })).toMatchObject({
      status: 502,
      json: { code: 'source-unreachable', detail: expect.stringContaining('ECONNREFUSED') as string },
    });
  });

  it('9.3 where a source cannot be asked its last complete import counts', async () => {
    expect(await put({ active: false })).toMatchObject({
      status: 409,
      json: { code: 'acd-still-has-the-agent', detail: expect.stringContaining('last complete import') as string },
    });
    await removeFromAcd();
    expect(await put({ active: false })).toMatchObject({ status: 200, json: { user: { active: false } } });
  });

  it('9.3 accounts of a directory and of a retired source do not count', async () => {
    site.acd.lookup = 'present';
    await database.knex('source_state').where({ source_id: 'acd' }).update({ retired_at: new Date() });
    expect((await put({ active: false })).status).toBe(200);
    await database.knex('source_state').where({ source_id: 'acd' }).update({ retired_at: null });
  });

  it('9.3 insisting needs a permission and a reason, and is recorded', async () => {
    site.acd.lookup = 'present';
    const authorization = `Bearer ${await site.tokenWith(['view', 'activate'])}`;
    const body = { active: false, insist: true, reason: 'the ACD is down for a week' };
    expect(await put(body, '', { authorization })).toMatchObject({ status: 403, json: { code: 'permission-missing' } });
    expect(await put({ active: false, insist: true })).toMatchObject({
      status: 422,
      json: { code: 'reason-required' },
    });
    expect(await put(body)).toMatchObject({ status: 200, json: { user: { active: false } } });
    expect(await lastEvent()).toMatchObject({
      changes: [{ field: 'active' }, { field: 'insistedAgainst', before: null, after: ['acd 4711'] }],
    });
  });

  it('9.5 an inactive user is frozen; activating shows, then applies at once, what the sources say', async () => {
    site.acd.lookup = 'absent';
    await put({ active: false });
    site.ad.put('guid-1', { employeeId: 'E1', email: 'jan.novak@corp.test', windowsLogin: 'CORP\\jnovak' });
    site.acd.put('4711', { ...jan, firstName: 'Honza' });
    await site.sync();
    expect(await site.user('4711')).toMatchObject({ email: 'jan@corp.test', firstName: 'Jan', active: false });
    const changes = [
      { field: 'firstName', before: 'Jan', after: 'Honza' },
      { field: 'email', before: 'jan@corp.test', after: 'jan.novak@corp.test' },
      { field: 'active', before: 'no', after: 'yes' },
    ];
    const preview = await put({ active: true }, '?preview=true');
    expect(preview.json).toMatchObject({ preview: true, changes, user: { active: false, email: 'jan@corp.test' } });
    const done = await put({ active: true });
    expect(done.json).toMatchObject({
      preview: false,
      changes,
      user: { active: true, deactivatedAt: null, email: 'jan.novak@corp.test', firstName: 'Honza' },
    });
    expect(await lastEvent()).toMatchObject({ type: 'activated' });
  });

  it('9.1 the database refuses a change of the active state in nobody’s name', async () => {
    const change = database.knex('user').where({ username: '4712' }).update({ active: false });
    await expect(change).rejects.toThrow('changed by people only');
    expect(await site.ask('PUT', '/users/4712/active', { body: { active: true } })).toMatchObject({ status: 200 });
  });
});
