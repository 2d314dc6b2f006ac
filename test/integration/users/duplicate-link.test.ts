import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReviewItem } from '../../../src/api/schemas/review-items.ts';
import type { User } from '../../../src/api/schemas/users.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

/** Two users who may be the same person, and an account that was linked to the wrong one (spec 4.9, 4.10). */
describe.each(databases)('moving a link to the other user on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put('4711', { acdId: '4711', firstName: 'Jan', lastName: 'Novák', email: 'novak@corp.test' });
    site.acd.put('4712', { acdId: '4712', firstName: 'Jana', lastName: 'Nováková', email: 'jana@corp.test' });
    site.ad.put('guid-1', { windowsLogin: 'CORP\\novak', email: 'novak@corp.test', department: 'Sales' });
    await site.sync();
    // It was Jana's all along.
    site.ad.put('guid-1', { windowsLogin: 'CORP\\novak', email: 'jana@corp.test', department: 'Sales' });
    await site.sync();
  }, 60_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const items = async (): Promise<ReviewItem[]> =>
    (await site.ask<{ items: ReviewItem[] }>('GET', '/review-items?kind=possible-duplicate')).json.items;
  const answer = async (value?: string, query = '') =>
    site.ask<{ code?: string; changes: unknown; warnings: string[] }>(
      'POST',
      `/review-items/${String((await items())[0]?.id)}/answer${query}`,
      { body: { answer: 'move-link', reason: 'hers', ...(value === undefined ? {} : { value }) } },
    );
  const shown = async (
    user: string,
  ): Promise<Pick<User, 'windowsLogin' | 'email' | 'department'> & { ad: boolean }> => {
    const { windowsLogin, email, department, profiles } = await site.user(user);
    return {
      windowsLogin,
      email,
      department,
      ad: profiles.some(({ source, state }) => source === 'ad' && state === 'present'),
    };
  };

  const his = { windowsLogin: 'CORP\\novak', email: 'jana@corp.test', department: 'Sales', ad: true };
  const hers = { windowsLogin: null, email: 'jana@corp.test', department: null, ad: false };

  it('4.10 a preview says what both users would have, and changes nothing', async () => {
    expect((await items())[0]?.options).toEqual(['move-link', 'not-the-same']);
    const preview = await answer(undefined, '?preview=true');
    expect(preview.status, preview.text).toBe(200);
    expect(preview.json.changes).toContainEqual({ field: 'windowsLogin', before: null, after: 'CORP\\novak' });
    expect(preview.json.warnings).toEqual([expect.stringMatching(/loses windowsLogin/)]);
    expect([await shown('4711'), await shown('4712')]).toEqual([his, hers]);
  });

  it('4.4, 4.10 a link to a source that the other user has too cannot move', async () => {
    const refused = await answer('acd');
    expect([refused.status, refused.json.code]).toEqual([409, 'answer-not-possible']);
    expect([await shown('4711'), await shown('4712')]).toEqual([his, hers]);
  });

  it('4.10 the link moves with its unique values, the rest stays as it was that day, and a person’s word it remains', async () => {
    const moved = await answer('ad');
    expect(moved.status, moved.text).toBe(200);
    const after = [
      { windowsLogin: null, email: 'jana@corp.test', department: 'Sales', ad: false },
      { windowsLogin: 'CORP\\novak', email: 'jana@corp.test', department: 'Sales', ad: true },
    ];
    expect([await shown('4711'), await shown('4712')]).toEqual(after);
    expect(await items()).toEqual([]);
    const events = await database.knex('event').where({ actor_kind: 'operator' }).orderBy('id', 'desc').limit(2);
    expect(events).toMatchObject([
      { type: 'link-made', external_id: 'guid-1', reason: 'hers' },
      { type: 'link-ended', external_id: 'guid-1', reason: 'hers' },
    ]);
    await site.sync();
    expect([await shown('4711'), await shown('4712'), await items()]).toEqual([...after, []]);
  });

  it('4.10, 7.2 the account never goes back by itself', async () => {
    site.ad.put('guid-1', { windowsLogin: 'CORP\\novak', email: 'novak@corp.test', department: 'Sales' });
    await site.sync();
    expect(await shown('4711')).toMatchObject({ ad: false, windowsLogin: null });
    expect(await shown('4712')).toMatchObject({ ad: true, windowsLogin: 'CORP\\novak' });
  });
});
