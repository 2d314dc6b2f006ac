import type { AccountContent } from '../domain/account.ts';
import { accountKeys } from '../reconcile/match-keys.ts';
import type { NamedAccount, UserLink, UserWrites } from '../users/ports.ts';
import { saveAccountKeys } from './account-keys.ts';
import type { ReadRules } from './read-rules.ts';
import { seenUsers } from './sight.ts';
import { query, type Db } from './sql.ts';

type LinkWrites = Pick<UserWrites, 'linksOf' | 'linksOfAll' | 'lockAccount' | 'endLink' | 'bar' | 'liftHolds'>;

/** Links, bars and accounts, as people's acts on one user need them. */
export function userLinkWrites(db: Db, { matchOf, ignoringRuleOf }: ReadRules, operator: string): LinkWrites {
  return {
    linksOf: async (userId) => (await linksOf(db, [userId])).get(userId) ?? [],
    linksOfAll: (userIds) => linksOf(db, userIds),
    async lockAccount(source, externalId) {
      const [row] = await query<NamedAccount & { content: AccountContent }>(
        db,
        `select a.id, (select user_id from link l where l.account_id = a.id and l.until is null) as "userId", a.content,
           a.absent_since is not null as gone, a.ignored_at is not null as ignored
         from account a where a.source_id = ? and a.external_id = ? for update`,
        [source, externalId],
      );
      if (row === undefined) return null;
      if (row.userId !== null && !(await seenUsers(db, operator, [row.userId])).has(row.userId)) return null;
      const { content, ...account } = row;
      return { ...account, ignored: account.ignored || ignoringRuleOf(source, { externalId, content }) !== null };
    },
    async endLink(userId, source, endReason) {
      const [ended] = await query<{ account_id: number; content: AccountContent }>(
        db,
        `update link l set until = now(), end_reason = ?, last_seen_under = ${lastSeenUnder}, next_seen_from = ${nextSeenFrom} from account a
         where a.id = l.account_id and l.user_id = ? and l.source_id = ? and l.until is null
         returning l.account_id, a.content`,
        [endReason, userId, source],
      );
      if (ended === undefined) return;
      const keys = accountKeys(ended.content.values, matchOf(source));
      await saveAccountKeys(db, [{ accountId: ended.account_id, keys }]);
      await query(db, 'update account set wakes = wakes + 1 where id = ?', [ended.account_id]);
      // That it came back, or under other names, was of this user: who has the account next need not be looked at for it.
      await query(db, 'delete from account_notice where account_id = ?', [ended.account_id]);
    },
    async bar(accountId, userId, kind, { operator, reason }) {
      await query(
        db,
        `insert into bar (account_id, user_id, kind, operator_name, reason) values (?, ?, ?, ?, ?)
         on conflict (account_id, user_id) do update
         set kind = excluded.kind, operator_name = excluded.operator_name, at = excluded.at, reason = excluded.reason`,
        [accountId, userId, kind, operator, reason],
      );
    },
    async liftHolds(accountId, userId) {
      await query(db, 'delete from bar where account_id = ? and user_id = ?', [accountId, userId]);
      await query(db, 'delete from refusal where account_id = ?', [accountId]);
    },
  };
}

async function linksOf(db: Db, userIds: readonly number[]): Promise<Map<number, UserLink[]>> {
  const rows = await query<UserLink & { userId: number }>(
    db,
    `select l.user_id as "userId", l.account_id as "accountId", a.external_id as "externalId", l.source_id as source, s.kind,
       s.role as "as", l.origin, s.retired_at is not null as retired,
       case when a.gone_since is not null then 'gone' when a.disabled then 'disabled' else 'present' end as state,
       a.absent_since is not null and exists (select from refusal f where f.account_id = a.id and f.part = 'gone') as "goneRefused"
     from link l join account a on a.id = l.account_id join source_state s on s.source_id = l.source_id
     where l.user_id = any(?) and l.until is null order by l.source_id`,
    [[...userIds]],
  );
  return Map.groupBy(rows, (row) => row.userId);
}

/** Since when the account has had other names than were applied; null where it has not, or was not seen since (spec 8.1). */
export const nextSeenFrom = `case when a.absent_since is null and exists (
    select from snapshot s where s.user_id = l.user_id and s.source_id = l.source_id
      and (s.names_seen ->> 'firstName', s.names_seen ->> 'lastName')
          is distinct from (a.content -> 'values' ->> 'firstName', a.content -> 'values' ->> 'lastName'))
  then least(a.changed_at, (select min(i.opened_at) from review_item i
    where i.closed_at is null and i.kind = 'possible-id-reuse' and i.account_ids @> array[a.id])) end`;

/**
 * Until when the account was seen under the names that were applied (spec 8.1): it may have been missing, or have had other
 * names, before a person said that it is somebody else's.
 */
export const lastSeenUnder = `least(coalesce(a.absent_since, now()), ${nextSeenFrom})`;
