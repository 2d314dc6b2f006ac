import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { User } from '../../../src/api/schemas/users.ts';
import { ensureSearchTexts } from '../../../src/store/search-texts.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe.each(databases)('searching users, on %s', (_size, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    const put = (id: string, firstName: string, lastName: string): void => {
      site.acd.put(id, { acdId: id, firstName, lastName, email: `${id}@cc.example`, employeeId: `E${id}` });
    };
    put('4001', 'Žofie', 'Dvořáková');
    put('4002', 'Søren', 'Łukasz');
    put('4003', 'Ana', '100%_sure');
    await site.sync();
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const found = async (search: string): Promise<(string | null)[]> => {
    const { json } = await site.ask<{ items: User[] }>('GET', `/users?search=${encodeURIComponent(search)}`);
    return json.items.map((user) => user.acdId);
  };

  it('15.2 search finds any part of a name, login, id or e-mail, accents and case aside', async () => {
    const ways = ['Žofie', 'žofie', 'DVOŘÁKOVÁ', 'Z\u030cofie', 'ořák', 'orak', '001@cc', 'E4001', 'zo', 'fi'];
    for (const text of [...ways, 'dvorakova zof']) expect([text, await found(text)]).toEqual([text, ['4001']]);
    expect(await found('soren lukasz')).toEqual(['4002']);
    expect(await found('cc.example')).toEqual(['4001', '4002', '4003']);
    expect(await found('0%_s')).toEqual(['4003']);
    expect(await found('0%s')).toEqual([]);
  });

  it('15.2 a new name is found at once, and users from before there was a search are made searchable', async () => {
    await database.knex.raw('update "user" set search_text = null');
    await ensureSearchTexts(database.knex);
    expect(await found('lukasz')).toEqual(['4002']);
    site.acd.put('4002', { acdId: '4002', firstName: 'Søren', lastName: 'Nový', employeeId: 'E4002' });
    await site.sync();
    expect([await found('novy'), await found('lukasz')]).toEqual([['4002'], []]);
  });

  it('15.2 an index serves the middle of a word; without it the same is found', async () => {
    const plan = await database.knex.transaction(async (transaction) => {
      await transaction.raw('set local enable_seqscan = off');
      await transaction.raw('set local enable_indexscan = off');
      return transaction.raw<{ rows: object[] }>(`explain select id from "user" where search_text like '%orak%'`);
    });
    expect(JSON.stringify(plan.rows)).toContain('user_search');
    await database.knex.raw('drop index user_search');
    expect([await found('orak'), await found('ra')]).toEqual([['4001'], ['4001']]);
  });
});
