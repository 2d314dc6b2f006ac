import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Explanation } from '../../../src/api/schemas/explanation.ts';
import type { UndoJob, UndoReport } from '../../../src/api/schemas/undo.ts';
import type { AccountRecord } from '../../../src/domain/account.ts';
import { databases, openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import type { Answer } from '../../support/api/test-api.ts';
import { openSite, type Site } from '../../support/site.ts';
import { told } from '../../support/told-event.ts';

type Values = AccountRecord['values'];

/** The latest run of the source that changed users. */
async function lastRun({ knex }: Site, source: string): Promise<number> {
  const row = await knex('event')
    .where({ actor_kind: 'sync', source_id: source })
    .whereNotNull('run_id')
    .whereIn('type', ['user-changed', 'link-made', 'user-created'])
    .max<{ max: number }[]>('run_id as max');
  return row[0]?.max ?? 0;
}

/** Asks for an undo, and for its end where it takes longer than the request waits. */
async function undone(site: Site, body: object): Promise<Answer<UndoReport>> {
  const asked = await site.ask<UndoReport>('POST', '/undo', { body });
  if (asked.status !== 202) return asked;
  const { id } = asked.json as unknown as UndoJob;
  const ended = async (): Promise<UndoReport | null> =>
    (await site.ask<UndoJob>('GET', `/undos/${String(id)}`)).json.report;
  await expect.poll(ended, { timeout: 60_000 }).not.toBeNull();
  const report = await ended();
  if (report === null) throw new Error(`undo ${String(id)} has no report`);
  return { ...asked, status: 200, json: report };
}

describe.each(databases)('undo on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  const jan: Values = { acdId: '4711', firstName: 'Jan', lastName: 'Novák', employeeId: 'E1' };
  const eva: Values = { acdId: '4712', firstName: 'Eva', lastName: 'Malá', employeeId: 'E2' };
  const janAd: Values = { windowsLogin: 'CORP\\jnovak', employeeId: 'E1', email: 'jan@corp.test', lastName: 'Novák' };
  const undo = (body: object) => undone(site, body);
  const holds = async (user: string) =>
    (await site.ask<Explanation>('GET', `/users/${user}/explain`)).json.accounts.flatMap(({ holds: all }) => all);

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put('4711', jan);
    site.acd.put('4712', eva);
    site.ad.put('guid-1', janAd);
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  it('15.3 a user goes back to the values before, as a new change of the operator, after a preview that keeps nothing', async () => {
    site.ad.put('guid-1', { ...janAd, email: 'wrong@corp.test', lastName: 'Wrong' });
    await site.sync();
    expect(await site.user('4711')).toMatchObject({ email: 'wrong@corp.test', lastName: 'Wrong' });
    const preview = await undo({ user: '4711', preview: true });
    expect(preview.status, preview.text).toBe(200);
    expect(preview.json.counts).toMatchObject({ back: 1, untouched: 0 });
    expect((await site.user('4711')).email).toBe('wrong@corp.test');
    const done = await undo({ user: '4711', reason: 'wrong OU' });
    expect(done.json).toMatchObject({ preview: false, counts: { back: 1 }, named: [{ outcome: 'back', kept: [] }] });
    expect(await site.user('4711')).toMatchObject({ email: 'jan@corp.test', lastName: 'Novák' });
    const event = told(await site.knex('event').whereNotNull('undoes').first());
    expect(event).toMatchObject({
      ...{ actor_kind: 'operator', actor_name: 'local:tester', type: 'user-changed', reason: 'undone: wrong OU' },
      changes: expect.arrayContaining([
        { field: 'lastName', before: 'Wrong', after: 'Novák' },
        { field: 'email', before: 'wrong@corp.test', after: 'jan@corp.test' },
      ]) as unknown,
    });
  });

  it('15.3 what was undone is not applied again until the source says another value, and explain says so', async () => {
    await site.sync();
    expect(await site.user('4711')).toMatchObject({ email: 'jan@corp.test', lastName: 'Novák' });
    expect(await holds('4711')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...{ code: 'refusal', part: 'email', reason: 'wrong OU', by: 'local:tester' },
          message: expect.stringMatching(/undone run \d+/) as unknown,
          changes: [{ field: 'email', before: 'jan@corp.test', after: 'wrong@corp.test' }],
        }),
      ]),
    );
    site.ad.put('guid-1', { ...janAd, email: 'right@corp.test', lastName: 'Wrong' });
    await site.sync();
    expect(await site.user('4711')).toMatchObject({ email: 'right@corp.test', lastName: 'Novák' });
    expect(await site.knex('refusal').pluck<string[]>('part')).toEqual(['lastName']);
  });

  it('15.3 undone twice changes nothing and writes no event', async () => {
    await undo({ user: '4711', field: 'email' });
    const events = await site.knex('event').count();
    expect((await undo({ user: '4711', field: 'email' })).json.counts).toMatchObject({ already: 1, back: 0 });
    expect(await site.knex('event').count()).toEqual(events);
    expect((await site.user('4711')).email).toBe('jan@corp.test');
  });

  it('15.3 a single field of one decision goes back; the rest of it stays', async () => {
    site.acd.put('4712', { ...eva, jobTitle: 'Trainer', lastName: 'Mala' });
    await site.sync();
    const { id } = await site
      .knex('event')
      .where({ source_id: 'acd', type: 'user-changed', actor_kind: 'sync' })
      .orderBy('id', 'desc')
      .first<{ id: string }>('id');
    const done = await undo({ event: Number(id), field: 'lastName' });
    expect(done.json.counts).toMatchObject({ back: 1 });
    await site.sync();
    expect(await site.user('4712')).toMatchObject({ jobTitle: 'Trainer', lastName: 'Malá' });
  });

  it('15.3 puts back teams and the main team, roles, and a value that a lower source had supplied', async () => {
    site.acd.put(
      '4713',
      { acdId: '4713', firstName: 'Ota', lastName: 'Low', employeeId: 'E3', email: 'acd@corp.test' },
      {
        teams: [{ id: 'z', name: 'Zeta' }],
        roleFacts: { roles: ['trainer'] },
      },
    );
    await site.sync();
    site.acd.put(
      '4713',
      { acdId: '4713', firstName: 'Ota', lastName: 'Low', employeeId: 'E3', email: 'acd@corp.test' },
      {
        teams: [
          { id: 'a', name: 'Alpha' },
          { id: 'b', name: 'Beta' },
        ],
        roleFacts: { roles: ['auditor'] },
      },
    );
    await site.sync();
    const before = { teams: [{ name: 'Zeta', main: true }], roles: [{ role: 'agent' }, { role: 'trainer' }] };
    expect(await site.user('4713')).not.toMatchObject(before);
    await undo({ user: '4713' });
    await site.sync();
    expect(await site.user('4713')).toMatchObject(before);
    // The slot of the directory had no e-mail: the ACD's next one counts again, also after the undo.
    site.ad.put('guid-3', { windowsLogin: 'CORP\\ota', employeeId: 'E3' });
    await site.sync();
    site.ad.put('guid-3', { windowsLogin: 'CORP\\ota', employeeId: 'E3', email: 'ad@corp.test' });
    await site.sync();
    expect((await site.user('4713')).email).toBe('ad@corp.test');
    await undo({ user: '4713', run: await lastRun(site, 'ad') });
    expect((await site.user('4713')).email).toBe('acd@corp.test');
    const slot = await site
      .knex('snapshot')
      .where({ source_id: 'ad' })
      .orderBy('user_id', 'desc')
      .first<{ results: { values: Values } }>('results');
    expect(slot.results.values).not.toHaveProperty('email');
  });

  it('15.3 what has changed since is shown and not overwritten', async () => {
    site.acd.put('4712', { ...eva, jobTitle: 'Lead', lastName: 'Velká' });
    await site.sync();
    await site.ask('PUT', '/users/4712/fields/jobTitle', { body: { value: 'Boss' } });
    const done = await undo({ user: '4712', run: await lastRun(site, 'acd') });
    expect(done.json).toMatchObject({
      counts: { partly: 1 },
      named: [
        {
          outcome: 'partly',
          kept: [{ field: 'jobTitle', undone: 'Lead', now: 'Boss', why: 'changed-since' }],
        },
      ],
    });
    expect(await site.user('4712')).toMatchObject({ jobTitle: 'Boss', lastName: 'Malá' });
  });

  it('15.3 undoing a link makes account and user wait until a person links; the values before are back', async () => {
    site.acd.put('4714', { acdId: '4714', firstName: 'Iva', lastName: 'Link', employeeId: 'E4' });
    await site.sync();
    const facts = { roleFacts: { roles: ['trainer'] } };
    site.ad.put('guid-4', { windowsLogin: 'CORP\\iva', employeeId: 'E4', firstName: 'Ivana' }, facts);
    await site.sync();
    expect(await site.user('4714')).toMatchObject({ firstName: 'Ivana', windowsLogin: 'CORP\\iva' });
    const done = await undo({ user: '4714' });
    expect(done.json.counts).toMatchObject({ back: 1, linksEnded: 1, deactivated: 0 });
    await site.sync();
    site.ad.put('guid-4', { windowsLogin: 'CORP\\iva', employeeId: 'E4', firstName: 'Ivanka' });
    await site.sync();
    expect(await site.user('4714')).toMatchObject({
      ...{ firstName: 'Iva', windowsLogin: null, active: true, roles: [{ role: 'agent' }] },
    });
    expect(await site.knex('account').where({ external_id: 'guid-4' }).first('standing')).toEqual({
      standing: 'unlinked',
    });
    const linked = await site.ask('POST', '/users/4714/link', { body: { source: 'ad', externalId: 'guid-4' } });
    expect(linked.status, linked.text).toBe(200);
    expect((await site.user('4714')).firstName).toBe('Ivanka');
  });

  it('15.3 undoing a creation deactivates the user although the ACD has the agent, and the accounts wait', async () => {
    site.acd.lookup = 'present';
    site.acd.put('4715', { acdId: '4715', firstName: 'Nova', lastName: 'Oprava', employeeId: 'E5' });
    await site.sync();
    const { id } = await site
      .knex('event')
      .where({ type: 'user-created', external_id: '4715' })
      .first<{ id: string }>('id');
    const done = await undo({ event: Number(id) });
    expect(done.json.counts).toMatchObject({ back: 1, linksEnded: 1, deactivated: 1 });
    await site.sync();
    expect(await site.user('4715')).toMatchObject({ active: false, profiles: [{ state: 'unlinked' }] });
    expect(await site.knex('account').where({ external_id: '4715' }).first('standing')).toEqual({
      standing: 'unlinked',
    });
    expect(await site.knex('event').where({ type: 'deactivated' }).first()).toMatchObject({
      actor_name: 'local:tester',
    });
  });

  it('15.3 unique names that two users exchanged go back together; one that somebody else has by now stays', async () => {
    site.acd.put('4711', { ...jan, employeeId: 'E9' });
    await site.sync();
    const [a, b] = ['4716', '4717'];
    site.acd.put(a, { acdId: a, firstName: 'A', lastName: 'Swap' });
    site.acd.put(b, { acdId: b, firstName: 'B', lastName: 'Swap' });
    await site.sync();
    site.acd.put(a, { acdId: a, firstName: 'A', lastName: 'Swap', employeeId: 'X1' });
    site.acd.put(b, { acdId: b, firstName: 'B', lastName: 'Swap', employeeId: 'X2' });
    await site.sync();
    site.acd.put(a, { acdId: a, firstName: 'A', lastName: 'Swap', employeeId: 'X2' });
    site.acd.put(b, { acdId: b, firstName: 'B', lastName: 'Swap', employeeId: 'X1' });
    await site.sync();
    const swapped = await lastRun(site, 'acd');
    expect([(await site.user(a)).employeeId, (await site.user(b)).employeeId]).toEqual(['X2', 'X1']);
    expect((await undo({ run: swapped, preview: true })).json.counts).toMatchObject({ back: 2, untouched: 0 });
    expect((await undo({ run: swapped })).json.counts).toMatchObject({ back: 2, untouched: 0 });
    await site.sync();
    expect([(await site.user(a)).employeeId, (await site.user(b)).employeeId]).toEqual(['X1', 'X2']);
    site.acd.put(a, { acdId: a, firstName: 'A', lastName: 'Swap', employeeId: 'X7' });
    await site.sync();
    await site.ask('PUT', `/users/${b}/fields/employeeId`, { body: { value: 'X1' } });
    expect((await undo({ user: a })).json).toMatchObject({
      counts: { untouched: 1 },
      named: [{ kept: [{ field: 'employeeId', undone: 'X7', now: 'X7', why: 'unique-taken' }] }],
    });
    expect((await site.user(a)).employeeId).toBe('X7');
  });

  it('15.3 refuses what cannot be undone, and says the way out', async () => {
    const { id } = await site.knex('event').where({ actor_kind: 'operator' }).first<{ id: string }>('id');
    expect(await undo({ event: Number(id) })).toMatchObject({ status: 409, json: { code: 'not-undoable' } });
    expect(await undo({ event: 999_999 })).toMatchObject({ status: 404, json: { code: 'event-unknown' } });
    expect(await undo({ run: 999_999 })).toMatchObject({ status: 404, json: { code: 'run-unknown' } });
    expect(await undo({ user: '4711', field: 'rank' })).toMatchObject({
      status: 409,
      json: { code: 'nothing-to-undo' },
    });
    for (const body of [{}, { run: 1, event: 1 }, { run: 1, field: 'email' }])
      expect(await undo(body)).toMatchObject({ status: 400, json: { code: 'request-invalid' } });
    const token = await site.tokenWith(['view', 'edit-users']);
    const headers = { authorization: `Bearer ${token}` };
    expect((await site.ask('POST', '/undo', { body: { run: 1 }, headers })).status).toBe(403);
  });
});

describe('two admins who undo the same run at once', () => {
  const users = 60;
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  it('15.3 both hear a good end: everybody is back once, and the second finds them back', async () => {
    const say = async (email: string): Promise<void> => {
      for (let number = 1; number <= users; number++)
        site.acd.put(`a${number}`, { acdId: `a${number}`, lastName: `Agent${number}`, email: `${number}@${email}` });
      await site.sync();
    };
    await say('right.test');
    await say('wrong.test');
    const held = await site.ask<{ items: { id: number; digest: string }[] }>('GET', '/runs?state=held');
    const [run] = held.json.items;
    await site.ask('POST', `/runs/${run?.id ?? 0}/approve`, { body: { digest: run?.digest } });
    const token = await site.tokenWith(['view', 'run-and-approve', 'edit-users', 'assign-user-roles', 'activate']);
    const ask = (headers: object) =>
      site.askMeanwhile<UndoReport>('POST', '/undo', { body: { run: run?.id }, headers: { ...headers } });
    const both = await Promise.all([ask({}), ask({ authorization: `Bearer ${token}` })]);
    expect(both.map(({ status, text }) => (status === 200 ? '' : text))).toEqual(['', '']);
    const counts = both.map(({ json }) => json.counts).sort((a, b) => b.back - a.back);
    expect(counts).toMatchObject([
      { back: users, partly: 0, untouched: 0, already: 0 },
      { back: 0, partly: 0, untouched: 0, already: users },
    ]);
    expect(await site.knex('event').where({ reason: 'undone' }).count()).toEqual([{ count: String(users) }]);
    await site.sync();
    expect(await site.knex('user').where('email', 'like', '%@right.test').count()).toEqual([{ count: String(users) }]);
  }, 60_000);
});

describe('undo of a large run', () => {
  const [users, edited] = [5_000, 10];
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const put = (lastName: string): void => {
    for (let number = 1; number <= users; number++)
      site.acd.put(`a${number}`, { acdId: `a${number}`, firstName: 'Agent', lastName: `${lastName}${number}` });
  };
  const named = async (lastName: string) =>
    Number((await site.knex('user').where('last_name', 'like', `${lastName}%`).count<{ count: string }[]>())[0]?.count);

  it(
    '15.3 of 5,000 users 4,990 are back and stay back; the 10 edited since are named and untouched',
    { timeout: 120_000 },
    async () => {
      put('Right');
      await site.sync();
      put('Wrong');
      await site.sync();
      const held = await site.ask<{ items: { id: number; digest: string }[] }>('GET', '/runs?state=held');
      const [run] = held.json.items;
      expect(run).toBeDefined();
      const approved = await site.ask('POST', `/runs/${run?.id ?? 0}/approve`, { body: { digest: run?.digest } });
      expect(approved.status, approved.text).toBe(200);
      expect(await named('Wrong')).toBe(users);
      for (let number = 1; number <= edited; number++) {
        const [field, value] =
          number % 2 === 0 ? (['lastName', `Hand${number}`] as const) : (['mobileNumber', '00420777123456'] as const);
        const set = await site.ask('PUT', `/users/a${number}/fields/${field}`, { body: { value } });
        expect(set.status, set.text).toBe(200);
      }
      const touched = await site
        .knex('event')
        .where({ actor_kind: 'operator', type: 'user-changed' })
        .pluck<number[]>('user_id');
      const versions = await site.knex('user').whereIn('id', touched).orderBy('id').pluck<number[]>('version');
      const started = performance.now();
      const done = await undone(site, { run: run?.id });
      const seconds = (performance.now() - started) / 1000;
      expect(done.status, done.text).toBe(200);
      expect(done.json.counts).toMatchObject({ back: users - edited, untouched: edited, partly: 0, already: 0 });
      expect(done.json.named.map(({ userId }) => userId).sort((a, b) => a - b)).toEqual(touched.sort((a, b) => a - b));
      expect(done.json.named.every(({ kept }) => kept.every(({ why }) => why === 'edited-since'))).toBe(true);
      expect(await named('Right')).toBe(users - edited);
      for (let round = 0; round < 2; round++) {
        await site.sync();
        expect(await named('Right')).toBe(users - edited);
      }
      expect(await site.knex('user').whereIn('id', touched).orderBy('id').pluck<number[]>('version')).toEqual(versions);
      expect(await site.knex('event').where({ reason: 'undone' }).count()).toEqual([{ count: String(users - edited) }]);
      expect(seconds).toBeLessThan(60);
    },
  );
});
