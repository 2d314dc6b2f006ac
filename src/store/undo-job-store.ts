import type { Permission } from '../domain/permissions.ts';
import type { UndoJob, UndoJobStore } from '../users/undo-jobs.ts';
import type { ManyDecisions, Undone } from '../users/undo-ports.ts';
import { query, queryOne, type Db } from './sql.ts';
import { stillMayOf } from './still-may.ts';

type StoredTarget = { readonly run: number } | { readonly since: string; readonly source?: string };

interface JobRow {
  readonly id: number;
  readonly preview: boolean;
  readonly done: number;
  readonly finished: boolean;
  readonly cancelledBy: string | null;
  readonly report: Undone | null;
  readonly code: string | null;
  readonly message: string | null;
}

/** Undos of many decisions, as jobs in the database. */
export function createUndoJobStore(db: Db): UndoJobStore {
  return {
    async add({ target, preview, reason, operator, may }) {
      // What was reported is in the history too; a report is for who waits for it.
      await query(db, `delete from undo_job where finished_at < now() - interval '1 day'`);
      const { id } = await queryOne<{ id: number }>(
        db,
        `insert into undo_job (target, preview, reason, operator_name, permissions)
         values (?::text::jsonb, ?, ?, ?, ?) returning id`,
        [JSON.stringify(target), preview, reason ?? null, operator, [...may]],
      );
      return id;
    },
    async next() {
      const [job] = await query<{
        id: number;
        target: StoredTarget;
        preview: boolean;
        reason: string | null;
        operator: string;
        permissions: Permission[];
      }>(
        db,
        `select id, target, preview, reason, operator_name as operator, ${stillMayOf('undo_job')} as permissions
         from undo_job where finished_at is null order by id limit 1`,
      );
      if (job === undefined) return null;
      const { id, target, preview, reason, operator, permissions } = job;
      return {
        id,
        request: {
          ...{ target: manyOf(target), preview, reason: reason ?? undefined },
          ...{ operator, may: new Set(permissions) },
        },
      };
    },
    async progress(job, done) {
      const sql = 'update undo_job set done = ? where id = ? and finished_at is null returning id';
      return (await query(db, sql, [done, job])).length > 0;
    },
    async finish(job, end) {
      const report = 'report' in end ? JSON.stringify(end.report) : null;
      const failure = 'failure' in end ? end.failure : null;
      await query(
        db,
        `update undo_job set finished_at = now(), report = ?::text::jsonb, error_code = ?, error_message = ?
         where id = ? and finished_at is null`,
        [report, failure?.code ?? null, failure?.message ?? null, job],
      );
    },
    async cancel(job, operator) {
      const sql = `update undo_job set finished_at = now(), cancelled_by = ?
        where id = ? and operator_name = ? and finished_at is null`;
      await query(db, sql, [operator, job, operator]);
    },
    async get(job, operator) {
      const [row] = await query<JobRow>(
        db,
        `select id, preview, done, finished_at is not null as finished, cancelled_by as "cancelledBy", report,
           error_code as code, error_message as message
         from undo_job where id = ? and operator_name = ?`,
        [job, operator],
      );
      return row === undefined ? null : toJob(row);
    },
  };
}

function manyOf(target: StoredTarget): ManyDecisions {
  return 'run' in target ? target : { ...target, since: new Date(target.since) };
}

function toJob({ id, preview, done, finished, cancelledBy, report, code, message }: JobRow): UndoJob {
  const failure = code === null ? null : { code, message: message ?? '' };
  const ended = cancelledBy !== null ? 'cancelled' : failure !== null ? 'failed' : 'finished';
  return { id, preview, state: finished ? ended : 'running', done, report, failure };
}
