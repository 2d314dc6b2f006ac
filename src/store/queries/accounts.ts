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
  readonly userId: number | null;
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
  readonly user_id: number | null;
  readonly first_seen_at: Date;
  readonly changed_at: Date;
  readonly gone_since: Date | null;
  readonly disabled_since: Date | null;
  readonly content: AccountContent;
}

const states = {
  present: 'a.gone_since is null and not a.disabled',
  disabled: '(a.gone_since is not null or a.disabled) and a.gone_since is null',
  gone: '(a.gone_since is not null or a.disabled) and a.gone_since is not null',
} as const;

export interface AccountQueries {
  /** By source and external id. */
  list(filter: AccountFilter): Promise<Page<AccountJson>>;
}

/** Accounts: Matched / Not matched (spec 4.5). */
export function createAccountQueries(knex: Knex): AccountQueries {
  return {
    async list(filter) {
      const after = filter.after === undefined ? undefined : keyOf(filter.after);
      const rows = await sqlRows<AccountRow>(
        knex,
        `select a.id, a.source_id, a.external_id, a.standing, a.standing_reason, a.first_seen_at, a.changed_at, a.gone_since,
                a.disabled_since, a.content, coalesce(l.user_id, a.standing_user) as user_id,
                case when a.gone_since is not null then 'gone' when a.disabled then 'disabled' else 'present' end as state
           from account a left join link l on l.account_id = a.id and l.until is null
          where ${allOf([
            filter.source !== undefined && 'a.source_id = :source',
            filter.state && states[filter.state],
            filter.match !== undefined && 'a.standing = :match',
            after && '(a.source_id, a.external_id) > (:afterSource, :afterId)',
          ])}
          order by a.source_id, a.external_id limit :limit`,
        {
          limit: filter.limit + 1,
          ...(filter.source === undefined ? {} : { source: filter.source }),
          ...(filter.match === undefined ? {} : { match: filter.match }),
          ...(after === undefined ? {} : { afterSource: after.source, afterId: after.externalId }),
        },
      );
      const page = pageOf(rows, filter.limit, (row) => cursorOf(row.source_id, row.external_id));
      return { items: page.rows.map(toJson), next: page.next };
    },
  };
}

function toJson(row: AccountRow): AccountJson {
  return {
    id: row.id,
    source: row.source_id,
    externalId: row.external_id,
    state: row.state,
    match: row.standing,
    reason: row.standing_reason,
    userId: row.user_id,
    firstSeenAt: iso(row.first_seen_at),
    changedAt: iso(row.changed_at),
    goneSince: iso(row.gone_since),
    disabledSince: iso(row.disabled_since),
    values: row.content.values as AccountJson['values'],
    teams: (row.content.teams ?? []).map((team) => team.name),
  };
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
    return undefined;
  }
}
