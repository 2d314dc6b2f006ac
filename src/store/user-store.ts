import type { UserStore, UserTx, UserWrites } from '../users/ports.ts';
import { appendPersonsEvent, appendPersonsEvents } from './append-event.ts';
import { answerWrites } from './review-answers.ts';
import type { ReadRules } from './read-rules.ts';
import { reconcileReads } from './reconcile-reads.ts';
import { reconcileWrites } from './reconcile-writes.ts';
import { scopeReads } from './scope-reads.ts';
import { seenUsers } from './sight.ts';
import { forRows, query, type Db } from './sql.ts';
import { teamBindingWrites } from './team-bindings.ts';
import { inOperatorsTransaction } from './transactions.ts';
import { userLinkWrites } from './user-links.ts';
import { userSyncWrites } from './user-sync.ts';
import { saveWords } from './user-words.ts';
import { wakeUser } from './wake-user.ts';

/** What people do to users, in the database. */
export function createUserStore(db: Db, rules: ReadRules): UserStore {
  return { transaction: (operator, end, work) => userTransaction(db, rules, operator, end, work) };
}

/** A transaction in which people act on users; `work` also gets the bare one, for what it does beside that. */
export function userTransaction<T>(
  db: Db,
  rules: ReadRules,
  operator: string,
  end: 'keep' | 'drop',
  work: (tx: UserTx, transaction: Db) => Promise<T>,
): Promise<T> {
  return inOperatorsTransaction(db, { setting: 'rosterd.operator', operator, end }, async (transaction) => {
    const result = await work(
      {
        ...reconcileReads(transaction, rules),
        ...reconcileWrites(transaction),
        ...scopeReads(transaction),
        seenUsers: (who, userIds) => seenUsers(transaction, who, userIds),
        ...userWrites(transaction, rules, operator),
        ...teamBindingWrites(transaction),
      },
      transaction,
    );
    await rules.stillInForce?.(transaction);
    return result;
  });
}

function userWrites(db: Db, rules: ReadRules, operator: string): UserWrites {
  return {
    ...userLinkWrites(db, rules, operator),
    ...answerWrites(db),
    ...userSyncWrites(db),
    async lockUsers(userIds) {
      const sql = 'select id, version from "user" where id = any(?) order by id for update';
      const rows = await query<{ id: number; version: number }>(db, sql, [[...userIds]]);
      return new Map(rows.map(({ id, version }) => [id, version]));
    },
    async nameOfUser(userId) {
      const seen = await seenUsers(db, operator, [userId]);
      return seen.has(userId) ? nameOfUser(db, userId) : `somebody outside the scope of ${operator}`;
    },
    saveWordsOf: (users, by) => saveWords(db, users, by),
    async dropSlotValue(userId, source, field) {
      await query(
        db,
        `update snapshot set results = results || jsonb_build_object(
           'values', (results -> 'values') - cast(? as text), 'silentSince', (results -> 'silentSince') - cast(? as text))
         where user_id = ? and source_id = ?`,
        [field, field, userId, source],
      );
    },
    setActive: (userId, active) => setActive(db, new Map([[userId, active]])),
    setActiveOf: (users) => setActive(db, users),
    wakeUsers: (userIds, freedNames) => wakeUser(db, userIds, freedNames),
    appendEvent: (event) => appendPersonsEvent(db, event),
    appendActs: (events) => appendPersonsEvents(db, events),
  };
}

async function setActive(db: Db, users: ReadonlyMap<number, boolean>): Promise<void> {
  await forRows(
    db,
    'id int, active boolean',
    [...users].map(([id, active]) => ({ id, active })),
    (
      table,
    ) => `update "user" u set active = r.active, deactivated_at = case when r.active then u.deactivated_at else now() end
      from ${table} where u.id = r.id`,
  );
}

async function nameOfUser(db: Db, userId: number): Promise<string> {
  const [row] = await query<{ username: string | null; name: string | null }>(
    db,
    `select username, coalesce(display_name, nullif(concat_ws(' ', first_name, last_name), '')) as name from "user" where id = ?`,
    [userId],
  );
  const known = [row?.username, row?.name].filter((part) => typeof part === 'string');
  return known.length === 0 ? `user ${String(userId)}` : `user ${String(userId)} (${known.join(', ')})`;
}
