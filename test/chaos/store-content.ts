import { Client, type ClientConfig } from 'pg';
import type { DatabaseConnection } from '../../src/store/database.ts';

/** Everything that a sync leaves behind, as sorted lines per table without numbers that depend on the order of the work. */
export type StoreContent = Readonly<Record<string, readonly string[]>>;

const teamNames = (ids: string): string =>
  `(select coalesce(jsonb_agg(t.name order by t.name), '[]') from team t where t.id = any(${ids}))`;
const idsIn = (column: string, key: string): string =>
  `array(select jsonb_array_elements_text(${column}->'${key}')::int)`;
const accountName = (id: string): string =>
  `(select a.source_id || '/' || a.external_id from account a where a.id = ${id})`;
const userName = (id: string): string => `(select u.username from "user" u where u.id = ${id})`;
const sorted = (ids: string, name: (id: string) => string): string =>
  `(select coalesce(jsonb_agg(n order by n), '[]') from (select ${name('each')} as n from unnest(${ids}) as each) as named)`;

/** One line per row: JSON objects, whose keys PostgreSQL keeps in one order. */
const queries: Readonly<Record<string, string>> = {
  accounts: `select to_jsonb(x) as line from (select source_id, external_id, content_hash, disabled, absent_since is not null as absent,
      gone_since is not null as gone, standing, standing_reason, held_digest, ${userName('standing_user')} as standing_user,
      decided_hash is distinct from content_hash or decided_wakes <> wakes as due from account) as x`,
  users: `select to_jsonb(u) - '{id,policy_id,created_at,deactivated_at,start_date,team_ids,main_team_id,supervised_team_ids}'::text[]
      || jsonb_build_object('teams', ${teamNames('u.team_ids')}, 'main', ${teamNames('array[u.main_team_id]')},
        'supervises', ${teamNames('u.supervised_team_ids')}) as line from "user" u`,
  links: `select to_jsonb(x) as line from (select ${accountName('account_id')} as account, ${userName('user_id')} as username,
      source_id, origin, rule, until is null as current, end_reason from link) as x`,
  snapshots: `select to_jsonb(x) as line from (select ${userName('user_id')} as username, source_id, ${accountName('account_id')} as account,
      results - 'teams' - 'supervises' as results, names_seen, ${teamNames(idsIn('results', 'teams'))} as teams,
      ${teamNames(idsIn('results', 'supervises'))} as supervises from snapshot) as x`,
  claims: `select to_jsonb(x) as line from (select kind, value, ${userName('user_id')} as username from claim) as x`,
  matchKeys: `select to_jsonb(x) as line from
      (select key, ${userName('user_id')} as username, ${accountName('account_id')} as account from match_key) as x`,
  words: `select to_jsonb(x) as line from (select ${userName('user_id')} as username, kind, ref, value, operator_name from word) as x`,
  teams: `select to_jsonb(name) as line from team`,
  sourceTeams: `select to_jsonb(x) as line from (select source_id, external_id, name, undecided,
      (select t.name from team t where t.id = team_id) as team from source_team) as x`,
  reviewItems: `select to_jsonb(x) as line from (select kind, source_id, part, closed_at is null as open,
      ${sorted('account_ids', accountName)} as accounts, ${sorted('user_ids', userName)} as users from review_item) as x`,
  // The link for a first sign-in belongs to a start, and there are more of them where a process was killed.
  events: `select to_jsonb(x) as line from (select type, actor_kind, actor_name, source_id, external_id, ${userName('user_id')} as username,
      ${accountName('account_id')} as account, changes, reason, guard_classes from event
      where type not in ('source-added', 'operator-link-made')) as x`,
  refusals: `select to_jsonb(x) as line from (select ${accountName('account_id')} as account, part, value_said from refusal) as x`,
  importRows: `select to_jsonb(x) as line from (select row, outcome, code, ${userName('user_id')} as username from people_import_row) as x`,
  planned: `select to_jsonb(external_id) as line from plan`,
  unfinishedRuns: `select to_jsonb(x) as line from (select id, state, phase from run
      where state in ('queued', 'importing', 'reconciling', 'held')) as x`,
};

/** Reads the whole result of the syncs of a store. */
export async function readStore(connection: DatabaseConnection | ClientConfig): Promise<StoreContent> {
  const client = new Client(connection);
  await client.connect();
  try {
    const content: Record<string, string[]> = {};
    for (const [name, sql] of Object.entries(queries)) {
      const { rows } = await client.query<{ line: unknown }>(sql);
      content[name] = rows.map(({ line }) => JSON.stringify(line)).sort();
    }
    return content;
  } finally {
    await client.end();
  }
}

/** What differs, a few lines of each table: empty where both stores hold the same. */
export function differences(actual: StoreContent, expected: StoreContent): string[] {
  return Object.keys(queries).flatMap((name) => {
    const [have, want] = [actual[name] ?? [], expected[name] ?? []];
    const tooMany = without(have, want);
    const missing = without(want, have);
    if (tooMany.length + missing.length === 0) return [];
    const shown = (lines: readonly string[]): string[] => lines.slice(0, 3).map((line) => `    ${line.slice(0, 600)}`);
    return [
      `${name}: ${tooMany.length} lines that should not be there, ${missing.length} missing`,
      ...(tooMany.length > 0 ? ['  not expected:', ...shown(tooMany)] : []),
      ...(missing.length > 0 ? ['  missing:', ...shown(missing)] : []),
    ];
  });
}

/** The lines of `all` that are not in `others`, each as often as it is there once too many. */
function without(all: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return all.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
