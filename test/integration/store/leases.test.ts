import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { LeaseLost, type Lease } from '../../../src/domain/lease.ts';
import { importStore } from '../../../src/store/import-store.ts';
import { leaseStore } from '../../../src/store/leases.ts';
import { runStore } from '../../../src/store/run-store.ts';
import { databases } from '../../support/api/databases.ts';

describe.each(databases)('14.1, 14.3 a lease on %s', async (_name, open) => {
  const { knex, close } = await open();
  afterAll(close);
  const leases = leaseStore(knex);
  const [{ id: run } = { id: 0 }] = await knex('run')
    .insert({ mode: 'full', state: 'importing', asked_by: 'test' })
    .returning<{ id: number }[]>('id');

  const taken = async (): Promise<Lease> => {
    const lease = await leases.take('source:acd', 'busy', 15);
    if (lease === null) throw new Error('the lease is taken');
    return lease;
  };
  const runOut = () => knex.raw(`update lease set expires_at = clock_timestamp() - interval '1 hour'`);
  /** Everything that a worker does with its lease. */
  const uses: readonly (readonly [string, (lease: Lease) => Promise<unknown>])[] = [
    ['renews it', (lease) => leases.renew(lease, 15)],
    ['writes a page', (lease) => importStore(knex).inLease(lease, (tx) => tx.markSeen([]))],
    ['says how far it is', (lease) => runStore(knex).saveProgress(lease, run, 'import', {}, {})],
  ];
  beforeEach(() => leases.endAll());

  it.each(uses)(
    '14.3 that ran out while its holder was busy, and that nobody took, is no loss: %s',
    async (_what, use) => {
      const lease = await taken();
      await runOut();
      await use(lease);
      await leases.renew(lease, 15);
      expect(await leases.take('source:acd', 'other', 15)).toBeNull();
    },
  );

  it.each(uses)('14.1 that somebody took is lost, and when they gave it back too: %s', async (_what, use) => {
    const lease = await taken();
    await runOut();
    const other = await taken();
    await expect(use(lease)).rejects.toBeInstanceOf(LeaseLost);
    await leases.release(lease);
    await leases.renew(other, 15);
    await leases.release(other);
    await expect(use(lease)).rejects.toBeInstanceOf(LeaseLost);
  });
});
