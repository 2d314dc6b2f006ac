import type { Knex } from 'knex';

/** Changes of events become one list, three items each, instead of a list of lists (see `event-changes.ts`). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table event disable trigger event_update;
    update event set changes = (
      select jsonb_agg(item.value order by change.place, item.place)
      from jsonb_array_elements(changes) with ordinality as change(value, place),
        jsonb_array_elements(change.value) with ordinality as item(value, place))
    where changes <> '[]';
    alter table event enable trigger event_update;
  `);
}
