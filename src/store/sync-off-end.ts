import { toKept, type ToldChange } from './event-changes.ts';
import { forRows, query, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';
import { copySyncOff } from './user-sync.ts';
import { wakeUser } from './wake-user.ts';

interface EndedSwitch {
  readonly userId: number;
  readonly source: string | null;
  readonly until: Date;
}

/**
 * Ends the switched-off periods whose end date has passed (spec 6.4): the users' accounts become due, so that what waited
 * goes through a guarded run. Gives the number of users.
 */
export async function endPassedSwitches(db: Db): Promise<number> {
  const passed = await query(db, 'select from sync_off where until <= now() limit 1');
  if (passed.length === 0) return 0;
  return inTransaction(db, async (transaction) => {
    // Users first, as everybody locks them; who switches one at this moment has the word.
    await query(
      transaction,
      'select from "user" where id in (select user_id from sync_off where until <= now()) order by id for update',
    );
    const ended = await query<EndedSwitch>(
      transaction,
      `delete from sync_off where until <= now() returning user_id as "userId", nullif(source_id, '*') as source, until`,
    );
    const users = [...new Set(ended.map(({ userId }) => userId))].sort((a, b) => a - b);
    await copySyncOff(transaction, users);
    await query(transaction, 'update "user" set version = version + 1 where id = any(?)', [users]);
    await wakeUser(transaction, users);
    await forRows(
      transaction,
      '"userId" int, source text, changes jsonb',
      ended.map((each) => ({ ...each, changes: toKept(changesOf(each)) })),
      (table) => `insert into event (actor_kind, actor_name, type, source_id, user_id, changes, reason)
        select 'system', 'rosterd', 'sync-switched', source, "userId", changes, 'its end date has come' from ${table}`,
    );
    return users.length;
  });
}

function changesOf({ source, until }: EndedSwitch): ToldChange[] {
  const scope = source === null ? '' : `.${source}`;
  return [
    { field: `sync${scope}`, before: 'off', after: 'on' },
    { field: `syncOffUntil${scope}`, before: until.toISOString(), after: null },
  ];
}
