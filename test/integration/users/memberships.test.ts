import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserActed } from '../../../src/api/schemas/user-actions.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

const sales = { id: 's', name: 'Sales' };
const care = { id: 'c', name: 'Care' };

describe.each(databases)('roles, teams and supervision on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;
  const jan = { acdId: '4711', firstName: 'Jan', lastName: 'Novák' };

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put('4711', jan, { teams: [sales], roleFacts: { roles: ['auditor'] } });
    site.acd.put('4712', { acdId: '4712', firstName: 'Eva', lastName: 'Malá' }, { teams: [care] });
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const say = (kind: 'roles' | 'teams' | 'supervision', name: string, word: string, headers = {}) =>
    site.ask<UserActed>('PUT', `/users/4711/${kind}/${encodeURIComponent(name)}`, { body: { word }, headers });
  const main = (team: string | null) => site.ask<UserActed>('PUT', '/users/4711/main-team', { body: { team } });
  const roles = async () => (await site.user('4711')).roles.map(({ role, givenBy }) => `${role} by ${givenBy}`);
  const again = async (): Promise<void> => {
    site.acd.put(
      '4711',
      { ...jan, department: String(Math.random()) },
      { teams: [sales], roleFacts: { roles: ['auditor'] } },
    );
    await site.sync();
  };

  it('10.3 a role that a person gave stays, one that a person took is never given back, and a word can be withdrawn', async () => {
    expect(await roles()).toEqual(['agent by acd', 'auditor by acd']);
    const given = await say('roles', 'trainer', 'give');
    expect(given.json.changes).toEqual([
      { field: 'roles', before: ['agent', 'auditor'], after: ['agent', 'auditor', 'trainer'] },
      { field: 'rolesGiven', before: [], after: ['trainer'] },
    ]);
    await say('roles', 'auditor', 'take');
    await again();
    expect(await roles()).toEqual(['agent by acd', 'trainer by operator']);
    await say('roles', 'auditor', 'withdraw');
    await say('roles', 'trainer', 'withdraw');
    expect(await roles()).toEqual(['agent by acd', 'auditor by acd']);
    expect((await say('roles', 'trainer', 'withdraw')).json.changed).toBe(false);
  });

  it('10.3 a role that a source gives too is not lost with the source, once a person gave it', async () => {
    await say('roles', 'auditor', 'give');
    site.acd.put('4711', jan, { teams: [sales], roleFacts: { roles: [] } });
    await site.sync();
    expect(await roles()).toEqual(['agent by acd', 'auditor by operator']);
    await say('roles', 'auditor', 'withdraw');
    expect(await roles()).toEqual(['agent by acd']);
  });

  it('10.2 a role must be in the catalogue', async () => {
    expect(await say('roles', 'admin', 'give')).toMatchObject({
      status: 404,
      json: { code: 'role-unknown', detail: expect.stringContaining('trainer') as string },
    });
  });

  it('10.4 only people with the permission change roles', async () => {
    const authorization = `Bearer ${await site.tokenWith(['view', 'edit-users'])}`;
    expect(await say('roles', 'trainer', 'give', { authorization })).toMatchObject({
      status: 403,
      json: { code: 'permission-missing' },
    });
  });

  it('11.2 what a person gave or took of teams is kept until it is withdrawn', async () => {
    expect((await say('teams', 'care', 'give')).json.user.teams).toEqual([
      { name: 'Care', main: false },
      { name: 'Sales', main: true },
    ]);
    await say('teams', 'Sales', 'take');
    await again();
    expect((await site.user('4711')).teams).toEqual([{ name: 'Care', main: true }]);
    await say('teams', 'Care', 'withdraw');
    expect((await site.user('4711')).teams).toEqual([{ name: 'Default', main: true }]);
    await say('teams', 'Sales', 'withdraw');
    expect((await site.user('4711')).teams).toEqual([{ name: 'Sales', main: true }]);
    expect(await say('teams', 'Nowhere', 'give')).toMatchObject({ status: 404, json: { code: 'team-unknown' } });
  });

  it('11.3 a person chooses the main team, of those that the user is in', async () => {
    expect(await main('Care')).toMatchObject({ status: 409, json: { code: 'not-a-member' } });
    await say('teams', 'Care', 'give');
    expect((await main('Care')).json.user.teams).toContainEqual({ name: 'Care', main: true });
    await again();
    expect((await site.user('4711')).teams).toContainEqual({ name: 'Care', main: true });
    await main(null);
    await say('teams', 'Care', 'withdraw');
    expect((await site.user('4711')).teams).toEqual([{ name: 'Sales', main: true }]);
  });

  it('11.4 supervision is given, taken and withdrawn', async () => {
    const given = await say('supervision', 'Care', 'give');
    expect(given.json).toMatchObject({
      warnings: [expect.stringContaining('"manage-teams"')],
      user: { supervises: ['Care'] },
    });
    await say('supervision', 'Care', 'withdraw');
    expect((await site.user('4711')).supervises).toEqual([]);
  });
});
