import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { User } from '../../../src/api/schemas/users.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe.each(databases)('dates and profiles on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;
  const jan = { acdId: '4711', firstName: 'Jan', lastName: 'Novák', employeeId: 'E1' };
  const janAtAd = { windowsLogin: 'CORP\\jnovak', employeeId: 'E1', displayName: 'Novák, Jan' };

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.lookup = 'absent';
    site.acd.put('4711', jan);
    site.acd.put('4712', { acdId: '4712', firstName: 'Eva', lastName: 'Malá', employeeId: 'E2' });
    site.ad.put('guid-1', janAtAd);
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const list = async (query = '') =>
    (await site.ask<{ items: User[] }>('GET', `/users${query}`)).json.items.map(({ username }) => username);
  const setActive = async (active: boolean): Promise<User> => {
    const answer = await site.ask('PUT', '/users/4711/active', { body: { active } });
    expect(answer.status, answer.text).toBe(200);
    return site.user('4711');
  };
  const profiles = async () => (await site.user('4711')).profiles;

  it('9.4 the creation date stays, and the deactivation date is that of the latest one, only while inactive', async () => {
    const { createdAt, deactivatedAt } = await site.user('4711');
    expect(Date.now() - Date.parse(createdAt)).toBeLessThan(600_000);
    expect(deactivatedAt).toBeNull();
    const first = await setActive(false);
    expect(first).toMatchObject({ createdAt, active: false, deactivatedAt: expect.any(String) as string });
    expect(await setActive(true)).toMatchObject({ createdAt, active: true, deactivatedAt: null });
    const second = await setActive(false);
    expect(Date.parse(second.deactivatedAt ?? '')).toBeGreaterThan(Date.parse(first.deactivatedAt ?? ''));
    const event = await database
      .knex('event')
      .where({ type: 'deactivated' })
      .orderBy('id', 'desc')
      .first<{ at: Date }>();
    expect(second.deactivatedAt).toBe(event.at.toISOString());
    expect(await setActive(false)).toMatchObject({ createdAt, deactivatedAt: second.deactivatedAt });
  });

  it('9.4 lists show active users unless asked for all, whatever else they are asked for', async () => {
    expect(await list()).toEqual(['4712']);
    expect(await list('?search=4711')).toEqual([]);
    expect(await list('?all=true')).toEqual(['4711', '4712']);
    expect(await list('?all=true&search=4711')).toEqual(['4711']);
    await setActive(true);
    expect(await list()).toEqual(['4711', '4712']);
  });

  it('12.5 a profile per source: external id, names, state and when it was last seen', async () => {
    const sources = await database.knex('source_state').select<{ source_id: string; last_complete_at: Date }[]>();
    const readAt = new Map(sources.map((source) => [source.source_id, source.last_complete_at.toISOString()]));
    expect(await profiles()).toEqual([
      {
        ...{ source: 'acd', kind: 'avaya-cm', externalId: '4711', state: 'present', lastSeenAt: readAt.get('acd') },
        ...{ firstName: 'Jan', lastName: 'Novák', displayName: null },
      },
      {
        ...{
          source: 'ad',
          kind: 'active-directory',
          externalId: 'guid-1',
          state: 'present',
          lastSeenAt: readAt.get('ad'),
        },
        ...{ firstName: null, lastName: null, displayName: 'Novák, Jan' },
      },
    ]);
    expect((await site.user('4712')).profiles.map(({ source }) => source)).toEqual(['acd']);
  });

  it('12.5 tells disabled, gone and unlinked accounts apart, and keeps when a gone one was seen last', async () => {
    site.ad.put('guid-1', janAtAd, { disabled: true });
    await site.sync();
    expect(await profiles()).toMatchObject([{ state: 'present' }, { source: 'ad', state: 'disabled' }]);
    const seen = (await profiles())[0]?.lastSeenAt ?? '';
    site.acd.records.delete('4711');
    await site.sync();
    const [gone] = await profiles();
    expect(gone).toMatchObject({ source: 'acd', state: 'gone' });
    await site.sync();
    expect((await profiles())[0]).toEqual(gone);
    expect(Date.parse(gone?.lastSeenAt ?? '')).toBeLessThanOrEqual(Date.parse(seen));
    await site.ask('POST', '/users/4711/unlink', { body: { source: 'ad' } });
    expect(await profiles()).toMatchObject([
      { state: 'gone' },
      { source: 'ad', externalId: 'guid-1', state: 'unlinked' },
    ]);
  });

  it('12.5 the account that is linked now takes the place of the one before it', async () => {
    site.ad.put('guid-2', { windowsLogin: 'CORP\\jan2', employeeId: 'E1' });
    await site.sync();
    const linked = await site.ask('POST', '/users/4711/link', { body: { source: 'ad', externalId: 'guid-2' } });
    expect(linked.status, linked.text).toBe(200);
    expect(await profiles()).toMatchObject([
      { source: 'acd' },
      { source: 'ad', externalId: 'guid-2', state: 'present' },
    ]);
  });
});
