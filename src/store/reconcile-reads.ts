import { silentProofs } from '../domain/absence.ts';
import type { AccountContent } from '../domain/account.ts';
import type { GuardClass } from '../domain/change.ts';
import { claimKey, type Claim } from '../domain/claim.ts';
import type { ReconcileReads, LinkedSubject, UnlinkedRow } from '../apply/ports.ts';
import type { CandidateUser } from '../reconcile/correlate.ts';
import { accountKeys, ruleName } from '../reconcile/match-keys.ts';
import { keysInDoubt } from './doubts.ts';
import { identifiesSomebody, sharedKeys, sharedValueReads } from './shared-values.ts';
import { knownBefore, type BeforeRow } from './known-before.ts';
import { planReads } from './plan-store.ts';
import { questionReads } from './question-reads.ts';
import type { IgnoringRuleOf, ReadRules } from './read-rules.ts';
import { loadSubjects } from './subject-rows.ts';
import { query, queryOne, rowTable, type Db } from './sql.ts';

const unlinked = 'not exists (select from link l where l.account_id = a.id and l.until is null)';

/** Absent or back, and not decided on yet; what a person has refused to call gone is decided (spec 13.2). */
const turned = `a.turned
  and not exists (select from refusal f where f.account_id = a.id and f.part = 'gone' and a.absent_since is not null)`;

interface AccountRow {
  id: number;
  external_id: string;
  content: AccountContent;
  content_hash: string;
  disabled: boolean;
  wakes: number;
  held_digest: string | null;
  absent: boolean;
  gone: boolean;
  ignored: boolean;
  ignored_reason: string | null;
  /** Since it was last decided on. */
  changed: boolean;
}
const accountColumns = `a.id, a.external_id, a.content, a.content_hash, a.disabled, a.wakes, a.held_digest,
  a.absent_since is not null as absent, a.gone_since is not null as gone, a.ignored_at is not null as ignored, a.ignored_reason,
  a.decided_hash is distinct from a.content_hash as changed`;

/** The reads of a pass. */
export function reconcileReads(db: Db, rules: ReadRules): ReconcileReads {
  const { matchOf, ignoringRuleOf } = rules;
  return {
    ...sharedValueReads(db, rules),
    ...planReads(db),
    async now() {
      return (await queryOne<{ now: Date }>(db, 'select now() as now')).now.toISOString();
    },
    async hasUsers() {
      return (await queryOne<{ any: boolean }>(db, 'select exists (select from "user") as any')).any;
    },
    async presentAccounts(source) {
      const sql = 'select count(*)::int as count from account where source_id = ? and gone_since is null';
      return (await queryOne<{ count: number }>(db, sql, [source])).count;
    },
    async missing(source, runId) {
      const { some } = await queryOne<{ some: boolean }>(
        db,
        `select count(*) >= 5 as some from (select from account a where a.source_id = ? and ${turned} limit 5) as t`,
        [source],
      );
      // Nearly always: nothing is asked about fewer.
      if (!some) return { before: 0, absent: 0, reported: 0 };
      return queryOne(
        db,
        `select count(*)::int as before, count(*) filter (where ${turned})::int as absent,
           count(*) filter (where ${turned} and absence_proof <> all(?))::int as reported
         from account a, run r, source_state s
         where a.source_id = ? and r.id = ? and s.source_id = a.source_id and a.gone_since is null
           and a.first_seen_at < coalesce(s.missing_since, r.started_at)`,
        [[...silentProofs], source, runId],
      );
    },
    teams: () =>
      query(
        db,
        `select t.id, t.name, coalesce(array_agg(s.source_id) filter (where s.source_id is not null), '{}') as "boundBy"
         from team t left join source_team s on s.team_id = t.id group by t.id`,
      ),
    sourceTeams: (source) =>
      query(
        db,
        `select external_id as "externalId", name, case when ignored then 0 else team_id end as "teamId", undecided,
           case when absent_since is not null and gone_since is null then 'gone'
                when absent_since is null and gone_since is not null then 'returned' end as turned
         from source_team where source_id = ?`,
        [source],
      ),
    absences: (source, after, limit) =>
      query(
        db,
        `select a.id as "accountId", a.external_id as "externalId", a.absent_since is not null as absent, a.absence_proof as proof,
           l.user_id as "userId"
         from account a left join link l on l.account_id = a.id and l.until is null
         where a.source_id = ? and a.id > ? and ${turned} order by a.id limit ?`,
        [source, after, limit],
      ),
    countAbsences: (source) =>
      queryOne(
        db,
        `select count(*) filter (where absent_since is not null)::int as absent, count(*) filter (where absent_since is null)::int as returned,
           count(*) filter (where absent_since is not null and absence_proof <> all(?))::int as reported
         from account a where a.source_id = ? and ${turned}`,
        [[...silentProofs], source],
      ),
    countDue: (source) =>
      queryOne(
        db,
        `select count(l.id)::int as linked, (count(*) - count(l.id))::int as unlinked
         from account a left join link l on l.account_id = a.id and l.until is null where a.source_id = ? and a.due`,
        [source],
      ),
    dueUsers: (source, after, limit) =>
      query(
        db,
        `select a.id as "accountId", l.user_id as "userId" from account a join link l on l.account_id = a.id and l.until is null
         where a.source_id = ? and a.id > ? and a.due order by a.id limit ?`,
        [source, after, limit],
      ),
    async dueUnlinked(source, after, limit) {
      const sql = `select a.id from account a where a.source_id = ? and a.id > ? and a.due and ${unlinked} order by a.id limit ?`;
      return (await query<{ id: number }>(db, sql, [source, after, limit])).map((row) => row.id);
    },
    subjects: (source, userIds, lock) => linkedSubjects(db, source, userIds, lock, ignoringRuleOf),
    unlinked: (accountIds, lock) => unlinkedRows(db, accountIds, lock, matchOf, ignoringRuleOf),
    async allocateUserIds(count) {
      if (count === 0) return [];
      const sql = `select nextval('user_id_seq')::int as id from generate_series(1, ?::int)`;
      return (await query<{ id: number }>(db, sql, [count])).map((row) => row.id);
    },
    users: (userIds, lock) => loadSubjects(db, userIds, lock),
    claimHolders: (claims) => claimHolders(db, claims),
    usersByKeys: (keys, except = []) =>
      query(
        db,
        `select key, user_id as "userId" from match_key
         where key = any(?) and user_id is not null and user_id <> all(?::int[]) and ${identifiesSomebody('match_key.key')}`,
        [[...keys], [...except]],
      ),
    holdersOfKeys: (keys, except) =>
      query(
        db,
        `select key, user_id as "userId", account_id as "accountId" from match_key
         where key = any(?) and (user_id is null or user_id <> all(?::int[])) and ${identifiesSomebody('match_key.key')}`,
        [[...keys], [...except]],
      ),
    async accountsByKeys(source, keys, except) {
      const sql = `select distinct a.id from match_key k join account a on a.id = k.account_id
        where k.key = any(?) and k.account_id is not null and k.account_id <> all(?::int[]) and a.source_id = ?
          and a.absent_since is null and a.ignored_at is null and ${identifiesSomebody('k.key')} and ${unlinked}`;
      return (await query<{ id: number }>(db, sql, [[...keys], [...except], source])).map((row) => row.id);
    },
    async keysOfLinkedAccounts(userIds) {
      const shared = await sharedKeys(db);
      const rows = await query<{ userId: number; source: string; externalId: string; content: AccountContent }>(
        db,
        `select l.user_id as "userId", l.source_id as source, a.external_id as "externalId", a.content
         from link l join account a on a.id = l.account_id
         where l.user_id = any(?) and l.until is null and a.ignored_at is null`,
        [[...userIds]],
      );
      return rows
        .filter((row) => ignoringRuleOf(row.source, row) === null)
        .map(({ userId, source, content }) => ({
          userId,
          keys: accountKeys(content.values, matchOf(source)).map((key) =>
            key !== null && shared.has(key) ? null : key,
          ),
          ruleNames: matchOf(source).match.map(ruleName),
          trustedRules: rules.trustedRulesOf(source),
        }));
    },
    keysOfUsers: (userIds) =>
      query(
        db,
        `select key, user_id as "userId" from match_key where user_id = any(?) and ${identifiesSomebody('match_key.key')}`,
        [[...userIds]],
      ),
    async barredPairs(userIds) {
      const rows = await query<{ pair: string }>(
        db,
        `select least(l.user_id, b.user_id) || ':' || greatest(l.user_id, b.user_id) as pair
         from bar b join link l on l.account_id = b.account_id and l.until is null
         where l.user_id = any(?) and b.user_id = any(?)`,
        [[...userIds], [...userIds]],
      );
      return new Set(rows.map((row) => row.pair));
    },
    async candidates(source, userIds) {
      const doubts = await keysInDoubt(db, source, userIds, rules);
      const shared = await sharedKeys(db);
      const rows = await query<CandidateRow>(
        db,
        `select u.id, u.active, u.sync_enabled and not (? = any(u.sync_off_sources)) as "syncOn", u.merged_into is not null as merged,
           l.account_id as "linkedAccount", u.first_name, u.last_name,
           case when l.id is not null then (select c.content -> 'values' from account c where c.id = l.account_id) end as linked_values,
           array(select distinct split_part(k.key, chr(31), 1) from match_key k
                 where k.user_id = u.id and ${identifiesSomebody('k.key')}) as "foundBy",
           exists (select from bar b join account a on a.id = b.account_id
                   where b.user_id = u.id and b.kind = 'wait' and a.source_id = ?) as "takesNone"
         from "user" u left join link l on l.user_id = u.id and l.source_id = ? and l.until is null where u.id = any(?)`,
        [source, source, source, [...userIds]],
      );
      return rows.map(({ first_name: firstName, last_name: lastName, linked_values: values, ...user }) => ({
        ...user,
        names: { firstName, lastName },
        linkedKeys:
          values === null
            ? []
            : accountKeys(values, matchOf(source)).map((key) => (key !== null && shared.has(key) ? null : key)),
        inDoubt: doubts.get(user.id) ?? [],
      }));
    },
    async doubtsOver(source) {
      const waiting = await query<{ id: number; userId: number; content: AccountContent }>(
        db,
        `select id, standing_user as "userId", content from account
         where source_id = ? and standing = 'waiting' and standing_reason = 'id-in-doubt'`,
        [source],
      );
      const doubts = await keysInDoubt(db, source, [...new Set(waiting.map((row) => row.userId))], rules);
      const stands = (row: (typeof waiting)[number]): boolean =>
        accountKeys(row.content.values, matchOf(source)).some(
          (key) => key !== null && doubts.get(row.userId)?.includes(key) === true,
        );
      return waiting.filter((row) => !stands(row)).map((row) => row.id);
    },
    async shownDigests(runId, kind, subjects) {
      const subject = kind === 'policy' ? 'user_id' : 'account_id';
      const sql = `select ${subject} as id, digest from shown_decision where run_id = ? and kind = ? and ${subject} = any(?)`;
      const rows = await query<{ id: number; digest: string }>(db, sql, [runId, kind, [...subjects]]);
      return new Map(rows.map(({ id, digest }) => [id, digest]));
    },
    async shownDigest(runId) {
      const sql = `select encode(sha256(coalesce(string_agg(digest, '' order by digest), '')::bytea), 'hex') as digest
        from shown_decision where run_id = ?`;
      return (await queryOne<{ digest: string }>(db, sql, [runId])).digest;
    },
    guardedSince: (source) =>
      query<{ class: GuardClass; subject: number }>(
        db,
        `select distinct class, case when class in ('gone', 'created') then account_id else user_id end as subject
         from event, unnest(guard_classes) as class
         where ${source === null ? 'source_id is null' : 'source_id = ?'} and guard_classes is not null and at > now() - interval '24 hours'`,
        source === null ? [] : [source],
      ),
    async roleMeanings(source) {
      const sql = 'select said, role from role_meaning where source_id = ?';
      const rows = await query<{ said: string; role: string | null }>(db, sql, [source]);
      return new Map(rows.map(({ said, role }) => [said, role]));
    },
    async rolesStated(source, roles) {
      const sql = `select distinct role from account a, jsonb_array_elements_text(a.content -> 'roleFacts' -> 'roles') as role
        where a.source_id = ? and a.absent_since is null and role = any(?)`;
      return new Set((await query<{ role: string }>(db, sql, [source, [...roles]])).map((row) => row.role));
    },
    async outdatedUsers(policyId, after, limit) {
      // Not as `<>`, for which no index serves: nearly always there are none.
      const sql = 'select id from "user" where (policy_id < ? or policy_id > ?) and id > ? order by id limit ?';
      return (await query<{ id: number }>(db, sql, [policyId, policyId, after, limit])).map((row) => row.id);
    },
    ...questionReads(db),
  };
}

async function linkedSubjects(
  db: Db,
  source: string,
  userIds: readonly number[],
  lock: boolean,
  ignoringRuleOf: IgnoringRuleOf,
): Promise<LinkedSubject[]> {
  const subjects = await loadSubjects(db, userIds, lock);
  const accounts = await query<AccountRow & { user_id: number } & BeforeRow>(
    db,
    `select ${accountColumns}, l.user_id, a.standing_reason, n.names_seen, s.name_mapping
     from link l join account a on a.id = l.account_id join source_state s on s.source_id = l.source_id
       left join snapshot n on n.user_id = l.user_id and n.source_id = l.source_id and n.account_id = l.account_id
     where l.user_id = any(?) and l.source_id = ? and l.until is null`,
    [[...userIds], source],
  );
  const refusals = await loadRefusals(
    db,
    accounts.map((row) => row.id),
  );
  const accountOf = new Map(accounts.map((row) => [row.user_id, row]));
  return subjects.flatMap(({ subject, linkedSources }) => {
    const row = accountOf.get(subject.user.id);
    if (row === undefined) return [];
    const ignored = row.ignored || ignoringRuleOf(source, toAccount(row)) !== null;
    const held = refusals.get(row.id) ?? new Map<string, string>();
    const account = { ...toAccount(row), ignored, refusals: held, before: knownBefore(row) };
    return [{ subject, linkedSources, account }];
  });
}

function toAccount(row: AccountRow): Omit<LinkedSubject['account'], 'refusals'> {
  return {
    id: row.id,
    externalId: row.external_id,
    content: row.content,
    contentHash: row.content_hash,
    disabled: row.disabled,
    wakes: row.wakes,
    heldDigest: row.held_digest,
    changed: row.changed,
    absent: row.absent,
    gone: row.gone,
    ignored: row.ignored,
  };
}

async function loadRefusals(db: Db, accountIds: readonly number[]): Promise<Map<number, Map<string, string>>> {
  const rows = await query<{ account_id: number; part: string; value_said: string }>(
    db,
    'select account_id, part, value_said from refusal where account_id = any(?)',
    [[...accountIds]],
  );
  const byAccount = Map.groupBy(rows, (row) => row.account_id);
  return new Map([...byAccount].map(([id, group]) => [id, new Map(group.map((row) => [row.part, row.value_said]))]));
}

interface CandidateRow extends Omit<CandidateUser, 'inDoubt' | 'names' | 'linkedKeys'> {
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly linked_values: AccountContent['values'] | null;
}

interface UnlinkedAccountRow extends AccountRow {
  readonly source_id: string;
  readonly barred: number[] | null;
  readonly unlinked_by_person: boolean;
  /** What a person has said of whom it belongs to. */
  readonly said: 'same' | 'each' | 'own' | null;
  readonly said_user: number | null;
}

async function unlinkedRows(
  db: Db,
  accountIds: readonly number[],
  lock: boolean,
  matchOf: ReadRules['matchOf'],
  ignoringRuleOf: IgnoringRuleOf,
): Promise<UnlinkedRow[]> {
  if (accountIds.length === 0) return [];
  const rows = await query<UnlinkedAccountRow>(
    db,
    // Most stores have neither: asking once whether there are any spares two look-ups per row.
    `select ${accountColumns}, a.source_id,
       case when barring.any then (select array_agg(b.user_id) from bar b where b.account_id = a.id) end as barred,
       (barring.any and exists (select from bar b where b.account_id = a.id and b.kind = 'wait'))
         or (refusing.any and exists (select from refusal f where f.account_id = a.id and f.part = 'identity')) as unlinked_by_person
       , w.said, w.user_id as said_user
     from (select exists (select from bar) as any) as barring, (select exists (select from refusal) as any) as refusing,
       account a left join link l on l.account_id = a.id and l.until is null left join identity_word w on w.account_id = a.id
     where a.id = any(?) and l.id is null order by a.id${lock ? ' for update of a' : ''}`,
    [[...accountIds]],
  );
  // After them: an answer about such a value makes its accounts due again.
  const shared = await sharedKeys(db);
  return rows.map((row) => {
    const rule = row.ignored ? null : ignoringRuleOf(row.source_id, toAccount(row));
    return {
      ...toAccount(row),
      ignored: row.ignored || rule !== null,
      ignoredFor: rule ?? row.ignored_reason,
      keys: accountKeys(row.content.values, matchOf(row.source_id)).map((key) =>
        key !== null && shared.has(key) ? null : key,
      ),
      names: { firstName: row.content.values.firstName ?? null, lastName: row.content.values.lastName ?? null },
      sameAs: row.said_user === null ? [] : [row.said_user],
      askedAlone: row.said === 'each',
      ofItsOwn: row.said === 'own',
      barred: row.barred ?? [],
      unlinkedByPerson: row.unlinked_by_person,
    };
  });
}

const claimTable = rowTable('kind text, value text');

async function claimHolders(db: Db, claims: readonly Claim[]): Promise<Map<string, number>> {
  if (claims.length === 0) return new Map();
  const rows = await query<{ kind: string; value: string; user_id: number }>(
    db,
    `select c.kind, c.value, c.user_id from claim c
     join ${claimTable.table} on c.kind = r.kind and c.value = r.value`,
    [claimTable.parameter(claims)],
  );
  return new Map(rows.map((row) => [claimKey(row), row.user_id]));
}
