import { query, type Db } from './sql.ts';

/** Conflicts with a concurrent writer: unique name taken meanwhile, serialisation failure, deadlock. */
const retryable = new Set(['23505', '40001', '40P01']);
const attempts = 3;

/** Runs `work` in one transaction, again from the start when a concurrent writer was in the way. */
export async function inTransaction<T>(db: Db, work: (transaction: Db) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction((transaction) => work(transaction));
    } catch (error) {
      const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
      if (attempt === attempts || typeof code !== 'string' || !retryable.has(code)) throw error;
    }
  }
}

/**
 * For what the sync writes: the commit need not wait for the disk. Commits reach it in their order, so a crash of the
 * database loses the last of them at the most, and what was lost is due again. People's words do wait.
 */
export async function redoable(transaction: Db): Promise<void> {
  await query(transaction, 'set local synchronous_commit = off');
}
