import type { Knex } from 'knex';
import type { AccountContent } from '../domain/account.ts';
import type { ReconcileTx } from '../apply/ports.ts';
import { accountKeys, userKeys, type Matching } from '../reconcile/match-keys.ts';
import type {
  LinkMoveRequest,
  LinkMoveStore,
  LinkMoveTransaction,
  LinkPair,
  LinkToMove,
  PairStanding,
} from '../users/link-move.ts';
import { appendPersonsEvent } from './append-event.ts';
import { refuseUnpermitted } from '../domain/permitted.ts';
import { toKept } from './event-changes.ts';
import type { IgnoringRuleOf, ReadRules } from './read-rules.ts';
import { reconcileReads } from './reconcile-reads.ts';
import { reconcileWrites } from './reconcile-writes.ts';
import { forRows, query, rowTable } from './sql.ts';
import { loadSubjects } from './subject-rows.ts';
import { inTransaction } from './transactions.ts';

/** What the configuration says, as far as moving links needs it. */
export interface LinkMoveSettings extends ReadRules {
  /** The correlation rules of all sources, each once. */
  readonly allMatchRules: Matching;
}

/** Links that people move from one source to another, in the database. */
export function createLinkMoveStore(knex: Knex, settings: LinkMoveSettings): LinkMoveStore {
  return {
    transaction: (work) =>
      inTransaction(knex, async (transaction) => {
        const result = await work(within(transaction, settings));
        await settings.stillInForce?.(transaction);
        return result;
      }),
  };
}

function within(transaction: Knex, settings: LinkMoveSettings): LinkMoveTransaction & ReconcileTx {
  return {
    ...reconcileReads(transaction, settings),
    ...reconcileWrites(transaction),
    appendEvent: (event) => appendPersonsEvent(transaction, event),
    async isRetired(source) {
      const sql = 'select retired_at is not null as retired from source_state where source_id = ? for share';
      const [row] = await query<{ retired: boolean }>(transaction, sql, [source]);
      return row?.retired ?? null;
    },
    async standings(request, pairs, lock) {
      if (lock) await lockUsersAndAccounts(transaction, request, pairs);
      return standingsOf(transaction, request, pairs, settings.ignoringRuleOf);
    },
    async move(request, links) {
      await moveLinks(transaction, request, links);
      await moveKeys(transaction, request.from, links, settings);
      await appendEvents(transaction, request, links);
    },
  };
}

const pairTable = rowTable('ord int, old text, "new" text');

function numbered(pairs: readonly LinkPair[]): string {
  return pairTable.parameter(pairs.map((pair, ord) => ({ ord, ...pair })));
}

/** Users before accounts, each in the order of their ids, as everybody does. */
async function lockUsersAndAccounts(
  db: Knex,
  { from, to }: LinkMoveRequest,
  pairs: readonly LinkPair[],
): Promise<void> {
  const [olds, news] = [pairs.map((pair) => pair.old), pairs.map((pair) => pair.new)];
  await query(
    db,
    `select u.id from "user" u where u.id in
       (select l.user_id from account a join link l on l.account_id = a.id and l.until is null
         where a.source_id = ? and a.external_id = any(?)) order by u.id for update`,
    [from, olds],
  );
  await query(
    db,
    `select id from account where (source_id = ? and external_id = any(?)) or (source_id = ? and external_id = any(?))
      order by id for update`,
    [from, olds, to, news],
  );
}

interface StandingRow extends Omit<PairStanding, 'newIgnored'> {
  readonly newIgnored: boolean | null;
  readonly content: AccountContent | null;
}

async function standingsOf(
  db: Knex,
  { from, to }: LinkMoveRequest,
  pairs: readonly LinkPair[],
  ignoringRuleOf: IgnoringRuleOf,
): Promise<PairStanding[]> {
  const rows = await query<StandingRow>(
    db,
    `select r.old, r."new", o.id as "oldAccount", ol.user_id as "userId", n.id as "newAccount", n.content,
            n.absent_since is not null or n.gone_since is not null as "newAbsent",
            n.ignored_at is not null as "newIgnored", nl.user_id as "newUserId",
            (select a.external_id from link l join account a on a.id = l.account_id
              where l.user_id = ol.user_id and l.source_id = ? and l.until is null) as "userLinkedTo",
            exists (select from bar b where b.account_id = n.id and b.user_id = ol.user_id and b.kind = 'release') as released
       from ${pairTable.table}
            left join account o on o.source_id = ? and o.external_id = r.old
            left join link ol on ol.account_id = o.id and ol.until is null
            left join account n on n.source_id = ? and n.external_id = r."new"
            left join link nl on nl.account_id = n.id and nl.until is null
      order by r.ord`,
    [to, numbered(pairs), from, to],
  );
  return rows.map(({ content, ...row }) => {
    const byRule = content !== null && ignoringRuleOf(to, { externalId: row.new, content }) !== null;
    return { ...row, newIgnored: row.newIgnored === true || byRule };
  });
}

const linkColumns = '"oldAccount" int, "newAccount" int, "userId" int, old text, "new" text';

async function moveLinks(db: Knex, request: LinkMoveRequest, links: readonly LinkToMove[]): Promise<void> {
  const run = (sql: (table: string) => string, ...bindings: readonly unknown[]): Promise<void> =>
    forRows(db, linkColumns, links, sql, bindings);
  await run(
    (table) => `update link l set until = now(), end_reason = 'moved', last_seen_under = coalesce(a.absent_since, now())
      from ${table} join account a on a.id = r."oldAccount" where l.account_id = a.id and l.until is null`,
  );
  await run(
    (table) => `insert into link (account_id, user_id, source_id, origin)
      select "newAccount", "userId", src, 'manual' from ${table}, (select ?::text as src) as c`,
    request.to,
  );
  await run(
    (table) => `insert into bar (account_id, user_id, kind, operator_name, reason)
      select "oldAccount", "userId", 'wait', c.operator, c.reason
        from ${table}, (select ?::text as operator, ?::text as reason) as c
      on conflict (account_id, user_id) do update set kind = excluded.kind`,
    request.operator,
    request.reason ?? null,
  );
  // An explicit link lifts what was said against its account (spec 7.2).
  await run((table) => `delete from bar b using ${table} where b.account_id = r."newAccount" and b.kind = 'wait'`);
  await run((table) => `delete from refusal f using ${table} where f.account_id = r."newAccount"`);
  await run(
    (table) => `update account a set wakes = a.wakes + 1, standing_user = r."userId",
        standing = case when a.id = r."oldAccount" then 'unlinked' else 'linked' end,
        standing_reason = case when a.id = r."oldAccount" then 'moved' end
      from ${table} where a.id in (r."oldAccount", r."newAccount")`,
  );
  await run((table) => `update "user" u set version = version + 1 from ${table} where u.id = r."userId"`);
}

/** A linked account is found by its user, an unlinked one by itself; a user by the slots of the current links (spec 4.2). */
async function moveKeys(
  db: Knex,
  from: string,
  links: readonly LinkToMove[],
  { matchOf, allMatchRules }: LinkMoveSettings,
): Promise<void> {
  const writes = reconcileWrites(db);
  const userIds = links.map((link) => link.userId);
  const olds = await query<{ id: number; content: AccountContent }>(
    db,
    'select id, content from account where id = any(?)',
    [links.map((link) => link.oldAccount)],
  );
  await writes.saveAccountKeys([
    ...links.map((link) => ({ accountId: link.newAccount, keys: [] })),
    ...olds.map(({ id, content }) => ({ accountId: id, keys: accountKeys(content.values, matchOf(from)) })),
  ]);
  const before = await query<{ key: string }>(db, 'delete from match_key where user_id = any(?) returning key', [
    userIds,
  ]);
  const after = (await loadSubjects(db, userIds, false)).map(({ subject, linkedSources }) => {
    const slots = subject.snapshots.filter((slot) => linkedSources.includes(slot.source));
    return { userId: subject.user.id, keys: userKeys(subject.user.value.fields, slots, allMatchRules), before: [] };
  });
  await writes.saveUserKeys(after);
  await writes.wakeByKeys([...new Set([...before.map((row) => row.key), ...after.flatMap((row) => row.keys)])]);
  await writes.wakeByItems(userIds, []);
}

async function appendEvents(db: Knex, request: LinkMoveRequest, links: readonly LinkToMove[]): Promise<void> {
  const { from, to, operator, reason } = request;
  refuseUnpermitted(request, { type: 'link-made', changes: [] });
  const events = links.flatMap((link) => {
    const ended = { type: 'link-ended', source: from, account: link.oldAccount, external: link.old };
    const made = { type: 'link-made', source: to, account: link.newAccount, external: link.new };
    return [
      { ...ended, user: link.userId, changes: toKept([{ field: `link.${from}`, before: link.old, after: null }]) },
      { ...made, user: link.userId, changes: toKept([{ field: `link.${to}`, before: null, after: link.new }]) },
    ];
  });
  await forRows(
    db,
    'type text, source text, account int, external text, "user" int, changes jsonb',
    events,
    (
      table,
    ) => `insert into event (actor_kind, actor_name, type, source_id, user_id, account_id, external_id, changes, reason)
      select 'operator', c.operator, type, source, "user", account, external, changes, c.reason
        from ${table}, (select ?::text as operator, ?::text as reason) as c`,
    [operator, reason ?? `moved from ${from} to ${to}`],
  );
}
