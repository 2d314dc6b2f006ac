import { fold } from '../domain/text.ts';
import type { TeamStore, TeamTransaction, TeamUse } from '../users/teams.ts';
import { appendPersonsEvent } from './append-event.ts';
import { groupTree, scopeReads } from './scope-reads.ts';
import { query, queryOne, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

/** Teams in the database, as people change them. */
export function createTeamStore(db: Db): TeamStore {
  return { transaction: (work) => inTransaction(db, (transaction) => work(within(transaction))) };
}

function within(db: Db): TeamTransaction {
  return {
    operatorScope: (operator) => scopeReads(db).operatorScope(operator),
    groupTree: () => groupTree(db, ''),
    teams: () => query(db, 'select id, name from team'),
    async lockTeams() {
      await query(db, 'lock table "user", word, team in share row exclusive mode');
    },
    async rename(team, name) {
      await query(db, 'update team set name = ?, folded_name = ? where id = ?', [name, fold(name), team]);
    },
    useOf: (team) =>
      queryOne<TeamUse>(
        db,
        `select
           (select count(*)::int from "user"
             where main_team_id = c.team or c.team = any(team_ids) or c.team = any(supervised_team_ids)) as users,
           (select count(distinct user_id)::int from word where ref = c.team::text
               and kind in ('team-given', 'team-taken', 'supervises-given', 'supervises-taken', 'main-team', 'scope-team')) as words,
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
    appendEvent: (event) => appendPersonsEvent(db, event),
  };
}
