import type {
  LosingCreation,
  PlannedCreation,
  PlannedLink,
  ReconcileReads,
  ReconcileWrites,
  Rival,
  RunTx,
} from '../apply/ports.ts';
import { claimKey, type Claim } from '../domain/claim.ts';
import type { UserId } from '../domain/user.ts';
import { toKept } from './event-changes.ts';
import { identifiesSomebody } from './shared-values.ts';
import { readBy } from './snapshot-writes.ts';
import { forRows, query, queryOne, type Db } from './sql.ts';
import { toValueRow, valueColumnNames, valueColumns } from './user-rows.ts';

/** A name that the plan keeps as one text (`claimKey`), in its two parts. */
const kindOf = (name: string): string => `left(${name}, strpos(${name}, '=') - 1)`;
const valueOf = (name: string): string => `substr(${name}, strpos(${name}, '=') + 1)`;

const plannedColumns = `kind, external_id as "externalId", account_id as "accountId", content_hash as "contentHash", user_id as "userId", wakes`;

/** That a row of the plan gets every unique name that it wants. */
const losesNothing = "lost = '[]'";

type PlanReads = Pick<
  ReconcileReads,
  'plannedLinks' | 'plannedCreations' | 'contestedNames' | 'losingCreations' | 'whichExist'
>;

/** What a run has planned and not carried out. */
export function planReads(db: Db): PlanReads {
  return {
    plannedLinks: (runId, { after, limit, losing }) =>
      query<PlannedLink>(
        db,
        `select ${plannedColumns}, rule, lost from plan
         where run_id = ? and kind = 'link' and external_id > ? and ${losing ? 'not' : ''} ${losesNothing} order by external_id limit ?`,
        [runId, after, limit],
      ),
    losingCreations: (runId, after, limit) =>
      query<LosingCreation>(
        db,
        `select ${plannedColumns}, lost from plan
         where run_id = ? and kind = 'create' and account_id > ? and not ${losesNothing} order by account_id limit ?`,
        [runId, after, limit],
      ),
    async whichExist(userIds) {
      if (userIds.length === 0) return new Set();
      const rows = await query<{ id: UserId }>(db, 'select id from "user" where id = any(?)', [[...userIds]]);
      return new Set(rows.map((row) => row.id));
    },
    async plannedCreations(runId, after, limit) {
      const { first, last } = await queryOne<{ first: number | null; last: number | null }>(
        db,
        `select min(account_id) as first, max(account_id) as last from (select account_id from plan
           where run_id = ? and kind = 'create' and account_id > ? and ${losesNothing} order by account_id limit ?) as p`,
        [runId, after, limit],
      );
      return first === null || last === null ? null : { runId, first, last };
    },
    contestedNames: (runId) => {
      return query<Rival>(
        db,
        `with wanted as (select unnest(names) as name from plan where run_id = ?),
           contested as materialized (
             select name from wanted group by name having count(*) > 1
             union select w.name from wanted w join claim c on c.kind = ${kindOf('w.name')} and c.value = ${valueOf('w.name')}),
           rivals as (
             select distinct p.account_id from plan p, unnest(p.names || p.gives) as n(name)
             where p.run_id = ? and n.name in (select name from contested))
         select ${plannedColumns}, names, gives
         from plan where run_id = ? and account_id in (select account_id from rivals)`,
        [runId, runId, runId],
      );
    },
  };
}

/** Keeps decisions as rows of the plan, and carries the creations among them out inside the database (architecture 1). */
export function planWrites(db: Db): Pick<ReconcileWrites, 'savePlan' | 'loseNames' | 'dropPlan' | 'setPhase'> {
  return {
    async savePlan(runId, { creations, links }) {
      await forRows(db, creationColumns, creations.map(creationRow), insertPlanned(creationNames, 'create'), [runId]);
      await forRows(db, linkColumns, links.map(linkRow), insertPlanned(linkNames, 'link'), [runId]);
    },
    async loseNames(runId, losses) {
      await forRows(
        db,
        '"accountId" int, lost jsonb',
        losses,
        (table) =>
          `update plan p set lost = r.lost from ${table}, (select ?::int as run) as c where p.run_id = c.run and p.account_id = r."accountId"`,
        [runId],
      );
    },
    async dropPlan(runId) {
      await query(db, 'delete from plan where run_id = ?', [runId]);
    },
    async setPhase(runId, phase) {
      await query(db, 'update run set phase = ? where id = ?', [phase, runId]);
    },
  };
}

const groundColumns = 'account_id int, external_id text, content_hash text, wakes int, user_id int, names text[]';
const linkColumns = `${groundColumns}, rule text, gives text[]`;
const creationColumns = `${groundColumns}, active boolean, ${valueColumns}, results jsonb, names_seen jsonb, user_keys text[],
  account_keys text[], changes jsonb, standing_reason text, unknown_roles text[]`;
const namesIn = (columns: string): string[] => columns.split(',').map((column) => column.trim().split(' ')[0] ?? '');
const [linkNames, creationNames] = [namesIn(linkColumns), namesIn(creationColumns)];

function insertPlanned(columns: readonly string[], kind: 'link' | 'create'): (table: string) => string {
  const [gives, none] = kind === 'create' ? [', gives', `, '{}'`] : ['', ''];
  return (table) => `insert into plan (run_id, kind, ${columns.join(', ')}${gives})
    select c.run, '${kind}', ${columns.map((name) => `r.${name}`).join(', ')}${none} from ${table}, (select ?::int as run) as c`;
}

function groundsOf(planned: Omit<PlannedLink | PlannedCreation, 'kind'>): object {
  const { accountId, externalId, contentHash, wakes, userId } = planned;
  return { account_id: accountId, external_id: externalId, content_hash: contentHash, wakes, user_id: userId };
}

function linkRow(
  planned: PlannedLink & { readonly wants: readonly Claim[]; readonly gives: readonly Claim[] },
): object {
  const { rule, wants, gives } = planned;
  return { ...groundsOf(planned), names: wants.map(claimKey), rule, gives: gives.map(claimKey) };
}

function creationRow(planned: PlannedCreation): object {
  return {
    ...groundsOf(planned),
    ...toValueRow(planned.value),
    names: planned.wants.map(claimKey),
    active: planned.active,
    // The source stands in the slot's own column: what is undefined does not travel.
    results: { ...planned.snapshot, source: undefined },
    names_seen: planned.namesSeen,
    user_keys: planned.userKeys,
    account_keys: planned.accountKeys,
    changes: toKept(planned.changes),
    standing_reason: planned.standingReason,
    unknown_roles: planned.unknownRoles,
  };
}

/**
 * The creations of a plan that one transaction carries out. As a range, for the database's planner knows nothing of a plan that has just
 * been written, and would read all of it to find a thousand ids.
 */
const carriedOut = `p.run_id = ? and p.account_id between ? and ? and p.kind = 'create' and p.${losesNothing}`;

/**
 * Whom a key `k.key` finds, always by a look-up of the key: `offset` keeps the database's planner from another way, which with numbers
 * from before the run would go through all keys of all users for each.
 */
const underKey = 'lateral (select o.user_id, o.account_id from match_key o where o.key = k.key offset 0)';

/**
 * Creations of the plan, carried out by a fixed number of statements: what is stored goes from the plan into its tables. `take`
 * comes first and says for which of them the grounds still hold; the others stay due.
 */
export function creationWrites(
  db: Db,
): Pick<RunTx, 'takePlanned' | 'createPlanned' | 'wakeMatching' | 'usersNearPlanned'> {
  return {
    async takePlanned({ runId, first, last }) {
      const taken = await query<{ id: number; unknownRoles: string[] }>(
        db,
        `update account a set decided_hash = p.content_hash, decided_wakes = p.wakes, standing = 'linked',
           standing_reason = p.standing_reason, standing_user = p.user_id, held_digest = null
         from plan p
         where ${carriedOut} and a.id = p.account_id
           and a.content_hash = p.content_hash and a.wakes = p.wakes and a.absent_since is null and a.ignored_at is null
           and not exists (select from link l where l.account_id = p.account_id and l.until is null)
           and not exists (select from unnest(p.names) as n(name) join claim c on c.kind = ${kindOf('n.name')} and c.value = ${valueOf('n.name')})
         returning a.id, p.unknown_roles as "unknownRoles"`,
        [runId, first, last],
      );
      await query(db, `delete from plan p where ${carriedOut} and p.account_id <> all(?)`, [
        runId,
        first,
        last,
        taken.map((row) => row.id),
      ]);
      return taken;
    },
    async createPlanned({ runId, first, last }, { source, policyId, guardClasses, reason }) {
      const some = [runId, first, last];
      const value = valueColumnNames.map((name) => `p.${name}`).join(', ');
      await Promise.all([
        query(
          db,
          `insert into claim (kind, value, user_id) select ${kindOf('n.name')}, ${valueOf('n.name')}, p.user_id
           from plan p, unnest(p.names) as n(name) where ${carriedOut}`,
          some,
        ),
        query(
          db,
          `insert into "user" (id, origin, active, policy_id, ${valueColumnNames.join(', ')})
           select p.user_id, ?, p.active, ?, ${value} from plan p where ${carriedOut}`,
          [source, policyId, ...some],
        ),
        query(
          db,
          `insert into link (account_id, user_id, source_id, origin, run_id)
           select p.account_id, p.user_id, ?, 'created', p.run_id from plan p where ${carriedOut}`,
          [source, ...some],
        ),
        query(
          db,
          `insert into snapshot (user_id, source_id, account_id, results, names_seen)
           select p.user_id, m.source_id, p.account_id, p.results, p.names_seen || read_by
           from plan p, ${readBy} where ${carriedOut} and m.source_id = ?`,
          [...some, source],
        ),
        query(db, `delete from match_key m using plan p where ${carriedOut} and m.account_id = p.account_id`, some),
        query(
          db,
          `insert into match_key (key, user_id, account_id)
           select key, p.user_id, null::int from plan p, unnest(p.user_keys) as key where ${carriedOut}
           union all select key, null, p.account_id from plan p, unnest(p.account_keys) as key where ${carriedOut}`,
          [...some, ...some],
        ),
        query(
          db,
          `insert into event (actor_kind, actor_name, type, source_id, run_id, user_id, account_id, external_id, changes, reason, guard_classes)
           select 'sync', 'sync', 'user-created', ?, p.run_id, p.user_id, p.account_id, p.external_id, p.changes, ?, ?::text[]
           from plan p where ${carriedOut} order by p.account_id`,
          [source, reason, guardClasses === null ? null : [...guardClasses], ...some],
        ),
      ]);
    },
    async wakeMatching({ runId, first, last }) {
      await query(
        db,
        `update account a set wakes = wakes + 1
         where a.id in (select m.account_id from plan p, unnest(p.user_keys) as k(key), ${underKey} as m
             where ${carriedOut} and m.account_id is not null and ${identifiesSomebody('k.key')})
           and not exists (select from plan q where q.run_id = ? and q.account_id = a.id and (q.kind = 'create' or a.due))`,
        [runId, first, last, runId],
      );
    },
    async usersNearPlanned({ runId, first, last }) {
      const found = await query<{ key: string; userId: UserId }>(
        db,
        `select k.key, m.user_id as "userId"
         from (select key, array_agg(distinct p.user_id) as near
               from plan p, unnest(p.user_keys || p.account_keys) as key where ${carriedOut} group by key) as k, ${underKey} as m
         where m.user_id is not null and (cardinality(k.near) > 1 or m.user_id <> k.near[1]) and ${identifiesSomebody('k.key')}`,
        [runId, first, last],
      );
      if (found.length === 0) return { found, planned: [] };
      const keys = [...new Set(found.map((hit) => hit.key))];
      const planned = await query<{ userId: UserId; own: string[]; keys: string[] }>(
        db,
        `select p.user_id as "userId", p.account_keys as own, p.user_keys as keys from plan p
         where ${carriedOut} and (p.account_keys || p.user_keys) && ?::text[]`,
        [runId, first, last, keys],
      );
      return { found, planned };
    },
  };
}
