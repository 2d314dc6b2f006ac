import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserActed } from '../../../src/api/schemas/user-actions.ts';
import type { BulkAsked, BulkJob } from '../../../src/api/schemas/bulk.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

describe.each(databases)('blocked users on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;
  const lockOut = async (blocked: 'true' | null): Promise<void> => {
    site.ad.put('guid-1', { windowsLogin: 'CORP\\jnovak', employeeId: 'E1', blocked });
    await site.sync();
  };

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    site.acd.put('4711', { acdId: '4711', firstName: 'Jan', lastName: 'Novák', employeeId: 'E1' });
    await lockOut(null);
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const unlock = async (): Promise<BulkJob['counts']> => {
    const asked = await site.ask<BulkAsked>('POST', '/bulk', { body: { action: 'unlock', users: ['4711'] } });
    const id = asked.json.job?.id ?? 0;
    for (let round = 0; round < 500; round++) {
      const job = (await site.ask<BulkJob>('GET', `/bulk/${id}`)).json;
      if (job.finishedAt !== null) return job.counts;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('the unlocking does not end');
  };
  const blocked = async () => (await site.user('4711')).blocked;

  it('12.3 what the application has blocked is cleared by unlock', async () => {
    await site.ask<UserActed>('PUT', '/users/4711/fields/blocked', { body: { value: 'true' } });
    expect(await blocked()).toBe('true');
    expect(await unlock()).toMatchObject({ changed: 1 });
    expect(await blocked()).toBeNull();
    expect(await unlock()).toMatchObject({ changed: 0, unchanged: 1 });
  });

  it('12.3 a lock-out of AD blocks until somebody unlocks, also after AD has let the account in again', async () => {
    await lockOut('true');
    expect(await blocked()).toBe('true');
    await lockOut(null);
    expect(await blocked()).toBe('true');
    expect(await unlock()).toMatchObject({ changed: 1 });
    expect(await blocked()).toBeNull();
  });

  it('12.3 an unlocked user stays unlocked while AD says the same lock-out, and its next one blocks again', async () => {
    await lockOut('true');
    expect(await unlock()).toMatchObject({ changed: 1 });
    site.ad.put('guid-1', { windowsLogin: 'CORP\\jnovak', employeeId: 'E1', blocked: 'true', department: 'Sales' });
    await site.sync();
    expect(await site.user('4711')).toMatchObject({ blocked: null, department: 'Sales' });
    await lockOut(null);
    expect(await blocked()).toBeNull();
    await lockOut('true');
    expect(await blocked()).toBe('true');
  });
});
