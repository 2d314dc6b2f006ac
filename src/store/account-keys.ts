import type { AccountKeysWrite } from '../apply/ports.ts';
import { forRows, query, type Db } from './sql.ts';

/** Replaces the keys of accounts themselves, with a fixed number of statements. */
export async function saveAccountKeys(db: Db, accounts: readonly AccountKeysWrite[]): Promise<void> {
  if (accounts.length === 0) return;
  await query(db, 'delete from match_key where account_id = any(?)', [accounts.map(({ accountId }) => accountId)]);
  await forRows(
    db,
    'account_id int, key text',
    accounts.flatMap(({ accountId, keys }) =>
      keys.flatMap((key) => (key === null ? [] : [{ account_id: accountId, key }])),
    ),
    (table) => `insert into match_key (account_id, key) select account_id, key from ${table}`,
  );
}
