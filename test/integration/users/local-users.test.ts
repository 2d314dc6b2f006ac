import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { User } from '../../../src/api/schemas/users.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { told } from '../../support/told-event.ts';

describe.each(databases)('local users on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put('4711', { acdId: '4711', firstName: 'Jan', lastName: 'Novák', employeeId: 'E1' });
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const create = (fields: Record<string, string>, more: object = {}, headers: Record<string, string> = {}) =>
    site.ask<User>('POST', '/users', { body: { fields, ...more }, headers });
  const usersAndEvents = async () => [
    await database.knex('user').count(),
    await database.knex('event').count(),
    await database.knex('claim').count(),
  ];
  const petr = { username: 'petr', language: 'cs', email: 'petr@corp.test' };

  it.each([
    ['a username', { language: 'cs', email: 'a@x.test' }],
    ['a username', { username: '  ', language: 'cs', email: 'a@x.test' }],
    ['a language', { username: 'a', email: 'a@x.test' }],
    ['an e-mail address or a mobile number', { username: 'a', language: 'cs' }],
    ['a username, and a language, and an e-mail address or a mobile number', {}],
  ])('12.4 without %s nobody is created, and the refusal names it', async (missing, fields) => {
    const before = await usersAndEvents();
    const answer = await create(fields);
    expect(answer).toMatchObject({
      status: 409,
      json: { code: 'field-required', detail: `A local user needs ${missing}; nobody was created.` },
    });
    expect(await usersAndEvents()).toEqual(before);
  });

  it.each([
    [{ ...petr, mobileNumber: '+420777123456' }, {}, 422, 'value-invalid', 'mobileNumber must be 00, the country code'],
    [{ ...petr, email: 'petr' }, {}, 422, 'value-invalid', 'email must be an e-mail address'],
    [{ ...petr, shoeSize: '43' }, {}, 404, 'field-unknown', 'There is no field "shoeSize"'],
    [{ ...petr, password: 'x' }, {}, 404, 'field-unknown', 'password is out of scope'],
    [{ ...petr, 'attribute.password': 'x' }, {}, 404, 'field-unknown', "neither reads nor keeps agents' own passwords"],
    [petr, { team: 'Nowhere' }, 404, 'team-unknown', 'There is no team "Nowhere"'],
    [petr, { group: 'Nowhere' }, 404, 'group-unknown', 'There is no group "Nowhere"'],
  ])('12.4 refuses %j %j', async (fields, more, status, code, detail) => {
    const before = await usersAndEvents();
    expect(await create(fields, more)).toMatchObject({
      status,
      json: { code, detail: expect.stringContaining(detail) as string },
    });
    expect(await usersAndEvents()).toEqual(before);
  });

  it('12.4 a local user starts inactive, with the agent role, the default team, and nothing that the sync could do', async () => {
    const answer = await create({ ...petr, firstName: ' Petr ', 'attribute.deviceId': 'D1' }, { reason: 'new here' });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({
      ...{
        origin: 'local',
        username: 'petr',
        firstName: 'Petr',
        language: 'cs',
        active: false,
        version: 1,
        profiles: [],
      },
      ...{ locale: 'en', displayTimeZone: 'Europe/Prague', attributes: [{ name: 'deviceId', value: 'D1' }] },
      roles: [{ role: 'agent', givenBy: 'operator' }],
      teams: [{ name: 'Default', main: true }],
    });
    expect(answer.headers['etag']).toBe('"1"');
    expect(await site.ask('PUT', '/users/petr/sync', { body: { enabled: false } })).toMatchObject({
      status: 409,
      json: { code: 'sync-not-available' },
    });
    const event = told(await database.knex('event').orderBy('id', 'desc').first());
    expect(event).toMatchObject({ type: 'user-created', actor_name: 'local:tester', reason: 'new here' });
    expect(event?.['changes']).toContainEqual({ field: 'email', before: null, after: 'petr@corp.test' });
    expect((await site.user('4711')).origin).toBe('acd');
  });

  it('12.4 takes a team and a group by name', async () => {
    await site.ask('POST', '/groups', { body: { name: 'Prague' } });
    const { json } = await create(
      { username: 'eva', language: 'cs', mobileNumber: '00420777123456' },
      { team: 'default', group: 'prague' },
    );
    expect(json).toMatchObject({
      mobileNumber: '00420777123456',
      teams: [{ name: 'Default', main: true }],
      group: 'Prague',
    });
  });

  it.each([
    [{ ...petr, username: 'PETR' }, 'username', /user \d+ \(petr, Petr\)/],
    [{ ...petr, username: 'other', employeeId: 'e1' }, 'employeeId', /user \d+ \(4711, Jan Novák\)/],
  ])('12.4 refuses what somebody has already: %j', async (fields, field, holder) => {
    const before = await usersAndEvents();
    const answer = await create(fields);
    expect(answer).toMatchObject({ status: 409, json: { code: 'unique-taken' } });
    const { detail } = answer.json as unknown as { detail: string };
    expect(detail).toContain(`The ${field} `);
    expect(detail).toMatch(holder);
    expect(await usersAndEvents()).toEqual(before);
  });

  it('12.4 keeps what a local user needs', async () => {
    for (const [field, what] of [
      ['language', 'a language'],
      ['email', 'an e-mail address or a mobile number'],
    ] as const)
      expect(await site.ask('PUT', `/users/petr/fields/${field}`, { body: { value: null } })).toMatchObject({
        status: 409,
        json: { code: 'field-required', detail: expect.stringContaining(`needs ${what}`) as string },
      });
    expect(await site.ask('PUT', '/users/petr/fields/firstName', { body: { value: null } })).toMatchObject({
      status: 200,
    });
  });

  it('12.4 an account that appears later links to a local user once they are active, and keeps the origin', async () => {
    await create({ username: 'lena', language: 'cs', email: 'lena@corp.test', employeeId: 'E7' });
    await site.ask('PUT', '/users/lena/active', { body: { active: true } });
    site.acd.put('4777', { acdId: '4777', firstName: 'Lena', lastName: 'Nová', employeeId: 'E7' });
    await site.sync();
    expect(await site.user('lena')).toMatchObject({
      ...{ origin: 'local', username: 'lena', acdId: '4777', firstName: 'Lena', active: true, syncEnabled: true },
      profiles: [{ source: 'acd', externalId: '4777' }],
    });
  });

  it('12.4 needs the permission to edit users, and that for QM views where they are given', async () => {
    const withNone = { authorization: `Bearer ${await site.tokenWith(['view'])}` };
    expect(await create({ ...petr, username: 'x1' }, {}, withNone)).toMatchObject({ status: 403 });
    const editor = { authorization: `Bearer ${await site.tokenWith(['view', 'edit-users'])}` };
    expect(await create({ ...petr, username: 'x1', qmViews: 'All' }, {}, editor)).toMatchObject({ status: 403 });
  });

  it('10.5 nobody makes a user outside of their own scope', async () => {
    const token = await site.tokenWith(['view', 'edit-users']);
    await database.knex('operator').where('name', 'like', 'person-%').update({ full_scope: false });
    const headers = { authorization: `Bearer ${token}` };
    const before = await usersAndEvents();
    for (const more of [{}, { team: 'Default' }, { group: 'Prague' }])
      expect(await create({ ...petr, username: 'x2' }, more, headers)).toMatchObject({
        json: { code: 'beyond-scope' },
      });
    expect(await usersAndEvents()).toEqual(before);
  });

  it('12.2 ids are whole numbers that a spreadsheet keeps, and a numeric ID has one owner', async () => {
    const { items } = (await site.ask<{ items: User[] }>('GET', '/users?all=true')).json;
    for (const { id } of items) {
      expect(Number.isInteger(id)).toBe(true);
      expect(String(id).length).toBeLessThanOrEqual(15);
    }
    const set = (user: string, value: string) =>
      site.ask<User>('PUT', `/users/${user}/fields/numericId`, { body: { value } });
    expect((await set('petr', '999999999999999')).status).toBe(200);
    for (const value of ['1000000000000000', '007', '1.5', 'x'])
      expect(await set('eva', value)).toMatchObject({ status: 422, json: { code: 'value-invalid' } });
    expect(await set('eva', '999999999999999')).toMatchObject({ status: 409, json: { code: 'unique-taken' } });
  });

  it('12.2 lists the numeric IDs in use in their order, page by page, and proposes the next free one', async () => {
    const free = async () => (await site.ask<{ free: number }>('GET', '/numeric-ids/free')).json.free;
    expect(await free()).toBe(1);
    for (const [user, value, next] of [
      ['4711', '1', 2],
      ['eva', '10', 2],
      ['lena', '2', 3],
    ] as const) {
      await site.ask('PUT', `/users/${user}/fields/numericId`, { body: { value } });
      expect(await free()).toBe(next);
    }
    await create({ username: 'third', language: 'cs', email: 't@x.test', numericId: String(await free()) });
    expect(await free()).toBe(4);
    type Ids = { items: { numericId: string; username: string }[]; next: string | null };
    const listed: string[] = [];
    for (let after = ''; ;) {
      const page = (await site.ask<Ids>('GET', `/numeric-ids?limit=2${after}`)).json;
      listed.push(...page.items.map(({ numericId, username }) => `${numericId} ${username}`));
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    expect(listed).toEqual(['1 4711', '2 lena', '3 third', '10 eva', '999999999999999 petr']);
    expect(await site.ask('GET', '/numeric-ids?after=x')).toMatchObject({
      status: 400,
      json: { code: 'cursor-invalid' },
    });
  });
});
