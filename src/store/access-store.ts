import type { AccessStore, AccessTransaction, OperatorEntry, TokenEntry } from '../access/administration.ts';
import { includesGroup, includesTeam } from '../domain/scope.ts';
import { fold } from '../domain/text.ts';
import { appendPersonsEvent } from './append-event.ts';
import { groupTree, scopeReads } from './scope-reads.ts';
import { query, queryOne, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

/** Operators, tokens and one-time links in the database. */
export function createAccessStore(db: Db): AccessStore {
  return {
    transaction: (work) => inTransaction(db, (transaction) => work(within(transaction))),
    operators: () => operators(db),
    tokens: () => tokens(db, 'true', []),
  };
}

function operators(db: Db): Promise<OperatorEntry[]> {
  return query<OperatorEntry>(
    db,
    `select o.id, o.name, o.kind, o.permissions, o.disabled_at is not null as disabled, o.locked_at is not null as blocked,
       o.password_hash is not null as "hasPassword", o.last_sign_in_at as "lastSignInAt",
       json_build_object('full', o.kind = 'local' or o.full_scope,
         'groups', array(select g.name from operator_scope s join team_group g on g.id = s.group_id
                          where s.operator_id = o.id order by g.name),
         'teams', array(select t.name from operator_scope s join team t on t.id = s.team_id
                         where s.operator_id = o.id order by t.name)) as scope
     from operator o order by o.name`,
  );
}

function tokens(db: Db, condition: string, bindings: unknown[]): Promise<TokenEntry[]> {
  return query<TokenEntry>(
    db,
    `select t.id, t.label, o.name as operator, t.permissions, t.created_at as "createdAt", t.last_used_at as "lastUsedAt",
       t.revoked_at as "revokedAt"
     from api_token t join operator o on o.id = t.operator_id where ${condition} order by t.id`,
    bindings,
  );
}

function within(db: Db): AccessTransaction {
  return {
    async lockOperators() {
      await query(db, 'lock table operator in share row exclusive mode');
      return operators(db);
    },
    async add(name, permissions) {
      const sql = `insert into operator (name, kind, permissions) values (?, 'person', ?) returning id`;
      return (await queryOne<{ id: number }>(db, sql, [name, [...permissions]])).id;
    },
    async setPermissions(operatorId, permissions) {
      await query(db, 'update operator set permissions = ? where id = ?', [[...permissions], operatorId]);
    },
    async setScope(operatorId, { full, groups, teams }) {
      await query(db, 'update operator set full_scope = ? where id = ?', [full, operatorId]);
      await query(db, 'delete from operator_scope where operator_id = ?', [operatorId]);
      await query(
        db,
        `insert into operator_scope (operator_id, group_id, team_id)
         select ?::int, id, null::int from unnest(?::int[]) as id
         union all select ?::int, null::int, id from unnest(?::int[]) as id`,
        [operatorId, [...groups], operatorId, [...teams]],
      );
    },
    async setDisabled(operatorId, disabled) {
      await query(
        db,
        `update operator set disabled_at = case when ? then now() end, open_id_issuer = null, open_id_subject = null
         where id = ?`,
        [disabled, operatorId],
      );
      await query(db, 'delete from session where operator_id = ?', [operatorId]);
      await query(db, 'delete from one_time_link where operator_id = ?', [operatorId]);
    },
    async unlock(operatorId) {
      await query(db, 'update operator set locked_at = null, failures = 0 where id = ?', [operatorId]);
    },
    async addLink({ operatorId, linkHash, madeBy, hours }) {
      await query(db, 'delete from one_time_link where operator_id is not distinct from ?::int or expires_at < now()', [
        operatorId,
      ]);
      await query(
        db,
        `insert into one_time_link (link_hash, operator_id, made_by, expires_at)
         values (?, ?, ?, now() + make_interval(hours => ?::int))`,
        [linkHash, operatorId, madeBy, hours],
      );
    },
    async addToken({ operatorId, tokenHash, label, permissions }) {
      const { id } = await queryOne<{ id: number }>(
        db,
        'insert into api_token (operator_id, token_hash, label, permissions) values (?, ?, ?, ?) returning id',
        [operatorId, tokenHash, label, [...permissions]],
      );
      const [entry] = await tokens(db, 't.id = ?', [id]);
      if (entry === undefined) throw new Error('the new token is not there');
      return entry;
    },
    async revokeToken(id) {
      const sql = 'update api_token set revoked_at = now() where id = ? and revoked_at is null returning id';
      const revoked = await query<{ id: number }>(db, sql, [id]);
      return revoked.length === 0 ? null : ((await tokens(db, 't.id = ?', [id]))[0] ?? null);
    },
    async idsOf(kind, names) {
      const sql = `select id, folded_name as folded from ${kind === 'group' ? 'team_group' : 'team'} where folded_name = any(?)`;
      const rows = await query<{ id: number; folded: string }>(db, sql, [names.map(fold)]);
      const ids = new Map(rows.map((row) => [row.folded, row.id]));
      return names.map((name) => ids.get(fold(name)) ?? null);
    },
    async isWithin(operator, { full, groups, teams }) {
      const own = await scopeReads(db).operatorScope(operator);
      if (own.full) return true;
      const tree = await groupTree(db, '');
      return (
        !full &&
        groups.every((group) => includesGroup(own, group, tree)) &&
        teams.every((team) => includesTeam(own, team, tree))
      );
    },
    async tell(asker, { type, changes }, reason) {
      await appendPersonsEvent(db, { ...asker, type, changes, reason, source: null, userId: null });
    },
  };
}
