import type { Knex } from 'knex';

/**
 * What users are searched by (spec 15.2): one text, folded by the program, since the database's own folding depends on its
 * locale. Null until it has been derived.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table "user" add column search_text text;
    drop index user_username, user_last_name, user_first_name, user_email;
    create index user_not_searchable on "user" (id) where search_text is null;
  `);
}
