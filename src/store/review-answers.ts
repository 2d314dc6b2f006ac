import type { AccountContent } from '../domain/account.ts';
import type { Part } from '../reconcile/project.ts';
import { valueSaid } from '../reconcile/project.ts';
import type { LockedItem, UserWrites } from '../users/ports.ts';
import { ignoreAccount } from './account-ignore-store.ts';
import { contradictedTogether } from './question-reads.ts';
import { answerSharedValue } from './shared-values.ts';
import { operatorSight, seesItem, seesUser } from './sight.ts';
import { query, type Db } from './sql.ts';

type AnswerWrites = Pick<
  UserWrites,
  | 'lockItem'
  | 'concernedBy'
  | 'answerItem'
  | 'acceptNames'
  | 'ignoreAccount'
  | 'refusePart'
  | 'meanRole'
  | 'sayOfItsOwn'
  | 'sayTogether'
  | 'answerShared'
>;

/** Users whom an answer names before it is given. */
const mostNamed = 20;

/** What people's answers to review items need of the database (spec 4.10). */
export function answerWrites(db: Db): AnswerWrites {
  return {
    async lockItem(item, operator) {
      const sight = await operatorSight(db, operator);
      const sql = `select 1 from review_item where id = ? and ${seesItem(sight, 'review_item')}`;
      return (await query(db, sql, [item])).length === 0 ? null : lockItem(db, item);
    },
    async concernedBy(source, named, operator) {
      const sight = await operatorSight(db, operator);
      const [names, name] =
        'team' in named
          ? [`(select t ->> 'id' as name from jsonb_array_elements(a.content -> 'teams') as t)`, named.team]
          : [`(select jsonb_array_elements_text(a.content -> 'roleFacts' -> 'roles') as name)`, named.role];
      const rows = await query<{ name: string; count: number }>(
        db,
        `select coalesce(u.username, 'user ' || u.id) as name, (count(*) over ())::int as count
           from account a join link l on l.account_id = a.id and l.until is null join "user" u on u.id = l.user_id
          where a.source_id = ? and a.gone_since is null and ${seesUser(sight, 'u')}
            and exists (select from ${names} as said where said.name = ?)
          order by u.id limit ?`,
        [source, name, mostNamed],
      );
      return { count: rows[0]?.count ?? 0, first: rows.map((row) => row.name) };
    },
    async answerItem({ id, kind, subject, evidenceDigest, accounts }, answer, operator) {
      await query(db, 'update review_item set closed_at = now(), answer = ?, answered_by = ? where id = ?', [
        answer,
        operator,
        id,
      ]);
      await query(
        db,
        `insert into review_answer (kind, subject, answer, evidence_digest, operator_name) values (?, ?, ?, ?, ?)
         on conflict (kind, subject) do update set answer = excluded.answer, evidence_digest = excluded.evidence_digest,
           operator_name = excluded.operator_name, at = now()`,
        [kind, subject, answer, evidenceDigest, operator],
      );
      const woken = await query<{ source: string }>(
        db,
        'update account set wakes = wakes + 1 where id = any(?) returning source_id as source',
        [accounts.map((account) => account.id)],
      );
      return [...new Set(woken.map((row) => row.source))];
    },
    async acceptNames(accountId, userId) {
      // The names so far stay known as this person's, so that their return asks nothing.
      await query(
        db,
        `update snapshot s set names_seen = jsonb_build_object(
             'firstName', coalesce(a.content -> 'values' ->> 'firstName', s.names_seen ->> 'firstName'),
             'lastName', coalesce(a.content -> 'values' ->> 'lastName', s.names_seen ->> 'lastName'),
             'displayName', coalesce(a.content -> 'values' ->> 'displayName', s.names_seen ->> 'displayName'),
             'readBy', s.names_seen -> 'readBy',
             'alike', coalesce(s.names_seen -> 'alike', '[]') || jsonb_build_array(s.names_seen - 'alike' - 'wasGone' - 'readBy'))
         from account a where a.id = s.account_id and s.account_id = ? and s.user_id = ?`,
        [accountId, userId],
      );
    },
    async sayOfItsOwn(accountId, { operator, reason }) {
      await query(
        db,
        `insert into identity_word (account_id, said, operator_name, reason) values (?, 'own', ?, ?)
         on conflict (account_id) do update set said = 'own', user_id = null, operator_name = excluded.operator_name,
           at = now(), reason = excluded.reason`,
        [accountId, operator, reason],
      );
    },
    async sayTogether(source, said, { operator, reason }) {
      await query(
        db,
        `with meant as (
           select a.id, a.standing_user from account a
           where ${contradictedTogether} and a.decided_hash = a.content_hash and a.standing_user is not null order by a.id for update
         ), told as (
           insert into identity_word (account_id, said, user_id, operator_name, reason)
           select m.id, c.said, case when c.said = 'same' then m.standing_user end, c.operator, c.reason
           from meant m, (select ?::text as said, ?::text as operator, ?::text as reason) as c
           on conflict (account_id) do update set said = excluded.said, user_id = excluded.user_id,
             operator_name = excluded.operator_name, at = now(), reason = excluded.reason
         )
         update account set wakes = wakes + 1 where id in (select id from meant)`,
        [source, said, operator, reason],
      );
    },
    answerShared: (value, answer, by) => answerSharedValue(db, value, answer, by),
    ignoreAccount: (accountId, by) => ignoreAccount(db, accountId, by),
    async meanRole(source, said, role, { operator, reason }) {
      await query(
        db,
        `insert into role_meaning (source_id, said, role, operator_name, reason) values (?, ?, ?, ?, ?)
         on conflict (source_id, said) do update set role = excluded.role, operator_name = excluded.operator_name,
           at = now(), reason = excluded.reason`,
        [source, said, role, operator, reason],
      );
      // Those that a run has planned may not be carried out with what the role meant before.
      await query(
        db,
        `update account a set wakes = wakes + 1 where a.source_id = ? and (a.standing_reason = 'unknown-role'
           or a.due and exists (select from plan p where p.account_id = a.id and ? = any(p.unknown_roles)))`,
        [source, said],
      );
    },
    async refusePart(accountId, part, cause, { operator, reason }) {
      const [row] = await query<{ content: AccountContent }>(db, 'select content from account where id = ?', [
        accountId,
      ]);
      if (row === undefined) return;
      await query(
        db,
        `insert into refusal (account_id, part, value_said, cause, operator_name, reason) values (?, ?, ?, ?, ?, ?)
         on conflict (account_id, part) do update set value_said = excluded.value_said, cause = excluded.cause,
           operator_name = excluded.operator_name, at = now(), reason = excluded.reason`,
        [accountId, part, valueSaid(row.content, part as Part), cause, operator, reason],
      );
    },
  };
}

interface ItemRow extends Omit<LockedItem, 'accounts' | 'successor' | 'answered'> {
  readonly account_ids: readonly number[];
  readonly answer: string | null;
  readonly answered_by: string | null;
  readonly closed_at: Date | null;
}

async function lockItem(db: Db, id: number): Promise<LockedItem | null> {
  const [row] = await query<ItemRow>(
    db,
    `select id, kind, source_id as source, subject, part, user_ids as "userIds", account_ids, evidence,
       evidence_digest as "evidenceDigest", closed_at is null as open, answer, answered_by, closed_at
     from review_item where id = ? for update`,
    [id],
  );
  if (row === undefined) return null;
  const { account_ids, answer, answered_by: by, closed_at: at, ...item } = row;
  const answered = answer === null || at === null ? null : { answer, by: by ?? 'somebody', at: at.toISOString() };
  const accounts = await query<LockedItem['accounts'][number]>(
    db,
    `select id, source_id as source, external_id as "externalId", content, decided_hash is distinct from content_hash as changed
     from account where id = any(?) order by external_id, id`,
    [[...account_ids]],
  );
  const [successor] = await query<NonNullable<LockedItem['successor']>>(
    db,
    'select id, evidence from review_item where closed_at is null and kind = ? and subject = ? and id <> ?',
    [item.kind, item.subject, id],
  );
  return { ...item, answered, accounts, successor: successor ?? null };
}
