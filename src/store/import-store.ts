import type { ImportStore, ImportTx } from '../import/ports.ts';
import { silentProofs } from '../domain/absence.ts';
import type { AccountContent } from '../domain/account.ts';
import { saveAccountKeys } from './account-keys.ts';
import { analyseTable } from './analyse.ts';
import { checkLease } from './leases.ts';
import { forRows, query, queryOne, rowTable, type Db } from './sql.ts';
import { inTransaction, redoable } from './transactions.ts';

const accountColumns = '"externalId" text, content jsonb, "contentHash" text, disabled boolean';
const freshTable = rowTable(`${accountColumns}, keys jsonb`);

/** What importing needs, on PostgreSQL and on the embedded database alike. */
export function importStore(db: Db): ImportStore {
  return {
    async anyKnown(source) {
      const sql = 'select exists (select from account where source_id = ?) as any';
      return (await queryOne<{ any: boolean }>(db, sql, [source])).any;
    },
    known: (source, externalIds) =>
      query(
        db,
        `select id, external_id as "externalId", content_hash as "contentHash", absent_since is not null as absent
         from account where source_id = ? and external_id = any(?)`,
        [source, [...externalIds]],
      ),
    async contents(ids) {
      const rows = await query<{ id: number; content: AccountContent; linked: boolean }>(
        db,
        `select a.id, a.content, l.id is not null as linked
         from account a left join link l on l.account_id = a.id and l.until is null where a.id = any(?)`,
        [[...ids]],
      );
      return new Map(rows.map(({ id, content, linked }) => [id, { content, linked }]));
    },
    async countPresent(source) {
      const sql = 'select count(*)::int as count from account where source_id = ? and absent_since is null';
      return (await queryOne<{ count: number }>(db, sql, [source])).count;
    },
    async presentIds(source, after, limit) {
      const sql = 'select id from account where source_id = ? and absent_since is null and id > ? order by id limit ?';
      return (await query<{ id: number }>(db, sql, [source, after, limit])).map((row) => row.id);
    },
    async countTeamsMissing(source, seen) {
      const sql = `select count(*)::int as count from source_team where source_id = ? and absent_since is null and external_id <> all(?)`;
      return (await queryOne<{ count: number }>(db, sql, [source, [...seen]])).count;
    },
    inLease: (lease, work) =>
      inTransaction(db, async (transaction) => {
        await redoable(transaction);
        const result = await work(importTx(transaction));
        await checkLease(transaction, lease);
        return result;
      }),
    async analyse() {
      // Contents are never searched, and most of the time would go into sampling them.
      const searched = ['id', 'source_id', 'external_id', 'disabled', 'absent_since', 'gone_since', 'standing'];
      await analyseTable(db, 'account', [...searched, 'due', 'turned']);
      await analyseTable(db, 'match_key');
      await analyseTable(db, 'source_team');
    },
  };
}

function importTx(db: Db): ImportTx {
  return {
    async insertAccounts(source, accounts) {
      if (accounts.length === 0) return [];
      return query<{ id: number; externalId: string }>(
        db,
        `with said as materialized (select * from ${freshTable.table}), inserted as (
           insert into account (source_id, external_id, content, content_hash, disabled, disabled_since)
           select ?, "externalId", content, "contentHash", disabled, case when disabled then now() end from said
           on conflict (source_id, external_id) do nothing returning id, external_id
         ), keyed as (
           insert into match_key (account_id, key)
           select i.id, k.key from inserted i join said s on s."externalId" = i.external_id
             cross join jsonb_array_elements_text(s.keys) as k(key)
         )
         select id, external_id as "externalId" from inserted`,
        [freshTable.parameter(accounts), source],
      );
    },
    async updateAccounts(accounts) {
      await forRows(
        db,
        `id int, ${accountColumns}`,
        accounts,
        (rows) => `update account a set content = r.content, content_hash = r."contentHash", disabled = r.disabled,
          disabled_since = case when r.disabled then coalesce(a.disabled_since, now()) end, changed_at = now()
          from ${rows} where a.id = r.id`,
      );
      await saveAccountKeys(
        db,
        accounts.map(({ id, keys }) => ({ accountId: id, keys })),
      );
    },
    async markSeen(ids) {
      if (ids.length === 0) return;
      await query(db, 'update account set absent_since = null, absence_proof = null where id = any(?)', [[...ids]]);
      // It was about this absence, which is over (spec section 1, refusal).
      await query(db, `delete from refusal where account_id = any(?) and part = 'gone'`, [[...ids]]);
    },
    async markAbsent(ids, proof) {
      if (ids.length === 0) return;
      await query(
        db,
        `update account set absent_since = coalesce(absent_since, now()), absence_proof = ?
         where id = any(?) and (absent_since is null or gone_since is null and absence_proof = any(?))`,
        [proof, [...ids], silentProofs.includes(proof) ? [] : [...silentProofs]],
      );
    },
    async markTeamsAbsent(source, seen) {
      const sql =
        'update source_team set absent_since = now() where source_id = ? and absent_since is null and external_id <> all(?)';
      await query(db, sql, [source, [...seen]]);
    },
    async saveTeams(source, teams) {
      await forRows(
        db,
        'id text, name text',
        [...new Map(teams.map((team) => [team.id, team])).values()],
        (rows) => `insert into source_team (source_id, external_id, name)
          select src, r.id, r.name from ${rows}, (select ?::text as src) as c
          on conflict (source_id, external_id) do update set name = excluded.name, absent_since = null,
            undecided = source_team.undecided or source_team.name <> excluded.name
          where source_team.name <> excluded.name or source_team.absent_since is not null`,
        [source],
      );
    },
  };
}
