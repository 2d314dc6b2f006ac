import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReviewItem } from '../../../src/api/schemas/review-items.ts';
import { databases, openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { closeGate, installGate } from '../../support/gate.ts';
import { openSite, type Site } from '../../support/site.ts';

const items = async (site: Site, kind: string): Promise<ReviewItem[]> =>
  (await site.ask<{ items: ReviewItem[] }>('GET', `/review-items?kind=${kind}`)).json.items;
const answer = (site: Site, item: ReviewItem | undefined, text: string, value?: string) =>
  site.ask('POST', `/review-items/${String(item?.id)}/answer`, { body: { answer: text, value } });
const linked = async (site: Site, username: string): Promise<string[]> =>
  (await site.user(username)).profiles.map(({ source, externalId }) => `${source} ${externalId}`).sort();

/** To whom an account belongs where values are shared, say nothing or contradict each other (spec 4.10–4.12). */
describe.each(databases)('who is this account, on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    agent('ana', 'Ana', 'Mala', 'E1', 'care@cc.test');
    agent('bruno', 'Bruno', 'Duda', 'E2', 'care@cc.test');
    agent('zdenek', 'Zdenek', 'Horky', 'N/A', 'zdenek@cc.test');
    agent('yveta', 'Yveta', 'Zla', '000', 'yveta@cc.test');
    for (let index = 10; index < 35; index++)
      site.acd.put(`s${String(index)}`, {
        ...{ username: `s${String(index)}`, firstName: 'Jo', lastName: `Nr${String(index)}` },
        ...{ employeeId: '99999', email: 'default@cc.test' },
      });
    await site.sync();
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  function agent(id: string, firstName: string, lastName: string, employeeId: string | null, email: string): void {
    site.acd.put(id, { username: id, firstName, lastName, employeeId, email });
  }
  function entry(id: string, firstName: string, lastName: string, employeeId: string, email: string): void {
    site.ad.put(id, { windowsLogin: `CC\\${id}`, firstName, lastName, employeeId, email });
  }

  it('4.12 agents with one mailbox and a number each are different people, and no question says otherwise', async () => {
    expect((await Promise.all(['ana', 'bruno'].map((name) => site.user(name)))).map((user) => user.employeeId)).toEqual(
      ['E1', 'E2'],
    );
    expect(await items(site, 'ambiguous-match')).toEqual([]);
    expect(await items(site, 'possible-duplicate')).toEqual([]);

    agent('cilka', 'Cilka', 'Sova', 'E3', 'Care@cc.test');
    await site.sync();
    expect((await site.user('cilka')).employeeId).toBe('E3');
    expect(await items(site, 'already-linked')).toEqual([]);
  });

  it('4.11 words for nothing identify nobody and are no unique value', async () => {
    entry('kveta', 'Kveta', 'Mokra', 'N/A', 'kveta@cc.test');
    entry('ivo', 'Ivo', 'Kral', '000', 'ivo@cc.test');
    await site.sync();
    expect([await linked(site, 'zdenek'), await linked(site, 'yveta')]).toEqual([['acd zdenek'], ['acd yveta']]);
    expect(await items(site, 'contradicted-match')).toEqual([]);
    expect(await database.knex('user').whereIn('username', ['zdenek', 'yveta']).pluck('employee_id')).toEqual([
      null,
      null,
    ]);
  });

  it('4.12 a mailbox outweighs neither two numbers nor two names; the question shows both sides and takes its answers', async () => {
    agent('dana', 'Dana', 'Hora', 'E4', 'desk@cc.test');
    agent('emil', 'Emil', 'Hora', null, 'door@cc.test');
    await site.sync();
    entry('petr', 'Petr', 'Klid', 'E9', 'desk@cc.test');
    entry('rut', 'Rut', 'Tvrda', 'E8', 'door@cc.test');
    await site.sync();
    const [byNumber, byName] = await items(site, 'contradicted-match');
    expect([await linked(site, 'dana'), await linked(site, 'emil')]).toEqual([['acd dana'], ['acd emil']]);
    expect([byNumber, byName].map((item) => [item?.externalId, item?.options])).toEqual([
      ['petr', ['this-user', 'new-user', 'ignore']],
      ['rut', ['this-user', 'new-user', 'ignore']],
    ]);
    expect(byNumber?.about).toContain('Petr Klid ↔ Dana Hora (dana');

    const shown = await site.ask<{ sides: { values: Record<string, string> }[] }>(
      'GET',
      `/review-items/${String(byNumber?.id)}`,
    );
    expect(shown.json.sides.map(({ values }) => values['employeeId'])).toEqual(['E9', 'E4']);

    expect((await answer(site, byNumber, 'new-user')).status).toBe(200);
    expect((await answer(site, byName, 'this-user')).status).toBe(200);
    expect([await linked(site, 'dana'), await linked(site, 'emil')]).toEqual([['acd dana'], ['acd emil', 'ad rut']]);
    expect(await items(site, 'contradicted-match')).toEqual([]);
    expect((await answer(site, byName, 'ignore')).text).toContain('was answered by local:tester at');
    const closed = await site.ask<{ items: ReviewItem[] }>('GET', '/review-items?closed=true&kind=contradicted-match');
    expect(closed.json.items.map((item) => item.answer)).toEqual(['new-user', 'this-user']);
  });

  it('4.9 what `new-user` has decided is not asked again as a possible duplicate', async () => {
    agent('filip', 'Filip', 'Vesely', null, 'filip@cc.test');
    await site.sync();
    agent('hana', 'Hana', 'Vesela', null, 'filip@cc.test');
    await site.sync();
    const [asked] = await items(site, 'already-linked');
    expect((await answer(site, asked, 'separate-user')).status).toBe(200);
    expect((await site.user('hana')).lastName).toBe('Vesela');
    expect(await items(site, 'possible-duplicate')).toEqual([]);
  });

  it('4.10 accounts that match each other: `new-user` says of one that it is a person of its own', async () => {
    agent('ida', 'Ida', 'Bila', null, 'pair@cc.test');
    agent('jan', 'Jan', 'Bily', null, 'pair@cc.test');
    await site.sync();
    const [asked] = await items(site, 'ambiguous-match');
    expect(asked?.options).toEqual(['new-user', 'ignore']);
    expect((await answer(site, asked, 'new-user', 'ida')).status).toBe(200);
    expect((await site.user('ida')).lastName).toBe('Bila');
  });

  it('4.11 a value that more than 20 share is one question, and everybody is created without it', async () => {
    const created = await database
      .knex<{ username: string; employee_id: string | null; email: string | null }>('user')
      .where('username', 'like', 's__')
      .select('employee_id', 'email');
    expect(created).toHaveLength(25);
    expect(created.filter((user) => user.employee_id !== null)).toEqual([]);
    expect(created.every((user) => user.email === 'default@cc.test')).toBe(true);
    const asked = await items(site, 'shared-value');
    expect(asked.map((item) => [item.part, item.externalId, item.evidence['count'], item.about])).toEqual([
      ['email', 's10', 25, 'email "default@cc.test" of 25 accounts'],
      ['employeeId', 's10', 25, 'employeeId "99999" of 25 accounts'],
    ]);
    for (const kind of ['ambiguous-match', 'unique-taken', 'possible-duplicate'])
      expect((await items(site, kind)).filter((item) => item.externalId?.startsWith('s') === true)).toEqual([]);

    expect((await answer(site, asked[1], 'identifies-nobody')).status).toBe(200);
    await site.sync();
    expect((await items(site, 'shared-value')).map((item) => item.part)).toEqual(['email']);
  });

  it('4.10 a question about 850 accounts names 50, the lowest external ids first, and can be answered', async () => {
    agent('kamil', 'Kamil', 'Novy', 'E70', 'crowd@cc.test');
    for (let index = 850; index > 0; index--)
      site.ad.put(`c${String(index).padStart(3, '0')}`, {
        windowsLogin: `CC\\c${String(index)}`,
        email: 'crowd@cc.test',
      });
    await site.sync();
    const [shared] = (await items(site, 'shared-value')).filter((item) => item.source === 'ad');
    expect((await answer(site, shared, 'ask-about-each')).status).toBe(200);
    await site.sync();
    const [asked, ...others] = (await items(site, 'ambiguous-match')).filter((item) => item.source === 'ad');
    expect(others).toEqual([]);
    expect(asked?.externalId).toBe('c001');
    expect(asked?.accounts).toHaveLength(50);
    expect(asked?.evidence['moreAccounts']).toBe(800);
    expect((await answer(site, asked, 'ignore', 'c849')).status).toBe(200);
  }, 60_000);
});

describe('13.5 between planning and creating', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    for (const [username, email] of [
      ['57', 'link@cc.test'],
      ['xaver', 'xaver@cc.test'],
    ] as const) {
      await site.ask('POST', '/users', { body: { fields: { username, email, language: 'cs', lastName: 'Local' } } });
      await site.ask('PUT', `/users/${username}/active`, { body: { active: true } });
    }
    await installGate(database.knex);
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  it('13.5 a user who is given the e-mail of an account that is about to create one is linked instead', async () => {
    // The link is written in the first batch, where it waits; the creation comes in a later one.
    site.acd.put('0', { acdId: '0a', firstName: 'Ann', lastName: 'Changed', email: 'link@cc.test' });
    for (let index = 1; index <= 150; index++) site.acd.put(`f${String(index)}`, { acdId: `f${String(index)}` });
    site.acd.put('z', { acdId: 'z', email: 'moved@cc.test' });
    const gate = await closeGate(database.knex, ['57']);
    const syncing = site.sync();
    await gate.reached('57');
    const given = await site.askMeanwhile('PUT', '/users/xaver/fields/email', { body: { value: 'moved@cc.test' } });
    expect(given.status, given.text).toBe(200);
    await gate.open('57');
    await syncing;
    expect(await database.knex('event').where({ type: 'user-created', external_id: 'z' })).toEqual([]);
    expect(await database.knex('user').where({ email: 'moved@cc.test' }).pluck('username')).toEqual(['xaver']);
  }, 60_000);
});
