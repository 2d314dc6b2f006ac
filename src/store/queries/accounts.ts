import type { Sight } from '../../domain/scope.ts';
import { seesAccount } from '../sight.ts';
import type { Knex } from 'knex';
import type { AccountContent } from '../../domain/account.ts';
import { CursorError, pageOf, type Page, type PageRequest } from './paging.ts';
import { allOf, iso, sqlRows } from './sql.ts';

/** How reconcile left an account; `new` until it has decided on it for the first time. */
type Match = 'new' | 'linked' | 'unmatched' | 'waiting' | 'question' | 'ignored' | 'unlinked';

interface AccountFilter extends PageRequest {
  readonly source?: string | undefined;
  readonly state?: 'present' | 'disabled' | 'gone' | undefined;
  readonly match?: Match | undefined;
  /** Linked, or not (spec 4.5). */
  readonly matched?: boolean | undefined;
}

/** An account as the API answers it. */
interface AccountJson {
  readonly id: number;
  readonly source: string;
  readonly externalId: string;
  readonly state: 'present' | 'disabled' | 'gone';
  readonly match: Match;
  /** Why it is not linked, or why the link does nothing. */
  readonly reason: string | null;
  /** The open question about it. */
  readonly reviewItem: number | null;
  /** By a person, or by the filter of the configuration (spec 2.7). */
  readonly ignored: {
    readonly by: 'person' | 'filter';
    readonly name: string | null;
    readonly at: string | null;
    readonly reason: string | null;
  } | null;
  /** Whom it is linked to, or waits for. */
  readonly userId: number | null;
  readonly username: string | null;
  readonly firstSeenAt: string;
  readonly changedAt: string;
  readonly goneSince: string | null;
  readonly disabledSince: string | null;
  /** Null is *empty*; a field that is missing was *not read* (spec 2.3). */
  readonly values: Readonly<Record<string, string | null>>;
  readonly teams: readonly string[];
}

interface AccountRow {
  readonly id: number;
  readonly source_id: string;
  readonly external_id: string;
  readonly state: AccountJson['state'];
  readonly standing: Match;
  readonly standing_reason: string | null;
  readonly review_item: number | null;
  readonly ignored_at: Date | null;
  readonly ignored_by: string | null;
  readonly ignored_reason: string | null;
  readonly user_id: number | null;
  readonly username: string | null;
  readonly first_seen_at: Date;
  readonly changed_at: Date;
  readonly gone_since: Date | null;
  readonly disabled_since: Date | null;
  readonly content: AccountContent;
}

const states = {
  present: 'gone_since is null and not disabled',
  disabled: '(gone_since is not null or disabled) and gone_since is null',
  gone: '(gone_since is not null or disabled) and gone_since is not null',
} as const;

export interface AccountQueries {
  /** In the order of source and external id. */
  list(filter: AccountFilter): Promise<Page<AccountJson>>;
  get(source: string, externalId: string): Promise<AccountJson | null>;
}

/** Accounts: Matched / Not matched (spec 4.5). */
export function createAccountQueries(knex: Knex, sight: Sight | null): AccountQueries {
  return {
    async list(filter) {
      const after = filter.after === undefined ? undefined : keyOf(filter.after);
      const wanted = allOf([
        seesAccount(sight, 'account'),
        filter.source !== undefined && 'source_id = :source',
        filter.state && states[filter.state],
        filter.match !== undefined && 'standing = :match',
        filter.matched === true && "standing = 'linked'",
        after && '(source_id, external_id) > (:afterSource, :afterId)',
      ]);
      const rows = await sqlRows<AccountRow>(knex, accountsSql(chosen(wanted, filter)), {
        limit: filter.limit + 1,
        ...(filter.source === undefined ? {} : { source: filter.source }),
        ...(filter.match === undefined ? {} : { match: filter.match }),
        ...(after === undefined ? {} : { afterSource: after.source, afterId: after.externalId }),
      });
      const page = pageOf(rows, filter.limit, (row) => cursorOf(row.source_id, row.external_id));
      return { items: page.rows.map(toJson), next: page.next };
    },
    async get(source, externalId) {
      const one = `select * from account where source_id = :source and external_id = :externalId and ${seesAccount(sight, 'account')}`;
      const [row] = await sqlRows<AccountRow>(knex, accountsSql(one), { source, externalId });
      return row === undefined ? null : toJson(row);
    },
  };
}

const inOrder = 'order by source_id, external_id limit :limit';

/** The accounts of a page. What is not matched is found by two indexes: what was decided on, and what is still to be. */
function chosen(wanted: string, { matched }: AccountFilter): string {
  const page = (condition: string): string => `select * from account where ${condition} and ${wanted} ${inOrder}`;
  if (matched !== false) return page('true');
  const undecided = `standing = 'new' and (decided_hash is distinct from content_hash or decided_wakes <> wakes)`;
  return `select * from ((${page("standing not in ('new', 'linked')")}) union all (${page(undecided)})) either ${inOrder}`;
}

function accountsSql(accounts: string): string {
  return `select a.id, a.source_id, a.external_id, a.standing, a.standing_reason, a.first_seen_at, a.changed_at,
                 a.gone_since, a.disabled_since, a.content, a.ignored_at, a.ignored_by, a.ignored_reason,
                 coalesce(l.user_id, a.standing_user) as user_id, u.username,
                 case when a.standing_reason is not null then
                   (select min(id) from review_item where closed_at is null and account_ids @> array[a.id])
                 end as review_item,
                 case when a.gone_since is not null then 'gone' when a.disabled then 'disabled' else 'present' end as state
            from (${accounts}) a
                 left join link l on l.account_id = a.id and l.until is null
                 left join "user" u on u.id = coalesce(l.user_id, a.standing_user)
           order by a.source_id, a.external_id`;
}

function toJson(row: AccountRow): AccountJson {
  return {
    id: row.id,
    source: row.source_id,
    externalId: row.external_id,
    state: row.state,
    match: row.standing,
    reason: row.standing_reason,
    reviewItem: row.review_item,
    ignored: ignoredOf(row),
    userId: row.user_id,
    username: row.username,
    firstSeenAt: iso(row.first_seen_at),
    changedAt: iso(row.changed_at),
    goneSince: iso(row.gone_since),
    disabledSince: iso(row.disabled_since),
    values: row.content.values as AccountJson['values'],
    teams: (row.content.teams ?? []).map((team) => team.name),
  };
}

function ignoredOf(row: AccountRow): AccountJson['ignored'] {
  if (row.ignored_at !== null)
    return { by: 'person', name: row.ignored_by, at: iso(row.ignored_at), reason: row.ignored_reason };
  if (row.standing !== 'ignored') return null;
  return { by: 'filter', name: null, at: null, reason: row.standing_reason };
}

function cursorOf(source: string, externalId: string): string {
  return Buffer.from(JSON.stringify([source, externalId]), 'utf8').toString('base64url');
}

function keyOf(cursor: string): { source: string; externalId: string } {
  const key = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!Array.isArray(key) || key.length !== 2) throw new CursorError(cursor);
  const [source, externalId] = key as [unknown, unknown];
  if (typeof source !== 'string' || typeof externalId !== 'string') throw new CursorError(cursor);
  return { source, externalId };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no cursor of ours: the caller refuses it by name
  }
}
