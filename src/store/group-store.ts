import { fold } from '../domain/text.ts';
import type { GroupStore, GroupTransaction } from '../users/groups.ts';
import { appendPersonsEvent } from './append-event.ts';
import { groupTree, scopeReads } from './scope-reads.ts';
import { query, queryOne, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

/** The tree of groups in the database. */
export function createGroupStore(db: Db): GroupStore {
  return { transaction: (work) => inTransaction(db, (transaction) => work(within(transaction))) };
}

function within(db: Db): GroupTransaction {
  return {
    operatorScope: (operator) => scopeReads(db).operatorScope(operator),
    groupTree: () => groupTree(db, ''),
    teams: () => query(db, 'select id, name from team'),
    async lockGroups() {
      // Stronger than what acts on users take while they name groups.
      await query(db, 'lock table team_group in exclusive mode');
    },
    async add(name, parent) {
      await query(db, 'insert into team_group (name, folded_name, parent_id) values (?, ?, ?)', [
        name,
        fold(name),
        parent,
      ]);
    },
    async change({ id, name, parent }) {
      await query(db, 'update team_group set name = ?, folded_name = ?, parent_id = ? where id = ?', [
        name,
        fold(name),
        parent,
        id,
      ]);
    },
    async remove(group) {
      await query(db, 'delete from team_group where id = ?', [group]);
    },
    useOf: (group) =>
      queryOne(
        db,
        `select (select count(distinct user_id)::int from word
                  where kind in ('member-group', 'scope-group') and ref = cast(? as text)) as users,
                (select count(*)::int from operator_scope where group_id = ?) as operators`,
        [String(group), group],
      ),
    async moveTeam(team, group) {
      await query(db, 'update team set group_id = ? where id = ?', [group, team]);
    },
    appendEvent: (event) => appendPersonsEvent(db, event),
  };
}
