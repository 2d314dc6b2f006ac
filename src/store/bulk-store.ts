import type { BulkJobRequest, BulkStore } from '../users/bulk.ts';
import type { Permission } from '../domain/permissions.ts';
import { forRows, query, queryOne, rowTable, type Db } from './sql.ts';
import { stillMayOf } from './still-may.ts';

const pairTable = rowTable('"primary" int, other int, choices jsonb');

/** Bulk jobs and their results in the database. */
export function createBulkStore(db: Db): BulkStore {
  return {
    async add({ action, value, insist, until, reason, operator, may }, { userIds, unknown }) {
      const { id } = await queryOne<{ id: number }>(
        db,
        `with job as (
           insert into bulk_job (action, value, insist, until, reason, operator_name, permissions, unknown)
           values (?, ?, ?, ?, ?, ?, ?, ?) returning id
         ), results as (
           insert into bulk_result (job_id, user_id)
           select job.id, user_id from job, (select distinct unnest(?::int[]) as user_id) as u
         )
         select id from job`,
        [action, value, insist, until, reason, operator, [...may], [...unknown], [...userIds]],
      );
      return id;
    },
    async addMerges({ prefer, reason, operator, may }, pairs) {
      const { id } = await queryOne<{ id: number }>(
        db,
        `with job as (
           insert into bulk_job (action, value, reason, operator_name, permissions) values ('merge', ?, ?, ?, ?) returning id
         ), results as (
           insert into bulk_result (job_id, user_id, into_user, choices)
           select job.id, other, "primary", choices from job, ${pairTable.table}
         )
         select id from job`,
        [prefer, reason, operator, [...may], pairTable.parameter(pairs)],
      );
      return id;
    },
    async next(after) {
      const [job] = await query<Omit<BulkJobRequest, 'may'> & { id: number; permissions: Permission[] }>(
        db,
        `update bulk_job set started_at = coalesce(started_at, now())
         where id = (select id from bulk_job where finished_at is null
                     order by operator_name > ? desc, operator_name, id limit 1)
         returning id, action, value, insist, until, reason, operator_name as operator, ${stillMayOf('bulk_job')} as permissions`,
        [after],
      );
      if (job === undefined) return null;
      const { permissions, ...request } = job;
      return { ...request, may: new Set(permissions) };
    },
    async openOf(operator) {
      const sql = 'select count(*)::int as open from bulk_job where finished_at is null and operator_name = ?';
      return (await queryOne<{ open: number }>(db, sql, [operator])).open;
    },
    async cancel(job, operator) {
      const sql = 'update bulk_job set finished_at = now(), cancelled_by = ? where id = ? and finished_at is null';
      await query(db, sql, [operator, job]);
    },
    async pending(job, limit) {
      const sql = `select r.user_id as id from bulk_result r join bulk_job j on j.id = r.job_id
        where r.job_id = ? and r.outcome is null and j.finished_at is null order by r.user_id limit ?`;
      return (await query<{ id: number }>(db, sql, [job, limit])).map((row) => row.id);
    },
    pendingMerges: (job, limit) =>
      query(
        db,
        `select r.into_user as "primary", r.user_id as other, r.choices from bulk_result r join bulk_job j on j.id = r.job_id
         where r.job_id = ? and r.outcome is null and j.finished_at is null order by r.user_id limit ?`,
        [job, limit],
      ),
    async save(job, results) {
      await forRows(
        db,
        '"userId" int, outcome text, code text, message text',
        results,
        (table) => `update bulk_result b set outcome = r.outcome, code = r.code, message = r.message
          from ${table}, (select ?::int as job) as c where b.job_id = c.job and b.user_id = r."userId"`,
        [job],
      );
    },
    async finish(job) {
      await query(db, 'update bulk_job set finished_at = now() where id = ? and finished_at is null', [job]);
    },
  };
}
