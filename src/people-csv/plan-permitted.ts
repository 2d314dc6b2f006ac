import { memberGroupOf } from '../domain/groups.ts';
import { permissionsFor } from '../domain/permitted.ts';
import { includesGroup, includesTeam, includesUser } from '../domain/scope.ts';
import type { UserValue, Words } from '../domain/user.ts';
import { assignedBetween } from '../users/own-scope.ts';
import { wordChanges } from '../users/words.ts';
import type { ColumnName } from './columns.ts';
import type { Planning } from './plan-columns.ts';
import type { RowPlan } from './row-plan.ts';
import type { RowError } from './said-row.ts';

/** Why somebody may not do what one column comes to: permissions follow from changes (spec 17.5, 19.1), and so does scope (10.5). */
export function refusedStep(planning: Planning, column: ColumnName, before: Words, after: Words): RowError[] {
  const { world } = planning;
  const changes = wordChanges(before, after, world.teamNames, world.groupNames);
  const lacking = lackingFor(planning, permissionsFor({ type: 'user-changed', changes }), column);
  return [...lacking, ...beyondScope(planning, column, before, after)];
}

/** Why somebody may not do what needs these permissions. */
export function lackingFor(
  { world: { asker } }: Pick<Planning, 'world'>,
  needed: ReadonlySet<string>,
  column: ColumnName | null,
): RowError[] {
  const lacking = [...needed].filter((permission) => !(asker.may as ReadonlySet<string>).has(permission));
  if (lacking.length === 0) return [];
  return [
    {
      column,
      code: 'permission-missing',
      message: `${asker.operator} does not have the permission ${lacking.map((each) => `"${each}"`).join(' and ')}, which this change needs.`,
    },
  ];
}

function beyondScope({ world, user }: Planning, column: ColumnName, before: Words, after: Words): RowError[] {
  const { scope, tree, asker } = world;
  const assigned = scope.full ? null : assignedBetween(before, after);
  if (assigned === null) return [];
  const { id, value } = user.subject.user;
  const own = { group: memberGroupOf(tree, user.subject.words.memberGroup, value.mainTeam), teams: value.teams };
  const outside = [
    ...(assigned.fullScope ? ['The full scope'] : []),
    ...(user.creates || includesUser(scope, own, tree) ? [] : [`User ${id}`]),
    ...assigned.groups
      .filter((group) => !includesGroup(scope, group, tree))
      .map((group) => `The group "${world.groupNames.get(group) ?? ''}"`),
    ...assigned.teams
      .filter((team) => !includesTeam(scope, team, tree))
      .map((team) => `The team "${world.teamNames.get(team) ?? ''}"`),
  ];
  return outside.map((what) => ({
    column,
    code: 'beyond-scope',
    message: `${what} is outside the scope of ${asker.operator}: somebody whose scope includes it has to do this.`,
  }));
}

/** Of the row as a whole: making users, activating and deactivating them, and making one whom the operator could not change. */
export function refusedBelonging(
  planning: Planning,
  words: Words,
  value: UserValue,
  activation: RowPlan['activation'],
): RowError[] {
  const { world, user } = planning;
  const activating = activation === null ? [] : lackingFor(planning, new Set(['activate']), 'Deactivated');
  if (!user.creates) return activating;
  const making = lackingFor(planning, new Set(['edit-users']), 'User ID');
  const own = { group: memberGroupOf(world.tree, words.memberGroup, value.mainTeam), teams: value.teams };
  const outside: RowError[] = includesUser(world.scope, own, world.tree)
    ? []
    : [
        {
          column: 'Team',
          code: 'beyond-scope',
          message: `The new user would be outside the scope of ${world.asker.operator}: name a team within it.`,
        },
      ];
  return [...making, ...activating, ...outside];
}
