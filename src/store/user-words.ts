import type { Said, WordsWrite } from '../users/ports.ts';
import { forRows, query, type Db } from './sql.ts';
import { wordRows, type WordRow } from './subject-rows.ts';

/** Writes the words of users that differ; the others keep who said them, when and why. */
export async function saveWords(db: Db, users: readonly WordsWrite[], by: Said): Promise<void> {
  const differing = users.flatMap(({ userId, before, after }) => {
    if (before === after) return [];
    const [had, has] = [before, after].map((words) => new Map(wordRows(words).map((row) => [identity(row), row])));
    const gone = [...(had?.values() ?? [])].filter((row) => has?.get(identity(row))?.value !== row.value);
    const come = [...(has?.values() ?? [])].filter((row) => had?.get(identity(row))?.value !== row.value);
    const own = (rows: WordRow[]): UsersWord[] => rows.map((row) => ({ ...row, userId }));
    return [{ gone: own(gone), come: own(come) }];
  });
  await dropWords(
    db,
    differing.flatMap(({ gone }) => gone),
  );
  await insertWords(
    db,
    differing.flatMap(({ come }) => come),
    by,
  );
}

type UsersWord = WordRow & { readonly userId: number };

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

async function dropWords(db: Db, rows: readonly UsersWord[]): Promise<void> {
  const [overrides, others] = split(rows);
  await forRows(
    db,
    '"userId" int, ref text',
    overrides,
    (table) => `delete from override o using ${table} where o.user_id = r."userId" and o.field = r.ref`,
  );
  await forRows(
    db,
    '"userId" int, kind text, ref text',
    others,
    (table) => `delete from word w using ${table} where w.user_id = r."userId" and w.kind = r.kind and w.ref = r.ref`,
  );
}

async function insertWords(db: Db, rows: readonly UsersWord[], by: Said): Promise<void> {
  const [overrides, others] = split(rows);
  const said = '(select ?::text as operator, ?::text as reason) as c';
  const bindings = [by.operator, by.reason];
  await forRows(
    db,
    '"userId" int, ref text, value text',
    overrides,
    (table) => `insert into override (user_id, field, value, operator_name, reason)
      select r."userId", r.ref, r.value, c.operator, c.reason from ${table}, ${said}`,
    bindings,
  );
  await forRows(
    db,
    '"userId" int, kind text, ref text, value text',
    others,
    (table) => `insert into word (user_id, kind, ref, value, operator_name, reason)
      select r."userId", r.kind, r.ref, r.value, c.operator, c.reason from ${table}, ${said}`,
    bindings,
  );
}

function split(rows: readonly UsersWord[]): [UsersWord[], UsersWord[]] {
  return [rows.filter((row) => row.kind === 'override'), rows.filter((row) => row.kind !== 'override')];
}
