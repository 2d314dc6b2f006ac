import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserActed } from '../../../src/api/schemas/user-actions.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { told } from '../../support/told-event.ts';

describe.each(databases)('user unlink and link on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put('4711', { acdId: '4711', firstName: 'Jan', lastName: 'Novák', employeeId: 'E1' });
    site.acd.put('4712', { acdId: '4712', firstName: 'Eva', lastName: 'Malá', employeeId: 'E2' });
    site.ad.put('guid-1', { windowsLogin: 'CORP\\jnovak', employeeId: 'E1', email: 'jan@corp.test' });
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const unlink = (user: string, source: string) =>
    site.ask<UserActed>('POST', `/users/${user}/unlink`, { body: { source, reason: 'by mistake' } });
  const link = (user: string, externalId: string, query = '') =>
    site.ask<UserActed>('POST', `/users/${user}/link${query}`, { body: { source: 'ad', externalId } });
  const profile = async (user: string) =>
    (await site.user(user)).profiles.find((each) => each.source === 'ad')?.state ?? null;
  const standing = async (externalId: string) =>
    (await database.knex('account').where({ external_id: externalId }).first<{ standing: string }>()).standing;
  const setLogin = (value: string) => site.ask('PUT', '/users/4711/fields/windowsLogin', { body: { value } });

  it('7.1 ends the link; the values stay, and the Windows login becomes editable', async () => {
    expect(await unlink('4712', 'ad')).toMatchObject({ status: 409, json: { code: 'not-linked' } });
    expect(await unlink('4711', 'acd')).toMatchObject({ status: 409, json: { code: 'not-a-directory' } });
    expect(await setLogin('CORP\\jan')).toMatchObject({ status: 409 });
    const answer = await unlink('4711', 'ad');
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({
      changes: [{ field: 'link.ad', before: 'guid-1', after: null }],
      user: { email: 'jan@corp.test', windowsLogin: 'CORP\\jnovak' },
    });
    expect(told(await database.knex('event').where({ type: 'link-ended' }).first())).toMatchObject({
      actor_kind: 'operator',
      source_id: 'ad',
      external_id: 'guid-1',
      reason: 'by mistake',
    });
    expect((await setLogin('CORP\\jan')).status).toBe(200);
    expect((await site.user('4711')).windowsLogin).toBe('CORP\\jan');
  });

  it('7.2 unlinked stays unlinked, with the values of the day, after a rename and another import', async () => {
    site.ad.put('guid-1', {
      windowsLogin: 'CORP\\jan',
      employeeId: 'E1',
      email: 'renamed@corp.test',
      firstName: 'Johann',
    });
    await site.sync();
    expect(await profile('4711')).toBe('unlinked');
    expect(await site.user('4711')).toMatchObject({ email: 'jan@corp.test', firstName: 'Jan' });
    expect(await standing('guid-1')).toBe('unlinked');
  });

  it('7.2 the user takes no other account of that source either', async () => {
    site.ad.put('guid-9', { windowsLogin: 'CORP\\nine', employeeId: 'E1' });
    await site.sync();
    expect(await profile('4711')).toBe('unlinked');
    expect(await standing('guid-9')).toBe('unmatched');
    site.ad.records.delete('guid-9');
    await site.sync();
  });

  it('5.4 a value kept from an ended link can be let go, and the next in rank supplies it', async () => {
    const answer = await site.ask<UserActed>('PUT', '/users/4711/fields/email', { body: { value: null } });
    expect(answer.json).toMatchObject({
      changes: [
        { field: 'email', before: 'jan@corp.test', after: null },
        { field: 'kept.email', before: 'jan@corp.test', after: null },
      ],
    });
    await site.sync();
    expect((await site.user('4711')).email).toBeNull();
  });

  it('7.2 a person links explicitly, after a preview; what held the account is lifted', async () => {
    const { id } = await database.knex('account').where({ external_id: 'guid-1' }).first<{ id: number }>();
    await database.knex('refusal').insert({
      ...{ account_id: id, part: 'email', value_said: 'renamed@corp.test', cause: 'undo', operator_name: 'x' },
    });
    await site.ask('PUT', '/users/4711/fields/windowsLogin', { body: { value: null } });
    const preview = await link('4711', 'guid-1', '?preview=true');
    const changes = [
      { field: 'firstName', before: 'Jan', after: 'Johann' },
      { field: 'email', before: null, after: 'renamed@corp.test' },
      { field: 'windowsLogin', before: 'CORP\\jnovak', after: 'CORP\\jan' },
      { field: 'link.ad', before: null, after: 'guid-1' },
    ];
    expect(preview.status, preview.text).toBe(200);
    expect(new Set(preview.json.changes)).toEqual(new Set(changes));
    expect(await profile('4711')).toBe('unlinked');
    const done = await link('4711', 'guid-1');
    expect(done.json).toMatchObject({ changed: true, user: { email: 'renamed@corp.test', firstName: 'Johann' } });
    expect(await profile('4711')).toBe('present');
    expect(await database.knex('bar')).toEqual([]);
    expect(await database.knex('refusal')).toEqual([]);
    expect(await standing('guid-1')).toBe('linked');
    expect(await database.knex('link').where({ account_id: id, until: null }).first()).toMatchObject({
      origin: 'manual',
    });
    expect((await link('4711', 'guid-1')).json.changed).toBe(false);
  });

  it('4.4 refuses an account of somebody else, a second one, and one that is not there', async () => {
    expect(await link('4712', 'guid-1')).toMatchObject({
      status: 409,
      json: { code: 'account-linked', detail: expect.stringMatching(/user \d+ \(4711/) as string },
    });
    site.ad.put('guid-2', { windowsLogin: 'CORP\\two' });
    await site.sync();
    expect(await link('4711', 'guid-2')).toMatchObject({ status: 409, json: { code: 'already-linked' } });
    expect(await link('4711', 'guid-0')).toMatchObject({ status: 404, json: { code: 'account-unknown' } });
    site.ad.records.delete('guid-2');
    await site.sync();
    expect(await link('4712', 'guid-2')).toMatchObject({ status: 409, json: { code: 'account-gone' } });
  });

  it('20.4 two people who link the same account at once: one of them is refused', async () => {
    site.ad.put('guid-3', { windowsLogin: 'CORP\\three' });
    await site.sync();
    await unlink('4711', 'ad');
    const answers = await Promise.all([link('4711', 'guid-3'), link('4712', 'guid-3')]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409]);
  });
});
