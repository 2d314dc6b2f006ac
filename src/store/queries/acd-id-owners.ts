import type { Sight } from '../../domain/scope.ts';
import { fromKept, type KeptChanges } from '../event-changes.ts';
import { seesUserId } from '../sight.ts';
import type { Knex } from 'knex';
import { sqlRow, sqlRows } from './sql.ts';

/** A period in which a user had an ACD id that is not the external id of the account it came from, as the history tells it. */
export interface AcdIdPeriod {
  readonly userId: number;
  readonly from: Date;
  /** Null while it lasts. */
  readonly to: Date | null;
  readonly name: string | null;
}

interface EventRow {
  readonly user_id: number;
  readonly at: Date;
  readonly changes: KeptChanges;
  readonly name: string | null;
}

/**
 * Who had this ACD id by a source whose external ids are others (UCCE: the agent id that people know), the oldest first. Nothing
 * where the account of this external id has it as its ACD id too: then that one's periods tell.
 */
export async function acdIdPeriods(
  knex: Knex,
  { source, acdId }: { readonly source: string; readonly acdId: string },
  sight: Sight | null,
): Promise<readonly AcdIdPeriod[]> {
  const same = await sqlRow(
    knex,
    `select from account where source_id = :source and external_id = :acdId and content -> 'values' ->> 'acdId' = :acdId`,
    { source, acdId },
  );
  if (same !== null) return [];
  const events = await sqlRows<EventRow>(knex, eventsSql(sight), { source, acdId });
  const periods: { userId: number; from: Date; to: Date | null; name: string | null }[] = [];
  for (const { user_id: userId, at, changes, name } of events) {
    const change = fromKept(changes).find(({ field }) => field === 'acdId');
    const open = periods.find((period) => period.userId === userId && period.to === null);
    if (change?.after === acdId && open === undefined) periods.push({ userId, from: at, to: null, name });
    else if (change?.before === acdId && change.after !== acdId && open !== undefined) open.to = at;
  }
  return periods;
}

/** Every change of this ACD id of those who ever had it by this source; others may have ended it. */
const eventsSql = (sight: Sight | null): string => `
select e.user_id, e.at, e.changes, coalesce(u.display_name, nullif(concat_ws(' ', u.first_name, u.last_name), '')) as name
  from event e left join "user" u on u.id = e.user_id
 where e.user_id in (select by_source.user_id from event by_source
                      where by_source.source_id = :source and by_source.user_id is not null
                        and by_source.changes @> jsonb_build_array('acdId', cast(:acdId as text)))
   and e.changes @> jsonb_build_array('acdId', cast(:acdId as text)) and ${seesUserId(sight, 'e.user_id')}
 order by e.at, e.id`;
