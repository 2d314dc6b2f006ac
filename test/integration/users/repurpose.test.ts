import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserActed, Owner } from '../../../src/api/schemas/user-actions.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe.each(databases)('user repurpose and owner on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;
  let old: number;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.lookup = 'absent';
    site.acd.put('4711', {
      acdId: '4711',
      firstName: 'Jan',
      lastName: 'Novák',
      employeeId: '4711',
      'attribute.agentId': '4711',
    });
    site.acd.put('4712', { acdId: '4712', firstName: 'Eva', lastName: 'Malá' });
    site.ad.put('guid-1', { windowsLogin: 'CORP\\jnovak', employeeId: '4711' });
    await site.sync();
    old = (await site.user('4711')).id;
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const repurpose = (body: object, query = '', user: string | number = old) =>
    site.ask<UserActed>('POST', `/users/${String(user)}/repurpose${query}`, { body });
  const owners = async (at?: Date) => {
    const query = `source=acd&externalId=4711${at === undefined ? '' : `&at=${at.toISOString()}`}`;
    return (await site.ask<{ items: Owner[] }>('GET', `/owners?${query}`)).json.items;
  };

  it('8.2 is refused for an active user, and for an account whose id is never given to another', async () => {
    expect(await repurpose({ username: 'jan' })).toMatchObject({
      status: 409,
      json: { code: 'user-active', detail: expect.stringContaining('deactivate first') as string },
    });
    expect(await repurpose({ username: 'jan', source: 'ad' })).toMatchObject({
      status: 409,
      json: { code: 'ids-not-reusable' },
    });
    expect(await repurpose({ username: 'jan' }, '', 'id:99')).toMatchObject({ status: 404 });
  });

  it('8.2 previews what leaves the old user, and needs the username that they keep', async () => {
    await site.ask('PUT', `/users/${old}/active`, { body: { active: false } });
    const preview = await repurpose({}, '?preview=true');
    expect(preview.status, preview.text).toBe(200);
    expect(preview.json.warnings).toEqual([expect.stringContaining('"4711" goes with the id')]);
    expect(preview.json.changes).toContainEqual({ field: 'acdId', before: '4711', after: null });
    expect(await repurpose({})).toMatchObject({ status: 422, json: { code: 'value-invalid' } });
    expect(await repurpose({ username: '4711' })).toMatchObject({ status: 422, json: { code: 'username-needed' } });
    expect(await repurpose({ username: '4712' })).toMatchObject({ status: 409, json: { code: 'unique-taken' } });
  });

  it('8.2 releases what came from the account and bars only this pair; an employee id of the directory stays', async () => {
    const answer = await repurpose({ username: 'jan.novak', reason: 'has left' });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json.user).toMatchObject({ username: 'jan.novak', acdId: null, attributes: [], active: false });
    expect(answer.json.user.employeeId).toBe('4711');
    expect(await database.knex('bar').where({ user_id: old }).first()).toMatchObject({ kind: 'release' });
    expect(await database.knex('link').where({ user_id: old, source_id: 'acd' }).first()).toMatchObject({
      end_reason: 'repurposed',
    });
  });

  it('8.2 the next run gives the account to the new person, without a question', async () => {
    site.acd.put('4711', {
      acdId: '4711',
      firstName: 'Petra',
      lastName: 'Svobodová',
      employeeId: null,
      'attribute.agentId': '4711',
    });
    await site.sync();
    const next = await site.user('username:4711');
    expect(next).toMatchObject({ firstName: 'Petra', acdId: '4711', active: true });
    expect(next.id).not.toBe(old);
    expect(await database.knex('review_item').whereNull('closed_at')).toEqual([]);
    expect(await site.user(old)).toMatchObject({ username: 'jan.novak', firstName: 'Jan', active: false });
  });

  it('8.2 what was released does not come back with the next word about the old user', async () => {
    const answer = await site.ask<UserActed>('PUT', `/users/${old}/fields/department`, { body: { value: 'Archive' } });
    expect(answer.json).toMatchObject({ changed: true, user: { acdId: null, attributes: [], username: 'jan.novak' } });
  });

  it('8.1 who held the id, and when', async () => {
    const [first, second, ...none] = await owners();
    const next = (await site.user('username:4711')).id;
    expect(none).toEqual([]);
    expect(first).toMatchObject({
      source: 'acd',
      externalId: '4711',
      userId: old,
      disputed: false,
      names: ['Jan Novák'],
    });
    expect(second).toMatchObject({ userId: next, to: null, disputed: false, names: ['Petra Svobodová'] });
    expect((await owners(new Date(first?.from ?? ''))).map((owner) => owner.userId)).toEqual([old]);
    expect((await owners(new Date(Date.now() + 60_000))).map((owner) => owner.userId)).toEqual([next]);
    expect(await owners(new Date('2020-01-01T00:00:00Z'))).toEqual([]);
  });

  it('8.1 is disputed with both names while a question is open', async () => {
    const { id } = await database.knex('account').where({ external_id: '4711' }).first<{ id: number }>();
    site.acd.put('4711', { acdId: '4711', firstName: 'Ota', lastName: 'Krátký', 'attribute.agentId': '4711' });
    await database
      .knex('account')
      .where({ id })
      .update({
        content: JSON.stringify({ values: { acdId: '4711', firstName: 'Ota', lastName: 'Krátký' } }),
      });
    await database.knex('review_item').insert({
      ...{ kind: 'possible-id-reuse', source_id: 'acd', subject: String(id), account_ids: [id] },
      ...{ evidence: '{}', evidence_digest: 'x' },
    });
    expect((await owners()).at(-1)).toMatchObject({ disputed: true, names: ['Petra Svobodová', 'Ota Krátký'] });
    expect((await owners())[0]).toMatchObject({ disputed: false });
  });
});
