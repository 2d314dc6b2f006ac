import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserActed } from '../../../src/api/schemas/user-actions.ts';
import type { User } from '../../../src/api/schemas/users.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { told } from '../../support/told-event.ts';

describe.each(databases)('user set and unset on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put('4711', {
      acdId: '4711',
      firstName: 'Jan',
      lastName: 'Novák',
      employeeId: 'E1',
      email: 'jan@acd.test',
    });
    site.acd.put('4712', { acdId: '4712', firstName: 'Eva', lastName: 'Malá', employeeId: 'E2' });
    site.ad.put('guid-1', { windowsLogin: 'CORP\\jnovak', employeeId: 'E1', email: 'jan@corp.test' });
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const set = (user: string, field: string, value: string | null, headers: Record<string, string> = {}, query = '') =>
    site.ask<UserActed>('PUT', `/users/${user}/fields/${field}${query}`, {
      body: { value, reason: 'as he said' },
      headers,
    });
  const lastEvent = async () => told(await database.knex('event').orderBy('id', 'desc').first());
  const events = async () => Number((await database.knex('event').count<{ count: string }[]>())[0]?.count);

  it('5.4 pins a field that a source supplies as an override, and gives the source its word back', async () => {
    const answer = await set('4711', 'email', ' jan@home.test ');
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({
      preview: false,
      changed: true,
      warnings: [],
      changes: [
        { field: 'email', before: 'jan@corp.test', after: 'jan@home.test' },
        { field: 'override.email', before: null, after: 'jan@home.test' },
      ],
      user: { email: 'jan@home.test' },
    });
    expect(answer.headers['etag']).toBe(`"${answer.json.user.version}"`);
    expect(await lastEvent()).toMatchObject({
      type: 'user-changed',
      actor_kind: 'operator',
      actor_name: 'local:tester',
      reason: 'as he said',
    });
    expect(await database.knex('override').first()).toMatchObject({
      operator_name: 'local:tester',
      reason: 'as he said',
    });
    site.ad.put('guid-1', { windowsLogin: 'CORP\\jnovak', employeeId: 'E1', email: 'jan2@corp.test' });
    await site.sync();
    expect((await site.user('4711')).email).toBe('jan@home.test');
    expect((await set('4711', 'email', null)).json.user.email).toBe('jan2@corp.test');
    expect(await database.knex('override')).toEqual([]);
  });

  it('5.4 simply edits a field that nobody supplies', async () => {
    expect((await set('4711', 'mobileNumber', '00420777123456')).json.user.mobileNumber).toBe('00420777123456');
    expect(await database.knex('word').first()).toMatchObject({ kind: 'local-value', ref: 'mobileNumber' });
    expect((await set('4711', 'mobileNumber', null)).json.user.mobileNumber).toBeNull();
  });

  it('5.4 says so when there is nothing to take away', async () => {
    expect(await set('4711', 'firstName', null)).toMatchObject({
      status: 409,
      json: { code: 'nothing-to-unset', detail: expect.stringContaining('comes from acd') as string },
    });
    expect(await set('4711', 'rank', null)).toMatchObject({ status: 409, json: { code: 'nothing-to-unset' } });
  });

  it('5.5 keeps the Windows login read-only while an AD link stands', async () => {
    expect(await set('4711', 'windowsLogin', 'CORP\\other')).toMatchObject({
      status: 409,
      json: { code: 'field-read-only', detail: expect.stringContaining('rosterd user unlink') as string },
    });
    expect((await set('4712', 'windowsLogin', 'CORP\\emala')).json.user.windowsLogin).toBe('CORP\\emala');
    expect(await set('4712', 'windowsLogin', 'emala')).toMatchObject({ status: 422, json: { code: 'value-invalid' } });
  });

  it('5.6 leaves the username to the source that created the user', async () => {
    expect(await set('4711', 'username', 'jan')).toMatchObject({ status: 409, json: { code: 'field-read-only' } });
  });

  it('4.7 refuses a unique name that somebody else has, and names them', async () => {
    const before = await events();
    const answer = await set('4711', 'employeeId', 'e2');
    expect(answer).toMatchObject({
      status: 409,
      json: { code: 'unique-taken', detail: expect.stringMatching(/user \d+ \(4712, Eva Malá\)/) as string },
    });
    expect(await events()).toBe(before);
    expect((await set('4711', 'employeeId', 'E9')).status).toBe(200);
    expect((await set('4712', 'employeeId', 'E1')).json.user.employeeId).toBe('E1');
    expect(await set('4711', 'employeeId', null)).toMatchObject({ status: 409, json: { code: 'unique-taken' } });
    expect((await set('4712', 'employeeId', null)).json.user.employeeId).toBe('E2');
    expect((await set('4711', 'employeeId', null)).json.user.employeeId).toBe('E1');
  });

  it('12.1 an attribute that a person set is never overwritten by a source that begins to supply it', async () => {
    await set('4712', 'attribute.deviceId', 'D-9');
    site.acd.put('4712', {
      acdId: '4712',
      firstName: 'Eva',
      lastName: 'Malá',
      employeeId: 'E2',
      'attribute.deviceId': 'D-1',
    });
    await site.sync();
    expect((await site.user('4712')).attributes).toEqual([{ name: 'deviceId', value: 'D-9' }]);
    expect((await set('4712', 'attribute.deviceId', null)).json.user.attributes).toEqual([
      { name: 'deviceId', value: 'D-1' },
    ]);
  });

  it('honours If-Match, and a preview keeps nothing', async () => {
    const { version } = await site.user('4711');
    expect(await set('4711', 'rank', '3', { 'if-match': `"${version - 1}"` })).toMatchObject({ status: 412 });
    const before = await events();
    const preview = await set('4711', 'rank', '3', {}, '?preview=true');
    expect(preview.json).toMatchObject({ preview: true, changed: true, user: { rank: null, version } });
    expect(await events()).toBe(before);
    expect((await set('4711', 'rank', '3', { 'if-match': `"${version}"` })).json.user.version).toBe(version + 1);
    expect((await set('4711', 'rank', '3')).json).toMatchObject({ changed: false, user: { version: version + 1 } });
  });

  it.each([
    ['an unknown field', 'shoeSize', '43', 404, 'field-unknown'],
    ['an empty value', 'department', ' ', 422, 'value-invalid'],
    ['a date of another form', 'companyStartDate', '31.3.2026', 422, 'value-invalid'],
    ['a number that a spreadsheet breaks', 'numericId', '1234567890123456', 422, 'value-invalid'],
  ])('refuses %s', async (_what, field, value, status, code) => {
    expect(await set('4711', field, value)).toMatchObject({ status, json: { code } });
  });

  it.each([
    ['mobileNumber', '00420777123456', null],
    ['language', 'cs', null],
    ['acdServer', 'prague-1', null],
    ['qmViews', 'All;Care', null],
    ['reconciliationRequired', 'true', null],
    ['displayTimeZone', 'Europe/London', 'Europe/Prague'],
    ['schedulingTimeZone', 'Europe/London', 'Europe/Prague'],
    ['locale', 'cs-CZ', 'en'],
    ['companyStartDate', '2026-01-31', null],
    ['companyEndDate', '2027-12-31', null],
    ['departmentStartDate', '2026-02-28', null],
    ['departmentEndDate', '2026-03-01', null],
    ['rank', '3', null],
    ['licences', 'voice;chat', null],
    ['emailVerified', 'true', null],
    ['blocked', 'true', null],
  ] as const)(
    '12.3 %s, which no source supplies, is stored, shown and taken away again',
    async (field, value, without) => {
      expect((await set('4712', field, value)).json.user[field]).toBe(value);
      await site.sync();
      const listed = await site.ask<{ items: User[] }>('GET', '/users');
      expect(listed.json.items.find(({ username }) => username === '4712')?.[field]).toBe(value);
      expect((await set('4712', field, null)).json.user[field]).toBe(without);
    },
  );

  it('12.3 QM views need a permission of their own', async () => {
    const authorization = `Bearer ${await site.tokenWith(['view', 'edit-users'])}`;
    expect(await set('4711', 'qmViews', 'All', { authorization })).toMatchObject({ status: 403 });
    expect(await set('4711', 'qmViews', 'All')).toMatchObject({ status: 200 });
  });

  it('4.2 a new value is found by the accounts that wait for it', async () => {
    site.ad.put('guid-2', { windowsLogin: 'CORP\\new', email: 'eva@corp.test' });
    await site.sync();
    expect((await site.user('4712')).profiles).toHaveLength(1);
    await set('4712', 'windowsLogin', null);
    await set('4712', 'email', 'eva@corp.test');
    expect((await site.user('4712')).profiles).toHaveLength(2);
  });
});
