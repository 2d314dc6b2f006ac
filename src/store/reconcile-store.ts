import type { ReconcileStore } from '../apply/ports.ts';
import type { Field } from '../domain/fields.ts';
import { checkLease } from './leases.ts';
import { reconcileReads } from './reconcile-reads.ts';
import { reconcileWrites } from './reconcile-writes.ts';
import type { Db } from './sql.ts';
import { inTransaction, redoable } from './transactions.ts';

/** What applying needs, on PostgreSQL and on the embedded database alike. */
export function reconcileStore(db: Db, matchOf: (source: string) => readonly (readonly Field[])[]): ReconcileStore {
  return {
    read: reconcileReads(db, matchOf),
    inLease: (lease, work) =>
      inTransaction(db, async (transaction) => {
        await redoable(transaction);
        await checkLease(transaction, lease);
        return work({ ...reconcileReads(transaction, matchOf), ...reconcileWrites(transaction) });
      }),
  };
}
