import type { Knex } from 'knex';

/**
 * The index of what users are searched by, from the middle of a word too. It needs PostgreSQL's own extension pg_trgm, which
 * the owner of a database may create; where that is not installed, or not allowed, a search reads every user's text. Asked
 * again at each migration, since an administrator may have added it.
 */
export async function ensureSearchIndex(knex: Knex): Promise<void> {
  await knex.raw(`
    do $$ begin
      create extension if not exists pg_trgm;
    exception when insufficient_privilege or undefined_file or feature_not_supported or invalid_schema_name
      or unique_violation or duplicate_object then null;
    end $$`);
  await knex.raw(`
    do $$ begin
      if exists (select from pg_opclass where opcname = 'gin_trgm_ops' and pg_opclass_is_visible(oid)) then
        create index if not exists user_search on "user" using gin (search_text gin_trgm_ops);
      end if;
    end $$`);
}
