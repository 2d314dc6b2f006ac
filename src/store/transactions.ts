import { query, type Db } from './sql.ts';

/** Conflicts with a concurrent writer: unique name taken meanwhile, serialisation failure, deadlock, a lock not had in time. */
const retryable = new Set(['23505', '40001', '40P01', '55P03']);
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
 * database loses the last of them at the most, and what was lost is due again. People's words do wait. Waiting for a lock
 * ends, since the database does not see what two transactions of one process wait for in that process.
 */
export async function redoable(transaction: Db): Promise<void> {
  await query(
    transaction,
    `select set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '5s', true)`,
  );
}

/** Carries the result of a transaction that is not to be kept past its end. */
class Dropped extends Error {
  override readonly name = 'Dropped';
  readonly result: unknown;

  constructor(result: unknown) {
    super('this transaction was a preview');
    this.result = result;
  }
}

/**
 * As {@link inTransaction}, in an operator's name: what the database lets only people do, it lets them do under this setting
 * (spec 9.1, 9.6). `drop`: nothing of it is kept, for previews.
 */
export async function inOperatorsTransaction<T>(
  db: Db,
  {
    setting,
    operator,
    end,
  }: {
    readonly setting: 'rosterd.operator' | 'rosterd.purge';
    readonly operator: string;
    readonly end: 'keep' | 'drop';
  },
  work: (transaction: Db) => Promise<T>,
): Promise<T> {
  try {
    return await inTransaction(db, async (transaction) => {
      await query(transaction, 'select set_config(?, ?, true)', [setting, operator]);
      const result = await work(transaction);
      if (end === 'drop') throw new Dropped(result);
      return result;
    });
  } catch (error) {
    if (!(error instanceof Dropped)) throw error;
    return error.result as T;
  }
}
