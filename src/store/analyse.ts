import { query, type Db } from './sql.ts';

/** Refreshes the planner's statistics of these columns, or of all; the application's role does not own the tables (README). */
export async function analyseTable(db: Db, table: string, columns: readonly string[] = []): Promise<void> {
  await query(db, 'select analyse_table(cast(? as regclass), ?)', [table, [...columns]]);
}
