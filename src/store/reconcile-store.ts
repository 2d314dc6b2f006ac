import type { ReconcileStore } from '../apply/ports.ts';
import { analyseTable } from './analyse.ts';
import { checkLease } from './leases.ts';
import type { ReadRules } from './read-rules.ts';
import { creationWrites } from './plan-store.ts';
import { reconcileReads } from './reconcile-reads.ts';
import { reconcileWrites } from './reconcile-writes.ts';
import type { Db } from './sql.ts';
import { inTransaction, redoable } from './transactions.ts';

/** What applying needs, on PostgreSQL and on the embedded database alike. */
export function reconcileStore(db: Db, rules: ReadRules): ReconcileStore {
  return {
    read: reconcileReads(db, rules),
    inLease: (lease, work) =>
      inTransaction(db, async (transaction) => {
        await redoable(transaction);
        const result = await work({
          ...reconcileReads(transaction, rules),
          ...reconcileWrites(transaction),
          ...creationWrites(transaction),
          inTurn: () => checkLease(transaction, lease, 'alone'),
        });
        await checkLease(transaction, lease);
        return result;
      }),
    async analyse() {
      await analyseTable(db, 'account', ['due', 'turned', 'standing']);
      await analyseTable(db, '"user"', ['id', 'policy_id']);
    },
  };
}
