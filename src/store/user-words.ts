import type { Words } from '../domain/user.ts';
import type { Said } from '../users/ports.ts';
import { forRows, query, type Db } from './sql.ts';
import { wordRows, type WordRow } from './subject-rows.ts';

/** Writes the words of a user that differ; the others keep who said them, when and why. */
export async function saveWords(db: Db, userId: number, before: Words, after: Words, by: Said): Promise<void> {
  const [had, has] = [before, after].map((words) => new Map(wordRows(words).map((row) => [identity(row), row])));
  const gone = [...(had?.values() ?? [])].filter((row) => has?.get(identity(row))?.value !== row.value);
  const come = [...(has?.values() ?? [])].filter((row) => had?.get(identity(row))?.value !== row.value);
  await dropWords(db, userId, gone);
  await insertWords(db, userId, come, by);
}

/** Ends what people said of these users' supervision (spec 11.4). */
export async function endSupervisionWords(db: Db, userIds: readonly number[]): Promise<void> {
  if (userIds.length === 0) return;
  await query(db, "delete from word where user_id = any(?) and kind in ('supervises-given', 'supervises-taken')", [
    [...userIds],
  ]);
}

function identity(row: WordRow): string {
  return `${row.kind} ${row.ref}`;
}

async function dropWords(db: Db, userId: number, rows: readonly WordRow[]): Promise<void> {
  const [overrides, others] = split(rows);
  if (overrides.length > 0)
    await query(db, 'delete from override where user_id = ? and field = any(?)', [
      userId,
      overrides.map((row) => row.ref),
    ]);
  await forRows(
    db,
    'kind text, ref text',
    others,
    (table) => `delete from word w using ${table} where w.user_id = ? and w.kind = r.kind and w.ref = r.ref`,
    [userId],
  );
}

async function insertWords(db: Db, userId: number, rows: readonly WordRow[], by: Said): Promise<void> {
  const [overrides, others] = split(rows);
  const said = '(select ?::int as user_id, ?::text as operator, ?::text as reason) as c';
  const bindings = [userId, by.operator, by.reason];
  await forRows(
    db,
    'ref text, value text',
    overrides,
    (table) => `insert into override (user_id, field, value, operator_name, reason)
      select c.user_id, r.ref, r.value, c.operator, c.reason from ${table}, ${said}`,
    bindings,
  );
  await forRows(
    db,
    'kind text, ref text, value text',
    others,
    (table) => `insert into word (user_id, kind, ref, value, operator_name, reason)
      select c.user_id, r.kind, r.ref, r.value, c.operator, c.reason from ${table}, ${said}`,
    bindings,
  );
}

function split(rows: readonly WordRow[]): [WordRow[], WordRow[]] {
  return [rows.filter((row) => row.kind === 'override'), rows.filter((row) => row.kind !== 'override')];
}
