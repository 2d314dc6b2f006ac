import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Owner } from '../../../src/api/schemas/user-actions.ts';
import type { User } from '../../../src/api/schemas/users.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

interface Purged {
  preview: boolean;
  userId: number;
  events: number;
  accounts: number;
}

/** What is known of the person, none of which may be left anywhere. */
const planted = {
  acd: {
    acdId: 'AGPLANT9',
    username: 'quzyplant',
    firstName: 'Quandaplant',
    lastName: 'Zyxplantová',
    employeeId: 'EPLANT77',
  },
  ad: { windowsLogin: 'CORP\\adplant', employeeId: 'EPLANT77', email: 'mail@plant.test', phoneNumber: '555 PLANT 4' },
  fields: {
    mobileNumber: '00420111222333',
    numericId: '777000777',
    jobTitle: 'Chiefplant',
    'attribute.desk': 'Deskplant',
  },
};
const needles = ['plant', '00420111222333', '777000777'];

describe.each(databases)('user purge on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;
  let person: User;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put('4711', planted.acd);
    site.acd.put('4712', { acdId: '4712', firstName: 'Eva', lastName: 'Malá', employeeId: 'E2' });
    site.ad.put('guid-1', planted.ad);
    await site.sync();
    person = await site.user('quzyplant');
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const purge = (query = '', user: string | number = person.id) =>
    site.ask<Purged>('POST', `/users/${user}/purge${query}`, { body: { reason: 'retention' } });

  /** Tables of every schema that hold one of the person's values, in whatever column. */
  const tablesWithValues = async (): Promise<string[]> => {
    const { rows } = await database.knex.raw<{ rows: { schema: string; name: string }[] }>(
      `select table_schema as schema, table_name as name from information_schema.tables
        where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by table_name`,
    );
    const found: string[] = [];
    for (const { schema, name } of rows) {
      const pattern = needles.map((needle) => `%${needle}%`);
      const sql = `select 1 from ??.?? as t where cast(t.* as text) ilike any (cast(? as text[])) limit 1`;
      const hits = await database.knex.raw<{ rows: unknown[] }>(sql, [schema, name, pattern]);
      if (hits.rows.length > 0) found.push(name);
    }
    return found;
  };

  /** Leaves traces of the person wherever there can be some. */
  const leaveTraces = async (): Promise<void> => {
    const { knex } = database;
    const act = async (path: string, body: object): Promise<void> => {
      const answer = await site.ask('PUT', `/users/${person.id}/${path}`, { body });
      expect(answer.status, answer.text).toBe(200);
    };
    for (const [field, value] of Object.entries(planted.fields)) await act(`fields/${field}`, { value });
    await act('fields/email', { value: 'other@plant.test', reason: 'Zyxplantová said so' });
    await act('teams/Default', { word: 'give', reason: 'plant' });
    site.acd.put('4711', { ...planted.acd, lastName: 'Newplantová' });
    site.ad.records.delete('guid-1');
    await site.sync();
    site.acd.records.delete('4711');
    await site.sync();
    const ack = await site.ask('POST', `/worklist/${person.id}/ack`, { body: { reason: 'plant has left' } });
    expect(ack.status, ack.text).toBe(200);
    await act('sync', { enabled: false, reason: 'plant leaves' });
    await act('active', { active: false, reason: 'plant left' });
    const [account] = await knex('account').where({ external_id: '4711' }).select<{ id: number }[]>('id');
    const [other] = await knex('user').where({ username: '4712' }).select<{ id: number }[]>('id');
    if (account === undefined || other === undefined) throw new Error('the accounts of this test are missing');
    const by = { operator_name: 'local:tester', reason: 'plant' };
    const refusal = { ...by, account_id: account.id, value_said: 'mail@plant.test', cause: 'undone' };
    await knex('refusal').insert([
      { ...refusal, part: 'email' },
      { ...refusal, part: 'identity' },
    ]);
    await knex('merge').insert({
      ...{ primary_id: other.id, other_id: person.id, operator_name: 'local:tester', other_username: 'quzyplant' },
      ...{ before: { other: planted.fields }, after: planted.acd, said: JSON.stringify([by]) },
      ...{ slots: JSON.stringify([planted.ad]), bars: JSON.stringify([by]) },
    });
    await knex('user_selection').insert({
      ...{ operator_name: 'local:tester', address: '/users?q=plant', user_ids: [person.id] },
    });
    await knex('bar').insert({ ...by, account_id: account.id, user_id: person.id, kind: 'wait' });
    const item = {
      kind: 'unique-taken',
      evidence_digest: 'x',
      evidence: { value: 'eplant77' },
      wait_keys: ['employeeId=eplant77'],
    };
    await knex('review_item').insert([
      { ...item, subject: 'open', user_ids: [other.id, person.id], source_id: 'acd' },
      { ...item, subject: 'closed', account_ids: [account.id], source_id: 'acd', closed_at: knex.fn.now() },
    ]);
    await knex('event').insert({
      ...{ actor_kind: 'operator', actor_name: 'local:tester', type: 'account-ignored', account_id: account.id },
      reason: 'no plant',
    });
    const [run] = await knex('run').select<{ id: number }[]>('id').limit(1);
    await knex('shown_decision').insert({
      ...{ run_id: run?.id, kind: 'values', account_id: account.id, external_id: '4711', user_id: person.id },
      ...{
        content_hash: 'x',
        classes: [],
        digest: 'x',
        changes: JSON.stringify([{ field: 'email', before: 'mail@plant.test', after: null }]),
      },
    });
    const [job] = await knex('bulk_job')
      .insert({ action: 'enable', permissions: [], operator_name: 'local:tester', reason: 'for Quandaplant' })
      .returning<{ id: number }[]>('id');
    await knex('bulk_result').insert({ job_id: job?.id, user_id: person.id, outcome: 'changed' });
    await knex('run')
      .where({ id: run?.id })
      .update({
        notes: JSON.stringify(['left to the next run: values of quzyplant', 'one more']),
        rejects: JSON.stringify([
          { externalId: 'x', position: 'CN=Quandaplant Zyxplantová,DC=x', reason: 'no id' },
          { externalId: 'y', position: 'line 3', reason: 'the login "CORP\\adplant" is too long' },
          { externalId: 'z', position: 'line 4', reason: 'no id' },
        ]),
        error_message: 'EPLANT77 came twice',
      });
    await knex('bulk_result').insert({
      ...{ job_id: job?.id, user_id: other.id, outcome: 'refused', code: 'unique-taken' },
      message: `The employeeId "e2" is that of user ${person.id} (quzyplant, Quandaplant Zyxplantová): give another value.`,
    });
    const [imported] = await knex('people_import')
      .insert({ file_name: 'people.csv', permissions: [], operator_name: 'local:tester', reason: 'plant left' })
      .returning<{ id: number }[]>('id');
    const row = { import_id: imported?.id, changes: '[]', kept: '[]', classes: [], errors: '[]' };
    const told = { message: `"eplant77" is that of user ${person.id}: give another value.` };
    await knex('people_import_row').insert([
      { ...row, row: 2, user_id: person.id, name: 'Zyxplantová', said: { cells: { Email: 'mail@plant.test' } } },
      { ...row, row: 3, user_id: other.id, name: 'Eva', errors: JSON.stringify([told]) },
    ]);
  };

  it('9.6 refuses an active user, and one whom a source still has', async () => {
    expect(await purge()).toMatchObject({ status: 409, json: { code: 'user-active' } });
    expect(await purge('', 99_999)).toMatchObject({ status: 404, json: { code: 'user-unknown' } });
    const eva = await site.user('4712');
    site.acd.lookup = 'disabled';
    await site.ask('PUT', `/users/${eva.id}/active`, { body: { active: false } });
    await database.knex('user').where({ id: eva.id }).update({ deactivated_at: '2020-01-01T00:00:00Z' });
    expect(await purge('', eva.id)).toMatchObject({
      status: 409,
      json: {
        code: 'account-still-there',
        detail: expect.stringContaining('acd still has the account 4712') as string,
      },
    });
    await site.ask('PUT', `/users/${eva.id}/active`, { body: { active: true } });
  });

  it('9.6 refuses who may not, and before the retention is over', async () => {
    await leaveTraces();
    const authorization = `Bearer ${await site.tokenWith(['view', 'edit-users', 'activate'])}`;
    expect(await site.ask('POST', `/users/${person.id}/purge`, { body: {}, headers: { authorization } })).toMatchObject(
      { status: 403 },
    );
    await database.knex.raw(`update "user" set deactivated_at = now() - interval '364 days' where id = ?`, [person.id]);
    expect(await purge()).toMatchObject({
      status: 409,
      json: { code: 'retention-not-over', detail: expect.stringContaining('365 days') as string },
    });
    await database.knex.raw(`update "user" set deactivated_at = now() - interval '366 days' where id = ?`, [person.id]);
    const old = await site.ask<{ items: User[] }>('GET', `/users?deactivatedBefore=${new Date().toISOString()}`);
    expect(old.json.items.map(({ id }) => id)).toEqual([person.id]);
    const older = await site.ask<{ items: User[] }>('GET', '/users?deactivatedBefore=2020-01-01T00:00:00Z');
    expect(older.json.items).toEqual([]);
  });

  it('9.6 a preview tells what would be blanked and keeps nothing of it', async () => {
    const before = await tablesWithValues();
    expect(before).toEqual([
      ...[
        'account',
        'account_notice',
        'bar',
        'bulk_job',
        'bulk_result',
        'claim',
        'event',
        'match_key',
        'merge',
        'override',
        'people_import',
        'people_import_row',
        'refusal',
      ],
      ...[
        'review_item',
        'run',
        'shown_decision',
        'snapshot',
        'sync_off',
        'user',
        'user_selection',
        'word',
        'worklist_ack',
      ],
    ]);
    const preview = await purge('?preview=true');
    expect(preview.json).toEqual({
      preview: true,
      userId: person.id,
      events: expect.any(Number) as number,
      accounts: 2,
    });
    expect(preview.json.events).toBeGreaterThan(10);
    expect(await tablesWithValues()).toEqual(before);
  });

  it('9.6 purging leaves no value of the person anywhere, and keeps kind, time and ids of the events', async () => {
    const kept = [
      'id',
      'at',
      'type',
      'actor_kind',
      'actor_name',
      'source_id',
      'run_id',
      'user_id',
      'account_id',
      'external_id',
    ];
    const eventsBefore = await database.knex('event').where({ user_id: person.id }).orderBy('id').select(kept);
    const strangers = await database.knex('event').whereNot({ user_id: person.id }).orderBy('id');
    const version = (await site.user(person.id)).version;
    const stale = { body: {}, headers: { 'if-match': `"${version - 1}"` } };
    expect(await site.ask('POST', `/users/${person.id}/purge`, stale)).toMatchObject({ status: 412 });
    const done = await purge();
    expect(done.status, done.text).toBe(200);
    expect(done.json).toMatchObject({ preview: false, userId: person.id, accounts: 2 });
    expect(await tablesWithValues()).toEqual([]);
    const eventsAfter = await database.knex('event').where({ user_id: person.id }).orderBy('id').select(kept);
    expect(eventsAfter.slice(0, -1)).toEqual(eventsBefore);
    expect(eventsAfter.at(-1)).toMatchObject({
      type: 'user-purged',
      actor_kind: 'operator',
      actor_name: 'local:tester',
    });
    expect(await database.knex('event').whereNot({ user_id: person.id }).orderBy('id')).toEqual(strangers);
    expect(await site.ask('GET', `/users/${person.id}`)).toMatchObject({ status: 404 });
    const told = 'blanked: it named a person who was purged';
    const [run] = await database.knex('run').where({ error_message: told }).select<object[]>('notes', 'rejects');
    expect(run).toEqual({
      notes: [told, 'one more'],
      rejects: [
        { externalId: 'x', position: told, reason: told },
        { externalId: 'y', position: told, reason: told },
        { externalId: 'z', position: 'line 4', reason: 'no id' },
      ],
    });
    // Only a person ends this one (spec 13.2).
    expect(await database.knex('refusal').select('part', 'value_said', 'reason')).toEqual([
      { part: 'identity', value_said: '', reason: null },
    ]);
    const fields = await site.ask<{ items: { changes: { field: string; after: unknown }[] }[] }>(
      'GET',
      `/events?type=user-created&source=acd&order=asc&limit=1`,
    );
    expect(fields.json.items[0]?.changes).toContainEqual({ field: 'lastName', before: null, after: null });
  });

  it('9.6 what a purged user leaves links to nobody, and the next owner of the id is a new user', async () => {
    await site.sync();
    expect(await tablesWithValues()).toEqual([]);
    const ownersOf = async (): Promise<Owner[]> =>
      (await site.ask<{ items: Owner[] }>('GET', '/owners?source=acd&externalId=4711')).json.items;
    expect(await ownersOf()).toEqual([
      expect.objectContaining({ userId: person.id, to: expect.any(String) as string, names: [] }),
    ]);
    await database.knex('bar').delete();
    await database.knex('refusal').delete();
    site.acd.put('4711', { acdId: '4711', firstName: 'Next', lastName: 'Owner', employeeId: 'E9' });
    site.ad.put('guid-1', { windowsLogin: 'CORP\\adnext', employeeId: 'E9' });
    await site.sync();
    const next = await site.user('4711');
    expect(next.id).not.toBe(person.id);
    expect(next).toMatchObject({ employeeId: 'E9', windowsLogin: 'CORP\\adnext' });
    expect((await ownersOf()).map(({ userId }) => userId)).toEqual([person.id, next.id]);
  });

  it('9.6 the account of an unlinked user waits for a person after the purge too', async () => {
    site.ad.put('guid-5', { windowsLogin: 'CORP\\five', email: 'five@x.test' });
    site.acd.put('4715', { acdId: '4715', firstName: 'Five', lastName: 'Five', email: 'five@x.test' });
    await site.sync();
    const five = await site.user('4715');
    await site.ask('POST', `/users/${five.id}/unlink`, { body: { source: 'ad' } });
    site.acd.records.delete('4715');
    await site.sync();
    await site.ask('PUT', `/users/${five.id}/active`, { body: { active: false } });
    await database.knex('user').where({ id: five.id }).update({ deactivated_at: '2020-01-01T00:00:00Z' });
    expect(await purge('', five.id)).toMatchObject({ status: 409, json: { code: 'account-still-there' } });
    site.ad.records.delete('guid-5');
    await site.sync();
    expect((await purge('', five.id)).status).toBe(200);
    site.ad.put('guid-5', { windowsLogin: 'CORP\\five', email: 'five@x.test' });
    site.acd.put('4716', { acdId: '4716', firstName: 'Other', lastName: 'Person', email: 'five@x.test' });
    await site.sync();
    expect((await site.user('4716')).profiles.map(({ source }) => source)).toEqual(['acd']);
    expect((await site.ask<{ match: string }>('GET', '/accounts?source=ad&match=unlinked')).json).toMatchObject({
      items: [{ externalId: 'guid-5' }],
    });
  });

  it('9.6 the database itself refuses to delete a user or change an event outside of a purge', async () => {
    await expect(database.knex('user').where({ username: '4712' }).delete()).rejects.toThrow('never deleted');
    await expect(database.knex('event').update({ reason: 'x' })).rejects.toThrow('never changed');
    await expect(database.knex.raw('truncate event')).rejects.toThrow('never truncated');
  });
});
