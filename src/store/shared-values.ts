import type { AccountContent } from '../domain/account.ts';
import type { SourceId } from '../domain/user.ts';
import type { ReconcileReads, ReconcileWrites } from '../apply/ports.ts';
import type { ReadRules } from './read-rules.ts';
import { forRows, query, type Db } from './sql.ts';

/** That a match key identifies somebody: too many share the others (spec 4.11). A condition; `key` is a column with its table's name. */
export const identifiesSomebody = (key: string): string =>
  `not exists (select from shared_value v where v.key = ${key} and v.answer is distinct from 'each')`;

type SharedReads = Pick<ReconcileReads, 'sharedKeys' | 'sharedValues' | 'keysHeldByMany' | 'sharers'>;

export function sharedValueReads(db: Db, { ignoringRuleOf }: Pick<ReadRules, 'ignoringRuleOf'>): SharedReads {
  return {
    sharedKeys: () => sharedKeys(db),
    sharedValues: (source) =>
      query(db, 'select key, accounts, answer from shared_value where source_id = ? order by key', [source]),
    async keysHeldByMany(source, more) {
      const rows = await query<{ key: string }>(
        db,
        `with near as (
           select k.key from account a join match_key k on k.account_id = a.id where a.source_id = ? and a.due
           union select k.key from account a join link l on l.account_id = a.id and l.until is null
             join match_key k on k.user_id = l.user_id where a.source_id = ? and a.due)
         select m.key from match_key m where m.key in (select key from near) group by m.key having count(*) > ?`,
        [source, source, more],
      );
      return rows.map((row) => row.key);
    },
    async sharers(source, keys, after, limit) {
      const rows = await query<{ id: number; externalId: string; content: AccountContent }>(
        db,
        `select a.id, a.external_id as "externalId", a.content from account a
         where a.id in (select k.account_id from match_key k where k.key = any(?) and k.account_id is not null
             union select l.account_id from match_key k join link l on l.user_id = k.user_id and l.source_id = ? and l.until is null
               where k.key = any(?) and k.user_id is not null)
           and a.source_id = ? and a.absent_since is null and a.ignored_at is null and not a.disabled and a.id > ?
         order by a.id limit ?`,
        [[...keys], source, [...keys], source, after, limit],
      );
      const last = rows.at(-1)?.id ?? null;
      return { last, accounts: rows.filter((row) => ignoringRuleOf(source, row) === null) };
    },
  };
}

/** The keys that identify nobody now. */
export async function sharedKeys(db: Db): Promise<ReadonlySet<string>> {
  const rows = await query<{ key: string }>(
    db,
    `select distinct key from shared_value where answer is distinct from 'each'`,
  );
  return new Set(rows.map((row) => row.key));
}

export function sharedValueWrites(db: Db): Pick<ReconcileWrites, 'saveShared' | 'dropShared' | 'refreshItems'> {
  return {
    async saveShared(source, values) {
      await forRows(
        db,
        'key text, accounts int',
        values,
        (rows) => `insert into shared_value (source_id, key, accounts) select src, key, accounts
          from ${rows}, (select ?::text as src) as c
          on conflict (source_id, key) do update set accounts = excluded.accounts`,
        [source],
      );
    },
    async dropShared(source, keys) {
      if (keys.length > 0)
        await query(db, 'delete from shared_value where source_id = ? and key = any(?)', [source, [...keys]]);
    },
    async refreshItems(items) {
      await forRows(
        db,
        'kind text, subject text, "accountIds" int[], evidence jsonb',
        items,
        (rows) => `update review_item i set account_ids = r."accountIds", evidence = r.evidence
          from ${rows} where i.closed_at is null and i.kind = r.kind and i.subject = r.subject`,
      );
    },
  };
}

/** What a person has answered about one value (spec 4.11). */
export async function answerSharedValue(
  db: Db,
  { source, key }: { readonly source: SourceId; readonly key: string },
  answer: 'nobody' | 'each',
  { operator, reason }: { readonly operator: string; readonly reason: string | null },
): Promise<void> {
  await query(
    db,
    `update shared_value set answer = ?, operator_name = ?, at = now(), reason = ? where source_id = ? and key = ?`,
    [answer, operator, reason, source, key],
  );
}
