import { searchTextOf, searchTextVersion } from '../domain/search-text.ts';
import { foldVersion } from '../domain/text.ts';
import { forRows, query, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';
import { toValue, type ValueRow } from './user-rows.ts';

const setting = 'search-text-version';
const version = `${searchTextVersion}.${foldVersion}`;
const batch = 1_000;

/** Derives what users are searched by, where it is missing or was derived with another folding. */
export async function ensureSearchTexts(db: Db): Promise<void> {
  const [known] = await query<{ value: string }>(db, 'select value from setting where name = ?', [setting]);
  if (known?.value !== version)
    await inTransaction(db, async (transaction) => {
      await query(transaction, 'update "user" set search_text = null where search_text is not null');
      await query(
        transaction,
        'insert into setting (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
        [setting, version],
      );
    });
  for (let found = batch; found === batch;)
    found = await inTransaction(db, async (transaction) => {
      const rows = await query<ValueRow & { id: number }>(
        transaction,
        'select * from "user" where search_text is null order by id limit ? for no key update',
        [batch],
      );
      await forRows(
        transaction,
        'id int, text text',
        rows.map((row) => ({ id: row.id, text: searchTextOf(toValue(row).fields) })),
        (table) => `update "user" u set search_text = r.text from ${table} where u.id = r.id`,
      );
      return rows.length;
    });
}
