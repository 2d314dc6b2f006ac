import type { Sight } from '../../domain/scope.ts';
import type { Knex } from 'knex';
import { groupOfTeam, groupPaths, withAncestors } from '../../domain/groups.ts';
import { compareText, fold } from '../../domain/text.ts';
import { groupTree } from '../scope-reads.ts';
import { sqlRows } from './sql.ts';

/** A group as the API answers it. */
interface GroupJson {
  readonly name: string;
  /** The group that contains it; null at the top. */
  readonly below: string | null;
  /** Names from the top down to the group itself. */
  readonly path: readonly string[];
  /** Teams that nobody has put into another group are in this one. */
  readonly default: boolean;
  /** The teams directly in it, by name. */
  readonly teams: readonly string[];
}

export interface GroupQueries {
  /** The whole tree: each group after the one that contains it, by name. */
  list(): Promise<readonly GroupJson[]>;
}

/** Groups and the teams in them: three statements. */
export function createGroupQueries(knex: Knex, sight: Sight | null): GroupQueries {
  return {
    async list() {
      const tree = await groupTree(knex, '');
      const all = await sqlRows<{ id: number; name: string }>(knex, 'select id, name from team');
      const teams = all.filter(({ id }) => sight === null || sight.teams.includes(id));
      const inGroup = Map.groupBy(teams, (team) => groupOfTeam(tree, team.id));
      const seen = (id: number): boolean => sight === null || sight.groups.includes(id) || inGroup.has(id);
      const paths = [...groupPaths(tree).keys()].filter(seen).map((id): [number, string[]] => {
        const line = withAncestors(tree, id).filter(seen);
        return [id, line.flatMap((each) => tree.groups.get(each)?.name ?? []).reverse()];
      });
      return paths.map(([id, path]) => ({
        name: path.at(-1) ?? '',
        below: path.at(-2) ?? null,
        path,
        default: id === tree.defaultGroup,
        teams: (inGroup.get(id) ?? []).map(({ name }) => name).sort((a, b) => compareText(fold(a), fold(b))),
      }));
    },
  };
}
