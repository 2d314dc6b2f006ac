import type { ReconcileWrites } from '../apply/ports.ts';
import { forRows, type Db } from './sql.ts';

/** Writes of what has been applied, and of the names that it was applied under. */
export function snapshotWrites(db: Db): Pick<ReconcileWrites, 'saveSnapshots' | 'saveNamesSeen'> {
  return {
    async saveSnapshots(snapshots) {
      await forRows(
        db,
        'user_id int, source_id text, account_id int, results jsonb, names_seen jsonb',
        snapshots.map(({ userId, accountId, snapshot: { source, ...results }, namesSeen }) => ({
          user_id: userId,
          source_id: source,
          account_id: accountId,
          results,
          names_seen: namesSeen,
        })),
        (table) => `insert into snapshot (user_id, source_id, account_id, results, names_seen)
          select user_id, source_id, account_id, results, names_seen || ${readBy('r.source_id')} from ${table}
          on conflict (user_id, source_id) do update
          set account_id = excluded.account_id, results = excluded.results, names_seen = excluded.names_seen, applied_at = now()`,
      );
    },
    async saveNamesSeen(names) {
      await forRows(
        db,
        '"userId" int, "accountId" int, "namesSeen" jsonb',
        names,
        (table) => `update snapshot s set names_seen = "namesSeen" || ${readBy('s.source_id')} from ${table}
          where s.user_id = "userId" and s.account_id = "accountId"`,
      );
    },
  };
}

/** The mapping by which the source's names were last read, as part of the names seen (spec 8.3). */
function readBy(source: string): string {
  return `jsonb_build_object('readBy', (select name_mapping from source_state where source_state.source_id = ${source}))`;
}
