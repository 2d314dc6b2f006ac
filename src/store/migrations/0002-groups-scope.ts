import type { Knex } from 'knex';

/**
 * Groups, scopes and who stands on the worklist as a supervisor (spec 10.5, 10.6, 11.5). What people say of a user's group
 * and scope are words like the others; the table that was meant for them goes. An operator who was there before had no
 * limits and keeps none; one that comes later has no scope until somebody gives one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
drop table scope;
alter table team_group add is_default boolean not null default false;
create unique index team_group_default on team_group (is_default) where is_default;
create index team_group_parent on team_group (parent_id) where parent_id is not null;
create index team_in_group on team (group_id) where group_id is not null;
alter table word drop constraint word_kind_check;
alter table word add constraint word_kind_check check (kind in
  ('local-value', 'role-given', 'role-taken', 'team-given', 'team-taken', 'supervises-given', 'supervises-taken', 'main-team',
   'member-group', 'scope-full', 'scope-group', 'scope-team'));
create index word_of_group on word (ref) where kind in ('member-group', 'scope-group');
alter table operator add full_scope boolean not null default false;
update operator set full_scope = true;
create table operator_scope (
  operator_id integer not null references operator on delete cascade,
  group_id integer references team_group,
  team_id integer references team,
  check ((group_id is null) <> (team_id is null)),
  unique (operator_id, group_id),
  unique (operator_id, team_id)
);
create index user_supervising on "user" (id) where active and supervised_team_ids <> '{}';
`);
}
