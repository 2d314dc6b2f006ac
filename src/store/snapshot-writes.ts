import type { ReconcileWrites } from '../apply/ports.ts';
import { forRows, type Db } from './sql.ts';

/** Writes of what has been applied, and of the names that it was applied under. */
export function snapshotWrites(db: Db): Pick<ReconcileWrites, 'saveSnapshots' | 'saveVoices' | 'saveNamesSeen'> {
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
          select user_id, source_id, account_id, results, names_seen || read_by from ${table} left join ${readBy} using (source_id)
          on conflict (user_id, source_id) do update
          set account_id = excluded.account_id, results = excluded.results, names_seen = excluded.names_seen, applied_at = now()`,
      );
    },
    async saveVoices(voices) {
      await forRows(
        db,
        '"userId" int, source text, voice text',
        voices,
        (
          table,
        ) => `update snapshot s set applied_at = now(), results = case r.voice when 'living' then s.results - 'voice'
            else s.results || jsonb_build_object('voice', r.voice) end
          from ${table} where s.user_id = r."userId" and s.source_id = r.source`,
      );
    },
    async saveNamesSeen(names) {
      await forRows(
        db,
        '"userId" int, "accountId" int, "namesSeen" jsonb',
        names,
        (table) => `update snapshot s set names_seen = "namesSeen" || read_by from ${table}, ${readBy}
          where s.user_id = "userId" and s.account_id = "accountId" and m.source_id = s.source_id`,
      );
    },
  };
}

/** The mapping by which the source's names were last read, as part of the names seen (spec 8.3). */
export const readBy = `(select source_id, jsonb_build_object('readBy', name_mapping) as read_by from source_state) as m`;
