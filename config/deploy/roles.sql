-- Two roles of the database: rosterd_owner runs `rosterd migrate` and nothing else, rosterd_app everything else, with no more
-- than it needs. Run this once, as a superuser, before the first `rosterd migrate`:
--
--   psql -v ON_ERROR_STOP=1 -f roles.sql postgres
--
-- Then give both a password (\password rosterd_owner, \password rosterd_app).

create role rosterd_owner login;
create role rosterd_app login;
create database rosterd owner rosterd_owner;

-- Nobody else comes in, and nobody makes temporary tables: one named like a table of ours would stand in front of it.
revoke all on database rosterd from public;
grant connect on database rosterd to rosterd_app;

\connect rosterd

-- PostgreSQL 14 lets everybody make tables in `public`.
revoke all on schema public from public;
alter schema public owner to rosterd_owner;
grant usage on schema public to rosterd_app;
alter default privileges for role rosterd_owner in schema public
  grant select, insert, update, delete on tables to rosterd_app;
alter default privileges for role rosterd_owner in schema public grant usage on sequences to rosterd_app;

-- The queue's own schema (BullMQ), in which it makes a sequence for each queue; not needed with `queue: redis://…`. What is made
-- there stands for nothing of ours: our functions look in `public` alone.
create schema bullmq authorization rosterd_owner;
grant usage, create on schema bullmq to rosterd_app;
alter default privileges for role rosterd_owner in schema bullmq
  grant select, insert, update, delete on tables to rosterd_app;
alter default privileges for role rosterd_owner in schema bullmq grant usage on sequences to rosterd_app;
