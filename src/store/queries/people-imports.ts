import type { Knex } from 'knex';
import type { Sight } from '../../domain/scope.ts';
import type { KeptCell, RowChange, RowClass } from '../../people-csv/row-plan.ts';
import type { RowResult, ShownImport, ShownRow } from '../../people-csv/ports.ts';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { allOf, iso, sqlRow, sqlRows } from './sql.ts';

interface JobRow {
  readonly id: number;
  readonly file_name: string;
  readonly undoes: number | null;
  readonly state: 'reading' | 'shown' | 'running' | 'finished';
  readonly shown: ShownImport;
  readonly missing: readonly string[];
  readonly digest: string | null;
  readonly reason: string | null;
  readonly operator_name: string;
  readonly cancelled_by: string | null;
  readonly asked_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly progress: Readonly<Record<'rows' | 'done' | RowResult['outcome'], number>>;
}

/** Which rows of an import are listed. */
export interface ImportRowFilter extends PageRequest {
  readonly class?: RowClass | 'errors' | 'kept' | undefined;
  readonly outcome?: RowResult['outcome'] | undefined;
}

interface ImportRow extends Pick<ShownRow, 'row' | 'userId' | 'name' | 'errors'> {
  readonly changes: readonly RowChange[];
  readonly kept: readonly KeptCell[];
  readonly classes: readonly RowClass[];
  readonly outcome: RowResult['outcome'] | null;
  readonly code: string | null;
  readonly message: string | null;
}

/** Imports of people.csv as people and programs see them: their own, and everybody's with full scope. */
export function createPeopleImportQueries(knex: Knex, sight: Sight | null) {
  const own = sight === null ? 'true' : 'i.operator_name = :operator';
  const operator = sight === null ? {} : { operator: sight.operator };
  const select = `select i.id, i.file_name, i.undoes, i.state, i.shown, i.missing, i.digest, i.reason, i.operator_name, i.cancelled_by,
      i.asked_at, i.started_at, i.finished_at,
      (select json_build_object('rows', count(*) filter (where digest is not null), 'done', count(outcome) filter (where digest is not null),
         'changed', count(*) filter (where outcome = 'changed'),
         'unchanged', count(*) filter (where outcome = 'unchanged' and digest is not null),
         'refused', count(*) filter (where outcome = 'refused' and digest is not null))
       from people_import_row where import_id = i.id) as progress
    from people_import i where ${own} and i.state <> 'reading'`;
  return {
    async get(id: number) {
      const row = await sqlRow<JobRow>(knex, `${select} and i.id = :id`, { id, ...operator });
      return row === null ? null : jobOf(row);
    },
    async list({ after, limit }: PageRequest) {
      const rows = await sqlRows<JobRow>(knex, `${select} and i.id < :before order by i.id desc limit :limit`, {
        ...{ before: idAfter(after, 2_147_483_647), limit: limit + 1 },
        ...operator,
      });
      const page = pageOf(rows, limit, (row) => String(row.id));
      return { items: page.rows.map(jobOf), next: page.next };
    },
    async rows(id: number, { class: of, outcome, after, limit }: ImportRowFilter): Promise<Page<ImportRow>> {
      const classes: Readonly<Record<string, string>> = {
        errors: 'jsonb_array_length(r.errors) > 0',
        kept: 'jsonb_array_length(r.kept) > 0',
      };
      const rows = await sqlRows<ImportRow>(
        knex,
        `select r.row, r.user_id as "userId", r.name, r.changes, r.kept, r.errors, r.classes, r.outcome, r.code, r.message
         from people_import_row r
         where ${allOf(['r.import_id = :id', 'r.row > :after', of !== undefined && (classes[of] ?? ':of = any(r.classes)'), outcome !== undefined && 'r.outcome = :outcome'])}
         order by r.row limit :limit`,
        {
          ...{ id, after: idAfter(after), limit: limit + 1 },
          ...(of === undefined || classes[of] !== undefined ? {} : { of }),
          ...(outcome === undefined ? {} : { outcome }),
        },
      );
      const page = pageOf(rows, limit, (row) => String(row.row));
      return { items: page.rows, next: page.next };
    },
  };
}

function jobOf(row: JobRow) {
  return {
    ...{
      id: row.id,
      fileName: row.file_name,
      undoes: row.undoes,
      state: row.state === 'reading' ? 'shown' : row.state,
    },
    ...{ digest: row.digest, reason: row.reason, askedBy: row.operator_name, cancelledBy: row.cancelled_by },
    ...{ askedAt: iso(row.asked_at), startedAt: iso(row.started_at), finishedAt: iso(row.finished_at) },
    ...{ missing: row.missing, shown: row.shown, progress: row.progress },
  } as const;
}
