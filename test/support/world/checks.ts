import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../../../src/domain/change.ts';
import { isField } from '../../../src/domain/fields.ts';
import { fromKept, type KeptChanges } from '../../../src/store/event-changes.ts';
import { query, queryOne, type Db } from '../../../src/store/sql.ts';
import { differences } from './view.ts';

/** Everything that a reconcile with nothing due must leave alone (spec 20.5): all but runs, leases and a source's times. */
const decided = [
  'account',
  'source_team',
  'team',
  '"user"',
  'sync_off',
  'snapshot',
  'override',
  'word',
  'link',
  'bar',
  'refusal',
  'claim',
  'match_key',
  'review_item',
  'event',
];
/** What only people say (spec 20.8). Refusals end by rule. */
const words = ['override', 'word', 'sync_off', 'bar', 'review_answer'];

/** One text per table that changes with any of its rows. */
export async function digests(db: Db, tables: readonly string[] = decided): Promise<Record<string, string>> {
  const parts = tables.map(
    (table) =>
      `select '${table}' as name, count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as digest from ${table} t`,
  );
  const rows = await query<{ name: string; digest: string }>(db, parts.join(' union all '));
  return Object.fromEntries(rows.map((row) => [row.name, row.digest]));
}

/** A user as events tell of them. */
interface Told {
  readonly id: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly roles: readonly string[];
  readonly teams: readonly number[];
  readonly mainTeam: number | null;
  readonly supervises: readonly number[];
}

/** What is looked at before and after something has happened to a store. */
export interface Moment {
  readonly users: readonly Told[];
  readonly teams: ReadonlyMap<number, string>;
  readonly lastEvent: number;
  readonly words: Readonly<Record<string, string>>;
  readonly activity: readonly object[];
  /** Slots that the sync must not move: of users whose sync is off or who are inactive (spec 20.2). */
  readonly frozen: Readonly<Record<string, string>>;
}

export async function momentOf(db: Db): Promise<Moment> {
  const users = await query<Told>(
    db,
    `select id, jsonb_strip_nulls(jsonb_build_object('username', username, 'firstName', first_name, 'lastName', last_name,
         'displayName', display_name, 'email', email, 'windowsLogin', windows_login, 'employeeId', employee_id, 'acdId', acd_id)) || more_fields as fields,
       array(select r ->> 'role' from jsonb_array_elements(roles) r) as roles, team_ids as teams, main_team_id as "mainTeam",
       supervised_team_ids as supervises from "user" order by id`,
  );
  const teams = await query<{ id: number; name: string }>(db, 'select id, name from team');
  const { last } = await queryOne<{ last: string | null }>(db, 'select max(id) as last from event');
  const slots = await query<{ slot: string; digest: string }>(
    db,
    `select s.user_id || ' ' || s.source_id as slot, md5(row(s.account_id, s.results, s.applied_at)::text) as digest from snapshot s join "user" u on u.id = s.user_id
     where not u.active or not u.sync_enabled or s.source_id = any(u.sync_off_sources)`,
  );
  return {
    users,
    teams: new Map(teams.map((team) => [team.id, team.name])),
    lastEvent: Number(last ?? 0),
    words: await digests(db, words),
    activity: await query(db, 'select id, active, sync_enabled, sync_off_sources from "user" order by id'),
    frozen: Object.fromEntries(slots.map(({ slot, digest }) => [slot, digest])),
  };
}

/** What the sync has done between two moments that it must never do (spec 20.2, 20.3, 20.8). */
export function syncOffences(before: Moment, after: Moment): string[] {
  const known = new Set(before.activity.map((row) => (row as { id: number }).id));
  const activity = after.activity.filter((row) => known.has((row as { id: number }).id));
  return [
    ...differences(after.words, before.words, '20.8'),
    ...differences(activity, before.activity, '20.3'),
    ...Object.keys(before.frozen).flatMap((slot) =>
      differences(after.frozen[slot], before.frozen[slot], `20.2 ${slot}`),
    ),
  ];
}

/** Beside the user's value, events tell the words that people have said and what an act was. */
function isOfUser({ field }: Change): boolean {
  return isField(field) || ['roles', 'teams', 'mainTeam', 'supervises'].includes(field);
}

/** Places where a user differs from what the events in between say (spec 20.9). */
export async function unexplained(db: Db, before: Moment, after: Moment): Promise<string[]> {
  const events = await query<{
    id: string;
    userId: number;
    changes: KeptChanges;
  }>(
    db,
    `select id, user_id as "userId", changes from event where id > ? and user_id is not null and type <> 'refused' and type <> 'sync-switched' order by id`,
    [before.lastEvent],
  );
  // A rename of a team is an event of the team; the same team under two names is the same to a user.
  const teamOf = new Map<string, number>();
  const ambiguous = new Set<string>();
  for (const [id, name] of [...before.teams, ...after.teams]) {
    if (teamOf.has(name) && teamOf.get(name) !== id) ambiguous.add(name);
    teamOf.set(name, id);
  }
  if (ambiguous.size > 0) return [];
  const told = (user: Told | undefined): Record<string, unknown> => ({
    ...user?.fields,
    roles: [...(user?.roles ?? [])].sort(),
    teams: [...(user?.teams ?? [])].sort(),
    mainTeam: user?.mainTeam ?? null,
    supervises: [...(user?.supervises ?? [])].sort(),
  });
  const shown = (field: string, value: string | readonly string[] | null): unknown => {
    if (field === 'mainTeam' && typeof value === 'string') return teamOf.get(value) ?? value;
    if (value === null || typeof value === 'string') return value;
    return (field === 'roles' ? [...value] : value.map((name) => teamOf.get(name) ?? name)).sort();
  };
  const problems: string[] = [];
  for (const user of after.users) {
    const state = told(before.users.find((each) => each.id === user.id));
    for (const event of events.filter((each) => each.userId === user.id))
      for (const change of fromKept<Change>(event.changes).filter(isOfUser)) {
        const was = shown(change.field, change.before);
        const present = state[change.field] ?? (Array.isArray(was) ? [] : null);
        if (!isDeepStrictEqual(was, present))
          problems.push(
            `20.9 event ${event.id} of user ${String(user.id)}: ${change.field} was ${JSON.stringify(present)}, not ${JSON.stringify(was)}`,
          );
        const now = shown(change.field, change.after);
        if (now === null && change.field !== 'mainTeam') Reflect.deleteProperty(state, change.field);
        else state[change.field] = now;
      }
    problems.push(...differences(told(user), state, `20.9 user ${String(user.id)}`));
  }
  return problems;
}

/** `held`: sources of which nothing is applied now. What the store says twice and must say the same: claims, due accounts, ownership periods, runs (spec 20.1, 20.4, 20.5). */
export async function inconsistencies(db: Db, held: readonly string[]): Promise<string[]> {
  const rows = await query<{ problem: string }>(
    db,
    `select 'claim ' || kind || '=' || value || ' of user ' || c.user_id || ' is not in the value' as problem from claim c join "user" u on u.id = c.user_id
       where c.value <> lower(upper(btrim(case when c.kind = 'username' then u.username when c.kind = 'windowsLogin' then u.windows_login
         when c.kind = 'employeeId' then u.employee_id when c.kind = 'numericId' then u.more_fields ->> 'numericId' else u.acd_id end)))
     union all select 'user ' || u.id || ' has a ' || f.kind || ' without a claim' from "user" u, lateral (values ('username', u.username),
         ('windowsLogin', u.windows_login), ('employeeId', u.employee_id), ('acdId:' || coalesce(u.acd_source, 'local'), u.acd_id)) f (kind, value)
       where f.value is not null and not exists (select from claim c where c.user_id = u.id and c.kind = f.kind)
     union all select 'account ' || source_id || ':' || external_id || ' is still due' from account
       where (decided_hash is distinct from content_hash or decided_wakes <> wakes) and source_id <> all(?) and exists (select from "user")
     union all select 'periods of account ' || a.account_id || ' overlap' from link a join link b on a.account_id = b.account_id and a.id < b.id
       where a.until is null or a.until > b.since
     union all select 'run ' || id || ' of ' || source_id || ' is ' || state || ' (' || coalesce(error_message, '') || ')' from run
       where state in ('queued', 'importing', 'reconciling') or error_code not in ('incomplete-read', 'held', 'superseded', 'discarded')
     union all select 'lease ' || name || ' is still held' from lease`,
    [[...held]],
  );
  return rows.map((row) => row.problem);
}
