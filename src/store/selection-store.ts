import type { Selection, Selections } from '../users/selections.ts';
import { query, queryOne, type Db } from './sql.ts';

/** Of one operator; more are the same list, chosen again and again. */
const kept = 20;
const named = 20;
const fresh = `made_at > now() - interval '1 day'`;

/** Selections in the database. */
export function createSelectionStore(db: Db): Selections {
  return {
    async add(operator, address, userIds) {
      await query(
        db,
        `delete from user_selection where not (${fresh}) or operator_name = ? and id not in
           (select id from user_selection where operator_name = ? order by id desc limit ${String(kept - 1)})`,
        [operator, operator],
      );
      const { id } = await queryOne<{ id: number }>(
        db,
        `insert into user_selection (operator_name, address, user_ids)
         select ?, ?, coalesce(array_agg(distinct u), '{}') from unnest(?::int[]) u returning id`,
        [operator, address, [...userIds]],
      );
      return id;
    },
    async get(id, operator) {
      const [row] = await query<Selection>(
        db,
        `select id, address, made_at as "madeAt", cardinality(user_ids) as users, user_ids[1:${String(named)}] as first
           from user_selection where id = ? and operator_name = ? and ${fresh}`,
        [id, operator],
      );
      return row ?? null;
    },
    async userIds(id, operator) {
      const [row] = await query<{ ids: readonly number[] }>(
        db,
        `select user_ids as ids from user_selection where id = ? and operator_name = ? and ${fresh}`,
        [id, operator],
      );
      return row?.ids ?? null;
    },
  };
}
