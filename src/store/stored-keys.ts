import { digestOf } from '../digest.ts';
import type { AccountContent } from '../domain/account.ts';
import { foldVersion } from '../domain/text.ts';
import type { FieldValues } from '../domain/user.ts';
import { accountKeys, userKeys, type Matching } from '../reconcile/match-keys.ts';
import { inPages, leased, type SetUpWork } from './set-up-work.ts';
import { forRows, query, type Db } from './sql.ts';
import { toValue, type ValueRow } from './user-rows.ts';

/** A source, and the rules by which its accounts are matched. */
export type MatchedSource = Matching & { readonly id: string };

/** What the stored match keys were derived by: a digest of the rules of each source, and of all rules, which users have keys of. */
interface DerivedBy {
  readonly sources: Readonly<Record<string, string>>;
  readonly users: string;
}

const batch = 1_000;

/**
 * Derives anew the match keys of which a rule has changed since they were derived. The digests are stored last: what a crash
 * breaks off is done again.
 */
export async function refreshKeys(
  db: Db,
  sources: readonly MatchedSource[],
  allRules: Matching,
  work: SetUpWork,
): Promise<void> {
  const [known] = await query<{ value: string }>(db, `select value from setting where name = 'match-keys'`);
  const former = known === undefined ? { sources: {}, users: '' } : (JSON.parse(known.value) as DerivedBy);
  const now: DerivedBy = {
    sources: Object.fromEntries(
      sources.map(({ id, match, placeholders }) => [id, digestOf([foldVersion, match, placeholders])]),
    ),
    users: digestOf([foldVersion, allRules]),
  };
  const changed = sources.filter((source) => former.sources[source.id] !== now.sources[source.id]);
  for (const source of changed) await refreshAccountKeys(db, source, work);
  if (former.users !== now.users) await refreshUserKeys(db, allRules, work);
  const value = JSON.stringify({ ...now, sources: { ...former.sources, ...now.sources } });
  if (value === known?.value) return;
  await leased(db, work, (transaction) =>
    query(
      transaction,
      `insert into setting (name, value) values ('match-keys', ?) on conflict (name) do update set value = excluded.value`,
      [value],
    ),
  );
}

async function refreshAccountKeys(db: Db, source: MatchedSource, work: SetUpWork): Promise<void> {
  const rows = `account a where source_id = ?
    and not exists (select from link l where l.account_id = a.id and l.until is null) and a.id > ?`;
  await inPages(db, `match keys of ${source.id}`, work, {
    rows,
    parameters: [source.id],
    async page(transaction, after) {
      const accounts = await query<{ id: number; content: AccountContent }>(
        transaction,
        `select id, content from ${rows} order by id limit ? for share of a`,
        [source.id, after, batch],
      );
      const keys = accounts.flatMap((row) =>
        accountKeys(row.content.values, source).flatMap((key) => (key === null ? [] : [{ id: row.id, key }])),
      );
      await replaceKeys(transaction, 'account_id', accounts, keys);
      return accounts;
    },
  });
}

async function refreshUserKeys(db: Db, allRules: Matching, work: SetUpWork): Promise<void> {
  const rows = '"user" where merged_into is null and id > ?';
  await inPages(db, 'match keys of users', work, {
    rows,
    async page(transaction, after) {
      // Locked first and read then: what a person has just changed is seen.
      const locked = await query<{ id: number }>(transaction, `select id from ${rows} order by id limit ? for share`, [
        after,
        batch,
      ]);
      const users = await query<ValueRow & { id: number; slots: { values: FieldValues }[] | null }>(
        transaction,
        `select u.*, (select jsonb_agg(s.results) from snapshot s join link l on l.user_id = s.user_id and l.source_id = s.source_id
           and l.until is null where s.user_id = u.id) as slots
         from "user" u where id = any(?) order by id`,
        [locked.map((row) => row.id)],
      );
      const keys = users.flatMap((row) =>
        userKeys(toValue(row).fields, row.slots ?? [], allRules).map((key) => ({ id: row.id, key })),
      );
      await replaceKeys(transaction, 'user_id', users, keys);
      return locked;
    },
  });
}

async function replaceKeys(
  transaction: Db,
  side: 'account_id' | 'user_id',
  owners: readonly { id: number }[],
  keys: readonly { id: number; key: string }[],
): Promise<void> {
  await query(transaction, `delete from match_key where ${side} = any(?)`, [owners.map((owner) => owner.id)]);
  await forRows(
    transaction,
    'id int, key text',
    keys,
    (rows) => `insert into match_key (${side}, key) select id, key from ${rows}`,
  );
}
