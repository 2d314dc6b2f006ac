import type { Knex } from 'knex';
import { evidenceDigest, evidenceList, hasOtherRoles } from '../worklist-evidence.ts';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { iso, sqlRows } from './sql.ts';
import { fullName } from './user-json.ts';

/** Why a person should look at a user. */
type WorklistReason =
  /** Active, and a linked account is gone (spec 9.2). */
  | 'account-gone'
  /** Active, and a linked account is disabled (spec 9.2). */
  | 'account-disabled'
  /** A linked account has other logins or names than before (spec 9.1). */
  | 'account-renamed'
  /** A linked account was gone and is there again (spec 9.1). */
  | 'account-returned'
  /** Inactive, and still holding an id that is in use in the ACD (spec 8.4). */
  | 'id-in-use'
  /** Active agent with a further role whose ACD account is gone or disabled (spec 10.7). */
  | 'no-longer-an-agent';

/** One linked account that speaks for the entry. */
interface WorklistEvidence {
  readonly reason: Exclude<WorklistReason, 'no-longer-an-agent'>;
  readonly source: string;
  readonly externalId: string;
  readonly state: 'present' | 'disabled' | 'gone';
  /** Since when the account is gone or disabled, when it was renamed or returned, since when the user is inactive. */
  readonly since: string | null;
  /** How it was proven: a complete import, a tombstone, a look-up (spec 3.1). */
  readonly proof: string | null;
  readonly runId: number | null;
  /** What a rename changed. */
  readonly changes: readonly { readonly field: string; readonly before: string; readonly after: string }[];
}

/** One user of the worklist with all evidence. */
interface WorklistEntryJson {
  readonly userId: number;
  readonly username: string | null;
  readonly displayName: string | null;
  readonly active: boolean;
  readonly reasons: readonly WorklistReason[];
  readonly evidence: readonly WorklistEvidence[];
  /** Who has seen this very evidence; such entries are listed only where all are asked for. */
  readonly acknowledged: Acknowledged | null;
}

interface Acknowledged {
  readonly by: string;
  readonly at: string;
  readonly until: string | null;
  readonly note: string;
}

interface EntryRow {
  readonly id: number;
  readonly username: string | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly display_name: string | null;
  readonly active: boolean;
  readonly other_roles: boolean;
  readonly evidence: readonly Omit<WorklistEvidence, 'state'>[];
  readonly ack_by: string | null;
  readonly ack_at: Date | null;
  readonly ack_until: Date | null;
  readonly ack_note: string | null;
}

export interface WorklistQueries {
  /** By user id; `all`: those that were acknowledged, too. */
  list(page: PageRequest & { readonly all?: boolean | undefined }): Promise<Page<WorklistEntryJson>>;
}

/** Users that a person should look at. `acds` are the ids of the sources that are ACDs. */
export function createWorklistQueries(knex: Knex, acds: readonly string[]): WorklistQueries {
  return {
    async list({ after, limit, all = false }) {
      const bindings = { after: idAfter(after), limit: limit + 1, acds };
      const rows = await sqlRows<EntryRow>(knex, worklistSql(all), bindings);
      const page = pageOf(rows, limit, (row) => String(row.id));
      return { items: page.rows.map((row) => toJson(row, acds)), next: page.next };
    },
  };
}

/** An acknowledgement `k` of user `u` that still holds. */
const acknowledged = `k.user_id = u.id and (k.until is null or k.until > now()) and k.evidence_digest = (${evidenceDigest})`;

/** First the users of the page, then their evidence: a page costs what it shows, and a walk over unwell accounts. */
function worklistSql(all: boolean): string {
  const listed = all ? 'true' : `not exists (select from worklist_ack k where ${acknowledged})`;
  return `
with counted as materialized (select source_id from source_state where retired_at is null),
chosen as (
  select id from (
    (select distinct u.id
       from account a join link l on l.account_id = a.id and l.until is null join "user" u on u.id = l.user_id
      where (a.gone_since is not null or a.disabled) and a.ignored_at is null and u.active and u.id > :after
        and a.source_id in (select source_id from counted) and ${listed}
      order by u.id limit :limit)
    union
    (select distinct u.id
       from account_notice n join account a on a.id = n.account_id join link l on l.account_id = a.id and l.until is null
            join "user" u on u.id = l.user_id
      where a.ignored_at is null and u.id > :after and a.source_id in (select source_id from counted) and ${listed}
      order by u.id limit :limit)
    union
    (select u.id from "user" u
      where not u.active and u.id > :after
        and exists (select from link l join account a on a.id = l.account_id
                     where l.user_id = u.id and l.until is null and l.source_id = any (cast(:acds as text[]))
                       and a.gone_since is null and not a.disabled and a.ignored_at is null
                       and l.source_id in (select source_id from counted))
        and ${listed}
      order by u.id limit :limit)
  ) either order by id limit :limit
)
select u.id, u.username, u.first_name, u.last_name, u.display_name, u.active, listed.evidence, ${hasOtherRoles} as other_roles,
       k.operator_name as ack_by, k.at as ack_at, k.until as ack_until, k.note as ack_note
  from chosen join "user" u on u.id = chosen.id cross join lateral (${evidenceList}) listed
       left join worklist_ack k on ${acknowledged}
 order by u.id`;
}

const states = {
  'account-gone': 'gone',
  'account-disabled': 'disabled',
  'account-renamed': 'present',
  'account-returned': 'present',
  'id-in-use': 'present',
} as const;
const away: readonly WorklistReason[] = ['account-gone', 'account-disabled'];

function toJson(row: EntryRow, acds: readonly string[]): WorklistEntryJson {
  const reasons: WorklistReason[] = [...new Set(row.evidence.map((each) => each.reason))];
  const acdAway = row.evidence.some((each) => away.includes(each.reason) && acds.includes(each.source));
  if (row.active && acdAway && row.other_roles) reasons.push('no-longer-an-agent');
  return {
    userId: row.id,
    username: row.username,
    displayName: row.display_name ?? fullName(row),
    active: row.active,
    reasons,
    evidence: row.evidence.map(({ since, ...each }) => ({
      ...each,
      state: states[each.reason],
      since: since === null ? null : iso(new Date(since)),
    })),
    acknowledged: acknowledgedOf(row),
  };
}

function acknowledgedOf(row: EntryRow): Acknowledged | null {
  if (row.ack_by === null || row.ack_at === null) return null;
  return { by: row.ack_by, at: iso(row.ack_at), until: iso(row.ack_until), note: row.ack_note ?? '' };
}
