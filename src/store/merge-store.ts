import type { AccountContent } from '../domain/account.ts';
import { refuseUnpermitted } from '../domain/permitted.ts';
import { searchTextOf } from '../domain/search-text.ts';
import { fold } from '../domain/text.ts';
import type { Words } from '../domain/user.ts';
import { accountKeys } from '../reconcile/match-keys.ts';
import type { MergeLink } from '../reconcile/merge-refusal.ts';
import type { MergeEvent, MergeStore, MergeTx, MergeWrite } from '../users/merge-ports.ts';
import { saveAccountKeys } from './account-keys.ts';
import { toKept } from './event-changes.ts';
import type { ReadRules } from './read-rules.ts';
import { forRows, query, queryOne, rowTable, type Db } from './sql.ts';
import { wordRows, type WordRow } from './subject-rows.ts';
import { lastSeenUnder, nextSeenFrom } from './user-links.ts';
import { userTransaction } from './user-store.ts';
import { wakeUser } from './wake-user.ts';

/** Merges in the database. */
export function createMergeStore(db: Db, rules: ReadRules): MergeStore {
  return {
    transaction: (operator, end, work) =>
      userTransaction(db, rules, operator, end, (tx, transaction) => work({ ...tx, ...mergeWork(transaction, rules) })),
  };
}

type MergeWork = Pick<
  MergeTx,
  'mergeLinks' | 'versionOf' | 'saveMerges' | 'finishMerges' | 'appendMergeEvents' | 'wakeUsers'
>;

/** What a transaction of people's acts has beside, where users are merged. */
export function mergeWork(db: Db, rules: ReadRules): MergeWork {
  return {
    async mergeLinks(userIds) {
      const rows = await query<MergeLink & { userId: number }>(
        db,
        `select l.user_id as "userId", l.account_id as "accountId", a.external_id as "externalId", l.source_id as source, s.kind,
           s.role as "as", s.retired_at is not null as retired
         from link l join account a on a.id = l.account_id join source_state s on s.source_id = l.source_id
         where l.user_id = any(?) and l.until is null order by l.user_id, l.source_id`,
        [[...userIds]],
      );
      const links = rows.map(({ userId, ...link }) => ({ userId, link }));
      return new Map(
        [...Map.groupBy(links, (row) => row.userId)].map(([userId, of]) => [userId, of.map(({ link }) => link)]),
      );
    },
    async versionOf(userId) {
      return (await queryOne<{ version: number }>(db, 'select version from "user" where id = ?', [userId])).version;
    },
    async saveMerges(writes, by) {
      await keepRecords(db, writes, by.operator);
      await endLinks(db, writes, by, rules);
      await moveSlots(db, writes);
      await moveLinks(db, writes);
      await moveWords(db, writes, by);
      await markMerged(db, writes);
    },
    async finishMerges(merges) {
      await forRows(
        db,
        'other int, events bigint[]',
        merges,
        (table) =>
          `update merge m set event_ids = r.events from ${table} where m.other_id = r.other and m.event_ids = '{}'`,
      );
      await forRows(
        db,
        'other int, text text',
        merges.map(({ other, former }) => ({ other, text: searchTextOf(former) })),
        (table) => `update "user" u set search_text = r.text from ${table} where u.id = r.other`,
      );
    },
    appendMergeEvents: (events) => appendMergeEvents(db, events),
    wakeUsers: (userIds, freedNames) => wakeUser(db, userIds, freedNames),
  };
}

/** The ids of all links of a user: each half has an index of its own. */
function linksOf(user: string): string {
  return `select c.id from link c where c.user_id = ${user} and c.until is null
    union all select e.id from link e where e.user_id = ${user} and e.until is not null`;
}

const pairColumns = '"primary" int, other int';
const pairsOf = (writes: readonly MergeWrite[]): object[] => writes.map(({ primary, other }) => ({ primary, other }));

/** What undoing takes, as it is before anything is written; who said a word, and when, with it. */
async function keepRecords(db: Db, writes: readonly MergeWrite[], operator: string): Promise<void> {
  await forRows(
    db,
    `${pairColumns}, username text, before jsonb, after jsonb, ended int[]`,
    writes.map(({ primary, other, before, decision }) => ({
      ...{ primary, other, before },
      username: usernameOf(before.other.value.fields.username),
      after: { primary: decision.primary, other: decision.other, movedSlots: decision.movedSlots },
      ended: decision.ended.map(({ accountId }) => accountId),
    })),
    (
      table,
    ) => `insert into merge (primary_id, other_id, other_username, before, after, operator_name, said, slots, links, bars, identity)
      select r."primary", r.other, r.username, r.before, r.after, c.operator,
        (select jsonb_agg(to_jsonb(w)) from
          (select user_id, 'override' as kind, field as ref, value, operator_name, at, reason from override where user_id in (r."primary", r.other)
           union all select user_id, kind, ref, value, operator_name, at, reason from word where user_id in (r."primary", r.other)) as w),
        (select jsonb_agg(to_jsonb(s)) from snapshot s where s.user_id in (r."primary", r.other)),
        (select jsonb_agg(jsonb_build_object('linkId', l.id, 'current', l.until is null, 'ended', l.account_id = any(r.ended) and l.until is null))
          from link l where l.id in (${linksOf('r.other')})),
        (select jsonb_agg(to_jsonb(b)) from bar b where b.user_id in (r."primary", r.other)),
        array(select i.account_id from identity_word i where i.user_id = r.other)
      from ${table}, (select ?::text as operator) as c`,
    [operator],
  );
}

function usernameOf(username: string | undefined): string | null {
  return username === undefined ? null : fold(username);
}

/** Where the primary has a link to the source, the other's ends, and its account waits for a person as after an unlink. */
async function endLinks(
  db: Db,
  writes: readonly MergeWrite[],
  { operator, reason }: { operator: string; reason: string | null },
  rules: ReadRules,
): Promise<void> {
  const accounts = writes.flatMap(({ decision }) => decision.ended.map(({ accountId }) => accountId));
  if (accounts.length === 0) return;
  const ended = await query<{ id: number; source: string; content: AccountContent }>(
    db,
    `update link l set until = now(), end_reason = 'merged', last_seen_under = ${lastSeenUnder}, next_seen_from = ${nextSeenFrom}
     from account a where a.id = l.account_id and l.account_id = any(?) and l.until is null
     returning a.id, l.source_id as source, a.content`,
    [accounts],
  );
  await saveAccountKeys(
    db,
    ended.map(({ id, source, content }) => ({
      accountId: id,
      keys: accountKeys(content.values, rules.matchOf(source)),
    })),
  );
  await forRows(
    db,
    'account int, other int',
    writes.flatMap(({ other, decision }) => decision.ended.map(({ accountId }) => ({ account: accountId, other }))),
    (table) => `insert into bar (account_id, user_id, kind, operator_name, reason)
      select r.account, r.other, 'wait', c.operator, c.reason from ${table}, (select ?::text as operator, ?::text as reason) as c
      on conflict (account_id, user_id) do update
      set kind = excluded.kind, operator_name = excluded.operator_name, at = excluded.at, reason = excluded.reason`,
    [operator, reason],
  );
}

async function moveSlots(db: Db, writes: readonly MergeWrite[]): Promise<void> {
  await forRows(
    db,
    `${pairColumns}, source text`,
    writes.flatMap(({ primary, other, decision }) => decision.movedSlots.map((source) => ({ primary, other, source }))),
    (table) => `insert into snapshot (user_id, source_id, account_id, results, names_seen, applied_at)
      select r."primary", s.source_id, s.account_id, s.results, s.names_seen, s.applied_at
        from ${table} join snapshot s on s.user_id = r.other and s.source_id = r.source
      on conflict (user_id, source_id) do update set account_id = excluded.account_id, results = excluded.results,
        names_seen = excluded.names_seen, applied_at = excluded.applied_at`,
  );
  await saveResults(
    db,
    writes.flatMap(({ other, decision }) => decision.other.snapshots.map((slot) => ({ userId: other, slot }))),
  );
}

/** Writes the results of slots that exist. */
async function saveResults(
  db: Db,
  slots: readonly { readonly userId: number; readonly slot: MergeWrite['decision']['primary']['snapshots'][number] }[],
): Promise<void> {
  await forRows(
    db,
    'user_id int, source_id text, results jsonb',
    slots.map(({ userId, slot: { source, ...results } }) => ({ user_id: userId, source_id: source, results })),
    (table) => `update snapshot s set results = r.results from ${table}
      where s.user_id = r.user_id and s.source_id = r.source_id`,
  );
}

/** With every period of ownership (spec 8.1), and with what people said of pairs that are not to be linked. */
async function moveLinks(db: Db, writes: readonly MergeWrite[]): Promise<void> {
  const run = (sql: (table: string) => string): Promise<void> => forRows(db, pairColumns, pairsOf(writes), sql);
  await run((table) => `update link l set user_id = r."primary" from ${table} where l.id in (${linksOf('r.other')})`);
  // A person has said whose these accounts are.
  await run(
    (table) => `delete from bar b using ${table} where b.user_id = r."primary"
      and exists (select from link l where l.account_id = b.account_id and l.user_id = r."primary" and l.until is null)`,
  );
  await run(
    (table) => `insert into bar (account_id, user_id, kind, operator_name, at, reason, run_id, cause)
      select b.account_id, r."primary", b.kind, b.operator_name, b.at, b.reason, b.run_id, b.cause
        from ${table} join bar b on b.user_id = r.other
       where not exists (select from link l where l.account_id = b.account_id and l.user_id = r."primary" and l.until is null)
         and not exists (select from link l where l.account_id = b.account_id and l.end_reason = 'merged' and l.user_id = r."primary")
      on conflict (account_id, user_id) do nothing`,
  );
  await run((table) => `update identity_word i set user_id = r."primary" from ${table} where i.user_id = r.other`);
  await run(
    (table) => `update account a set wakes = a.wakes + 1, standing_user = r."primary"
      from ${table}, link l
     where l.id in (${linksOf('r."primary"')}) and (l.until is null or l.end_reason = 'merged') and a.id = l.account_id`,
  );
}

interface WordMove extends WordRow {
  readonly primary: number;
  readonly other: number;
}

/** A word that goes to the primary keeps who said it, when and why; what was chosen is said by who merges. */
async function moveWords(
  db: Db,
  writes: readonly MergeWrite[],
  { operator, reason }: { operator: string; reason: string | null },
): Promise<void> {
  const rows = writes.map(({ primary, other, before, decision }) => {
    const theirs = rowsOf(before.other.words);
    const [had, has] = [rowsOf(before.primary.words), rowsOf(decision.primary.words)];
    const moving = [...has].filter(([identity, row]) => {
      const same = theirs.get(identity);
      return !had.has(identity) && theirs.has(identity) && same?.value === row.value;
    });
    const taken = new Set(moving.map(([identity]) => identity));
    const said = [...has].filter(([identity, row]) => !taken.has(identity) && had.get(identity)?.value !== row.value);
    const staying = rowsOf(decision.other.words);
    const gone = [...theirs].filter(([identity]) => !staying.has(identity));
    const changed = [...had].filter(([identity, row]) => has.get(identity)?.value !== row.value);
    return {
      moving: moving.map(([, row]): WordMove => ({ ...row, primary, other })),
      said: said.map(([, row]) => ({ ...row, user: primary })),
      gone: [
        ...gone.map(([, row]) => ({ ...row, user: other })),
        ...changed.map(([, row]) => ({ ...row, user: primary })),
      ],
    };
  });
  await copyWords(
    db,
    rows.flatMap((each) => each.moving),
  );
  await dropWords(
    db,
    rows.flatMap((each) => each.gone),
  );
  await sayWords(
    db,
    rows.flatMap((each) => each.said),
    { operator, reason },
  );
}

/** By kind and what they are about. */
export function rowsOf(words: Words): Map<string, WordRow> {
  return new Map(wordRows(words).map((row) => [`${row.kind} ${row.ref}`, row]));
}

/** Overrides have a table of their own. */
export const isOverride = ({ kind }: WordRow): boolean => kind === 'override';
const isOther = ({ kind }: WordRow): boolean => kind !== 'override';

async function copyWords(db: Db, rows: readonly WordMove[]): Promise<void> {
  const columns = `${pairColumns}, kind text, ref text`;
  await forRows(
    db,
    columns,
    rows.filter(isOverride),
    (table) => `insert into override (user_id, field, value, operator_name, at, reason)
      select r."primary", o.field, o.value, o.operator_name, o.at, o.reason
        from ${table} join override o on o.user_id = r.other and o.field = r.ref`,
  );
  await forRows(
    db,
    columns,
    rows.filter(isOther),
    (table) => `insert into word (user_id, kind, ref, value, operator_name, at, reason)
      select r."primary", w.kind, w.ref, w.value, w.operator_name, w.at, w.reason
        from ${table} join word w on w.user_id = r.other and w.kind = r.kind and w.ref = r.ref`,
  );
}

/** Words of several users, by kind and what they are about. */
export async function dropWords(db: Db, rows: readonly (WordRow & { readonly user: number })[]): Promise<void> {
  const columns = '"user" int, kind text, ref text';
  await forRows(
    db,
    columns,
    rows.filter(isOverride),
    (table) => `delete from override o using ${table} where o.user_id = r."user" and o.field = r.ref`,
  );
  await forRows(
    db,
    columns,
    rows.filter(isOther),
    (table) => `delete from word w using ${table} where w.user_id = r."user" and w.kind = r.kind and w.ref = r.ref`,
  );
}

async function sayWords(
  db: Db,
  rows: readonly (WordRow & { readonly user: number })[],
  { operator, reason }: { operator: string; reason: string | null },
): Promise<void> {
  const columns = '"user" int, kind text, ref text, value text';
  const by = '(select ?::text as operator, ?::text as reason) as c';
  await forRows(
    db,
    columns,
    rows.filter(isOverride),
    (table) => `insert into override (user_id, field, value, operator_name, reason)
      select r."user", r.ref, r.value, c.operator, c.reason from ${table}, ${by}`,
    [operator, reason],
  );
  await forRows(
    db,
    columns,
    rows.filter(isOther),
    (table) => `insert into word (user_id, kind, ref, value, operator_name, reason)
      select r."user", r.kind, r.ref, r.value, c.operator, c.reason from ${table}, ${by}`,
    [operator, reason],
  );
}

const otherTable = rowTable(pairColumns);

/** Deactivated by the person who merges; whatever is asked about them is asked anew of who stays. */
async function markMerged(db: Db, writes: readonly MergeWrite[]): Promise<void> {
  await forRows(
    db,
    pairColumns,
    pairsOf(writes),
    (table) => `update "user" u set active = false, merged_into = r."primary",
        deactivated_at = case when u.active then now() else u.deactivated_at end
      from ${table} where u.id = r.other`,
  );
  await query(
    db,
    `update review_item i set closed_at = now() where i.closed_at is null
      and exists (select from ${otherTable.table} where i.user_ids @> array[r.other])`,
    [otherTable.parameter(pairsOf(writes))],
  );
}

/** One statement for all of them; their ids in their order. */
async function appendMergeEvents(db: Db, events: readonly MergeEvent[]): Promise<number[]> {
  const [first] = events;
  if (first === undefined) return [];
  for (const event of events) refuseUnpermitted(event, event);
  const { table, parameter } = rowTable('place int, type text, "user" int, changes jsonb, reason text, undoes bigint');
  // Ids are drawn in the order in which rows are inserted.
  const inserted = await query<{ id: number }>(
    db,
    `with written as (
       insert into event (actor_kind, actor_name, type, user_id, changes, reason, undoes)
       select 'operator', c.operator, r.type, r."user", r.changes, r.reason, r.undoes
         from ${table}, (select ?::text as operator) as c order by r.place
       returning id)
     select id::float8 as id from written order by id`,
    [
      parameter(
        events.map(({ type, userId, changes, reason, undoes }, place) => ({
          ...{ place, type, user: userId, changes: toKept(changes), reason, undoes },
        })),
      ),
      first.operator,
    ],
  );
  return inserted.map(({ id }) => id);
}
