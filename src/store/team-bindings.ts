import { refuseUnpermitted } from '../domain/permitted.ts';
import type { BindingState, SourceTeam, SourceTeamName, TeamBindingWrites } from '../users/team-ports.ts';
import { toKept } from './event-changes.ts';
import { query, queryOne, type Db } from './sql.ts';

/** The accounts of a source that name a team of it, as members or supervisors: binds the source and the team's id. */
const naming = `a.source_id = ? and exists
  (select from jsonb_array_elements(coalesce(a.content -> 'teams', '[]') || coalesce(a.content -> 'supervises', '[]')) as t
   where t ->> 'id' = ?)`;

/** Bindings of sources' teams in the database, and the history of what people do to teams. */
export function teamBindingWrites(db: Db): TeamBindingWrites {
  return {
    async sourceTeam({ source, externalId }) {
      const sql = `select source_id as source, external_id as "externalId", name, team_id as team, ignored, undecided
        from source_team where source_id = ? and external_id = ? for update`;
      return (await query<SourceTeam>(db, sql, [source, externalId]))[0] ?? null;
    },
    async saveBinding({ source, externalId }: SourceTeamName, { team, ignored, undecided }: BindingState) {
      await query(
        db,
        'update source_team set team_id = ?, ignored = ?, undecided = ? where source_id = ? and external_id = ?',
        [team, ignored, undecided, source, externalId],
      );
      await query(db, `update account a set wakes = wakes + 1 where ${naming}`, [source, externalId]);
    },
    async usersOfSourceTeam({ source, externalId }) {
      const sql = `select distinct l.user_id as id from account a join link l on l.account_id = a.id and l.until is null
        where a.gone_since is null and ${naming} order by 1`;
      return (await query<{ id: number }>(db, sql, [source, externalId])).map(({ id }) => id);
    },
    async appendTeamEvent(event, done) {
      refuseUnpermitted(event, event);
      const { operator, type, source, externalId, changes, reason, undoes } = event;
      const { id } = await queryOne<{ id: number }>(
        db,
        `insert into event (actor_kind, actor_name, type, source_id, external_id, changes, reason, undoes)
         values ('operator', ?, ?, ?, ?, ?::jsonb, ?, ?) returning id::float8 as id`,
        [operator, type, source, externalId ?? null, JSON.stringify(toKept(changes)), reason, undoes ?? null],
      );
      if (done !== null)
        await query(db, 'insert into team_act (event_id, done) values (?, ?::jsonb)', [id, JSON.stringify(done)]);
      return id;
    },
  };
}
