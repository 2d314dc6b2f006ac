import type { Lease } from '../domain/lease.ts';
import { checkLease } from './leases.ts';
import { queryOne, query, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

/** What a set-up of the configuration is done under, and whom it tells how far it is. */
export interface SetUpWork {
  /** None where nobody else is at the store. */
  readonly lease?: Lease;
  readonly signal?: AbortSignal;
  readonly progress: (step: string, done: number, total: number) => void;
}

/** For a store at which nobody else works. */
export const alone: SetUpWork = { progress: () => undefined };

/** Rows that are gone through page by page. */
interface Pages {
  /** A table, with a condition that names the rows whose id is greater than its last parameter. */
  readonly rows: string;
  readonly parameters?: readonly unknown[];
  /** Works on the next rows after an id, and tells the ids of those that it has found, in their order. */
  readonly page: (transaction: Db, after: number) => Promise<readonly { readonly id: number }[]>;
}

/** Goes through rows by their ids, one transaction a page, and tells how far it is; where there are none it says nothing. */
export async function inPages(db: Db, step: string, work: SetUpWork, pages: Pages): Promise<void> {
  const { rows, parameters = [], page } = pages;
  const [any] = await query(db, `select from ${rows} limit 1`, [...parameters, 0]);
  if (any === undefined) return;
  const { total } = await queryOne<{ total: number }>(db, `select count(*)::int as total from ${rows}`, [
    ...parameters,
    0,
  ]);
  work.progress(step, 0, total);
  for (let [after, done] = [0, 0]; ;) {
    work.signal?.throwIfAborted();
    const found = await leased(db, work, (transaction) => page(transaction, after));
    const last = found.at(-1);
    if (last === undefined) return;
    after = last.id;
    done += found.length;
    work.progress(step, done, total);
  }
}

/** One transaction that counts only while the set-up's lease is held. */
export function leased<T>(db: Db, { lease }: SetUpWork, write: (transaction: Db) => Promise<T>): Promise<T> {
  return inTransaction(db, async (transaction) => {
    const result = await write(transaction);
    if (lease !== undefined) await checkLease(transaction, lease);
    return result;
  });
}
