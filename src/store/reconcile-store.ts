import type { ReconcileStore } from '../apply/ports.ts';
import type { Field } from '../domain/fields.ts';
import { checkLease } from './leases.ts';
import { reconcileReads, type IgnoringRuleOf } from './reconcile-reads.ts';
import { reconcileWrites } from './reconcile-writes.ts';
import type { Db } from './sql.ts';
import { inTransaction, redoable } from './transactions.ts';

/** What applying needs, on PostgreSQL and on the embedded database alike. */
export function reconcileStore(
  db: Db,
  matchOf: (source: string) => readonly (readonly Field[])[],
  ignoringRuleOf?: IgnoringRuleOf,
): ReconcileStore {
  return {
    read: reconcileReads(db, matchOf, ignoringRuleOf),
    inLease: (lease, work) =>
      inTransaction(db, async (transaction) => {
        await redoable(transaction);
        const result = await work({
          ...reconcileReads(transaction, matchOf, ignoringRuleOf),
          ...reconcileWrites(transaction),
        });
        await checkLease(transaction, lease);
        return result;
      }),
  };
}
