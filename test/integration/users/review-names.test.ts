import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReviewItem } from '../../../src/api/schemas/review-items.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { told } from '../../support/told-event.ts';

/** Names that sources use for teams and roles, and what people answer about them (spec 4.10, 10.2, 11.1). */
describe.each(databases)('answers about names on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    say('4001', ['1 Care']);
    say('4002', ['2 Sales'], ['clerk']);
    // Other teams of the same names: each is a question.
    for (const [at, id] of ['3', '4', '5', '6'].entries()) say(String(4_003 + at), [`${id} Care`]);
    await site.sync();
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  /** Teams are written as id and name. */
  function say(id: string, teams: readonly string[], roles: readonly string[] = []): void {
    const [uid, email] = [`E${id}`, `${id}@acd.test`];
    site.acd.put(
      id,
      { acdId: id, employeeId: uid, email, firstName: 'Jan', lastName: `Name${id}` },
      {
        roleFacts: { roles: [...roles] },
        teams: teams.map((team) => ({ id: team.split(' ')[0] ?? '', name: team.split(' ')[1] ?? '' })),
      },
    );
  }

  const items = async (kind: string): Promise<ReviewItem[]> =>
    (await site.ask<{ items: ReviewItem[] }>('GET', `/review-items?kind=${kind}`)).json.items;

  async function itemOf(kind: string, key: 'team' | 'role', name: string): Promise<ReviewItem> {
    const found = (await items(kind)).find(({ evidence }) => evidence[key] === name);
    if (found === undefined) throw new Error(`nothing is asked about ${name}`);
    return found;
  }

  const resolve = (item: ReviewItem, answer: string, value?: string, query = '') =>
    site.ask<{ code?: string }>('POST', `/review-items/${item.id}/answer${query}`, {
      body: { answer, ...(value === undefined ? {} : { value }) },
    });

  const teamsOf = async (user: string): Promise<string[]> => (await site.user(user)).teams.map(({ name }) => name);

  it('11.1 a taken name is shared, or another one given, or the team left out; its memberships follow', async () => {
    expect(await items('team-name-taken')).toHaveLength(4);
    expect((await itemOf('team-name-taken', 'team', '3')).options).toEqual(['map-to', 'create', 'ignore']);
    expect(await teamsOf('4003')).toEqual(['Default']);
    // Who asks about the user hears what the team waits for (5.7).
    expect((await site.ask('GET', '/users/username:4003/explain')).text).toContain(
      'the team \\"Care\\" waits for the question team-name-taken',
    );

    const preview = await resolve(await itemOf('team-name-taken', 'team', '3'), 'map-to', undefined, '?preview=true');
    expect(preview.status, preview.text).toBe(200);
    // Shown before it is done: whom the answer concerns (11.6).
    expect(preview.text).toContain('acd names this team for 1 user: 4003.');
    expect(await items('team-name-taken')).toHaveLength(4);

    await resolve(await itemOf('team-name-taken', 'team', '3'), 'map-to');
    expect(await teamsOf('4003')).toEqual(['Care']);
    await resolve(await itemOf('team-name-taken', 'team', '4'), 'map-to', 'sales');
    expect(await teamsOf('4004')).toEqual(['Sales']);
    const taken = await resolve(await itemOf('team-name-taken', 'team', '5'), 'create', 'SALES');
    expect([taken.status, taken.json.code]).toEqual([409, 'unique-taken']);
    await resolve(await itemOf('team-name-taken', 'team', '5'), 'create', 'Care Brno');
    expect(await teamsOf('4005')).toEqual(['Care Brno']);
    await resolve(await itemOf('team-name-taken', 'team', '6'), 'ignore');
    expect(await items('team-name-taken')).toEqual([]);
    expect(await teamsOf('4006')).toEqual(['Default']);
    // What else its account is in counts.
    say('4006', ['6 Care', '2 Sales']);
    await site.sync();
    expect(await teamsOf('4006')).toEqual(['Sales']);
    expect([await items('team-name-taken'), await teamsOf('4005')]).toEqual([[], ['Care Brno']]);
    // Another name at the source is another question, or none.
    say('4006', ['6 Night', '2 Sales']);
    await site.sync();
    expect(await teamsOf('4006')).toEqual(['Night', 'Sales']);
  }, 120_000);

  it('10.2 an unknown role means another one, or nothing, from then on', async () => {
    const item = await itemOf('unknown-role', 'role', 'clerk');
    const roles = async (user: string): Promise<string[]> => (await site.user(user)).roles.map(({ role }) => role);
    expect(await roles('4002')).toEqual(['agent']);
    expect((await resolve(item, 'map-to', 'king')).json.code).toBe('role-unknown');
    expect((await resolve(item, 'map-to')).json.code).toBe('value-needed');
    await resolve(item, 'map-to', 'trainer');
    expect(await roles('4002')).toEqual(['agent', 'trainer']);
    const event = await site.knex('event').where({ type: 'review-answered' }).orderBy('id', 'desc').first<object>();
    expect(told(event)).toMatchObject({ changes: [{ field: 'review.unknown-role', after: 'map-to trainer' }] });

    say('4002', ['2 Sales'], ['clerk', 'ghost']);
    await site.sync();
    expect(await items('unknown-role')).toMatchObject([{ evidence: { role: 'ghost' } }]);
    await resolve(await itemOf('unknown-role', 'role', 'ghost'), 'ignore');
    say('4002', ['2 Sales'], ['ghost', 'auditor']);
    await site.sync();
    expect([await roles('4002'), await items('unknown-role')]).toEqual([['agent', 'auditor'], []]);
  }, 120_000);
});
