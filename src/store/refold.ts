import { claimsOf } from '../domain/claim.ts';
import { fold, foldVersion } from '../domain/text.ts';
import { forRows, query, rowTable, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';
import { toValue, type ValueRow } from './user-rows.ts';

const setting = 'fold-version';

/**
 * Derives everything anew that is stored folded, where the store was written with another folding: unique names, and the names of
 * teams and groups. Of two that have become one, who had it keeps it: nothing is taken from a user or a team.
 */
export async function refold(db: Db): Promise<void> {
  const [known] = await query<{ value: string }>(db, 'select value from setting where name = ?', [setting]);
  if (known?.value === String(foldVersion)) return;
  await refoldClaims(db);
  for (const table of ['team', 'team_group'] as const) await refoldNames(db, table);
  await query(
    db,
    'insert into setting (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
    [setting, String(foldVersion)],
  );
}

const batch = 1_000;
const claimTable = rowTable('kind text, value text, user_id int');

async function refoldClaims(db: Db): Promise<void> {
  for (let after = 0; ;) {
    const users = await query<ValueRow & { id: number }>(db, 'select * from "user" where id > ? order by id limit ?', [
      after,
      batch,
    ]);
    const last = users.at(-1);
    if (last === undefined) return;
    after = last.id;
    const claims = users.flatMap((row) =>
      claimsOf(toValue(row)).map(({ kind, value }) => ({ kind, value, user_id: row.id })),
    );
    await inTransaction(db, async (transaction) => {
      const isHeld = `select from ${claimTable.table} where r.kind = c.kind and r.value = c.value and r.user_id = c.user_id`;
      await query(transaction, `delete from claim c where c.user_id = any(?) and not exists (${isHeld})`, [
        users.map(({ id }) => id),
        claimTable.parameter(claims),
      ]);
      await forRows(
        transaction,
        'kind text, value text, user_id int',
        claims,
        (rows) =>
          `insert into claim (kind, value, user_id) select kind, value, user_id from ${rows} on conflict do nothing`,
      );
    });
  }
}

async function refoldNames(db: Db, table: 'team' | 'team_group'): Promise<void> {
  const rows = await query<{ id: number; name: string; folded_name: string }>(
    db,
    `select id, name, folded_name from ${table} order by id`,
  );
  const taken = new Set(rows.map((row) => row.folded_name));
  for (const { id, name, folded_name: folded } of rows) {
    const anew = fold(name);
    if (anew === folded || taken.has(anew)) continue;
    taken.add(anew);
    await query(db, `update ${table} set folded_name = ? where id = ?`, [anew, id]);
  }
}
