import type { Knex } from 'knex';

/**
 * Whether an account is to be decided on, as a column that the database derives. It stays a comparison, so nobody can forget
 * to set it; but a comparison of two columns has no statistics, so the planner took every account to be due and read them all.
 *
 * `turned`: absent or back, and not decided on yet. Until that is, the account waits as it is (spec 13.1, gone).
 *
 * What is analysed after large imports and reconciles is what hardly needs it: a sample of 3,000 rows tells that ids are
 * unique and how many accounts are due.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index account_due;
    drop index account_absence;
    alter table account
      add column due boolean not null generated always as (
        (decided_hash is distinct from content_hash or decided_wakes <> wakes)
        and (absent_since is null) = (gone_since is null)) stored,
      add column turned boolean not null generated always as ((absent_since is null) <> (gone_since is null)) stored;
    create index account_due on account (source_id, id) where due;
    create index account_turned on account (source_id, id) where turned;
    ${smallSample('account', ['id', 'source_id', 'external_id', 'disabled', 'absent_since', 'gone_since', 'standing', 'due', 'turned'])}
    ${smallSample('match_key', ['key', 'account_id', 'user_id'])}
    ${smallSample('"user"', ['id', 'policy_id'])}
  `);
}

function smallSample(table: string, columns: readonly string[]): string {
  return `alter table ${table} ${columns.map((column) => `alter column ${column} set statistics 10`).join(', ')};`;
}
