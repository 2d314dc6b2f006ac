import type { Knex } from 'knex';

/**
 * A bulk job remembers what its operator might do when they asked for it: with a token that is limited, less than they may.
 * Jobs from before were asked for by whoever might do everything that they do.
 *
 * What the database itself refuses holds for every role but the owner: the functions look for names in our schema alone, or a
 * temporary table named `operator`, or a schema in front of ours, would stand for the real one. The application's role owns no
 * table and has its statistics refreshed by a function of the owner (README, two roles of the database).
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table bulk_job add permissions text[];
    update bulk_job set permissions = array['view', 'edit-users', 'toggle-sync', 'activate', 'override-acd-presence',
      'assign-user-roles'];
    alter table bulk_job alter permissions set not null;

    create function analyse_table(analysed regclass, columns text[]) returns void language plpgsql security definer as $$
    begin
      if not exists (select from pg_class asked join pg_class ours using (relnamespace)
                      where asked.oid = analysed and asked.relkind = 'r' and ours.oid = to_regclass('operator')) then
        raise exception '% is no table of rosterd', analysed using errcode = 'insufficient_privilege';
      end if;
      execute format('analyze %s %s', analysed,
        (select '(' || string_agg(quote_ident(name), ', ') || ')' from unnest(columns) as name));
    end $$;

    do $$
    declare
      function_name text;
    begin
      foreach function_name in array array['operator_named(text)', 'refuse_unattended_activation()', 'refuse_outside_purge()',
        'refuse_truncate()', 'analyse_table(regclass, text[])']
      loop
        execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', function_name, current_schema());
      end loop;
    end $$;
  `);
}
