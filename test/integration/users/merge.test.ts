import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Merged } from '../../../src/api/schemas/merges.ts';
import type { UndoReport } from '../../../src/api/schemas/undo.ts';
import type { Owner } from '../../../src/api/schemas/user-actions.ts';
import type { User } from '../../../src/api/schemas/users.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

/** One person twice: an agent whom the ACD made a user, and one who was made by hand and is linked to the directory (spec 18). */
describe.each(databases)('merging two users on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;
  let [agent, person]: User[] = [];

  const ids = (): { agent: number; person: number } => ({ agent: agent?.id ?? 0, person: person?.id ?? 0 });
  const put = async (path: string, body: object): Promise<void> => {
    const answer = await site.ask('PUT', path, { body });
    expect(answer.status, answer.text).toBe(200);
  };
  const merge = (body: object, query = '', primary: number | string = ids().agent) =>
    site.ask<Merged & { code?: string; detail?: string }>('POST', `/users/${primary}/merge${query}`, { body });
  const events = async (): Promise<number> =>
    Number((await database.knex('event').count<{ count: string }[]>())[0]?.count);
  const everything = async (id: number) => {
    const { knex } = database;
    const { version, deactivated_at, ...row } = await knex('user').where({ id }).first<Record<string, unknown>>();
    expect([version, deactivated_at]).toBeDefined();
    const of = (table: string, ...columns: string[]) =>
      knex(table).where({ user_id: id }).select(columns).orderBy(columns);
    return {
      row,
      words: await of('word', 'kind', 'ref', 'value', 'operator_name', 'at', 'reason'),
      overrides: await of('override', 'field', 'value', 'operator_name', 'at', 'reason'),
      slots: await of('snapshot', 'source_id', 'account_id', 'results', 'names_seen'),
      links: await of('link', 'id', 'account_id', 'since', 'until', 'end_reason'),
      claims: await of('claim', 'kind', 'value'),
      keys: await of('match_key', 'key'),
      bars: await of('bar', 'account_id', 'kind', 'operator_name'),
    };
  };

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put(
      '4711',
      { acdId: '4711', firstName: 'Jan', lastName: 'Novák', email: 'novak@acd.test' },
      { teams: [{ id: 's', name: 'Sales' }] },
    );
    site.ad.put('guid-1', {
      windowsLogin: 'CORP\\novak',
      email: 'jan@corp.test',
      department: 'Sales',
      firstName: 'Jan',
      lastName: 'Novák',
    });
    await site.sync('acd');
    const fields = { username: 'jnovak', email: 'jan@corp.test', language: 'cs', firstName: 'Jan', lastName: 'Novák' };
    person = (await site.ask<User>('POST', '/users', { body: { fields } })).json;
    await put(`/users/jnovak/active`, { active: true });
    await site.sync();
    await put('/users/jnovak/roles/trainer', { word: 'give', reason: 'he trains' });
    await put('/users/jnovak/fields/attribute.desk', { value: '7' });
    await put('/users/jnovak/fields/numericId', { value: '77' });
    [agent, person] = [await site.user('4711'), await site.user('jnovak')];
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  it('18.3 a preview shows what moves and what has to be chosen, and keeps nothing', async () => {
    expect(person?.profiles).toMatchObject([{ source: 'ad', state: 'present' }]);
    const before = [await everything(ids().agent), await everything(ids().person), await events()];
    const { json, status, text } = await merge({ other: 'jnovak' }, '?preview=true');
    expect(status, text).toBe(200);
    expect(json.differing).toContainEqual({
      ...{ field: 'email', primary: 'novak@acd.test', other: 'jan@corp.test', becomes: 'jan@corp.test', open: true },
    });
    expect(json.changes).toEqual(
      expect.arrayContaining([
        { field: 'windowsLogin', before: null, after: 'CORP\\novak' },
        { field: 'link.ad', before: null, after: 'guid-1' },
        { field: 'roles', before: ['agent'], after: ['agent', 'trainer'] },
        { field: 'attribute.desk', before: null, after: '7' },
      ]),
    );
    expect(json.otherChanges).toEqual(
      expect.arrayContaining([
        { field: 'username', before: 'jnovak', after: null },
        { field: 'active', before: 'yes', after: 'no' },
        { field: 'mergedInto', before: null, after: String(ids().agent) },
      ]),
    );
    expect([await everything(ids().agent), await everything(ids().person), await events()]).toEqual(before);
  });

  it('18.3 nothing of the primary goes silently: an open value is chosen first', async () => {
    const refused = await merge({ other: 'jnovak' });
    expect([refused.status, refused.json.code]).toEqual([422, 'choice-needed']);
    expect(refused.json.detail).toMatch(/email/);
  });

  let undoable = 0;
  let before: unknown[] = [];

  it('18.3 links with their periods, slots, words and unique values go to who stays', async () => {
    before = [await everything(ids().agent), await everything(ids().person)];
    const done = await merge({ other: 'jnovak', choices: { email: 'other' }, reason: 'one person' });
    expect(done.status, done.text).toBe(200);
    undoable = done.json.event ?? 0;
    const user = await site.user(ids().agent);
    expect(user).toMatchObject({
      ...{
        username: '4711',
        windowsLogin: 'CORP\\novak',
        email: 'jan@corp.test',
        department: 'Sales',
        numericId: '77',
      },
      ...{ active: true, attributes: [{ name: 'desk', value: '7' }], roles: [{ role: 'agent' }, { role: 'trainer' }] },
      profiles: [
        { source: 'acd', state: 'present' },
        { source: 'ad', state: 'present' },
      ],
    });
    const owners = await site.ask<{ items: Owner[] }>('GET', '/owners?source=ad&externalId=guid-1');
    expect(owners.json.items).toMatchObject([{ userId: ids().agent, to: null }]);
    expect(
      await database.knex('word').where({ user_id: ids().agent, kind: 'role-given', ref: 'trainer' }).first(),
    ).toMatchObject({
      ...{ reason: 'he trains' },
    });
    const events = await database.knex('event').where({ type: 'user-merged' }).orderBy('id');
    expect(events).toMatchObject([
      { user_id: ids().agent, reason: 'one person', actor_name: 'local:tester' },
      { user_id: ids().person, reason: 'one person' },
    ]);
    expect(Number((events[0] as { id: string }).id)).toBe(undoable);
  });

  it('18.3 who is asked for under the old name is answered with who stays', async () => {
    for (const reference of ['jnovak', `id:${ids().person}`]) {
      const asked = await site.ask<User>('GET', `/users/${reference}`);
      expect([asked.status, asked.json.mergedInto, asked.json.active]).toEqual([301, ids().agent, false]);
    }
    expect((await site.ask('GET', '/users/jnovak/explain')).json).toMatchObject({ mergedInto: ids().agent });
    const found = await site.ask<{ items: User[] }>('GET', '/users?all=true&search=jnovak');
    expect(found.json.items).toMatchObject([
      { id: ids().person, mergedInto: ids().agent, username: null, numericId: null },
    ]);
    const refused = await site.ask<{ code: string; detail: string }>('PUT', '/users/jnovak/fields/jobTitle', {
      body: { value: 'x' },
    });
    expect([refused.status, refused.json.code]).toEqual([409, 'user-merged']);
    expect(refused.json.detail).toContain(`user ${ids().agent}`);
    const again = await site.ask<{ code: string }>('PUT', '/users/jnovak/active', { body: { active: true } });
    expect([again.status, again.json.code]).toEqual([409, 'user-merged']);
  });

  it('18.3, 4.2 the next sync of all sources changes nothing', async () => {
    const state = [await everything(ids().agent), await everything(ids().person), await events()];
    await site.sync();
    expect([await everything(ids().agent), await everything(ids().person), await events()]).toEqual(state);
  });

  it('15.3 undoing it puts both back, each word with who said it first', async () => {
    const preview = await site.ask<UndoReport>('POST', '/undo', { body: { event: undoable, preview: true } });
    expect(preview.json.counts, preview.text).toMatchObject({ back: 2, linksEnded: 1 });
    expect((await site.user(ids().agent)).windowsLogin).toBe('CORP\\novak');
    const undone = await site.ask<UndoReport>('POST', '/undo', { body: { event: undoable, reason: 'two people' } });
    expect(undone.status, undone.text).toBe(200);
    expect([await everything(ids().agent), await everything(ids().person)]).toEqual(before);
    const events = await database.knex('event').where({ type: 'merge-undone' }).orderBy('id');
    expect(events).toMatchObject([
      { user_id: ids().agent, undoes: String(undoable), reason: 'undone: two people' },
      { user_id: ids().person },
    ]);
    await site.sync();
    expect([await everything(ids().agent), await everything(ids().person)]).toEqual(before);
    const again = await site.ask<UndoReport>('POST', '/undo', { body: { event: undoable } });
    expect(again.json.counts).toMatchObject({ already: 2, back: 0 });
  });

  it('15.3 what changed since is shown and stays', async () => {
    const { event } = (await merge({ other: 'jnovak', choices: { email: 'primary' } })).json;
    expect((await site.user(ids().agent)).email).toBe('novak@acd.test');
    await put(`/users/${ids().agent}/fields/email`, { value: 'third@corp.test' });
    await put(`/users/${ids().agent}/fields/attribute.desk`, { value: '8' });
    const other = { username: 'other', email: 'o@corp.test', language: 'cs', numericId: '78' };
    await site.ask('POST', '/users', { body: { fields: other } });
    await put(`/users/${ids().agent}/fields/numericId`, { value: '79' });
    await put('/users/other/fields/numericId', { value: '77' });
    const undone = await site.ask<UndoReport>('POST', '/undo', { body: { event } });
    expect(undone.status, undone.text).toBe(200);
    expect(undone.json.named).toMatchObject([
      {
        userId: ids().agent,
        outcome: 'partly',
        kept: expect.arrayContaining([
          { field: 'email', undone: 'novak@acd.test', now: 'third@corp.test', why: 'changed-since' },
          { field: 'attribute.desk', undone: '7', now: '8', why: 'changed-since' },
        ]) as unknown,
      },
      { userId: ids().person, outcome: 'partly', kept: [{ field: 'numericId', why: 'unique-taken' }] },
    ]);
    expect(await site.user(ids().agent)).toMatchObject({
      email: 'third@corp.test',
      numericId: '79',
      windowsLogin: null,
    });
    expect(await site.user('jnovak')).toMatchObject({
      windowsLogin: 'CORP\\novak',
      numericId: null,
      active: true,
      mergedInto: null,
    });
  });

  it('9.6, 15.3 purging who was merged away blanks what undoing would take, and nobody can undo it any more', async () => {
    const { event } = (await merge({ other: 'jnovak', choices: { email: 'other' } })).json;
    await database.knex.raw(`update "user" set deactivated_at = now() - interval '400 days' where id = ?`, [
      ids().person,
    ]);
    const primary = await site.ask<{ code: string }>('POST', `/users/${ids().agent}/purge`, { body: {} });
    expect([primary.status, primary.json.code]).toEqual([409, 'user-active']);
    const purged = await site.ask('POST', `/users/${ids().person}/purge`, { body: {} });
    expect(purged.status, purged.text).toBe(200);
    const left = await database.knex('merge').orderBy('id', 'desc').first<Record<string, unknown>>();
    expect(left).toMatchObject({
      before: null,
      after: null,
      said: null,
      slots: null,
      bars: null,
      other_username: null,
    });
    const undone = await site.ask<{ code: string }>('POST', '/undo', { body: { event } });
    expect([undone.status, undone.json.code]).toEqual([409, 'not-undoable']);
    expect((await site.user(ids().agent)).windowsLogin).toBe('CORP\\novak');
  });

  it('19.1 a merge needs the permissions of everything that it does', async () => {
    site.acd.put('4720', { acdId: '4720', firstName: 'Eva', lastName: 'Malá' });
    await site.sync('acd');
    const fields = { username: 'mala', email: 'mala@corp.test', language: 'cs' };
    await site.ask('POST', '/users', { body: { fields } });
    await put('/users/mala/active', { active: true });
    const asked = async (...may: ('edit-users' | 'activate' | 'assign-user-roles')[]) => {
      const headers = { authorization: `Bearer ${await site.tokenWith(may)}` };
      const path = '/users/4720/merge?preview=true';
      return (await site.ask('POST', path, { body: { other: 'mala' }, headers })).status;
    };
    expect(await asked('edit-users')).toBe(403);
    expect(await asked('edit-users', 'activate')).toBe(403);
    expect(await asked('edit-users', 'activate', 'assign-user-roles')).toBe(200);
  });
});
