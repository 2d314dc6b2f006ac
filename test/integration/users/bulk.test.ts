import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BulkAsked, BulkJob, BulkResult } from '../../../src/api/schemas/bulk.ts';
import type { User } from '../../../src/api/schemas/users.ts';
import { createBulkStore } from '../../../src/store/bulk-store.ts';
import { createBulk, type BulkAction } from '../../../src/users/bulk.ts';
import { permissions } from '../../../src/domain/permissions.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe.each(databases)('bulk actions on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    for (const [id, name] of [
      ['a1', 'Adam'],
      ['a2', 'Alena'],
      ['b1', 'Bruno'],
    ] as const)
      site.acd.put(
        id,
        { acdId: id, firstName: name, lastName: `${name}ov`, blocked: 'true' },
        { teams: [{ id: 't', name: 'Sales' }] },
      );
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const bulk = (body: object) => site.ask<BulkAsked>('POST', '/bulk', { body });
  const resultsOf = async (id: number) =>
    (await site.ask<{ items: BulkResult[] }>('GET', `/bulk/${id}/results`)).json.items;
  /** Waits for the end of the job. */
  const done = async (body: object): Promise<BulkJob> => {
    const asked = await bulk(body);
    expect(asked.status, asked.text).toBe(202);
    const id = asked.json.job?.id ?? 0;
    for (let round = 0; round < 500; round++) {
      const job = (await site.ask<BulkJob>('GET', `/bulk/${id}`)).json;
      if (job.finishedAt !== null) return job;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`bulk job ${id} does not end`);
  };

  it('16.1 previews the number of users of a selection and of a filter, and changes nothing', async () => {
    expect((await bulk({ action: 'disable-sync', users: ['a1', 'a2'], preview: true })).json).toEqual({
      ...{ preview: true, users: 2, unknown: [], job: null },
    });
    expect((await bulk({ action: 'disable-sync', filter: { search: 'a' }, preview: true })).json.users).toBe(2);
    expect((await bulk({ action: 'disable-sync', filter: {}, preview: true })).json.users).toBe(3);
    expect(await site.knex('bulk_job')).toEqual([]);
    expect((await site.user('a1')).syncEnabled).toBe(true);
  });

  const effects: readonly [BulkAction, string | undefined, (user: User) => unknown, unknown][] = [
    ['disable-sync', undefined, (user) => user.syncEnabled, false],
    ['enable-sync', undefined, (user) => user.syncEnabled, true],
    ['assign-role', 'trainer', (user) => user.roles.map(({ role }) => role), ['agent', 'trainer']],
    ['withdraw-role', 'trainer', (user) => user.roles.map(({ role }) => role), ['agent']],
    ['assign-role', 'trainer', (user) => user.roles.map(({ role }) => role), ['agent', 'trainer']],
    ['unassign-role', 'trainer', (user) => user.roles.map(({ role }) => role), ['agent']],
    ['assign-team', 'Default', (user) => user.teams.map(({ name }) => name), ['Default', 'Sales']],
    ['set-main-team', 'Default', (user) => user.teams.find(({ main }) => main)?.name, 'Default'],
    ['unassign-team', 'Default', (user) => user.teams.map(({ name }) => name), ['Sales']],
    ['assign-team', 'Default', (user) => user.teams.map(({ name }) => name), ['Default', 'Sales']],
    ['withdraw-team', 'Default', (user) => user.teams.map(({ name }) => name), ['Sales']],
    ['assign-supervisor', 'Sales', (user) => user.supervises, ['Sales']],
    ['unassign-supervisor', 'Sales', (user) => user.supervises, []],
    ['unlock', undefined, (user) => user.blocked, null],
    ['disable', undefined, (user) => user.active, false],
    ['enable', undefined, (user) => user.active, true],
  ];
  it.each(effects)(
    '16.1 %s changes every selected user, once, in the name of who asked',
    async (action, value, part, expected) => {
      site.acd.lookup = 'absent';
      const body = { action, value: value ?? null, users: ['a1', 'a2'], reason: 'spring cleaning' };
      expect((await done(body)).counts).toEqual({ users: 2, done: 2, changed: 2, unchanged: 0, refused: 0 });
      for (const user of ['a1', 'a2']) expect(part(await site.user(user))).toEqual(expected);
      expect(await site.knex('event').orderBy('id', 'desc').where({ actor_kind: 'operator' }).first()).toMatchObject({
        ...{ actor_name: 'local:tester', reason: 'spring cleaning' },
      });
      expect((await done(body)).counts).toMatchObject({ changed: 0, unchanged: 2 });
    },
  );

  it('16.1 one refused user does not stop the others and is named with the reason', async () => {
    await site.ask('PUT', '/users/a2/teams/Default', { body: { word: 'give' } });
    await site.ask('PUT', '/users/a2/main-team', { body: { team: null } });
    const job = await done({ action: 'set-main-team', value: 'Default', filter: { search: 'a' } });
    expect(job.counts).toEqual({ users: 2, done: 2, changed: 1, unchanged: 0, refused: 1 });
    expect(await resultsOf(job.id)).toEqual([
      expect.objectContaining({ username: 'a1', outcome: 'refused', code: 'not-a-member' }),
      expect.objectContaining({ username: 'a2', outcome: 'changed', code: null }),
    ]);
    expect((await resultsOf(job.id))[0]?.message).toContain('is no member of "Default"');
  });

  it('16.1 disables only whom the ACD does not have any more; who insists needs a reason', async () => {
    site.acd.lookup = 'present';
    const job = await done({ action: 'disable', users: ['b1'] });
    expect(job.counts).toMatchObject({ refused: 1 });
    expect(await resultsOf(job.id)).toMatchObject([{ code: 'acd-still-has-the-agent' }]);
    expect(await bulk({ action: 'disable', users: ['b1'], insist: true })).toMatchObject({ status: 422 });
  });

  it('16.1 takes employee ids and ACD ids; names that nobody has are named, the others done (issue 11, point 14)', async () => {
    site.acd.put('c1', { acdId: 'c1', firstName: 'Cyril', employeeId: 'E7' }, { teams: [{ id: 't', name: 'Sales' }] });
    await site.sync('acd');
    const users = ['employee-id:e7', 'acd-id:b1', 'employee-id:E8', 'acd-id:4711'];
    const job = await done({ action: 'disable-sync', users, until: '2099-01-01T00:00:00Z' });
    expect(job).toMatchObject({ counts: { users: 2, changed: 2 }, unknown: ['employee-id:E8', 'acd-id:4711'] });
    expect(job.until).toBe('2099-01-01T00:00:00.000Z');
    expect((await site.user('c1')).sync).toMatchObject([{ until: '2099-01-01T00:00:00.000Z' }]);
    expect((await done({ action: 'enable-sync', users })).counts).toMatchObject({ changed: 2 });
  });

  it('16.1 a batch locks its users, reads and writes them by one statement each (issue 11, point 14)', async () => {
    const statements: string[] = [];
    const note = ({ sql }: { sql: string }): void => void statements.push(sql);
    site.knex.on('query', note);
    await done({ action: 'assign-role', value: 'auditor', users: ['a1', 'a2', 'b1'] });
    site.knex.off('query', note);
    const count = (part: string): number => statements.filter((sql) => sql.includes(part)).length;
    expect(count('select id, version from "user"')).toBe(1);
    expect(count("select 'operator', operator, type")).toBe(1);
    expect(count('update "user" u set version')).toBe(1);
    expect(count('insert into word')).toBe(1);
    expect((await done({ action: 'unassign-role', value: 'auditor', users: ['a1', 'a2', 'b1'] })).counts.changed).toBe(
      3,
    );
  });

  it('16.1 a job that was broken off goes on with the users who have no result', async () => {
    const store = createBulkStore(database.knex);
    const request = {
      action: 'assign-role',
      value: 'auditor',
      insist: false,
      until: null,
      reason: null,
      operator: 'local:tester',
      may: new Set(permissions),
    } as const;
    const ids = (await site.ask<{ items: User[] }>('GET', '/users')).json.items.map(({ id }) => id);
    const id = await store.add(request, { userIds: ids, unknown: [] });
    const [first, ...others] = ids;
    await store.save(id, [{ userId: first ?? 0, outcome: 'changed', code: null, message: null }]);
    const acted: number[] = [];
    const jobs = createBulk({
      store,
      acts: (_job, userIds) => {
        acted.push(...userIds);
        const results = userIds.map((userId) => ({ userId, outcome: 'changed', code: null, message: null }) as const);
        return Promise.resolve({ results, woken: [] });
      },
      mergesWith: () => ({ mergeAll: () => expect.unreachable() }),
      requestReconcile: () => Promise.resolve(),
      exclusively: (work) => work(new AbortController().signal),
      log: { error: () => undefined },
    });
    await jobs.carryOut();
    expect(acted).toEqual(others);
    expect((await site.ask<BulkJob>('GET', `/bulk/${id}`)).json).toMatchObject({ counts: { done: ids.length } });
    await jobs.carryOut();
    expect(acted).toEqual(others);
  });

  it('16.1 refuses what is incomplete, unknown or not allowed, before anything is changed', async () => {
    expect(await bulk({ action: 'assign-team', users: ['a1'] })).toMatchObject({ json: { code: 'value-needed' } });
    expect(await bulk({ action: 'unlock', value: 'x', users: ['a1'] })).toMatchObject({ status: 422 });
    expect(await bulk({ action: 'unlock', users: ['nobody', 'neither'] })).toMatchObject({
      ...{ status: 404, json: { code: 'no-users', detail: 'No user is selected: there is no user nobody, neither.' } },
    });
    expect(await bulk({ action: 'unlock', users: ['a1'], until: '2099-01-01T00:00:00Z' })).toMatchObject({
      ...{ status: 422, json: { code: 'until-without-off' } },
    });
    expect(await bulk({ action: 'unlock', filter: { search: 'zzz' } })).toMatchObject({ json: { code: 'no-users' } });
    expect((await bulk({ action: 'unlock' })).status).toBe(400);
    expect((await site.ask('GET', '/bulk/99999')).status).toBe(404);
    const headers = { authorization: `Bearer ${await site.tokenWith(['view', 'edit-users'])}` };
    const body = { action: 'assign-role', value: 'trainer', users: ['a1'] };
    expect((await site.ask('POST', '/bulk', { body, headers })).status).toBe(403);
  });
});
