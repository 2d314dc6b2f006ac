import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Explanation } from '../../../src/api/schemas/explanation.ts';
import type { UserActed } from '../../../src/api/schemas/user-actions.ts';
import type { WorklistEntry } from '../../../src/api/schemas/worklist.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe.each(databases)('what the worklist suggests on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;
  const jan = { acdId: '4711', employeeId: 'E1', firstName: 'Jan', lastName: 'Novák' };

  beforeAll(async () => {
    database = await open();
    // Two ACDs that say the same.
    site = await openSite(database.knex, '  - { id: acd2, kind: avaya-cm, match: [[employeeId]] }');
    site.acd.put('4711', jan, { teams: [{ id: 's', name: 'Sales' }] });
    site.acd.put('4712', { acdId: '4712', employeeId: 'E2', firstName: 'Eva', lastName: 'Malá' });
    await site.sync();
    expect((await site.user('4711')).profiles).toHaveLength(2);
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const say = async (path: string, word: 'give' | 'take' | 'withdraw') =>
    (await site.ask<UserActed>('PUT', `/users/4711/${path}`, { body: { word } })).json;
  const entry = async () => {
    const { items } = (await site.ask<{ items: WorklistEntry[] }>('GET', '/worklist')).json;
    expect(items.length).toBeLessThan(2);
    return items[0];
  };
  const ack = () => site.ask('POST', '/worklist/4711/ack', { body: { reason: 'seen' } });

  it('10.6 a supervisor without the privilege that "can manage" needs is pointed out', async () => {
    expect(await entry()).toBeUndefined();
    const given = await say('supervision/Sales', 'give');
    expect(given.warnings).toEqual([expect.stringContaining('has no role with the privilege "manage-teams"')]);
    expect(given.user.missingPrivileges).toEqual(['manage-teams']);
    const { json } = await site.ask<Explanation>('GET', '/users/4711/explain');
    expect(json.missingPrivileges).toEqual(['manage-teams']);
    const id = String(given.user.id);
    expect(await entry()).toMatchObject({
      ...{ username: '4711', reasons: ['supervisor-without-privileges'], evidence: [] },
      suggestions: [`give a role with the privilege manage-teams: rosterd user role give ${id} supervisor`],
    });
  });

  it('10.6 the entry is acknowledged until what is supervised changes, and ends with the privilege', async () => {
    expect(await ack()).toMatchObject({ status: 200 });
    expect(await entry()).toBeUndefined();
    await say('supervision/Default', 'give');
    expect(await entry()).toMatchObject({ reasons: ['supervisor-without-privileges'] });
    const withRole = await say('roles/supervisor', 'give');
    expect(withRole.user.missingPrivileges).toEqual([]);
    expect(await entry()).toBeUndefined();
    expect(await ack()).toMatchObject({ status: 409, json: { code: 'not-on-worklist' } });
    expect((await say('supervision/Sales', 'give')).warnings).toEqual([]);
    await say('supervision/Sales', 'withdraw');
    await say('supervision/Default', 'withdraw');
    await say('roles/supervisor', 'withdraw');
  });

  it('10.7 an active agent with another role whose ACD accounts are all gone or disabled no longer works as one', async () => {
    const inAcd2 = (disabled: boolean) =>
      site.knex('account').where({ source_id: 'acd2', external_id: '4711' }).update({ disabled });
    await say('roles/trainer', 'give');
    expect(await entry()).toBeUndefined();
    site.acd.put('4711', jan, { disabled: true });
    await site.sync();
    await inAcd2(false);
    expect((await entry())?.reasons).toEqual(['account-disabled']);
    expect((await entry())?.suggestions).toEqual([]);
    await inAcd2(true);
    const id = String((await site.user('4711')).id);
    expect(await entry()).toMatchObject({
      reasons: ['account-disabled', 'no-longer-an-agent'],
      suggestions: [
        `take the role agent: rosterd user role take ${id} agent`,
        'remove the agent 4711 at acd',
        'remove the agent 4711 at acd2',
      ],
    });
  });

  it('10.7 without another role it is an account that is disabled, no more', async () => {
    await say('roles/trainer', 'withdraw');
    expect((await entry())?.reasons).toEqual(['account-disabled']);
    await say('roles/trainer', 'give');
  });

  it('10.7 an acknowledged entry comes back when the user stops working as an agent altogether', async () => {
    await say('roles/trainer', 'withdraw');
    await ack();
    expect(await entry()).toBeUndefined();
    await say('roles/trainer', 'give');
    expect((await entry())?.reasons).toContain('no-longer-an-agent');
    await ack();
    expect(await entry()).toBeUndefined();
  });

  it('10.7 the suggestion ends when the agent role is taken', async () => {
    await say('roles/agent', 'take');
    expect((await entry())?.reasons).toEqual(['account-disabled']);
    await say('roles/agent', 'withdraw');
    // A living account of a retired source is no sign of work.
    await site.knex('account').where({ source_id: 'acd2', external_id: '4711' }).update({ disabled: false });
    expect((await entry())?.reasons).toEqual(['account-disabled']);
    await site.knex('source_state').where({ source_id: 'acd2' }).update({ retired_at: new Date() });
    expect((await entry())?.reasons).toEqual(['account-disabled', 'no-longer-an-agent']);
    await site.knex('source_state').update({ retired_at: new Date() });
    expect(await entry()).toBeUndefined();
  });
});
