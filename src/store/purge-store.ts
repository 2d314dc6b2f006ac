import type { PersonsAccount, PurgeStore, PurgeSubject, PurgeTransaction } from '../users/purge.ts';
import { appendPersonsEvent } from './append-event.ts';
import { blankRunTexts } from './blank-run-texts.ts';
import { withoutValues } from './event-changes.ts';
import { query, queryOne, type Db } from './sql.ts';
import { inOperatorsTransaction } from './transactions.ts';
import { lastSeenUnder } from './user-links.ts';
import { wakeUser } from './wake-user.ts';

/** Purging people, in the database. */
export function createPurgeStore(db: Db): PurgeStore {
  return {
    transaction: (operator, end, work) =>
      inOperatorsTransaction(db, { setting: 'rosterd.purge', operator, end }, (transaction) =>
        work(within(transaction)),
      ),
  };
}

function within(db: Db): PurgeTransaction {
  return {
    lockUser: (userId, retentionDays) => lockUser(db, userId, retentionDays),
    accountsOf: (userId) => accountsOf(db, userId),
    async wakeUser(userId) {
      const names = await query<{ name: string }>(
        db,
        `select kind || '=' || value as name from claim where user_id = ?`,
        [userId],
      );
      return wakeUser(
        db,
        [userId],
        names.map(({ name }) => name),
      );
    },
    blankRunTexts: (userId, accountIds) => blankRunTexts(db, userId, accountIds),
    blankAccounts: (userId, accountIds) => blankAccounts(db, userId, accountIds),
    async blankEvents(userId, accountIds) {
      const { count } = await queryOne<{ count: number }>(
        db,
        `with blanked as (
           update event set reason = null, former = null, changes = ${withoutValues('changes')}
            where user_id = ? or (user_id is null and account_id = any(?)) returning 1
         ) select count(*)::int as count from blanked`,
        [userId, [...accountIds]],
      );
      return count;
    },
    blankTold: (userId, accountIds) => blankTold(db, userId, accountIds),
    async deleteUser(userId) {
      for (const table of ownTables) await query(db, `delete from ${table} where user_id = ?`, [userId]);
      await query(db, 'delete from "user" where id = ?', [userId]);
    },
    appendEvent: (event) => appendPersonsEvent(db, event),
  };
}

/** What is of one user only. */
const ownTables = ['override', 'word', 'sync_off', 'worklist_ack', 'snapshot', 'claim', 'match_key'] as const;

async function lockUser(db: Db, userId: number, retentionDays: number): Promise<PurgeSubject | null> {
  // Who was never deactivated, only never activated, is kept since the creation.
  const [row] = await query<Omit<PurgeSubject, 'retainedUntil'> & { readonly retainedUntil: Date }>(
    db,
    `select u.version, u.active, r.until as "retainedUntil", r.until <= now() as "retentionOver",
       array(select m.id from "user" m where m.merged_into = u.id order by m.id) as "mergedUsers"
     from "user" u cross join lateral (
       select coalesce(u.deactivated_at, u.created_at) + make_interval(days => ?::int) as until) as r
     where u.id = ? for update of u`,
    [retentionDays, userId],
  );
  return row === undefined ? null : { ...row, retainedUntil: row.retainedUntil.toISOString() };
}

/** Accounts that nobody else was linked to since. */
function accountsOf(db: Db, userId: number): Promise<PersonsAccount[]> {
  return query<PersonsAccount>(
    db,
    `select a.id, a.source_id as source, a.external_id as "externalId",
       a.gone_since is null and s.retired_at is null as present
     from account a join source_state s on s.source_id = a.source_id
     where a.id in (
         select account_id from link where user_id = ? and until is null
         union select account_id from link where user_id = ? and until is not null)
       and ? = (select l.user_id from link l where l.account_id = a.id
                order by l.until is null desc, l.until desc, l.id desc limit 1)
     order by a.id for update of a`,
    [userId, userId, userId],
  );
}

/** The content that stands for nothing known; an import that finds the account again reads it anew. */
const purgedHash = 'purged';

async function blankAccounts(db: Db, userId: number, accountIds: readonly number[]): Promise<void> {
  const ids = [...accountIds];
  await query(
    db,
    `update link l set until = now(), end_reason = 'purged', last_seen_under = ${lastSeenUnder}
     from account a where a.id = l.account_id and l.user_id = ? and l.until is null`,
    [userId],
  );
  await query(
    db,
    `update account set content = '{"values": {}}', content_hash = ?, decided_hash = null, held_digest = null,
       ignored_reason = null, standing = 'unmatched', standing_reason = null, standing_user = null
     where id = any(?)`,
    [purgedHash, ids],
  );
  await query(db, 'delete from match_key where account_id = any(?)', [ids]);
  await query(db, 'delete from account_notice where account_id = any(?)', [ids]);
  // What only a person ends stands on: an account that waits for one, a refused link or creation (spec 7.2, 13.2).
  await query(db, `delete from refusal where account_id = any(?) and part <> 'identity'`, [ids]);
  await query(db, `update refusal set value_said = '', reason = null where account_id = any(?)`, [ids]);
  await query(db, `delete from bar where user_id = ? and kind = 'release'`, [userId]);
  await query(db, 'update bar set reason = null where user_id = ?', [userId]);
  await query(db, 'delete from identity_word where account_id = any(?) or user_id = ?', [ids, userId]);
}

async function blankTold(db: Db, userId: number, accountIds: readonly number[]): Promise<void> {
  // What somebody has searched for stands in their address; a day later they are gone anyway.
  await query(db, 'delete from user_selection');
  const concerned = [[userId], [...accountIds]];
  const names = '(user_ids && cast(? as int[]) or account_ids && cast(? as int[]))';
  await query(db, `update review_item set closed_at = now() where closed_at is null and ${names}`, concerned);
  await query(
    db,
    `update review_item set evidence = '{}', wait_keys = '{}' where closed_at is not null and ${names}`,
    concerned,
  );
  await query(db, `update shown_decision set changes = '[]' where user_id = ? or account_id = any(?)`, [
    userId,
    [...accountIds],
  ]);
  // What undoing a merge would take; that there was one stays.
  await query(
    db,
    `update merge set other_username = null, before = null, after = null, said = null, slots = null, bars = null
     where primary_id = ? or other_id = ?`,
    [userId, userId],
  );
  // Reports of undos, which name users; they are kept for a day only.
  await query(db, 'delete from undo_job where finished_at is not null');
  // A refusal names the user who has a unique name already, in these words (spec 4.7).
  await query(
    db,
    `update bulk_result set message = null
     where message is not null and (user_id = ? or message like '%user ' || cast(? as text) || ' (%')`,
    [userId, String(userId)],
  );
  await query(
    db,
    'update bulk_job j set reason = null where exists (select from bulk_result r where r.job_id = j.id and r.user_id = ?)',
    [userId],
  );
  await query(
    db,
    'update people_import i set reason = null where exists (select from people_import_row r where r.import_id = i.id and r.user_id = ?)',
    [userId],
  );
  await query(
    db,
    `update people_import_row set name = '', said = null, undo = null, changes = '[]', kept = '[]', errors = '[]', message = null
     where user_id = ?`,
    [userId],
  );
  await query(
    db,
    `update people_import_row set message = null, errors = '[]'
     where message like '%user ' || cast(? as text) || ' (%' or errors::text like '%user ' || cast(? as text) || ': %'`,
    [String(userId), String(userId)],
  );
}
