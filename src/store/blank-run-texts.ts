import { query, type Db } from './sql.ts';

/** What stands in place of a text that named a purged person. */
const blanked = 'blanked: it named a person who was purged';

/** Shorter values (a first name, a team's letter) stand in too many texts of others. */
const shortest = 3;

/**
 * Blanks the texts of runs that name the person: notes, rejected records, errors. They are written for people and keep no
 * ids, so they are found by the person's values, each as a word of its own.
 */
export async function blankRunTexts(db: Db, userId: number, accountIds: readonly number[]): Promise<void> {
  const values = await valuesOf(db, userId, accountIds);
  if (values.length === 0) return;
  const pattern = `(^|[^[:alnum:]])(${values.map(literally).join('|')})($|[^[:alnum:]])`;
  await query(
    db,
    `update run set
       notes = (select coalesce(jsonb_agg(case when e #>> '{}' ~* p.named then to_jsonb(p.blanked) else e end order by o), '[]')
                from jsonb_array_elements(notes) with ordinality as n (e, o)),
       rejects = (select coalesce(jsonb_agg(case when concat_ws(' ', e ->> 'position', e ->> 'reason') ~* p.named
                         then e || jsonb_build_object('position', p.blanked, 'reason', p.blanked) else e end order by o), '[]')
                  from jsonb_array_elements(rejects) with ordinality as r (e, o)),
       error_message = case when error_message ~* p.named then p.blanked else error_message end
     from (select cast(? as text) as named, cast(? as text) as blanked) as p
     where replace(concat_ws(' ', notes, rejects, error_message), '\\\\', '\\') ~* p.named`,
    [pattern, blanked],
  );
}

/** What tells the person from others, in whatever place it is kept. */
async function valuesOf(db: Db, userId: number, accountIds: readonly number[]): Promise<string[]> {
  const rows = await query<{ value: string }>(
    db,
    `select distinct v.value from (
       select unnest(array[username, first_name, last_name, display_name, email, windows_login, employee_id, acd_id]) as value
         from "user" where id = ?
       union all select value from override where user_id = ?
       union all select e.value from account a, jsonb_each_text(a.content -> 'values') as e where a.id = any(?)
     ) as v where length(v.value) >= ?`,
    [userId, userId, [...accountIds], shortest],
  );
  return rows.map(({ value }) => value);
}

/** A text as a regular expression of PostgreSQL that matches just it. */
function literally(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}\s]/gu, String.raw`\$&`);
}
