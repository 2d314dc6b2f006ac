import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReviewItem } from '../../../src/api/schemas/review-items.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

const acdFirst = 'authority: { employeeId: { rank: [acd, ad] } }';

describe('4.7, 14.4 unique names that another policy gives', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    for (const index of [1, 2, 3, 4]) say(site, index, `E${String(index)}`);
    await site.sync();
    // The directory has other numbers for two of them now, and the other two have been given the former ones.
    for (const index of [1, 2]) say(site, index, `D${String(index)}`);
    await site.sync();
    for (const index of [1, 2]) await set(index + 2, `E${String(index)}`);
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const username = (index: number): string => String(4_000 + index);
  const employeeIds = (): Promise<string[]> => site.knex('user').orderBy('username').pluck('employee_id');
  const items = async (): Promise<ReviewItem[]> =>
    (await site.ask<{ items: ReviewItem[] }>('GET', '/review-items?kind=unique-taken')).json.items;
  const set = (index: number, value: string) =>
    site.ask('PUT', `/users/${username(index)}/fields/employeeId`, { body: { value } });

  function say(at: Site, index: number, inDirectory: string): void {
    const both = { firstName: 'Jan', lastName: `Name${String(index)}`, email: `u${String(index)}@corp.test` };
    at.acd.put(username(index), { acdId: username(index), employeeId: `E${String(index)}`, ...both });
    at.ad.put(`guid-${String(index)}`, { windowsLogin: `CORP\\u${String(index)}`, employeeId: inDirectory, ...both });
  }

  it('4.7 a name that another user has is a question about both; an answer and a name that becomes free settle it', async () => {
    expect(await employeeIds()).toEqual(['D1', 'D2', 'E1', 'E2']);
    const { ad, acd } = site;
    await site.close();
    site = await openSite(database.knex, acdFirst);
    for (const [from, to] of [[ad, site.ad] as const, [acd, site.acd] as const])
      for (const [id, { values }] of from.records) to.put(id, values);
    await site.reconcile();

    expect(await employeeIds()).toEqual(['D1', 'D2', 'E1', 'E2']);
    const [first, second, ...others] = await items();
    expect(others).toEqual([]);
    const [one, three] = [await site.user(username(1)), await site.user(username(3))];
    expect(first).toMatchObject({ part: 'employeeId', userIds: [one.id, three.id], options: ['another-value'] });
    expect(first?.about).toContain('employeeId "e1"');
    expect(second).toMatchObject({ part: 'employeeId', options: ['another-value'] });

    // Asked again, nothing is asked twice.
    await site.sync('acd');
    expect((await items()).map(({ id }) => id)).toEqual([first?.id, second?.id]);
    const body = { answer: 'another-value', value: 'X1' };
    const answered = await site.ask('POST', `/review-items/${String(first?.id)}/answer`, { body });
    expect(answered.status, answered.text).toBe(200);
    await set(4, 'X4');
    await site.sync('acd');
    expect(await employeeIds()).toEqual(['X1', 'E2', 'E1', 'X4']);
    expect(await items()).toEqual([]);
  }, 120_000);
});
