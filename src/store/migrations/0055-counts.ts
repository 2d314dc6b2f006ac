import type { Knex } from 'knex';

const state = `case when gone_since is not null then 'gone' when disabled then 'disabled' else 'present' end`;

/**
 * How many accounts each source has, by state and standing, without counting them at each look: every statement that
 * changes accounts adds its differences, and what is asked for is their sum. Nobody waits for anybody, since rows are only
 * added; the end of a run folds them into one per kind. And an index for what people did, among millions of entries of the sync.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table account_count (source_id text collate "C" not null, state text not null, standing text not null, count bigint not null);
    create index on account_count (source_id);

    insert into account_count
      select source_id, ${state}, standing, count(*) from account group by 1, 2, 3;

    create function count_accounts() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then
        insert into account_count
          select source_id, ${state}, standing, count(*) from after group by 1, 2, 3;
      elsif tg_op = 'DELETE' then
        insert into account_count
          select source_id, ${state}, standing, -count(*) from before group by 1, 2, 3;
      else
        insert into account_count
          select source_id, state, standing, sum(by) from (
            select source_id, ${state} as state, standing, 1 as by from after
            union all
            select source_id, ${state}, standing, -1 from before
          ) moved group by 1, 2, 3 having sum(by) <> 0;
      end if;
      return null;
    end $$;

    create trigger account_inserted after insert on account referencing new table as after
      for each statement execute function count_accounts();
    create trigger account_updated after update on account referencing new table as after old table as before
      for each statement execute function count_accounts();
    create trigger account_deleted after delete on account referencing old table as before
      for each statement execute function count_accounts();

    create index event_of_people on event (id) where actor_kind = 'operator';

    do $$
    begin
      execute format('alter function count_accounts() set search_path = pg_catalog, %I, pg_temp', current_schema());
    end $$;
  `);
}
