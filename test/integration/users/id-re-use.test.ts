import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReviewAnswered, ReviewItem } from '../../../src/api/schemas/review-items.ts';
import type { Run } from '../../../src/api/schemas/runs.ts';
import type { Owner } from '../../../src/api/schemas/user-actions.ts';
import type { WorklistEntry } from '../../../src/api/schemas/worklist.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe.each(databases)('re-use of ids on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.lookup = 'present';
    agent('4711', 'Jan', 'Novák', 'jan@x.test');
    agent('4712', 'Eva', 'Malá', 'eva@x.test');
    agent('4713', 'Ota', 'Veselý', 'ota@x.test');
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const agent = (id: string, firstName: string | null, lastName: string, email: string): void => {
    site.acd.put(id, { acdId: id, firstName, lastName, email, 'attribute.agentId': id });
  };
  const items = async (): Promise<readonly ReviewItem[]> =>
    (await site.ask<{ items: ReviewItem[] }>('GET', '/review-items?kind=possible-id-reuse')).json.items;
  const theItem = async (): Promise<ReviewItem> => {
    const [item, ...none] = await items();
    expect(none).toEqual([]);
    if (item === undefined) throw new Error('no question is open');
    return item;
  };
  const answer = (item: ReviewItem, body: object, query = '') =>
    site.ask<ReviewAnswered & { code: string; detail: string }>('POST', `/review-items/${item.id}/answer${query}`, {
      body,
    });
  const owners = async (id: string, at?: Date): Promise<readonly Owner[]> => {
    const query = `source=acd&externalId=${id}${at === undefined ? '' : `&at=${at.toISOString()}`}`;
    return (await site.ask<{ items: Owner[] }>('GET', `/owners?${query}`)).json.items;
  };

  it('8.3 a new family name alone is applied, and the account is known by it', async () => {
    agent('4712', 'Eva', 'Krátká', 'eva@x.test');
    await site.sync();
    expect(await site.user('username:4712')).toMatchObject({ lastName: 'Krátká' });
    expect(await items()).toEqual([]);
  });

  it('8.3 another given name holds the whole account and asks; the old names close the question', async () => {
    const before = await site.user('username:4711');
    agent('4711', 'Petra', 'Novák', 'petra@x.test');
    await site.sync();
    expect(await site.user('username:4711')).toEqual({ ...before, profiles: expect.anything() as unknown });
    expect(await theItem()).toMatchObject({
      ...{ source: 'acd', externalId: '4711', userIds: [before.id], options: ['same-person', 'new-person'] },
      evidence: { before: { firstName: 'Jan' }, now: { firstName: 'Petra' }, wasGone: false },
    });
    expect((await owners('4711')).at(-1)).toMatchObject({ disputed: true, names: ['Jan Novák', 'Petra Novák'] });
    agent('4711', 'Jan', 'Novák', 'jan@x.test');
    await site.sync();
    expect(await items()).toEqual([]);
    expect((await owners('4711')).at(-1)).toMatchObject({ disputed: false, names: ['Jan Novák'] });
  });

  it('4.10 an answer to evidence that has changed is refused, with the new evidence', async () => {
    agent('4711', 'Petra', 'Novák', 'petra@x.test');
    await site.sync();
    const old = await theItem();
    agent('4711', 'Klára', 'Nová', 'klara@x.test');
    await site.sync();
    const now = await theItem();
    expect(now.id).not.toBe(old.id);
    const refused = await answer(old, { answer: 'same-person' });
    expect(refused).toMatchObject({ status: 409, json: { code: 'evidence-changed' } });
    expect(refused.json.detail).toContain('Klára');
    expect(await answer(now, { answer: 'ignore' })).toMatchObject({ status: 422, json: { code: 'answer-unknown' } });
  });

  it('8.3 same person: applied, and not asked again, also when the old name comes back', async () => {
    const item = await theItem();
    const preview = await answer(item, { answer: 'same-person' }, '?preview=true');
    expect(preview.json.changes).toContainEqual({ field: 'firstName', before: 'Jan', after: 'Klára' });
    expect((await answer(item, { answer: 'same-person' })).status).toBe(200);
    expect(await site.user('username:4711')).toMatchObject({ firstName: 'Klára', lastName: 'Nová' });
    expect(await database.knex('review_answer').first()).toMatchObject({ answer: 'same-person' });
    await site.sync();
    expect(await items()).toEqual([]);
    agent('4711', 'Jan', 'Novák', 'jan@x.test');
    await site.sync();
    expect(await items()).toEqual([]);
    expect(await site.user('username:4711')).toMatchObject({ firstName: 'Jan' });
  });

  it('8.3 gone and back under another family name asks; under the same name it is the same person', async () => {
    for (const id of ['4712', '4713']) site.acd.records.delete(id);
    await site.sync();
    agent('4712', 'Eva', 'Krátká', 'eva@x.test');
    agent('4713', 'Ota', 'Tichý', 'ota.tichy@x.test');
    await site.sync();
    expect(await theItem()).toMatchObject({ externalId: '4713', evidence: { wasGone: true } });
    agent('4712', 'Eva', 'Dlouhá', 'eva@x.test');
    await site.sync();
    expect(await theItem()).toMatchObject({ externalId: '4713' });
    expect(await site.user('username:4712')).toMatchObject({ lastName: 'Dlouhá' });
  });

  it('8.3 new person: the old user is deactivated and lets go of the id, the next run goes on with the new one', async () => {
    const old = await site.user('username:4713');
    const item = await theItem();
    expect(await answer(item, { answer: 'new-person' })).toMatchObject({
      status: 422,
      json: { code: 'username-needed' },
    });
    expect(await site.user(old.id)).toMatchObject({ active: true });
    const done = await answer(item, { answer: 'new-person', value: 'ota.vesely' });
    expect(done.status, done.text).toBe(200);
    expect(done.json.changes).toContainEqual({ field: 'active', before: 'yes', after: 'no' });
    expect(await site.user(old.id)).toMatchObject({
      ...{ active: false, username: 'ota.vesely', lastName: 'Veselý', acdId: null },
    });
    // Found where one looks for it, beside the answer.
    expect(await site.knex('event').where({ type: 'deactivated', user_id: old.id })).toHaveLength(1);
    const next = await site.user('username:4713');
    expect(next).toMatchObject({ lastName: 'Tichý', acdId: '4713', active: true });
    expect(await items()).toEqual([]);
  });

  it('8.1 the periods meet where the other name was first seen, and do not overlap', async () => {
    const [old, next, ...none] = await owners('4713');
    expect(none).toEqual([]);
    expect(old?.names).toEqual(['Ota Veselý']);
    expect(next?.names).toEqual(['Ota Tichý']);
    const { changed_at: seen } = await database
      .knex('account')
      .where({ external_id: '4713' })
      .first<{ changed_at: Date }>();
    expect(next?.from).toBe(seen.toISOString());
    expect(Date.parse(old?.to ?? '')).toBeLessThanOrEqual(seen.getTime());
    expect((await owners('4713', seen)).map((owner) => owner.userId)).toEqual([next?.userId]);
  });

  it('8.4 an inactive user who still holds an id in use is on the worklist', async () => {
    const { id } = await site.user('username:4712');
    site.acd.lookup = 'absent';
    await site.ask('PUT', `/users/${id}/active`, { body: { active: false } });
    await site.sync();
    const { json } = await site.ask<{ items: WorklistEntry[] }>('GET', '/worklist');
    expect(json.items.find((entry) => entry.userId === id)?.reasons).toContain('id-in-use');
  });

  it('8.3 an account under suspicion asks also while its user is inactive, and stays frozen after the answer', async () => {
    agent('4712', 'Karel', 'Černý', 'karel@x.test');
    await site.sync();
    const item = await theItem();
    expect((await answer(item, { answer: 'same-person' })).status).toBe(200);
    expect(await site.user('username:4712')).toMatchObject({ firstName: 'Eva', active: false });
    await site.sync();
    expect(await items()).toEqual([]);
  });
});

describe.each(databases)('many names at once on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;
  const count = 25;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    for (let each = 0; each < count; each++) put(each, 'Jan', `Novák${'abcdefghijklmnopqrstuvwxyz'[each] ?? ''}`);
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });
  const put = (each: number, firstName: string, lastName: string): void => {
    site.acd.put(`47${String(each).padStart(2, '0')}`, {
      acdId: `47${String(each).padStart(2, '0')}`,
      firstName,
      lastName,
    });
  };
  const held = async (): Promise<Run & { digest: string | null }> => {
    const { json } = await site.ask<{ items: (Run & { digest: string | null })[] }>(
      'GET',
      '/runs?state=held&source=acd',
    );
    const [run] = json.items;
    if (run === undefined) throw new Error('no run is held');
    return run;
  };

  it('8.3 more suspicions than the guard allows are one held question, and no items', async () => {
    for (let each = 0; each < count; each++) put(each, `X${String(each)}`, 'Changed');
    await site.sync();
    const run = await held();
    expect(run.error?.message).toContain('did the format of names change?');
    expect(await database.knex('review_item').whereNull('closed_at')).toEqual([]);
    expect(await site.user('username:4700')).toMatchObject({ firstName: 'Jan' });
  });

  it('8.3 approving it says that they are the same people', async () => {
    const run = await held();
    const { digest } = await database.knex('run').where({ id: run.id }).first<{ digest: string }>();
    const approved = await site.ask('POST', `/runs/${run.id}/approve`, { body: { digest } });
    expect(approved.status, approved.text).toBeLessThan(300);
    expect(await site.user('username:4700')).toMatchObject({ firstName: 'X0', lastName: 'Changed' });
    expect(await database.knex('review_item').whereNull('closed_at')).toEqual([]);
    await site.sync();
    expect(await database.knex('review_item').whereNull('closed_at')).toEqual([]);
  });
});
