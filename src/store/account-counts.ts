import { query, type Db } from './sql.ts';

/**
 * Folds what a source's statements have added to its counts into one row per kind. Rows are only ever added beside it, so
 * nothing is lost that somebody adds meanwhile.
 */
export async function foldAccountCounts(db: Db, runId: number): Promise<void> {
  await query(
    db,
    `with folded as (
       delete from account_count where source_id = (select source_id from run where id = ?)
       returning source_id, state, standing, count
     )
     insert into account_count
       select source_id, state, standing, sum(count) from folded group by 1, 2, 3 having sum(count) <> 0`,
    [runId],
  );
}
