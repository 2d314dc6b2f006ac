import { digestOf } from '../digest.ts';
import type { Permission } from '../domain/permissions.ts';
import type {
  DoneRow,
  MappingStore,
  PeopleImportStore,
  RowResult,
  RunningImport,
  SavedMapping,
  ShownImport,
} from '../people-csv/ports.ts';
import { activationDates } from './queries/people-csv.ts';
import type { ReadRules } from './read-rules.ts';
import { forRows, query, queryOne, type Db } from './sql.ts';
import { stillMayOf } from './still-may.ts';
import { inTransaction } from './transactions.ts';
import { userTransaction } from './user-store.ts';

const rowColumns =
  'row integer, user_id integer, name text, said jsonb, undo jsonb, changes jsonb, kept jsonb, errors jsonb, classes text[], digest text';

/** Imports of people.csv and their rows in the database. */
export function createPeopleImportStore(db: Db, rules: ReadRules): PeopleImportStore {
  return {
    transaction: (operator, end, work) =>
      userTransaction(db, rules, operator, end, (tx, bare) =>
        work({
          ...tx,
          datesOf: (ids) => activationDates(bare, ids),
          activeUsers: async () =>
            (await queryOne<{ count: number }>(bare, 'select count(*)::int as count from "user" where active')).count,
          async lockPending(id, rows) {
            const sql = `select r.row from people_import_row r join people_import i on i.id = r.import_id
              where r.import_id = ? and r.row = any(?) and r.outcome is null and i.state = 'running' order by r.row for update of r`;
            return new Set((await query<{ row: number }>(bare, sql, [id, [...rows]])).map(({ row }) => row));
          },
          saveResults: (id, results) => saveResults(bare, id, results),
        }),
      ),
    add: ({ fileName, reason, missing, undoes, operator, may }) =>
      inTransaction(db, async (transaction) => {
        await query(
          transaction,
          `delete from people_import where state in ('reading', 'shown') and asked_at < now() - interval '1 day'`,
        );
        const { id } = await queryOne<{ id: number }>(
          transaction,
          `insert into people_import (file_name, reason, missing, undoes, operator_name, permissions)
           values (?, ?, ?, ?, ?, ?) returning id`,
          [fileName, reason, [...missing], undoes, operator, [...may]],
        );
        return id;
      }),
    async addRows(id, rows) {
      await forRows(
        db,
        rowColumns,
        rows.map(({ userId, ...row }) => ({ ...row, user_id: userId })),
        (
          table,
        ) => `insert into people_import_row (import_id, row, user_id, name, said, undo, changes, kept, errors, classes, digest)
          select c.id, r.row, r.user_id, r.name, r.said, r.undo, r.changes, r.kept, r.errors, r.classes, r.digest
          from ${table}, (select ?::int as id) as c`,
        [id],
      );
    },
    async arrange(id, rows) {
      await forRows(
        db,
        'row integer, turn integer, errors jsonb',
        rows,
        (table) => `update people_import_row p set turn = r.turn,
          errors = p.errors || r.errors, digest = case when r.errors = '[]' then p.digest end,
          said = case when r.errors = '[]' then p.said end, undo = case when r.errors = '[]' then p.undo end,
          classes = case when r.errors = '[]' then p.classes else '{}' end
          from ${table}, (select ?::int as id) as c where p.import_id = c.id and p.row = r.row`,
        [id],
      );
    },
    async show(id, shown) {
      const rows = await query<{ digest: string }>(
        db,
        'select digest from people_import_row where import_id = ? and digest is not null order by row',
        [id],
      );
      await query(
        db,
        `update people_import set state = 'shown', shown = ?::text::jsonb, digest = ? where id = ? and state = 'reading'`,
        [JSON.stringify(shown), digestOf([id, rows.map(({ digest }) => digest)]), id],
      );
    },
    async drop(id) {
      await query(db, `delete from people_import where id = ? and state = 'reading'`, [id]);
    },
    async find(id) {
      const [found] = await query<{
        state: 'reading' | 'shown' | 'running' | 'finished';
        digest: string | null;
        shown: ShownImport;
        fileName: string;
      }>(db, 'select state, digest, shown, file_name as "fileName" from people_import where id = ?', [id]);
      return found ?? null;
    },
    async begin(id, { operator, may }, reason) {
      // What changes nothing, or has a mistake, is no work.
      const rows = await query(
        db,
        `with begun as (
           update people_import set state = 'running', started_at = now(), operator_name = ?, permissions = ?, reason = coalesce(?, reason)
           where id = ? and state = 'shown' returning id
         ), passed as (
           update people_import_row r set outcome = case when jsonb_array_length(r.errors) > 0 then 'refused' else 'unchanged' end,
             code = r.errors -> 0 ->> 'code', message = r.errors -> 0 ->> 'message', said = null
           from begun where r.import_id = begun.id and r.digest is null
         )
         select id from begun`,
        [operator, [...may], reason, id],
      );
      return rows.length > 0;
    },
    async openOf(operator) {
      const sql = `select count(*)::int as open from people_import where state = 'running' and operator_name = ?`;
      return (await queryOne<{ open: number }>(db, sql, [operator])).open;
    },
    async next(after) {
      const [found] = await query<Omit<RunningImport, 'may'> & { permissions: Permission[] }>(
        db,
        `select id, reason, missing, operator_name as operator, ${stillMayOf('people_import')} as permissions from people_import
         where state = 'running' order by operator_name > ? desc, operator_name, id limit 1`,
        [after],
      );
      if (found === undefined) return null;
      const { permissions, ...running } = found;
      return { ...running, may: new Set(permissions) };
    },
    pending: (id, limit) =>
      query(
        db,
        `with first as (
           select r.row, r.turn from people_import_row r join people_import i on i.id = r.import_id
           where r.import_id = ? and r.outcome is null and i.state = 'running' order by r.turn, r.row limit ?
         )
         select r.row, r.turn, r.user_id as "userId", r.said, r.undo, r.classes, r.digest from people_import_row r
         where r.import_id = ? and r.outcome is null and (
           r.row in (select row from first) or r.turn = (select nullif(max(turn), 0) from first))
         order by r.turn, r.row`,
        [id, limit, id],
      ),
    saveResults: (id, results) => saveResults(db, id, results),
    async finish(id) {
      await query(
        db,
        `update people_import set state = 'finished', finished_at = now() where id = ? and state = 'running'`,
        [id],
      );
    },
    async cancel(id, operator) {
      await query(
        db,
        `update people_import set state = 'finished', finished_at = now(), cancelled_by = ?
         where id = ? and state in ('shown', 'running')`,
        [operator, id],
      );
    },
    done: (id, before, limit) =>
      query<DoneRow>(
        db,
        `select r.row, r.user_id as "userId", r.name, r.undo from people_import_row r
         where r.import_id = ? and r.outcome = 'changed' and r.undo is not null and r.user_id is not null
           and r.row < coalesce(?::int, 2147483647)
         order by r.row desc limit ?`,
        [id, before, limit],
      ),
  };
}

/** What a row said is not kept once it is done: the history has what it changed. */
async function saveResults(db: Db, id: number, results: readonly RowResult[]): Promise<void> {
  await forRows(
    db,
    'row integer, user_id integer, outcome text, code text, message text, undo jsonb',
    results.map(({ userId, ...result }) => ({ ...result, user_id: userId })),
    (
      table,
    ) => `update people_import_row p set outcome = r.outcome, user_id = coalesce(r.user_id, p.user_id), code = r.code,
      message = r.message, said = null, undo = r.undo
      from ${table}, (select ?::int as id) as c where p.import_id = c.id and p.row = r.row and p.outcome is null`,
    [id],
  );
}

/** Mappings of columns under their names (spec 17.2). */
export function createMappingStore(db: Db): MappingStore {
  return {
    async list() {
      const rows = await query<{ saved: SavedMapping }>(
        db,
        `select m.mapping || jsonb_build_object('name', m.name, 'savedBy', o.name,
           'savedAt', to_char(m.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as saved
         from csv_mapping m join operator o on o.id = m.operator_id order by m.name`,
      );
      return rows.map(({ saved }) => saved);
    },
    async save(name, mapping, operator) {
      await query(
        db,
        `insert into csv_mapping (name, mapping, operator_id) select ?, ?::text::jsonb, id from operator where name = ?
         on conflict (name) do update set mapping = excluded.mapping, operator_id = excluded.operator_id, updated_at = now()`,
        [name, JSON.stringify(mapping), operator],
      );
    },
    async remove(name) {
      return (await query(db, 'delete from csv_mapping where name = ? returning 1', [name])).length > 0;
    },
  };
}
