import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Owner } from '../../../src/api/schemas/user-actions.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe.each(databases)('owners of an ACD id that is not the external id on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  /** As UCCE tells: a stable number, and the agent id that people know. */
  const agent = (id: string, agentId: string, name: string): void => {
    site.acd.put(id, { acdId: agentId, username: name, firstName: name, lastName: 'Agent' });
  };
  const owners = async (id: string, at?: string): Promise<readonly Owner[]> => {
    const query = `source=acd&externalId=${id}${at === undefined ? '' : `&at=${at}`}`;
    return (await site.ask<{ items: Owner[] }>('GET', `/owners?${query}`)).json.items;
  };

  it('8.1 who had an agent id, and when, is told although the account has another id, and stays told when it moves on', async () => {
    agent('5001', '4711', 'ana');
    agent('5002', '4712', 'ben');
    await site.sync();
    const [ana, ben] = [await site.user('username:ana'), await site.user('username:ben')];
    expect(await owners('4711')).toMatchObject([{ userId: ana.id, to: null, as: 'acdId', names: ['ana Agent'] }]);
    agent('5001', '4799', 'ana');
    agent('5002', '4711', 'ben');
    await site.sync();
    const [first, second, ...none] = await owners('4711');
    expect(none).toEqual([]);
    expect([first, second]).toMatchObject([
      { userId: ana.id, as: 'acdId' },
      { userId: ben.id, to: null, as: 'acdId' },
    ]);
    expect(first?.to).not.toBeNull();
    expect((await owners('4711', first?.from)).map(({ userId }) => userId)).toEqual([ana.id]);
    // The account's own id is told as before.
    expect(await owners('5002')).toMatchObject([{ userId: ben.id, as: 'externalId' }]);
  });
});
