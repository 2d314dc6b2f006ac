import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Explanation } from '../../../src/api/schemas/explanation.ts';
import type { Event } from '../../../src/api/schemas/events.ts';
import type { UserActed } from '../../../src/api/schemas/user-actions.ts';
import type { ListedUser } from '../../../src/api/schemas/users.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { told } from '../../support/told-event.ts';

describe.each(databases)('user sync on and off on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;
  const jan = { acdId: '4711', firstName: 'Jan', lastName: 'Novák', employeeId: 'E1' };
  const janInAd = { employeeId: 'E1', email: 'jan@corp.test', windowsLogin: 'CORP\\jnovak' };
  const byOperator = { actor_kind: 'operator' };

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
  });
  beforeEach(async () => {
    site.acd.put('4711', jan);
    site.acd.put('4712', { acdId: '4712', firstName: 'Eva', lastName: 'Malá', email: 'eva@corp.test' });
    site.ad.put('guid-1', janInAd);
    site.ad.records.delete('guid-2');
    await site.sync();
    for (const user of ['4711', '4712']) await put({ enabled: true }, '', {}, user);
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const put = (body: object, query = '', headers = {}, user = '4711') =>
    site.ask<UserActed>('PUT', `/users/${user}/sync${query}`, { body, headers });
  const lastEvent = async (where: object = byOperator) =>
    told(await database.knex('event').where(where).orderBy('id', 'desc').first());
  const countEvents = async () => Number((await database.knex('event').count<{ count: string }[]>())[0]?.count);
  const listed = async (query = '') =>
    (await site.ask<{ items: ListedUser[]; next: string | null }>('GET', `/users?sync=off${query}`)).json;
  const explained = async (user: string) => (await site.ask<Explanation>('GET', `/users/${user}/explain`)).json;
  const changeBoth = async (): Promise<void> => {
    site.acd.put('4711', { ...jan, firstName: 'Honza' });
    site.ad.put('guid-1', { ...janInAd, email: 'jan.novak@corp.test' });
    await site.sync();
  };
  /** Sets the end date of every switch to a moment ago. */
  const pass = () => database.knex('sync_off').update({ until: database.knex.raw(`now() - interval '1 second'`) });

  /** As after a day: whom the guard has counted already, it does not count again. */
  const forgetChanges = () =>
    database.knex.transaction(async (tx) => {
      await tx.raw(`select set_config('rosterd.purge', 'local:tester', true)`);
      await tx('event').whereNotNull('guard_classes').delete();
    });

  const waiting = [
    { field: 'firstName', before: 'Jan', after: 'Honza' },
    { field: 'email', before: 'jan@corp.test', after: 'jan.novak@corp.test' },
  ];

  it('6.4 off is stored with who, when and why, versioned, and written as one event; off again does nothing', async () => {
    const { version } = await site.user('4711');
    const answer = await put({ enabled: false, reason: 'on leave' }, '', { 'if-match': `"${version}"` });
    expect(answer.status, answer.text).toBe(200);
    const change = { field: 'sync', before: 'on', after: 'off' };
    expect(answer.json).toMatchObject({
      changed: true,
      changes: [change],
      user: {
        syncEnabled: false,
        version: version + 1,
        sync: [{ enabled: false, source: null, by: 'local:tester', reason: 'on leave', until: null }],
      },
    });
    expect(answer.headers['etag']).toBe(`"${version + 1}"`);
    expect(await lastEvent()).toMatchObject({
      ...{ type: 'sync-switched', actor_name: 'local:tester', source_id: null },
      ...{ changes: [change], reason: 'on leave', user_id: answer.json.user.id },
    });
    const events = await countEvents();
    expect((await put({ enabled: false })).json).toMatchObject({ changed: false, changes: [] });
    expect(await countEvents()).toBe(events);
    const stale = await put({ enabled: true }, '', { 'if-match': `"${version}"` });
    expect(stale).toMatchObject({ status: 412, json: { code: 'version-changed' } });
  });

  it('6.2 off: nothing of the user moves, while its accounts are observed', async () => {
    await put({ enabled: false });
    const before = await site.user('4711');
    await changeBoth();
    expect(await site.user('4711')).toEqual({ ...before, profiles: expect.anything() as unknown });
    const observed = await site.ask('GET', '/accounts?source=ad');
    expect(observed.text).toContain('jan.novak@corp.test');
  });

  it('6.3 on: a preview shows field by field what would change and keeps nothing; then it is done at once', async () => {
    await put({ enabled: false });
    await changeBoth();
    const before = await site.user('4711');
    const switched = { field: 'sync', before: 'off', after: 'on' };
    const preview = await put({ enabled: true }, '?preview=true');
    expect(preview.json).toMatchObject({
      preview: true,
      changes: [...waiting, switched],
      user: { syncEnabled: false },
    });
    expect(await site.user('4711')).toEqual(before);

    const runs = await database.knex('run').max<{ max: number }[]>('id');
    const done = await put({ enabled: true, reason: 'back' }, '', { 'if-match': `"${preview.json.user.version}"` });
    // What the answer says was written with the switch: no run was needed for it.
    expect(done.json).toMatchObject({
      ...{ preview: false, changes: [...waiting, switched] },
      user: { syncEnabled: true, sync: [], firstName: 'Honza', email: 'jan.novak@corp.test' },
    });
    const changed = await database
      .knex('event')
      .where({ type: 'user-changed', user_id: done.json.user.id })
      .orderBy('id', 'desc')
      .limit(2)
      .select<object[]>('changes', 'run_id');
    expect(changed).toMatchObject([{ run_id: null }, { run_id: null }]);
    expect(changed.flatMap((row) => told(row)?.['changes'])).toEqual(expect.arrayContaining(waiting));
    const after = await database
      .knex('run')
      .where('id', '>', runs[0]?.max ?? 0)
      .select<{ state: string; counts: object }[]>('state', 'counts');
    for (const run of after) expect(run).toMatchObject({ state: 'completed', counts: { updated: 0 } });
  });

  it('6.3 a refused value stays refused when the sync is on again', async () => {
    await put({ enabled: false });
    await changeBoth();
    await database.knex.raw(
      `insert into refusal (account_id, part, value_said, cause, operator_name, reason)
       select id, 'email', 'jan.novak@corp.test', 'undo', 'local:anna', 'wrong one' from account where external_id = 'guid-1'`,
    );
    const [name] = waiting;
    expect((await put({ enabled: true }, '?preview=true')).json.changes).toEqual([name, expect.anything()]);
    await put({ enabled: true });
    expect(await site.user('4711')).toMatchObject({ firstName: 'Honza', email: 'jan@corp.test' });
    const holds = (await explained('4711')).accounts.flatMap((account) => account.holds);
    expect(holds).toMatchObject([
      { code: 'refusal', part: 'email', by: 'local:anna', reason: 'wrong one', changes: [waiting[1]] },
    ]);
    await database.knex('refusal').delete();
  });

  it('6.3 an account that waited for the user links in its next run, which the switch asks for', async () => {
    await put({ enabled: false }, '', {}, '4712');
    site.ad.put('guid-2', { email: 'eva@corp.test', department: 'Sales' });
    await site.sync();
    expect((await listed()).items).toMatchObject([
      { username: '4712', waiting: [{ field: 'link.ad', before: null, after: 'guid-2' }] },
    ]);
    const preview = await put({ enabled: true }, '?preview=true', {}, '4712');
    expect(preview.json.warnings).toEqual([expect.stringContaining('ad guid-2')]);
    await put({ enabled: true }, '', {}, '4712');
    expect(await site.user('4712')).toMatchObject({ department: 'Sales', syncEnabled: true });
  });

  it('6.3 two users who exchange a unique id while off have it exchanged when both are on', async () => {
    const agents = ['4721', '4722'];
    const say = async (ids: readonly string[]): Promise<void> => {
      for (const [at, id] of agents.entries()) site.acd.put(id, { acdId: id, employeeId: ids[at] ?? null });
      await site.sync();
    };
    await say(['E21', 'E22']);
    for (const agent of agents) await put({ enabled: false }, '', {}, agent);
    await say(['E22', 'E21']);
    for (const agent of agents) await put({ enabled: true }, '', {}, agent);
    const now = await Promise.all(agents.map(async (agent) => (await site.user(agent)).employeeId));
    expect(now).toEqual(['E22', 'E21']);
  });

  it('6.4 a switch for one source holds that source only, and who switched the others is kept', async () => {
    await put({ enabled: false, source: 'ad' });
    await changeBoth();
    expect(await site.user('4711')).toMatchObject({ firstName: 'Honza', email: 'jan@corp.test', syncEnabled: true });
    expect((await listed()).items).toMatchObject([
      { username: '4711', sync: [{ source: 'ad' }], waiting: [waiting[1]] },
    ]);
    await database.knex('sync_off').update({ operator_name: 'local:anna' });
    await put({ enabled: false, source: 'acd' });
    expect((await site.user('4711')).sync).toMatchObject([
      { source: 'acd', by: 'local:tester' },
      { source: 'ad', by: 'local:anna' },
    ]);
    const on = await put({ enabled: true, source: 'ad' });
    expect(on.json.changes).toEqual([waiting[1], { field: 'sync.ad', before: 'off', after: 'on' }]);
    expect((await put({ enabled: true })).json.user).toMatchObject({ sync: [], email: 'jan.novak@corp.test' });
  });

  it('6.4 an end date that has passed ends the switch by a run, with an event of the system', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const off = await put({ enabled: false, until, reason: 'an audit' });
    expect(off.json).toMatchObject({
      changes: [{ field: 'sync' }, { field: 'syncOffUntil', before: null, after: until }],
      user: { sync: [{ until }] },
    });
    await changeBoth();
    expect(await site.user('4711')).toMatchObject({ syncEnabled: false, firstName: 'Jan' });
    await pass();
    await site.reconcile();
    expect(await site.user('4711')).toMatchObject({
      ...{ syncEnabled: true, sync: [], firstName: 'Honza', email: 'jan.novak@corp.test' },
    });
    const ended = await lastEvent({ type: 'sync-switched' });
    expect(ended).toMatchObject({
      ...{ actor_kind: 'system', actor_name: 'rosterd', source_id: null, user_id: off.json.user.id },
      changes: [
        { field: 'sync', before: 'off', after: 'on' },
        { field: 'syncOffUntil', before: expect.any(String) as string, after: null },
      ],
    });
    const [applied] = await database
      .knex('event')
      .where('id', '>', String(ended?.['id']))
      .where({ type: 'user-changed' })
      .select<{ run_id: number | null; guard_classes: string[] | null }[]>('run_id', 'guard_classes');
    expect(applied).toMatchObject({ run_id: expect.any(Number) as number, guard_classes: ['fieldChanged'] });
  });

  it('6.4 a switch for one source ends at its date, the others stay', async () => {
    await put({ enabled: false, source: 'ad', until: new Date(Date.now() + 86_400_000).toISOString() });
    await pass();
    await put({ enabled: false, source: 'acd' });
    await changeBoth();
    expect(await site.user('4711')).toMatchObject({
      ...{ email: 'jan.novak@corp.test', firstName: 'Jan', syncEnabled: true },
      sync: [{ source: 'acd', until: null }],
    });
    expect(await lastEvent({ type: 'sync-switched', actor_kind: 'system' })).toMatchObject({
      source_id: 'ad',
      changes: [{ field: 'sync.ad', before: 'off', after: 'on' }, { field: 'syncOffUntil.ad' }],
    });
  });

  it('6.5 the list names by whom, why, until when, and what waits, in pages', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString();
    await put({ enabled: false, reason: 'on leave', until });
    await put({ enabled: false, reason: 'two contracts' }, '', {}, '4712');
    await changeBoth();
    const first = await listed('&limit=1');
    expect(first.items).toMatchObject([
      { username: '4711', sync: [{ by: 'local:tester', reason: 'on leave', until }], waiting },
    ]);
    const second = await listed(`&limit=1&after=${first.next ?? ''}`);
    expect(second).toMatchObject({
      items: [{ username: '4712', sync: [{ reason: 'two contracts', until: null }], waiting: [] }],
      next: null,
    });
    expect((await site.ask('GET', '/users?sync=on')).text).not.toContain('"waiting"');
  });

  it('5.7 explain says of each account what switching on would change, whoever switched what', async () => {
    await put({ enabled: false, source: 'ad', reason: 'first' });
    await put({ enabled: false, reason: 'then all' });
    const since = ({ fields }: Explanation) => fields.map(({ field, winner }) => [field, winner?.since]);
    const before = await explained('4711');
    await changeBoth();
    const after = await explained('4711');
    // What was refused has changed nothing, so that nothing is younger by it.
    expect(since(after)).toEqual(since(before));
    const { accounts } = after;
    const holds = accounts.find(({ source }) => source === 'ad')?.holds;
    expect(holds?.filter(({ code }) => code === 'sync-off')).toMatchObject([
      { code: 'sync-off', by: 'local:tester', reason: 'then all', changes: [waiting[1]] },
      { code: 'sync-off', by: 'local:tester', reason: 'first', changes: [waiting[1]] },
    ]);
  });

  it('15.1 a switch whose event cannot be written is not done at all', async () => {
    const { version } = await site.user('4711');
    await database.knex.raw(`alter table event add constraint refuse_all check (type <> 'sync-switched') not valid`);
    const answer = await put({ enabled: false });
    await database.knex.raw('alter table event drop constraint refuse_all');
    expect(answer).toMatchObject({ status: 500, json: { code: 'internal' } });
    expect(answer.text).not.toContain('refuse_all');
    expect(await site.user('4711')).toMatchObject({ version, syncEnabled: true, sync: [] });
  });

  it('6.1 a local user has no switch until an account links to them', async () => {
    const [made] = (
      await database.knex.raw<{ rows: { id: number }[] }>(
        `with made as (
           insert into "user" (origin, active, policy_id, username, email, team_ids, main_team_id, roles)
           select 'local', true, policy_id, 'lo', 'lo@corp.test', team_ids, main_team_id, '[]' from "user" where username = '4712'
           returning id)
         , said as (insert into word (user_id, kind, ref, value, operator_name)
           select id, 'local-value', ref, value, 'test' from made, (values ('username', 'lo'), ('email', 'lo@corp.test')) as v(ref, value))
         select id from made`,
      )
    ).rows;
    const user = String(made?.id);
    const local = await put({ enabled: false }, '', {}, user);
    expect(local).toMatchObject({ status: 409, json: { code: 'sync-not-available' } });
    site.ad.put('guid-lo', { jobTitle: 'Lead' });
    await site.sync();
    await site.ask('POST', `/users/${user}/link`, { body: { source: 'ad', externalId: 'guid-lo' } });
    expect(await put({ enabled: false }, '', {}, user)).toMatchObject({ status: 200, json: { changed: true } });
    await put({ enabled: true }, '', {}, user);
  });

  it.each([
    ['an unknown user', 'nobody', { enabled: false }, 404, 'user-unknown'],
    ['an unknown source', '4711', { enabled: false, source: 'nowhere' }, 404, 'source-unknown'],
    ['an end in the past', '4711', { enabled: false, until: '2020-01-01T00:00:00Z' }, 422, 'until-not-in-the-future'],
    ['an end for on', '4711', { enabled: true, until: '2090-01-01T00:00:00Z' }, 422, 'until-without-off'],
    ['a body of another shape', '4711', { enable: false }, 400, 'request-invalid'],
  ])('6.4 refuses %s and changes nothing', async (_what, user, body, status, code) => {
    const events = await countEvents();
    expect(await put(body, '', {}, user)).toMatchObject({ status, json: { status, code } });
    expect(await countEvents()).toBe(events);
  });

  it('6.4 refuses to switch one source on while the sync is off as a whole', async () => {
    await put({ enabled: false });
    expect((await put({ enabled: true, source: 'ad' })).json).toMatchObject({ code: 'sync-off-for-the-user' });
  });

  it('15.1 the history of the user tells of every switch', async () => {
    await put({ enabled: false, reason: 'told' });
    const { items } = (await site.ask<{ items: Event[] }>('GET', '/users/4711/events')).json;
    expect(items[0]).toMatchObject({ type: 'sync-switched', actor: { kind: 'operator' }, reason: 'told' });
  });

  // The last test: the guard counts what it pretends for 24 hours.
  it('6.4 the run that an end date starts is held where it would change too much, and explain names it', async () => {
    for (const user of ['4711', '4712']) await put({ enabled: false }, '', {}, user);
    await changeBoth();
    await pass();
    await forgetChanges();
    await database.knex.raw(
      `insert into event (actor_kind, actor_name, type, source_id, user_id, guard_classes, changes)
       select 'sync', 'sync', 'user-changed', 'ad', -n, '{fieldChanged}', '[]' from generate_series(1, 30) as n`,
    );
    await site.reconcile();
    expect(await site.user('4711')).toMatchObject({ syncEnabled: true, email: 'jan@corp.test', firstName: 'Honza' });
    const [held] = await database.knex('run').where({ state: 'held' }).select<{ id: number }[]>('id');
    const account = (await explained('4711')).accounts.find(({ source }) => source === 'ad');
    expect(account?.holds).toMatchObject([{ code: 'run-held', runId: held?.id, changes: [waiting[1]] }]);
    // A person who has seen what would change is not held up by that.
    await put({ enabled: false });
    const off = (await explained('4711')).accounts.find(({ source }) => source === 'ad')?.holds;
    expect(off?.find(({ code }) => code === 'sync-off')?.changes).toEqual([waiting[1]]);
    expect((await put({ enabled: true })).json.user.email).toBe('jan.novak@corp.test');
  });
});
