import type { Knex } from 'knex';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { iso, sqlRows } from './sql.ts';
import { fullName } from './user-json.ts';

/** Why a person should look at a user. */
type WorklistReason =
  /** Active, and a linked account is gone (spec 9.2). */
  | 'account-gone'
  /** Active, and a linked account is disabled (spec 9.2). */
  | 'account-disabled'
  /** Inactive, and still holds an id that is in use in the ACD (spec 8.4). */
  | 'id-in-use'
  /** Active agent with a further role whose ACD account is gone or disabled (spec 10.7). */
  | 'no-longer-an-agent';

/** One linked account that speaks for the entry. */
interface WorklistEvidence {
  readonly reason: Exclude<WorklistReason, 'no-longer-an-agent'>;
  readonly source: string;
  readonly externalId: string;
  readonly state: 'present' | 'disabled' | 'gone';
  /** Since when the account is gone or disabled, or the user is inactive. */
  readonly since: string | null;
  /** How the absence was proven: a complete import, a tombstone, a look-up (spec 3.1). */
  readonly proof: string | null;
  readonly runId: number | null;
}

/** One user of the worklist with all evidence. */
interface WorklistEntryJson {
  readonly userId: number;
  readonly username: string | null;
  readonly displayName: string | null;
  readonly active: boolean;
  readonly reasons: readonly WorklistReason[];
  readonly evidence: readonly WorklistEvidence[];
}

interface EntryRow {
  readonly id: number;
  readonly username: string | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly display_name: string | null;
  readonly active: boolean;
  readonly other_roles: boolean;
  readonly evidence: readonly {
    readonly reason: WorklistEvidence['reason'];
    readonly source: string;
    readonly externalId: string;
    readonly since: string | null;
    readonly proof: string | null;
    readonly runId: number | null;
  }[];
}

export interface WorklistQueries {
  /** By user id. */
  list(page: PageRequest): Promise<Page<WorklistEntryJson>>;
}

/**
 * Users that a person should look at. `acds` are the ids of the sources that are ACDs. Accounts of retired sources are no
 * evidence (spec 14.1), nor are ignored ones (spec 2.7).
 */
export function createWorklistQueries(knex: Knex, acds: readonly string[]): WorklistQueries {
  return {
    async list({ after, limit }) {
      const rows = await sqlRows<EntryRow>(knex, worklistSql, { after: idAfter(after), limit: limit + 1, acds });
      const page = pageOf(rows, limit, (row) => String(row.id));
      return { items: page.rows.map((row) => toJson(row, acds)), next: page.next };
    },
  };
}

/** First the users of the page, then their evidence: a page costs what it shows, and a walk over unwell accounts. */
const worklistSql = `
with counted as materialized (select source_id from source_state where retired_at is null),
chosen as (
  select id from (
    (select distinct u.id
       from account a join link l on l.account_id = a.id and l.until is null join "user" u on u.id = l.user_id
      where (a.gone_since is not null or a.disabled) and a.ignored_at is null and u.active and u.id > :after
        and a.source_id in (select source_id from counted)
      order by u.id limit :limit)
    union all
    (select u.id from "user" u
      where not u.active and u.id > :after
        and exists (select from link l join account a on a.id = l.account_id
                     where l.user_id = u.id and l.until is null and l.source_id = any (cast(:acds as text[]))
                       and a.gone_since is null and not a.disabled and a.ignored_at is null
                       and l.source_id in (select source_id from counted))
      order by u.id limit :limit)
  ) either order by id limit :limit
)
select u.id, u.username, u.first_name, u.last_name, u.display_name, u.active, listed.evidence,
       u.roles @> '[{"role": "agent"}]' and jsonb_array_length(u.roles) > 1 as other_roles
  from chosen join "user" u on u.id = chosen.id cross join lateral (
    select json_agg(json_build_object(
             'reason', case when not u.active then 'id-in-use' when a.gone_since is null then 'account-disabled'
                            else 'account-gone' end,
             'source', a.source_id, 'externalId', a.external_id,
             'since', case when u.active then coalesce(a.gone_since, a.disabled_since) else u.deactivated_at end,
             'proof', case when u.active then a.absence_proof end, 'runId', case when u.active then a.gone_run_id end
           ) order by a.source_id) as evidence
      from link l join account a on a.id = l.account_id
     where l.user_id = u.id and l.until is null and a.ignored_at is null
       and l.source_id in (select source_id from counted)
       and case when u.active then a.gone_since is not null or a.disabled
                else l.source_id = any (cast(:acds as text[])) and a.gone_since is null and not a.disabled end
  ) listed
 order by u.id`;

const states = { 'account-gone': 'gone', 'account-disabled': 'disabled', 'id-in-use': 'present' } as const;

function toJson(row: EntryRow, acds: readonly string[]): WorklistEntryJson {
  const reasons: WorklistReason[] = [...new Set(row.evidence.map((each) => each.reason))];
  const acdAway = row.evidence.some((each) => each.reason !== 'id-in-use' && acds.includes(each.source));
  if (row.active && acdAway && row.other_roles) reasons.push('no-longer-an-agent');
  return {
    userId: row.id,
    username: row.username,
    displayName: row.display_name ?? fullName(row),
    active: row.active,
    reasons,
    evidence: row.evidence.map(({ reason, source, externalId, since, proof, runId }) => ({
      ...{ reason, source, externalId, state: states[reason], proof, runId },
      since: since === null ? null : iso(new Date(since)),
    })),
  };
}
