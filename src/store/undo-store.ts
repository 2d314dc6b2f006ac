import type { AccountContent } from '../domain/account.ts';
import type { Policy } from '../domain/user.ts';
import { accountKeys } from '../reconcile/match-keys.ts';
import type {
  UndoableEvent,
  UndoneLink,
  UndoRequest,
  UndoStep,
  UndoStore,
  UndoTransaction,
  UndoWrite,
} from '../users/undo-ports.ts';
import { saveAccountKeys } from './account-keys.ts';
import { fieldsOfKept, fromKept, toKept, type KeptChanges } from './event-changes.ts';
import type { ReadRules } from './read-rules.ts';
import { reconcileReads } from './reconcile-reads.ts';
import { reconcileWrites } from './reconcile-writes.ts';
import { appendPersonsEvent } from './append-event.ts';
import { refusePolicyOf } from './policy-store.ts';
import { operatorSight, seenUsers } from './sight.ts';
import { forRows, query, queryOne, type Db } from './sql.ts';
import { inOperatorsTransaction, inTransaction } from './transactions.ts';
import { lastSeenUnder } from './user-links.ts';

type MatchOf = ReadRules['matchOf'];

/** The sync's decisions that changed a user by an account. */
const undoable = `e.actor_kind = 'sync' and e.type in ('user-changed', 'link-made', 'user-created')
  and e.user_id is not null and e.account_id is not null and e.source_id is not null`;

/** Undo in the database. */
export function createUndoStore(db: Db, rules: ReadRules): UndoStore {
  return {
    async run(id) {
      const sql = `select source_id as source, state not in ('queued', 'importing', 'reconciling', 'held') as finished
        from run where id = ?`;
      return (await query<{ source: string | null; finished: boolean }>(db, sql, [id]))[0] ?? null;
    },
    async policyMoved(run) {
      const { formerId, content, standing } = await queryOne<{
        formerId: number | null;
        content: Policy;
        standing: boolean;
      }>(
        db,
        `select f.id as "formerId", f.content, r.state = 'completed' and p.instead_id is null and not exists
           (select from run l where l.source_id is null and l.id > r.id and l.state = 'completed') as standing
         from run r left join policy p on p.id = r.policy_id left join policy f on f.id = r.former_policy_id where r.id = ?`,
        [run],
      );
      return { run, standing, former: formerId === null ? null : { id: formerId, content } };
    },
    ofMany(target, before, limit) {
      const [where, bindings] =
        'run' in target
          ? ['e.run_id = ?', [target.run]]
          : [
              'e.at >= ? and (?::text is null or e.source_id = ?::text)',
              [target.since, target.source ?? null, target.source ?? null],
            ];
      return query<UndoStep>(
        db,
        `select e.id::float8 as id, e.user_id as "userId" from event e
         where ${where} and e.id < coalesce(?::bigint, 9223372036854775807) and ${undoable} order by e.id desc limit ?`,
        [...bindings, before, limit],
      );
    },
    async sourceExists(source) {
      return (await query(db, 'select from source_state where source_id = ?', [source])).length > 0;
    },
    async latestOf(userId, run, field) {
      const sql = `select e.id::float8 as id, e.user_id as "userId" from event e
        where e.user_id = ? and ${undoable} and (?::int is null or e.run_id = ?::int)
          and (?::text is null or exists (select from ${fieldsOfKept('e.changes')} where c.field = ?::text))
        order by e.id desc limit 1`;
      return (await query<UndoStep>(db, sql, [userId, run, run, field, field]))[0] ?? null;
    },
    async event(id) {
      const sql = `select e.id::float8 as id, e.user_id as "userId", coalesce(${undoable}, false) as undoable from event e where e.id = ?`;
      return (await query<UndoStep & { undoable: boolean }>(db, sql, [id]))[0] ?? null;
    },
    seesEverybody: async (operator) => (await operatorSight(db, operator)) === null,
    async transaction(operator, keep, work) {
      return inTransaction(db, async (transaction) => {
        // The database changes the active state in an operator's name only (spec 9.1).
        if (keep) await query(transaction, `select set_config('rosterd.operator', ?, true)`, [operator]);
        else await query(transaction, 'set transaction read only');
        const result = await work(undoTransaction(transaction, rules));
        if (keep) await rules.stillInForce?.(transaction);
        return result;
      });
    },
    dropping: (operator, work) =>
      inOperatorsTransaction(db, { setting: 'rosterd.operator', operator, end: 'drop' }, (transaction) =>
        work({
          ...createUndoStore(transaction, rules),
          transaction: (_operator, _keep, part) => part(undoTransaction(transaction, rules)),
        }),
      ),
  };
}

function undoTransaction(db: Db, rules: ReadRules): UndoTransaction {
  return {
    ...reconcileReads(db, rules),
    ...reconcileWrites(db),
    seenUsers: (who, userIds) => seenUsers(db, who, userIds),
    ...undoWork(db, rules.matchOf),
  };
}

function undoWork(
  db: Db,
  matchOf: MatchOf,
): Pick<UndoTransaction, 'undoable' | 'currentLinks' | 'saveUndone' | 'refusePolicy'> {
  return {
    async refusePolicy({ run }, request) {
      await refusePolicyOf(db, run, request);
      await query(
        db,
        `insert into run (mode, state, asked_by, started_at, imported_at, phase, policy_id, former_policy_id)
         select 'reconcile', 'reconciling', ?, now(), now(), 'waiting', former_policy_id, policy_id from run where id = ?`,
        [request.operator, run],
      );
      await appendPersonsEvent(db, {
        ...{ operator: request.operator, may: request.may, type: 'run-undone', source: null, userId: null, runId: run },
        changes: [],
        reason: request.reason ?? null,
      });
    },
    async undoable(eventIds) {
      const rows = await query<Omit<UndoableEvent, 'changes'> & { changes: KeptChanges }>(
        db,
        `select e.id::float8 as id, e.type, e.run_id as "runId", e.source_id as source, e.user_id as "userId",
           e.account_id as "accountId", e.external_id as "externalId", e.changes, e.former,
           exists (select from event p where p.user_id = e.user_id and p.id > e.id and p.actor_kind = 'operator'
             and p.undoes is null and p.type in (${personsChanges})) as "editedSince",
           coalesce(s.account_id = e.account_id, false) as "ownsSlot", case when l.id is not null then a.content end as content
         from event e join account a on a.id = e.account_id
           left join snapshot s on s.user_id = e.user_id and s.source_id = e.source_id
           left join link l on l.account_id = e.account_id and l.user_id = e.user_id and l.until is null
         where e.id = any(?::bigint[]) order by e.id desc`,
        [[...eventIds]],
      );
      return rows.map((row) => ({ ...row, changes: fromKept<UndoableEvent['changes'][number]>(row.changes) }));
    },
    currentLinks: (userIds) =>
      query<UndoneLink>(
        db,
        `select l.user_id as "userId", l.source_id as source, l.account_id as "accountId", a.external_id as "externalId"
         from link l join account a on a.id = l.account_id where l.user_id = any(?) and l.until is null
         order by l.user_id, l.source_id`,
        [[...userIds]],
      ),
    async saveUndone(writes, request) {
      await saveSlots(db, writes);
      await deactivate(db, writes);
      await endLinks(
        db,
        writes.flatMap(({ event, ended }) => ended.map((link) => ({ ...link, ...causeOf(event) }))),
        request,
        matchOf,
      );
      await refuse(db, writes, request);
      await wake(db, writes);
      await appendEvents(db, writes, request);
    },
  };
}

/** What of people's acts changes a user. */
const personsChanges = [
  ...['user-changed', 'link-made', 'link-ended', 'activated', 'deactivated', 'user-merged', 'merge-undone'],
]
  .map((type) => `'${type}'`)
  .join(', ');

/** The names last seen stay: undo does not change what re-use of an id is judged by (spec 8.3). */
async function saveSlots(db: Db, writes: readonly UndoWrite[]): Promise<void> {
  const rows = writes.flatMap(({ event, decision }) => {
    if (decision.slot === null) return [];
    const { source, ...results } = decision.slot;
    return [{ user_id: event.userId, source_id: source, results }];
  });
  await forRows(
    db,
    'user_id int, source_id text, results jsonb',
    rows,
    (table) => `update snapshot s set results = r.results, applied_at = now() from ${table}
      where s.user_id = r.user_id and s.source_id = r.source_id`,
  );
}

async function deactivate(db: Db, writes: readonly UndoWrite[]): Promise<void> {
  const ids = writes.filter((write) => write.deactivates).map((write) => write.event.userId);
  if (ids.length > 0)
    await query(db, 'update "user" set active = false, deactivated_at = now() where id = any(?)', [ids]);
}

/** Accounts wait for a person, and their users take none of that source, as after an unlink (spec 7.2). */
async function endLinks(
  db: Db,
  links: readonly (UndoneLink & ReturnType<typeof causeOf>)[],
  { operator, reason }: UndoRequest,
  matchOf: MatchOf,
): Promise<void> {
  if (links.length === 0) return;
  const ended = await query<{ id: number; source: string; content: AccountContent }>(
    db,
    `update link l set until = now(), end_reason = 'undone', last_seen_under = ${lastSeenUnder} from account a
     where a.id = l.account_id and l.account_id = any(?) and l.until is null
     returning a.id, l.source_id as source, a.content`,
    [links.map((link) => link.accountId)],
  );
  await saveAccountKeys(
    db,
    ended.map(({ id, source, content }) => ({ accountId: id, keys: accountKeys(content.values, matchOf(source)) })),
  );
  await forRows(
    db,
    '"accountId" int, "userId" int, cause text, run int',
    links,
    (table) => `insert into bar (account_id, user_id, kind, operator_name, reason, cause, run_id)
      select "accountId", "userId", 'wait', c.operator, c.reason, cause, run
        from ${table}, (select ?::text as operator, ?::text as reason) as c
      on conflict (account_id, user_id) do update
      set kind = excluded.kind, operator_name = excluded.operator_name, at = excluded.at, reason = excluded.reason,
        cause = excluded.cause, run_id = excluded.run_id`,
    [operator, reasonOf(reason)],
  );
}

async function refuse(db: Db, writes: readonly UndoWrite[], { operator, reason }: UndoRequest): Promise<void> {
  await forRows(
    db,
    '"accountId" int, part text, said text, cause text, run int',
    writes.flatMap(({ event, decision }) =>
      decision.refusals.map((refusal) => ({
        ...refusal,
        accountId: event.accountId,
        ...causeOf(event),
      })),
    ),
    (table) => `insert into refusal (account_id, part, value_said, cause, operator_name, reason, run_id)
      select "accountId", part, said, cause, c.operator, c.reason, run
        from ${table}, (select ?::text as operator, ?::text as reason) as c
      on conflict (account_id, part) do update set value_said = excluded.value_said, cause = excluded.cause, run_id = excluded.run_id,
        operator_name = excluded.operator_name, at = now(), reason = excluded.reason`,
    [operator, reason ?? null],
  );
}

/** What a refusal came from, for people and for lifting it. */
function causeOf({ id, runId }: UndoableEvent): { readonly cause: string; readonly run: number | null } {
  return { cause: runId === null ? `undone event ${String(id)}` : `undone run ${String(runId)}`, run: runId };
}

/** Decided anew: what is refused or has lost its link has another standing. In the order of ids, as everybody does. */
async function wake(db: Db, writes: readonly UndoWrite[]): Promise<void> {
  const ids = writes.flatMap(({ event, ended }) => [event.accountId, ...ended.map((link) => link.accountId)]);
  await query(
    db,
    `with locked as (select id from account where id = any(?) order by id for update)
     update account a set wakes = a.wakes + 1 from locked where a.id = locked.id`,
    [ids],
  );
}

async function appendEvents(db: Db, writes: readonly UndoWrite[], { operator, reason }: UndoRequest): Promise<void> {
  await forRows(
    db,
    'type text, source text, run int, "user" int, account int, external text, changes jsonb, undoes bigint',
    writes.map(({ event, type, changes }) => ({
      ...{ type, changes: toKept(changes), source: event.source, run: event.runId, undoes: event.id },
      ...{ user: event.userId, account: event.accountId, external: event.externalId },
    })),
    (
      table,
    ) => `insert into event (actor_kind, actor_name, type, source_id, run_id, user_id, account_id, external_id, changes, reason, undoes)
      select 'operator', c.operator, type, source, run, "user", account, external, changes, c.reason, undoes
        from ${table}, (select ?::text as operator, ?::text as reason) as c`,
    [operator, reasonOf(reason)],
  );
}

function reasonOf(reason: string | undefined): string {
  return reason === undefined ? 'undone' : `undone: ${reason}`;
}
