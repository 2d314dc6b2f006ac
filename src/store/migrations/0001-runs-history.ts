/** Runs, what they plan and show, and leases. */
export const runs = `
create table run (
  id integer generated always as identity primary key,
  source_id text collate "C" references source_state,
  mode text not null check (mode in ('full', 'delta', 'reconcile')),
  state text not null default 'queued' check (state in
    ('queued', 'importing', 'reconciling', 'held', 'completed', 'completed-with-rejects', 'failed', 'cancelled')),
  sync_id text,
  slot timestamptz,
  asked_by text not null,
  asked_at timestamptz not null default now(),
  started_at timestamptz,
  imported_at timestamptz,
  finished_at timestamptz,
  phase text,
  attempts integer not null default 0,
  counts jsonb not null default '{}',
  progress jsonb,
  rejects jsonb not null default '[]',
  notes jsonb not null default '[]',
  waiting_for text[] not null default '{}',
  complete boolean,
  error_code text,
  error_message text,
  config_digest text,
  cursor_before text,
  cursor_after text,
  cancel_asked_by text,
  held_at timestamptz,
  digest text,
  approved_by text
);
create unique index run_slot on run (source_id, slot) where slot is not null;
create unique index run_active on run (source_id) where state in ('importing', 'reconciling');
create unique index run_held on run (source_id) where state = 'held';
create unique index run_queued on run (source_id) where state = 'queued';
create index run_unfinished on run (id) where state in ('queued', 'importing', 'reconciling');
create index run_source on run (source_id, id);
create index run_state on run (state, id);
create index run_sync on run (sync_id) where sync_id is not null;
create table run_decision (
  run_id integer not null,
  kind text not null check (kind in ('link', 'create')),
  external_id text collate "C" not null,
  account_id integer not null,
  content_hash text not null,
  user_id integer,
  rule text,
  names jsonb not null,
  primary key (run_id, external_id)
);
create unique index run_decision_account on run_decision (run_id, account_id);
create table shown_decision (
  run_id integer not null,
  kind text not null check (kind in ('gone', 'values', 'link', 'create', 'unmatched')),
  account_id integer not null,
  external_id text collate "C" not null,
  user_id integer,
  content_hash text not null,
  changes jsonb not null,
  classes text[] not null,
  digest text not null,
  primary key (run_id, account_id, kind)
);
create table notice (
  id integer generated always as identity primary key,
  target text not null,
  kind text not null,
  subject text not null,
  digest text not null,
  facts jsonb not null,
  noticed_at timestamptz not null default now(),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  sent_at timestamptz,
  unique (target, subject)
);
create table bulk_job (
  id integer generated always as identity primary key,
  action text not null,
  value text,
  insist boolean not null default false,
  reason text,
  operator_name text not null,
  asked_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
create index bulk_job_unfinished on bulk_job (id) where finished_at is null;
create table bulk_result (
  job_id integer not null references bulk_job on delete cascade,
  user_id integer not null,
  outcome text check (outcome in ('changed', 'unchanged', 'refused')),
  code text,
  message text,
  primary key (job_id, user_id)
);
create index bulk_result_pending on bulk_result (job_id, user_id) where outcome is null;
create table lease (
  name text primary key,
  token text not null,
  holder text not null,
  expires_at timestamptz not null
);
`;

/** The history, and what the database itself refuses. */
export const history = `
create table event (
  id bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null default now(),
  actor_kind text not null check (actor_kind in ('sync', 'operator', 'system')),
  actor_name text not null,
  type text not null,
  source_id text collate "C",
  run_id integer,
  user_id integer,
  account_id integer,
  external_id text collate "C",
  changes jsonb not null default '[]',
  reason text,
  guard_classes text[],
  former jsonb,
  undoes bigint
);
create index event_commit on event (xid, id);
create index event_at on event using brin (at);
create index event_user on event (user_id, id);
create index event_run on event (run_id, id);
create index event_source on event (source_id, id);
create index event_guard on event (source_id, at) where guard_classes is not null;

create function operator_named(setting text) returns boolean language sql stable as $$
  select exists (select 1 from operator where name = nullif(current_setting(setting, true), '') and disabled_at is null)
$$;

create function refuse_unattended_activation() returns trigger language plpgsql as $$
begin
  if not operator_named('rosterd.operator') then
    raise exception 'the active state of user % is changed by people only: no existing operator is set in this transaction (rosterd.operator)', old.id
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger user_activation before update on "user" for each row
  when (old.active is distinct from new.active) execute function refuse_unattended_activation();

create function refuse_outside_purge() returns trigger language plpgsql as $$
begin
  if not operator_named('rosterd.purge') then
    raise exception 'users are never deleted, and events never changed, outside an operator''s purge (table %)', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger user_delete before delete on "user" for each row execute function refuse_outside_purge();
create trigger event_update before update on event for each row execute function refuse_outside_purge();
create trigger event_delete before delete on event for each row execute function refuse_outside_purge();

create function refuse_truncate() returns trigger language plpgsql as $$
begin
  raise exception '% is never truncated', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger user_truncate before truncate on "user" execute function refuse_truncate();
create trigger event_truncate before truncate on event execute function refuse_truncate();
`;
