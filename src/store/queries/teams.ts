import type { Knex } from 'knex';
import { groupOfTeam } from '../../domain/groups.ts';
import type { Sight } from '../../domain/scope.ts';
import { compareText, fold } from '../../domain/text.ts';
import { groupTree } from '../scope-reads.ts';
import { seesUser } from '../sight.ts';
import { sqlRows } from './sql.ts';

/** A team as the API answers it. */
interface TeamJson {
  readonly name: string;
  readonly group: string;
  /** Active users. */
  readonly members: number;
  readonly supervisors: number;
  /** The teams of sources that are bound to it (spec 11.1). */
  readonly bindings: readonly BindingJson[];
}

interface BindingJson {
  readonly source: string;
  readonly externalId: string;
  /** As the source calls it. */
  readonly name: string;
  /** The source has it no longer. */
  readonly gone: boolean;
}

interface TeamDetailJson extends TeamJson {
  /** Usernames, the first of them. */
  readonly memberNames: readonly string[];
  readonly supervisorNames: readonly string[];
}

/** A team of a source with where its memberships go (spec 11.6). */
interface SourceTeamJson extends BindingJson {
  readonly team: string | null;
  readonly state: 'bound' | 'unbound' | 'undecided';
  /** Users whose present accounts name it. */
  readonly members: number;
}

export interface TeamQueries {
  /** All teams, by name. */
  list(): Promise<readonly TeamJson[]>;
  /** What they are called; counts nobody, which is much where there are many users. */
  names(): Promise<readonly string[]>;
  /** One of them, whatever its case; null where there is none. */
  get(name: string): Promise<TeamDetailJson | null>;
  /** The teams of all sources; whoever does not see everything sees those that are bound to a team of theirs. */
  bindings(): Promise<readonly SourceTeamJson[]>;
}

/** A team may have thousands: so many are named, and all are counted. */
const mostNamed = 100;

/** Teams with what is bound to them: four statements, and two more for one of them. */
export function createTeamQueries(knex: Knex, sight: Sight | null): TeamQueries {
  const seen = seesUser(sight, 'u');
  const counted = (list: string): Promise<{ team: number; count: number }[]> =>
    sqlRows(
      knex,
      `select team, cast(count(*) as int) as count from "user" u, unnest(u.${list}) as team where u.active and ${seen} group by team`,
    );
  const named = async (list: string, team: number): Promise<string[]> => {
    const sql = `select username from "user" u
      where u.active and u.${list} @> array[cast(:team as integer)] and ${seen} order by username limit ${String(mostNamed)}`;
    return (await sqlRows<{ username: string }>(knex, sql, { team })).map(({ username }) => username);
  };
  const load = async (): Promise<(TeamJson & { readonly id: number })[]> => {
    const all = await sqlRows<{ id: number; name: string }>(knex, 'select id, name from team');
    const bindings = Map.groupBy(
      await sqlRows<BindingJson & { team: number }>(
        knex,
        `select team_id as team, source_id as source, external_id as "externalId", name, gone_since is not null as gone
         from source_team where team_id is not null and not ignored order by source_id, external_id`,
      ),
      ({ team }) => team,
    );
    const countsOf = (rows: { team: number; count: number }[]): Map<number, number> =>
      new Map(rows.map(({ team, count }) => [team, count]));
    const members = countsOf(await counted('team_ids'));
    const supervisors = countsOf(await counted('supervised_team_ids'));
    const tree = await groupTree(knex, '');
    return all
      .filter(({ id }) => sight === null || sight.teams.includes(id))
      .map(({ id, name }) => ({
        ...{ id, name, group: tree.groups.get(groupOfTeam(tree, id))?.name ?? '' },
        ...{ members: members.get(id) ?? 0, supervisors: supervisors.get(id) ?? 0 },
        bindings: (bindings.get(id) ?? []).map(({ team: _of, ...binding }) => binding),
      }))
      .sort((a, b) => compareText(fold(a.name), fold(b.name)));
  };
  return {
    list: async () => (await load()).map(({ id: _own, ...team }) => team),
    async names() {
      const all = await sqlRows<{ id: number; name: string }>(knex, 'select id, name from team');
      return all
        .filter(({ id }) => sight === null || sight.teams.includes(id))
        .map(({ name }) => name)
        .sort((a, b) => compareText(fold(a), fold(b)));
    },
    async get(name) {
      const found = (await load()).find((team) => fold(team.name) === fold(name));
      if (found === undefined) return null;
      const { id, ...team } = found;
      return {
        ...team,
        memberNames: await named('team_ids', id),
        supervisorNames: await named('supervised_team_ids', id),
      };
    },
    bindings: () =>
      sqlRows(
        knex,
        `select s.source_id as source, s.external_id as "externalId", s.name, t.name as team, s.gone_since is not null as gone,
           case when s.ignored then 'unbound' when s.team_id is null then 'undecided' else 'bound' end as state,
           coalesce(m.members, 0) as members
         from source_team s left join team t on t.id = s.team_id left join (
           select a.source_id, named ->> 'id' as external_id, cast(count(distinct u.id) as int) as members
             from account a join link l on l.account_id = a.id and l.until is null join "user" u on u.id = l.user_id,
               jsonb_array_elements(coalesce(a.content -> 'teams', '[]')) as named
            where a.gone_since is null and ${seen} group by 1, 2
         ) as m on m.source_id = s.source_id and m.external_id = s.external_id
         ${sight === null ? '' : 'where s.team_id = any(cast(:teams as int[]))'}
         order by s.source_id, s.name, s.external_id`,
        sight === null ? {} : { teams: [...sight.teams] },
      ),
  };
}
