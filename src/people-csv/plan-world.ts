import { showUnseen } from '../domain/visible-text.ts';
import type { TeamNames } from '../domain/fold.ts';
import type { GroupTree } from '../domain/groups.ts';
import type { Asker } from '../domain/permissions.ts';
import type { Scope } from '../domain/scope.ts';
import { fold } from '../domain/text.ts';
import type { GroupId, RoleName, TeamId } from '../domain/user.ts';
import type { ColumnName } from './columns.ts';

/** What every row of an import is decided by. */
export interface PlanWorld {
  readonly asker: Asker;
  readonly scope: Scope;
  readonly tree: GroupTree;
  readonly teamNames: TeamNames;
  readonly teamsByName: ReadonlyMap<string, TeamId>;
  readonly groupNames: ReadonlyMap<GroupId, string>;
  readonly groupsByName: ReadonlyMap<string, GroupId>;
  readonly rolesByName: ReadonlyMap<string, RoleName>;
  /** Columns that the file does not have and that are cleared by that (spec 17.4). */
  readonly missing: readonly ColumnName[];
  /** ISO date, of the database's clock. */
  readonly today: string;
}

/** The world from what the store has of it. */
export function planWorld({
  teams,
  roleCatalogue,
  ...facts
}: Pick<PlanWorld, 'asker' | 'scope' | 'tree' | 'missing' | 'today'> & {
  readonly teams: readonly { readonly id: TeamId; readonly name: string }[];
  readonly roleCatalogue: readonly RoleName[];
}): PlanWorld {
  const groups = [...facts.tree.groups.values()];
  return {
    ...facts,
    teamNames: new Map(teams.map(({ id, name }) => [id, name])),
    teamsByName: idsByName(teams),
    groupNames: new Map(groups.map(({ id, name }) => [id, name])),
    groupsByName: idsByName(groups),
    rolesByName: new Map(roleCatalogue.map((role) => [fold(role), role])),
  };
}

/** Also by the name as an export writes it, in which a mark stands for what cannot be seen. */
function idsByName(named: readonly { readonly id: number; readonly name: string }[]): Map<string, number> {
  return new Map([
    ...named.map(({ id, name }): [string, number] => [fold(showUnseen(name)), id]),
    ...named.map(({ id, name }): [string, number] => [fold(name), id]),
  ]);
}
