import type { Group, GroupTree } from '../domain/groups.ts';
import type { Scope } from '../domain/scope.ts';
import type { ScopeReads } from '../users/own-scope.ts';
import { query, type Db } from './sql.ts';

/** Groups and operators' scopes, within the transaction of an act. */
export function scopeReads(db: Db): Pick<ScopeReads, 'groupTree' | 'operatorScope'> {
  return {
    groupTree: () => groupTree(db, 'for share'),
    async operatorScope(operator) {
      const [scope] = await query<Scope>(
        db,
        `select o.kind = 'local' or o.full_scope as "full",
                array(select group_id from operator_scope where operator_id = o.id and group_id is not null) as groups,
                array(select team_id from operator_scope where operator_id = o.id and team_id is not null) as teams
           from operator o where o.name = ? and o.disabled_at is null`,
        [operator],
      );
      return scope ?? { full: false, groups: [], teams: [] };
    },
  };
}

/** All groups and where the teams are; `for share`: nobody changes a group until the transaction ends. */
export async function groupTree(db: Db, lock: 'for share' | ''): Promise<GroupTree> {
  const groups = await query<Group & { isDefault: boolean }>(
    db,
    `select id, name, parent_id as parent, is_default as "isDefault" from team_group order by id ${lock}`,
  );
  const placed = await query<{ id: number; group: number }>(
    db,
    'select id, group_id as "group" from team where group_id is not null',
  );
  const defaultGroup = groups.find((group) => group.isDefault);
  if (defaultGroup === undefined) throw new Error('the default group is missing; every start makes it');
  return {
    groups: new Map(groups.map(({ id, name, parent }) => [id, { id, name, parent }])),
    defaultGroup: defaultGroup.id,
    placed: new Map(placed.map(({ id, group }) => [id, group])),
  };
}
