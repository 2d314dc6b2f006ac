import { searchTextOf, searchTextVersion } from '../domain/search-text.ts';
import { foldVersion } from '../domain/text.ts';
import type { FieldValues } from '../domain/user.ts';
import { alone, inPages, leased, type SetUpWork } from './set-up-work.ts';
import { forRows, query, type Db } from './sql.ts';
import { derivedColumns, toValue, type ValueRow } from './user-rows.ts';

const setting = 'search-text-version';
const version = `${searchTextVersion}.${foldVersion}`;
const batch = 1_000;

/** Derives what users are searched and compared by, where it is missing or was derived with another folding. */
export async function ensureSearchTexts(db: Db, work: SetUpWork = alone): Promise<void> {
  const [known] = await query<{ value: string }>(db, 'select value from setting where name = ?', [setting]);
  if (known?.value !== version)
    await leased(db, work, async (transaction) => {
      await query(transaction, 'update "user" set search_text = null where search_text is not null');
      await query(
        transaction,
        'insert into setting (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
        [setting, version],
      );
    });
  const rows = '"user" u where search_text is null and id > ?';
  await inPages(db, 'texts by which users are searched', work, {
    rows,
    async page(transaction, after) {
      const users = await query<ValueRow & { id: number; former: FieldValues | null }>(
        transaction,
        `select u.*, (select m.before #> '{other,value,fields}' from merge m
           where m.other_id = u.id and m.primary_id = u.merged_into and m.undone_at is null limit 1) as former
         from ${rows} order by id limit ? for no key update`,
        [after, batch],
      );
      await forRows(
        transaction,
        'id int, search_text text, name_key text',
        users.map((row) => ({
          ...{ id: row.id, ...derivedColumns(toValue(row).fields) },
          // Who was merged into another is still found by the names that they had (spec 18.3).
          ...(row.former === null ? {} : { search_text: searchTextOf(row.former) }),
        })),
        (table) =>
          `update "user" u set search_text = r.search_text, name_key = r.name_key from ${table} where u.id = r.id`,
      );
      return users;
    },
  });
}
