import type { ReconcileWrites } from '../apply/ports.ts';
import { identifiesSomebody } from './shared-values.ts';
import { query, type Db } from './sql.ts';

const noRun = 0;

/** That a run has not planned something for this account which is still to be carried out: due it is already. */
const notPlanned = 'not (due and exists (select from plan p where p.run_id = ? and p.account_id = account.id))';

/** What makes accounts due: waking adds one to `wakes`, deciding stores the number that was read (src/README.md). */
export function wakes(
  db: Db,
): Pick<
  ReconcileWrites,
  'wakeByKeys' | 'wakeSharers' | 'wakeAccounts' | 'wakeByItems' | 'wakeTaken' | 'wakeQuestions'
> {
  const wake = 'update account set wakes = wakes + 1';
  const wakeAccounts = async (ids: readonly number[], plannedBy = noRun): Promise<void> => {
    if (ids.length > 0) await query(db, `${wake} where id = any(?) and ${notPlanned}`, [[...ids], plannedBy]);
  };
  return {
    async wakeByKeys(keys) {
      if (keys.length === 0) return;
      // Of a linked account that is applied as it is, nobody else's key changes anything.
      const matching = `select distinct a.id from match_key m join account a on a.id = m.account_id
        where m.key = any(?) and ${identifiesSomebody('m.key')}
          and (a.standing_reason is not null or not exists (select from link l where l.account_id = a.id and l.until is null))`;
      const accounts = await query<{ id: number }>(db, matching, [[...keys]]);
      await wakeAccounts(accounts.map((account) => account.id));
    },
    async wakeSharers(keys) {
      if (keys.length === 0) return;
      const sharing = 'select account_id from match_key where key = any(?) and account_id is not null';
      await query(db, `${wake} where id in (${sharing})`, [[...keys]]);
    },
    wakeAccounts,
    async wakeByItems(userIds, freedNames, plannedBy = noRun) {
      if (userIds.length + freedNames.length === 0) return;
      await query(
        db,
        `${wake} where id in (select unnest(account_ids) from review_item
           where closed_at is null and (user_ids && ?::int[] or wait_keys && ?::text[])) and ${notPlanned}`,
        [[...userIds], [...freedNames], plannedBy],
      );
    },
    async wakeTaken(source) {
      const taken = `i.closed_at is null and i.kind = 'unique-taken' and i.source_id = ?`;
      const current = 'l.until is null';
      await query(
        db,
        `${wake} where not (decided_hash is distinct from content_hash or decided_wakes <> wakes)
           and id in (select l.account_id from review_item i join link l on l.account_id = any(i.account_ids) and ${current} where ${taken})
           and exists (select from review_item i join link l on l.user_id = any(i.user_ids) and ${current}
             join account a on a.id = l.account_id and a.source_id = i.source_id and a.due where ${taken})`,
        [source, source],
      );
    },
    async wakeQuestions(source) {
      const undecided = 'a.decided_hash is distinct from a.content_hash or a.decided_wakes <> a.wakes';
      await query(
        db,
        `${wake} where id in (select unnest(i.account_ids) from review_item i
           where i.closed_at is null and i.source_id = ? and exists
             (select from account a where a.id = any(i.account_ids) and (${undecided})))`,
        [source],
      );
    },
  };
}
