import type { Knex } from 'knex';
import type { AccountIgnoreStore, AccountIgnoreTransaction } from '../users/account-ignore.ts';
import { appendPersonsEvent } from './append-event.ts';
import { sqlRow, sqlRows } from './queries/sql.ts';
import { inTransaction } from './transactions.ts';

/** Accounts that people ignore, in the database. */
export function createAccountIgnoreStore(knex: Knex): AccountIgnoreStore {
  return {
    transaction: (work) => inTransaction(knex, (transaction) => work(within(transaction))),
  };
}

function within(transaction: Knex): AccountIgnoreTransaction {
  return {
    lockAccount: (source, externalId) =>
      sqlRow(
        transaction,
        `select a.id, a.ignored_at is not null as ignored,
                (select user_id from link where account_id = a.id and until is null) as "userId"
           from account a where a.source_id = :source and a.external_id = :externalId for update`,
        { source, externalId },
      ),
    ignore: (accountId, { operator, reason }) =>
      ignoreAccount(transaction, accountId, { operator, reason: reason ?? null }),
    async unignore(accountId) {
      await sqlRows(
        transaction,
        `update account set ignored_at = null, ignored_by = null, ignored_reason = null, wakes = wakes + 1,
                standing = 'new', standing_reason = null, standing_user = null where id = :accountId`,
        { accountId },
      );
    },
    appendEvent: (event) => appendPersonsEvent(transaction, event),
  };
}

/** Shows at once, although its source may be paused; answers the sources whose accounts are due by it. */
export async function ignoreAccount(
  transaction: Knex,
  accountId: number,
  { operator, reason }: { readonly operator: string; readonly reason: string | null },
): Promise<readonly string[]> {
  await sqlRows(
    transaction,
    `update account set ignored_at = now(), ignored_by = :operator, ignored_reason = :reason,
            standing = 'ignored', standing_reason = :reason, standing_user = null where id = :accountId`,
    { accountId, operator, reason },
  );
  return closeQuestions(transaction, accountId);
}

/** In the order of their ids, so that two of these transactions never wait for each other. */
async function closeQuestions(transaction: Knex, accountId: number): Promise<readonly string[]> {
  const woken = await sqlRows<{ source_id: string }>(
    transaction,
    `with closed as (
       update review_item set closed_at = now()
        where closed_at is null and account_ids @> array[cast(:accountId as int)] returning account_ids
     ), concerned as (
       select cast(:accountId as int) as id union select unnest(account_ids) from closed
     ), locked as (
       select a.id from account a join concerned using (id) order by a.id for update of a
     ), woken as (
       update account a set wakes = wakes + 1 from locked where a.id = locked.id returning a.source_id
     )
     select distinct source_id from woken order by source_id`,
    { accountId },
  );
  return woken.map((row) => row.source_id);
}
