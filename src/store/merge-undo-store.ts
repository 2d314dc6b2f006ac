import type { Snapshot, UserId, Words } from '../domain/user.ts';
import type { KeptMerge, LinkBefore, MergeUndoStore, MergeUndoTx, MergeUndoWrite } from '../users/merge-ports.ts';
import { saveAccountKeys } from './account-keys.ts';
import { dropWords, isOverride, mergeWork, rowsOf } from './merge-store.ts';
import type { ReadRules } from './read-rules.ts';
import { forRows, query, type Db } from './sql.ts';
import type { WordRow } from './subject-rows.ts';
import { userTransaction } from './user-store.ts';

/** Undoing merges, in the database. */
export function createMergeUndoStore(db: Db, rules: ReadRules): MergeUndoStore {
  return {
    async isMerge(event) {
      const sql = `select from event where id = ? and type = 'user-merged'`;
      return (await query(db, sql, [event])).length > 0;
    },
    transaction: (operator, end, work) =>
      userTransaction(db, rules, operator, end, (tx, transaction) =>
        work({ ...tx, ...mergeWork(transaction, rules), ...undoWork(transaction) }),
      ),
  };
}

function undoWork(db: Db): Pick<MergeUndoTx, 'mergeOf' | 'saveMergeUndone'> {
  return {
    mergeOf: (event) => mergeOf(db, event),
    async saveMergeUndone(write, { operator, reason }) {
      await linksBack(db, write);
      await slotsBack(db, write);
      await wordsBack(db, write, operator, reason);
      await barsBack(db, write);
      await query(
        db,
        `update "user" set merged_into = null, active = active or ?,
           deactivated_at = case when ? then null else deactivated_at end where id = ?`,
        [write.activates, write.activates, write.merge.other],
      );
      await query(db, 'update merge set undone_at = now(), undone_by = ? where id = ?', [operator, write.merge.id]);
    },
  };
}

async function mergeOf(db: Db, event: number): Promise<KeptMerge | null> {
  const [row] = await query<
    Pick<KeptMerge, 'id' | 'primary' | 'other' | 'undone'> & {
      before: NonNullable<KeptMerge['kept']>['before'] | null;
      after: NonNullable<KeptMerge['kept']>['after'] | null;
    }
  >(
    db,
    `select id, primary_id as "primary", other_id as other, undone_at is not null as undone, before, after
       from merge where event_ids @> array[?::bigint] for update`,
    [event],
  );
  if (row === undefined) return null;
  const { before, after, ...merge } = row;
  const links = await query<LinkBefore>(
    db,
    `select l.id as "linkId", l.account_id as "accountId", a.external_id as "externalId", l.source_id as source, s.kind, s.role as "as",
       s.retired_at is not null as retired, k.current, k.ended,
       l.user_id = m.primary_id and case
         when k.ended then l.end_reason = 'merged' and not exists (select from link c where c.account_id = l.account_id and c.until is null)
         when k.current then l.until is null else true end as "asLeft"
     from merge m cross join lateral jsonb_to_recordset(coalesce(m.links, '[]')) as k("linkId" int, current boolean, ended boolean)
       join link l on l.id = k."linkId" join account a on a.id = l.account_id join source_state s on s.source_id = l.source_id
     where m.id = ? order by l.source_id, l.id`,
    [merge.id],
  );
  return { ...merge, kept: before === null || after === null ? null : { before, after }, links };
}

/** Every period of ownership goes back; a link that the merge ended stands again. */
async function linksBack(db: Db, { merge }: MergeUndoWrite): Promise<void> {
  const back = merge.links.filter(({ asLeft }) => asLeft);
  const ended = back.filter((link) => link.ended);
  await query(db, 'update link set user_id = ? where id = any(?)', [merge.other, back.map(({ linkId }) => linkId)]);
  await query(
    db,
    `update link set until = null, end_reason = null, last_seen_under = null, next_seen_from = null where id = any(?)`,
    [ended.map(({ linkId }) => linkId)],
  );
  await saveAccountKeys(
    db,
    ended.map(({ accountId }) => ({ accountId, keys: [] })),
  );
  await query(db, 'update account set wakes = wakes + 1 where id = any(?)', [back.map(({ accountId }) => accountId)]);
  await query(
    db,
    `update identity_word set user_id = ? where user_id = ? and account_id = any(select unnest(identity) from merge where id = ?)`,
    [merge.other, merge.primary, merge.id],
  );
}

/** As they become, with the account and the names that they were applied under before the merge. */
async function slotsBack(db: Db, { merge, now, decision }: MergeUndoWrite): Promise<void> {
  const changed = (user: UserId, had: readonly Snapshot[], has: readonly Snapshot[]) =>
    has.filter((slot) => !had.includes(slot)).map(({ source, ...results }) => ({ user_id: user, source, results }));
  const still = new Set(decision.primary.snapshots.map(({ source }) => source));
  const gone = now.primary.snapshots.map(({ source }) => source).filter((source) => !still.has(source));
  await query(db, 'delete from snapshot where user_id = ? and source_id = any(?)', [merge.primary, gone]);
  await forRows(
    db,
    'user_id int, source text, results jsonb',
    [
      ...changed(merge.primary, now.primary.snapshots, decision.primary.snapshots),
      ...changed(merge.other, now.other.snapshots, decision.other.snapshots),
    ],
    (table) => `insert into snapshot (user_id, source_id, account_id, results, names_seen, applied_at)
      select r.user_id, r.source, k.account_id, r.results, k.names_seen, k.applied_at
        from ${table}, merge m cross join lateral jsonb_to_recordset(coalesce(m.slots, '[]'))
          as k(user_id int, source_id text, account_id int, names_seen jsonb, applied_at timestamptz)
       where m.id = ? and k.user_id = r.user_id and k.source_id = r.source
      on conflict (user_id, source_id) do update set account_id = excluded.account_id, results = excluded.results,
        names_seen = excluded.names_seen, applied_at = excluded.applied_at`,
    [merge.id],
  );
}

type UserWord = WordRow & { readonly user: number };

/** A word that comes back keeps who said it first, when and why. */
async function wordsBack(
  db: Db,
  { merge, now, decision }: MergeUndoWrite,
  operator: string,
  reason: string | null,
): Promise<void> {
  const between = (user: UserId, before: Words, after: Words): { gone: UserWord[]; come: UserWord[] } => {
    const [had, has] = [rowsOf(before), rowsOf(after)];
    const differing = (some: ReadonlyMap<string, WordRow>, others: ReadonlyMap<string, WordRow>): UserWord[] =>
      [...some].flatMap(([identity, row]) =>
        others.get(identity) === undefined || others.get(identity)?.value !== row.value ? [{ ...row, user }] : [],
      );
    return { gone: differing(had, has), come: differing(has, had) };
  };
  const both = [
    between(merge.primary, now.primary.words, decision.primary.words),
    between(merge.other, now.other.words, decision.other.words),
  ];
  await dropWords(
    db,
    both.flatMap(({ gone }) => gone),
  );
  const come = both.flatMap((each) => each.come);
  const columns = '"user" int, kind text, ref text, value text';
  const said = (table: string): string => `from ${table}
    cross join (select ?::text as operator, ?::text as reason, ?::int as merge) as c
    left join lateral (select k.operator_name, k.at, k.reason from merge m
      cross join lateral jsonb_to_recordset(coalesce(m.said, '[]')) as k(user_id int, kind text, ref text, value text,
        operator_name text, at timestamptz, reason text)
      where m.id = c.merge and k.user_id = r."user" and k.kind = r.kind and k.ref = r.ref
        and k.value is not distinct from r.value) as f on true`;
  const by = `coalesce(f.operator_name, c.operator), coalesce(f.at, now()), case when f.at is null then c.reason else f.reason end`;
  await forRows(
    db,
    columns,
    come.filter(isOverride),
    (table) => `insert into override (user_id, field, value, operator_name, at, reason)
      select r."user", r.ref, r.value, ${by} ${said(table)}`,
    [operator, reason, merge.id],
  );
  await forRows(
    db,
    columns,
    come.filter((row) => !isOverride(row)),
    (table) => `insert into word (user_id, kind, ref, value, operator_name, at, reason)
      select r."user", r.kind, r.ref, r.value, ${by} ${said(table)}`,
    [operator, reason, merge.id],
  );
}

/** Bars of the accounts that the merge was about are as they were, where the pair is not linked. */
async function barsBack(db: Db, { merge }: MergeUndoWrite): Promise<void> {
  await query(
    db,
    `delete from bar b using merge m where m.id = ? and b.user_id in (m.primary_id, m.other_id) and b.account_id in (
       select l.account_id from link l join jsonb_to_recordset(coalesce(m.links, '[]')) as k("linkId" int) on k."linkId" = l.id
       union select k.account_id from jsonb_to_recordset(coalesce(m.bars, '[]')) as k(account_id int))`,
    [merge.id],
  );
  await query(
    db,
    `insert into bar (account_id, user_id, kind, operator_name, at, reason, run_id, cause)
     select k.account_id, k.user_id, k.kind, k.operator_name, k.at, k.reason, k.run_id, k.cause
       from merge m cross join lateral jsonb_to_recordset(coalesce(m.bars, '[]')) as k(account_id int, user_id int, kind text,
         operator_name text, at timestamptz, reason text, run_id int, cause text)
      where m.id = ? and not exists (select from link l where l.account_id = k.account_id and l.user_id = k.user_id and l.until is null)
     on conflict (account_id, user_id) do nothing`,
    [merge.id],
  );
}
