import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BulkAsked, BulkResult } from '../../../src/api/schemas/bulk.ts';
import type { Event } from '../../../src/api/schemas/events.ts';
import type { Group, Role } from '../../../src/api/schemas/groups.ts';
import type { UserActed } from '../../../src/api/schemas/user-actions.ts';
import { permissions, type Permission } from '../../../src/access/permissions.ts';
import { createGroupStore } from '../../../src/store/group-store.ts';
import { createGroups } from '../../../src/users/groups.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

const [sales, care, night] = ['Sales', 'Care', 'Night'].map((name) => ({ id: name, name }));
const everyPermission: readonly Permission[] = ['view', 'edit-users', 'assign-user-roles'];

describe.each(databases)('groups and scopes on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex, 'newUsers: { active: true }');
    for (const [id, team] of [
      ['4711', sales],
      ['4712', care],
      ['4713', night],
    ] as const)
      site.acd.put(
        id,
        { acdId: id, firstName: 'Jan', lastName: `N${id}` },
        team === undefined ? {} : { teams: [team] },
      );
    await site.sync();
    for (const [name, below] of [
      ['Europe', null],
      ['Prague', 'Europe'],
      ['Asia', null],
    ] as const)
      expect((await post('/groups', { name, below })).status).toBe(200);
    await put('/teams/Sales/group', { group: 'Prague' });
    await put('/teams/Care/group', { group: 'Europe' });
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  type Tree = { readonly items: readonly Group[] };
  const post = <Body = Tree>(path: string, body: object, headers = {}) =>
    site.ask<Body>('POST', path, { body, headers });
  const put = <Body = Tree>(path: string, body: object, headers = {}) => site.ask<Body>('PUT', path, { body, headers });
  const act = (path: string, body: object, headers = {}) => put<UserActed>(path, body, headers);
  const groups = async () =>
    (await site.ask<Tree>('GET', '/groups')).json.items.map(({ path, teams }) => `${path.join('/')}: ${teams.join()}`);
  const lastEvent = async () => (await site.ask<{ items: Event[] }>('GET', '/events?limit=1')).json.items[0];
  /** The headers of a new operator with this scope. */
  const operator = async (scope: { groups?: readonly string[]; teams?: readonly string[] }) => {
    const authorization = `Bearer ${await site.tokenWith(everyPermission)}`;
    const { knex } = site;
    const newest = await knex('operator').max<{ id: number }>('id as id').first();
    await knex('operator').where({ id: newest?.id }).update({ full_scope: false });
    for (const name of scope.groups ?? [])
      await knex.raw('insert into operator_scope (operator_id, group_id) select ?, id from team_group where name = ?', [
        newest?.id ?? 0,
        name,
      ]);
    for (const name of scope.teams ?? [])
      await knex.raw('insert into operator_scope (operator_id, team_id) select ?, id from team where name = ?', [
        newest?.id ?? 0,
        name,
      ]);
    return { authorization };
  };

  describe('11.5 groups', () => {
    it('11.5 are a tree that contains every team; a team that nobody placed is in the default one', async () => {
      expect(await groups()).toEqual(['Asia: ', 'Default: Default,Night', 'Europe: Care', 'Europe/Prague: Sales']);
    });

    it('11.5 have unique names, whatever the case', async () => {
      expect(await post('/groups', { name: 'PRAGUE' })).toMatchObject({
        status: 409,
        json: { code: 'group-name-taken' },
      });
      expect(await put('/groups/Asia', { name: 'europe' })).toMatchObject({ json: { code: 'group-name-taken' } });
      expect((await put('/groups/asia', { name: 'ASIA' })).json.items.map(({ name }) => name)).toContain('ASIA');
      await put('/groups/ASIA', { name: 'Asia' });
    });

    it('11.5 are moved with everything below them, never below themselves', async () => {
      expect(await put('/groups/Europe', { below: 'Prague' })).toMatchObject({
        ...{ status: 409, json: { code: 'group-below-itself' } },
      });
      expect(await put('/groups/Europe', { below: 'Europe' })).toMatchObject({ status: 409 });
      await put('/groups/Europe', { below: 'Asia', reason: 'merged' });
      expect(await lastEvent()).toMatchObject({
        ...{ type: 'group-changed', actor: { kind: 'operator', name: 'local:tester' }, reason: 'merged' },
        changes: [
          { field: 'group', before: 'Europe', after: 'Europe' },
          { field: 'below', before: null, after: 'Asia' },
        ],
      });
      expect(await groups()).toContain('Asia/Europe/Prague: Sales');
      await put('/groups/Europe', { below: null });
      expect(await groups()).toContain('Europe/Prague: Sales');
    });

    it('11.5 are removed only when nothing and nobody is in them', async () => {
      const refused = async (name: string) =>
        (await post<{ code: string; detail: string }>(`/groups/${name}/remove`, {})).json;
      expect(await refused('Europe')).toMatchObject({
        code: 'group-in-use',
        detail: expect.stringMatching(/1 groups.*1 teams/) as string,
      });
      expect((await refused('Default')).detail).toContain('it is the default group');
      await act('/users/4713/group', { group: 'Asia' });
      expect((await refused('Asia')).detail).toContain('1 users');
      await act('/users/4713/group', { group: null });
      await operator({ groups: ['Asia'] });
      expect((await refused('Asia')).detail).toContain('1 operators');
      await post('/groups', { name: 'Empty' });
      await post('/groups/Empty/remove', {});
      expect(await lastEvent()).toMatchObject({ type: 'group-removed' });
      expect((await groups()).join()).not.toContain('Empty');
      expect(await post('/groups/Empty/remove', {})).toMatchObject({ status: 404, json: { code: 'group-unknown' } });
    });

    it('11.5 take a team out of the group that it was in', async () => {
      await put('/teams/night/group', { group: 'Asia' });
      expect(await groups()).toEqual(['Asia: Night', 'Default: Default', 'Europe: Care', 'Europe/Prague: Sales']);
      expect(await lastEvent()).toMatchObject({
        type: 'team-moved',
        changes: [{ after: 'Night' }, { field: 'group', before: 'Default', after: 'Asia' }],
      });
      await put('/teams/Night/group', { group: null });
      expect(await groups()).toContain('Default: Default,Night');
      expect(await put('/teams/Nowhere/group', { group: null })).toMatchObject({ json: { code: 'team-unknown' } });
    });
  });

  describe('11.5 the group and scope of a user', () => {
    it('11.5 the group is that of the main team, until a person chooses another one', async () => {
      expect(await site.user('4711')).toMatchObject({
        ...{ group: 'Prague', scope: { full: false, groups: ['Prague'], teams: ['Sales'] } },
      });
      const chosen = await act('/users/4711/group', { group: 'asia', reason: 'on loan' });
      expect(chosen.json).toMatchObject({
        changes: [{ field: 'memberGroup', before: null, after: 'Asia' }],
        user: { group: 'Asia', scope: { groups: ['Asia'], teams: ['Sales'] } },
      });
      expect((await act('/users/4711/group', { group: 'Asia' })).json.changed).toBe(false);
      await site.sync();
      expect((await site.user('4711')).group).toBe('Asia');
      await act('/users/4711/group', { group: null });
      expect((await site.user('4711')).group).toBe('Prague');
    });

    it('11.5 the scope holds what people said beside the own group and team, and survives a sync', async () => {
      const scope = (body: object) => act('/users/4711/scope', body);
      const added = await scope({ change: 'add', groups: ['Asia'], teams: ['Night', 'Care'] });
      expect(added.json.user.scope).toEqual({
        full: false,
        groups: ['Asia', 'Prague'],
        teams: ['Care', 'Night', 'Sales'],
      });
      expect(added.json.changes).toEqual([
        { field: 'scopeTeams', before: [], after: ['Care', 'Night'] },
        { field: 'scopeGroups', before: [], after: ['Asia'] },
      ]);
      await site.sync();
      await scope({ change: 'remove', teams: ['Care'], groups: ['Asia'] });
      expect((await site.user('4711')).scope).toEqual({ full: false, groups: ['Prague'], teams: ['Night', 'Sales'] });
      expect((await scope({ change: 'add', full: true })).json.user.scope.full).toBe(true);
      expect((await scope({ change: 'set', groups: ['Europe'] })).json.user.scope).toEqual({
        ...{ full: false, groups: ['Europe', 'Prague'], teams: ['Sales'] },
      });
      expect((await scope({ change: 'set', groups: ['europe'] })).json.changed).toBe(false);
      expect((await scope({ change: 'set' })).json.user.scope.groups).toEqual(['Prague']);
      expect(await scope({ change: 'add', groups: ['Nowhere'] })).toMatchObject({ json: { code: 'group-unknown' } });
    });

    it('11.5 removing a team says that it stays while its group is in the scope', async () => {
      await act('/users/4712/scope', { change: 'set', groups: ['Europe'], teams: ['Sales', 'Night'] });
      const removed = await act('/users/4712/scope', { change: 'remove', teams: ['Sales', 'Night'] });
      expect(removed.json.warnings).toEqual(['The team "Sales" is still in the scope, by the group "Europe".']);
      await act('/users/4712/scope', { change: 'set' });
    });
  });

  describe('10.5 nobody assigns beyond their own scope', () => {
    let prague: object;
    beforeEach(async () => {
      prague = await operator({ groups: ['Prague'], teams: ['Care'] });
    });
    const beyond = { status: 403, json: { code: 'beyond-scope' } };

    it('10.5 a role, team or supervision is given to users of the scope', async () => {
      expect(await act('/users/4711/roles/trainer', { word: 'give' }, prague)).toMatchObject({ status: 200 });
      expect(await act('/users/4711/roles/trainer', { word: 'withdraw' }, prague)).toMatchObject({ status: 200 });
      expect(await act('/users/4712/roles/trainer', { word: 'give' }, prague)).toMatchObject({ status: 200 });
      expect(await act('/users/4711/teams/Care', { word: 'give' }, prague)).toMatchObject({ status: 200 });
      expect(await act('/users/4711/main-team', { team: 'Care' }, prague)).toMatchObject({ status: 200 });
      expect(await act('/users/4711/main-team', { team: null }, prague)).toMatchObject({ status: 200 });
      expect(await act('/users/4711/teams/Care', { word: 'withdraw' }, prague)).toMatchObject({ status: 200 });
      expect(await act('/users/4711/supervision/Sales', { word: 'give' }, prague)).toMatchObject({ status: 200 });
      expect(await act('/users/4711/supervision/Sales', { word: 'withdraw' }, prague)).toMatchObject({ status: 200 });
    });

    it.each<[string, string, object]>([
      ['a team outside', '/users/4711/teams/Night', { word: 'give' }],
      ['taking a team outside', '/users/4711/teams/Night', { word: 'take' }],
      ['supervision of a team outside', '/users/4711/supervision/Night', { word: 'give' }],
      ['a group outside', '/users/4711/group', { group: 'Europe' }],
      ['a group outside in a scope', '/users/4711/scope', { change: 'add', groups: ['Europe'] }],
      ['a team outside in a scope', '/users/4711/scope', { change: 'add', teams: ['Night'] }],
      ['the full scope', '/users/4711/scope', { change: 'add', full: true }],
      ['a preview of it', '/users/4711/teams/Night?preview=true', { word: 'give' }],
    ])('10.5 refuses %s, and changes nothing', async (_what, path, body) => {
      const before = JSON.stringify([await site.user('4711'), await site.user('4713')]);
      const refused = await act(path, body, prague);
      expect(refused, refused.text).toMatchObject(beyond);
      expect(refused.text).toContain('is outside the scope of person-');
      expect(JSON.stringify([await site.user('4711'), await site.user('4713')])).toBe(before);
    });

    it.each<[string, string, object]>([
      ['a role', '/users/4713/roles/trainer', { word: 'give' }],
      ['taking a role', '/users/4713/roles/agent', { word: 'take' }],
      ['a team', '/users/4713/teams/Sales', { word: 'give' }],
    ])('19.1 for who is to give %s, a user outside is not there', async (_what, path, body) => {
      const before = JSON.stringify(await site.user('4713'));
      expect(await act(path, body, prague)).toMatchObject({ status: 404, json: { code: 'user-unknown' } });
      expect(JSON.stringify(await site.user('4713'))).toBe(before);
    });

    it('10.5 of a scope that somebody else gave, a narrower one takes nothing outside', async () => {
      await act('/users/4711/scope', { change: 'set', full: true, groups: ['Asia'] });
      expect(await act('/users/4711/scope', { change: 'set', groups: ['Prague'] }, prague)).toMatchObject(beyond);
      expect(await act('/users/4711/scope', { change: 'add', groups: ['Prague'] }, prague)).toMatchObject({
        status: 200,
      });
      await act('/users/4711/scope', { change: 'set' });
    });

    it('19.1 in bulk a user outside is not there, the others are done', async () => {
      const bulk = (users: readonly string[]) =>
        post<BulkAsked>('/bulk', { action: 'assign-role', value: 'trainer', users }, prague);
      expect(await bulk(['4713'])).toMatchObject({ status: 404, json: { code: 'no-users' } });
      const asked = await bulk(['4711', '4713']);
      expect(asked.status, asked.text).toBe(202);
      expect(asked.json).toMatchObject({ users: 1, unknown: ['4713'] });
      const results = `/bulk/${String(asked.json.job?.id)}/results`;
      await expect
        .poll(async () => (await site.ask<{ items: BulkResult[] }>('GET', results)).json.items, { timeout: 10_000 })
        .toMatchObject([{ username: '4711', outcome: 'changed' }]);
      await act('/users/4711/roles/trainer', { word: 'withdraw' });
    });

    it('10.5 groups are changed by who has both ends in their scope', async () => {
      expect(await post('/groups', { name: 'Letná', below: 'Prague' }, prague)).toMatchObject({ status: 200 });
      expect(await put('/groups/Letná', { name: 'Letna' }, prague)).toMatchObject({ status: 200 });
      expect(await put('/teams/Sales/group', { group: 'Letna' }, prague)).toMatchObject({ status: 200 });
      expect(await put('/teams/Sales/group', { group: 'Prague' }, prague)).toMatchObject({ status: 200 });
      expect(await put('/groups/Letna', { below: null }, prague)).toMatchObject(beyond);
      expect(await put('/groups/Letna', { below: 'Asia' }, prague)).toMatchObject(beyond);
      expect(await put('/groups/Asia', { below: 'Prague' }, prague)).toMatchObject(beyond);
      expect(await post('/groups', { name: 'Top' }, prague)).toMatchObject(beyond);
      expect(await put('/teams/Night/group', { group: 'Prague' }, prague)).toMatchObject(beyond);
      expect(await put('/teams/Care/group', { group: 'Prague' }, prague)).toMatchObject(beyond);
      expect(await post('/groups/Asia/remove', {}, prague)).toMatchObject(beyond);
      expect(await post('/groups/Letna/remove', {}, prague)).toMatchObject({ status: 200 });
    });

    it('10.5 an operator who is not known, or is disabled, assigns nothing; in process too', async () => {
      const may = new Set(permissions);
      const inProcess = createGroups(createGroupStore(site.knex));
      await expect(inProcess.add({ group: 'X', operator: 'nobody', may })).rejects.toMatchObject({
        code: 'beyond-scope',
      });
      await site.knex('operator').insert({ name: 'left', kind: 'person', full_scope: true, disabled_at: new Date() });
      await expect(inProcess.add({ group: 'X', operator: 'left', may })).rejects.toMatchObject({
        code: 'beyond-scope',
      });
    });
  });

  it('10.6 roles are shown with the privileges of the catalogue', async () => {
    const { items } = (await site.ask<{ items: Role[] }>('GET', '/roles')).json;
    expect(items).toEqual([
      { role: 'agent', privileges: [], managesTeams: false },
      {
        role: 'supervisor',
        privileges: [{ application: null, privilege: 'manage-teams' }],
        managesTeams: true,
      },
      { role: 'trainer', privileges: [], managesTeams: false },
      { role: 'auditor', privileges: [], managesTeams: false },
    ]);
  });
});
