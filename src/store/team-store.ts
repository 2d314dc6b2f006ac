import { fold } from '../domain/text.ts';
import type { KeptTeamAct, SourceTeamName } from '../users/team-ports.ts';
import type { TeamStore, TeamTransaction, TeamUse } from '../users/team-transaction.ts';
import type { UserTx } from '../users/ports.ts';
import type { ReadRules } from './read-rules.ts';
import { forRows, query, queryOne, type Db } from './sql.ts';
import { userTransaction } from './user-store.ts';

/** Teams in the database, as people change them. */
export function createTeamStore(db: Db, rules: ReadRules): TeamStore {
  return {
    transaction: (operator, end, work) =>
      userTransaction(db, rules, operator, end, (tx, transaction) => work({ ...tx, ...within(transaction) })),
  };
}

function within(db: Db): Omit<TeamTransaction, keyof UserTx> {
  return {
    async lockTeams() {
      await query(db, 'lock table "user", word, team in share row exclusive mode');
    },
    useOf: (team) =>
      queryOne<TeamUse>(
        db,
        `select
           (select count(*)::int from "user"
             where main_team_id = c.team or c.team = any(team_ids) or c.team = any(supervised_team_ids)) as users,
           (select count(distinct user_id)::int from word where ref = c.team::text
               and kind in (${teamWords})) as words,
           (select count(*)::int from snapshot
             where results -> 'teams' @> to_jsonb(c.team) or results -> 'supervises' @> to_jsonb(c.team)) as snapshots,
           (select count(*)::int from operator_scope where team_id = c.team) as operators,
           array(select distinct source_id from source_team where team_id = c.team and gone_since is null order by 1) as sources,
           exists (select from policy where content ->> 'defaultTeam' = c.team::text) as "isDefault"
         from (select ?::int as team) as c`,
        [team],
      ),
    async remove(team) {
      // One that comes back is new, and gets a team as every new one does.
      await query(db, 'delete from source_team where team_id = ? and gone_since is not null', [team]);
      await query(db, 'delete from team where id = ?', [team]);
    },
    async restore({ id, name, group }) {
      await query(
        db,
        'insert into team (id, name, folded_name, group_id) overriding system value values (?, ?, ?, ?)',
        [id, name, fold(name), group],
      );
    },
    async usersOf(team) {
      const rows = await query<{ id: number }>(
        db,
        `select u.id from "user" u, (select ?::int as team) as c where u.merged_into is null and (
             u.main_team_id = c.team or c.team = any(u.team_ids) or c.team = any(u.supervised_team_ids)
             or exists (select from word w where w.user_id = u.id and w.ref = c.team::text and w.kind in (${teamWords}))
             or exists (select from snapshot s where s.user_id = u.id
                        and (s.results -> 'teams' @> to_jsonb(c.team) or s.results -> 'supervises' @> to_jsonb(c.team))))
         order by u.id`,
        [team],
      );
      return rows.map(({ id }) => id);
    },
    async unmerged(users) {
      const sql = 'select id from "user" where id = any(?) and merged_into is null order by id';
      return (await query<{ id: number }>(db, sql, [[...users]])).map(({ id }) => id);
    },
    async saveSlotTeams(slots) {
      await forRows(
        db,
        '"user" int, source text, teams jsonb, supervises jsonb',
        slots.map(({ userId, slot: { source, teams, supervises } }) => ({ user: userId, source, teams, supervises })),
        (
          table,
        ) => `update snapshot s set results = s.results || jsonb_build_object('teams', r.teams, 'supervises', r.supervises)
          from ${table} where s.user_id = r."user" and s.source_id = r.source
            and (s.results -> 'teams' <> r.teams or s.results -> 'supervises' <> r.supervises)`,
      );
    },
    bindingsOf: (team) =>
      query<SourceTeamName>(
        db,
        'select source_id as source, external_id as "externalId" from source_team where team_id = ? order by 1, 2',
        [team],
      ),
    async moveBindings(named, team) {
      await forRows(
        db,
        'source text, "externalId" text',
        named,
        (table) =>
          `update source_team s set team_id = c.team from ${table}, (select ?::int as team) as c
           where s.source_id = r.source and s.external_id = r."externalId"`,
        [team],
      );
    },
    async moveOperatorScopes(from, into, only) {
      const had = await query<{ id: number }>(
        db,
        `select o.operator_id as id from operator_scope o where o.team_id = ? and (?::int[] is null or o.operator_id = any(?::int[]))
           and not exists (select from operator_scope other where other.operator_id = o.operator_id and other.team_id = ?)`,
        [from, only, only, into],
      );
      const moved = had.map(({ id }) => id);
      await query(db, 'update operator_scope set team_id = ? where team_id = ? and operator_id = any(?)', [
        into,
        from,
        moved,
      ]);
      if (only === null) await query(db, 'delete from operator_scope where team_id = ?', [from]);
      return moved;
    },
    async teamAct(event) {
      const sql = 'select done, undone_at is not null as undone from team_act where event_id = ? for update';
      return (await query<KeptTeamAct>(db, sql, [event]))[0] ?? null;
    },
    async noteUndone(event, operator) {
      await query(db, 'update team_act set undone_at = now(), undone_by = ? where event_id = ?', [operator, event]);
    },
  };
}

/** Kinds of people's words that name a team. */
const teamWords = `'team-given', 'team-taken', 'supervises-given', 'supervises-taken', 'main-team', 'scope-team'`;
