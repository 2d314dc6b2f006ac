import type { ReconcileWrites } from '../apply/ports.ts';
import { digestOf } from '../digest.ts';
import { fold, normalise } from '../domain/text.ts';
import { saveAccountKeys } from './account-keys.ts';
import { sharedValueWrites } from './shared-values.ts';
import { wakes } from './wakes.ts';
import { toKept } from './event-changes.ts';
import { snapshotWrites } from './snapshot-writes.ts';
import { planWrites } from './plan-store.ts';
import { analyseTable } from './analyse.ts';
import { forRows, query, type Db } from './sql.ts';
import { endSupervisionWords } from './user-words.ts';
import { toValueRow, valueColumnNames, valueColumns } from './user-rows.ts';

const names = valueColumnNames.join(', ');

/** The writes of one batch, each one statement for all its rows. */
export function reconcileWrites(db: Db): ReconcileWrites {
  return {
    ...userWrites(db),
    ...snapshotWrites(db),
    ...identityWrites(db),
    ...planWrites(db),
    ...shownWrites(db),
    ...questionWrites(db),
    ...sharedValueWrites(db),
    ...teamWrites(db),
    ...wakes(db),
    async appendEvents(events, { source, runId }) {
      await forRows(
        db,
        'type text, "userId" int, "accountId" int, "externalId" text, changes jsonb, reason text, "guardClasses" text[], former jsonb',
        events.map((event) => ({ ...event, changes: toKept(event.changes) })),
        (
          rows,
        ) => `insert into event (actor_kind, actor_name, type, source_id, run_id, user_id, account_id, external_id, changes, reason, guard_classes, former)
          select 'sync', 'sync', type, src, run, "userId", "accountId", "externalId", changes, reason, "guardClasses", former
          from ${rows}, (select ?::text as src, ?::int as run) as c`,
        [source, runId],
      );
    },
  };
}

type Part<Names extends keyof ReconcileWrites> = Pick<ReconcileWrites, Names>;

function userWrites(
  db: Db,
): Part<'insertUsers' | 'saveUsers' | 'endSupervisionWords' | 'savePolicy' | 'saveClaims' | 'saveUserKeys'> {
  return {
    async insertUsers(users, policyId) {
      const rows = users.map((user) => ({
        id: user.userId,
        origin: user.origin,
        active: user.active,
        ...toValueRow(user.value),
      }));
      await forRows(
        db,
        `id int, origin text, active boolean, ${valueColumns}`,
        rows,
        (table) => `insert into "user" (id, origin, active, policy_id, ${names})
          select id, origin, active, p, ${names} from ${table}, (select ?::int as p) as c`,
        [policyId],
      );
    },
    async saveUsers(users) {
      await forRows(
        db,
        `id int, ${valueColumns}`,
        users.map((user) => ({ id: user.userId, ...toValueRow(user.value) })),
        (table) => `update "user" u set version = u.version + 1,
          ${valueColumnNames.map((name) => `${name} = r.${name}`).join(', ')} from ${table} where u.id = r.id`,
      );
    },
    endSupervisionWords: (userIds) => endSupervisionWords(db, userIds),
    async savePolicy(userIds, policyId) {
      if (userIds.length > 0)
        await query(db, 'update "user" set policy_id = ? where id = any(?)', [policyId, [...userIds]]);
    },
    async saveClaims(claims) {
      const flat = (pick: 'take' | 'release'): object[] =>
        claims.flatMap((write) => write[pick].map(({ kind, value }) => ({ kind, value, user_id: write.userId })));
      await forRows(
        db,
        'kind text, value text, user_id int',
        flat('release'),
        (table) =>
          `delete from claim c using ${table} where c.kind = r.kind and c.value = r.value and c.user_id = r.user_id`,
      );
      await forRows(
        db,
        'kind text, value text, user_id int',
        flat('take'),
        (table) => `insert into claim (kind, value, user_id) select kind, value, user_id from ${table}`,
      );
    },
    async saveUserKeys(keys) {
      if (keys.length === 0) return;
      const standing = keys.filter((write) => write.before.length > 0).map((write) => write.userId);
      if (standing.length > 0) await query(db, 'delete from match_key where user_id = any(?)', [standing]);
      await forRows(
        db,
        'user_id int, key text',
        keys.flatMap((write) => write.keys.map((key) => ({ user_id: write.userId, key }))),
        (table) => `insert into match_key (user_id, key) select user_id, key from ${table}`,
      );
    },
  };
}

/** What a person should see once of a linked account (spec 9.1); the latest of its kind counts. */
async function saveNotices(
  db: Db,
  rows: readonly { readonly accountId: number; readonly changes: readonly object[] }[],
  kind: 'renamed' | 'returned',
  runId: number | null,
): Promise<void> {
  await forRows(
    db,
    '"accountId" int, changes jsonb',
    rows,
    (table) => `insert into account_notice (account_id, kind, run_id, changes)
      select "accountId", c.kind, c.run, changes from ${table}, (select ?::text as kind, ?::int as run) as c
      on conflict (account_id, kind) do update set at = now(), run_id = excluded.run_id, changes = excluded.changes`,
    [kind, runId],
  );
}

const decidedColumns =
  '"accountId" int, "contentHash" text, wakes int, standing text, reason text, "userId" int, "heldDigest" text';
const setDecided = `decided_hash = r."contentHash", decided_wakes = r.wakes, standing = r.standing,
  standing_reason = r.reason, standing_user = r."userId", held_digest = r."heldDigest"`;

function identityWrites(
  db: Db,
): Part<'insertLinks' | 'saveAccountKeys' | 'saveDecided' | 'saveGone' | 'saveRenames' | 'endRefusals'> {
  return {
    async insertLinks(links, source, runId) {
      await forRows(
        db,
        '"accountId" int, "userId" int, origin text, rule text',
        links,
        (table) => `insert into link (account_id, user_id, source_id, origin, rule, run_id)
          select "accountId", "userId", src, origin, rule, run from ${table}, (select ?::text as src, ?::int as run) as c`,
        [source, runId],
      );
    },
    saveAccountKeys: (accounts) => saveAccountKeys(db, accounts),
    async saveDecided(rows) {
      await forRows(
        db,
        decidedColumns,
        rows,
        (table) => `update account a set ${setDecided} from ${table} where a.id = r."accountId"`,
      );
    },
    async saveGone(rows, runId) {
      await forRows(
        db,
        '"accountId" int, absent boolean',
        rows,
        (table) => `update account a set gone_since = case when r.absent then a.absent_since end,
          gone_run_id = case when r.absent then c.run end, wakes = a.wakes + 1
          from ${table}, (select ?::int as run) as c where a.id = r."accountId"`,
        [runId],
      );
      await forRows(
        db,
        '"accountId" int',
        rows.filter((row) => row.absent),
        (table) =>
          `delete from account_notice n using ${table} where n.account_id = r."accountId" and n.kind = 'returned'`,
      );
      await forRows(
        db,
        '"accountId" int, "userId" int',
        rows.filter((row) => row.absent && row.userId !== null),
        (table) => `update snapshot s set names_seen = names_seen || '{"wasGone": true}' from ${table}
          where s.user_id = r."userId" and s.account_id = r."accountId"`,
      );
      await saveNotices(
        db,
        rows.filter((row) => !row.absent && row.userId !== null).map(({ accountId }) => ({ accountId, changes: [] })),
        'returned',
        runId,
      );
    },
    saveRenames: (rows, runId) => saveNotices(db, rows, 'renamed', runId),
    async endRefusals(rows) {
      await forRows(
        db,
        '"accountId" int, part text',
        rows,
        (table) => `delete from refusal f using ${table} where f.account_id = r."accountId" and f.part = r.part`,
      );
    },
  };
}

function shownWrites(db: Db): Part<'saveShown' | 'dropShown'> {
  return {
    async saveShown(runId, rows) {
      await forRows(
        db,
        'kind text, "accountId" int, "externalId" text, "userId" int, "contentHash" text, changes jsonb, classes text[], digest text',
        rows,
        (
          table,
        ) => `insert into shown_decision (run_id, kind, account_id, external_id, user_id, content_hash, changes, classes, digest)
          select run, kind, "accountId", "externalId", "userId", "contentHash", changes, classes, digest
          from ${table}, (select ?::int as run) as c`,
        [runId],
      );
    },
    async dropShown(runId) {
      await query(db, 'delete from shown_decision where run_id = ?', [runId]);
    },
  };
}

function questionWrites(db: Db): Part<'closeItems' | 'openNewItems'> {
  return {
    async closeItems(ids) {
      if (ids.length > 0) await query(db, 'update review_item set closed_at = now() where id = any(?)', [[...ids]]);
    },
    async openNewItems(items, source, runId) {
      await forRows(
        db,
        `kind text, subject text, "accountIds" int[], "userIds" int[], part text, "waitKeys" text[], evidence jsonb, digest text`,
        items.map((item) => ({ ...item, digest: digestOf(item.evidence) })),
        (
          table,
        ) => `insert into review_item (kind, source_id, subject, account_ids, user_ids, part, wait_keys, evidence, evidence_digest, opened_run_id)
          select kind, src, subject, "accountIds", "userIds", part, "waitKeys", evidence, digest, run
          from ${table}, (select ?::text as src, ?::int as run) as c
          on conflict (kind, subject) where closed_at is null do nothing`,
        [source, runId],
      );
    },
  };
}

function teamWrites(
  db: Db,
): Part<'createTeams' | 'bindTeams' | 'renameTeams' | 'settleSourceTeams' | 'wakeTeams' | 'turnSourceTeams'> {
  return {
    async createTeams(teams) {
      const rows = teams.map((team) => ({ ...team, name: normalise(team.name), folded: fold(team.name) }));
      await forRows(
        db,
        'name text, folded text',
        rows,
        (table) =>
          `insert into team (name, folded_name) select name, folded from ${table} on conflict (folded_name) do nothing`,
      );
      await forRows(
        db,
        'source text, "externalId" text, folded text',
        rows,
        (
          table,
        ) => `update source_team s set team_id = t.id, ignored = false from ${table} join team t on t.folded_name = r.folded
          where s.source_id = r.source and s.external_id = r."externalId"`,
      );
      // Foreign keys to it are checked by the hundred thousand with the plan of the first moment.
      if (rows.length > 0) await analyseTable(db, 'team');
    },
    async bindTeams(teams) {
      await forRows(
        db,
        'source text, "externalId" text, "teamId" int',
        teams,
        (table) =>
          `update source_team s set team_id = r."teamId", ignored = false from ${table} where s.source_id = r.source and s.external_id = r."externalId"`,
      );
    },
    async renameTeams(teams) {
      if (teams.length === 0) return;
      // Names that are exchanged must not meet: all old ones go before the first new one comes.
      await query(db, `update team set folded_name = chr(1) || id where id = any(?)`, [
        teams.map((team) => team.teamId),
      ]);
      await forRows(
        db,
        '"teamId" int, name text, folded text',
        teams.map((team) => ({ ...team, folded: fold(team.name) })),
        (table) => `update team t set name = r.name, folded_name = r.folded from ${table} where t.id = r."teamId"`,
      );
    },
    async settleSourceTeams(source, decided) {
      if (decided.length === 0) return;
      await query(db, 'update source_team set undecided = false where source_id = ? and external_id = any(?)', [
        source,
        [...decided],
      ]);
      await query(
        db,
        `update account set wakes = wakes + 1 where source_id = ? and standing_reason = 'team-name-taken'`,
        [source],
      );
    },
    async wakeTeams(source, externalIds) {
      await query(
        db,
        `update account set wakes = wakes + 1 where source_id = ? and exists
           (select from jsonb_array_elements(coalesce(content -> 'teams', '[]') || coalesce(content -> 'supervises', '[]')) as t
            where t ->> 'id' = any(?))`,
        [source, [...externalIds]],
      );
    },
    async turnSourceTeams(source) {
      await query(db, 'update source_team set gone_since = absent_since where source_id = ?', [source]);
    },
  };
}
