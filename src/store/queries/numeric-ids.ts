import type { Sight } from '../../domain/scope.ts';
import { seesUser } from '../sight.ts';
import type { Knex } from 'knex';
import { CursorError, pageOf, type Page, type PageRequest } from './paging.ts';
import { sqlRow, sqlRows } from './sql.ts';

/** A numeric ID and who has it (spec 12.2). */
interface NumericIdJson {
  readonly numericId: string;
  readonly userId: number;
  readonly username: string | null;
}

export interface NumericIdQueries {
  /** In the order of the numbers. */
  used(page: PageRequest): Promise<Page<NumericIdJson>>;
  /** The lowest one that nobody has; inactive users keep theirs. */
  free(): Promise<number>;
}

/** The numeric IDs of all users. They are unique names, so that the claims are the list of them. */
export function createNumericIdQueries(knex: Knex, sight: Sight | null): NumericIdQueries {
  return {
    async used({ after, limit }) {
      if (after !== undefined && !/^\d{1,400}$/.test(after)) throw new CursorError(after);
      const rows = await sqlRows<NumericIdJson>(
        knex,
        `select c.value as "numericId", c.user_id as "userId", u.username from claim c join "user" u on u.id = c.user_id
          where c.kind = 'numericId' and ${seesUser(sight, 'u')}
            and (cast(:after as text) is null or (length(c.value), c.value collate "C") > (length(:after), cast(:after as text) collate "C"))
          order by length(c.value), c.value collate "C" limit :limit`,
        { after: after ?? null, limit: limit + 1 },
      );
      const page = pageOf(rows, limit, (row) => row.numericId);
      return { items: page.rows, next: page.next };
    },
    async free() {
      const row = await sqlRow<{ free: number }>(
        knex,
        // What a source says may have zeros in front, which a spreadsheet takes away.
        `with used as (
           select cast(value as bigint) as number from claim where kind = 'numericId' and value ~ '^0*[1-9][0-9]{0,14}$'
         )
         select cast(coalesce(min(candidate), 1) as float8) as free
           from (select cast(1 as bigint) as candidate union all select number + 1 from used) c
          where not exists (select from used where number = candidate)`,
      );
      return row?.free ?? 1;
    },
  };
}
