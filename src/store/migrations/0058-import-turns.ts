import type { Knex } from 'knex';

/**
 * Rows of an import that take a unique name which somebody gives up in another row have a turn, behind those that depend on no
 * other (0): who gives a name up comes before who takes it, and those who exchange names have the same one (spec 4.7).
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table people_import_row add column turn integer not null default 0;
    drop index people_import_row_pending;
    create index people_import_row_pending on people_import_row (import_id, turn, row) where outcome is null;
  `);
}
