import type { Sight } from '../../domain/scope.ts';
import { seesUserId } from '../sight.ts';
import type { Knex } from 'knex';
import { acdIdPeriods } from './acd-id-owners.ts';
import { iso, sqlRows } from './sql.ts';

/** A period in which an external id belonged to a user, dated by observation (spec 8.1). */
interface OwnerJson {
  readonly source: string;
  readonly externalId: string;
  readonly from: string;
  /** Last seen under the old name; null while it lasts. */
  readonly to: string | null;
  readonly userId: number;
  /** A question is open whether it is still the same person. */
  readonly disputed: boolean;
  /** Whether it is the account's own id or the ACD id that the source gave with it. */
  readonly as: 'externalId' | 'acdId';
  /** The owner's; while disputed also the name that the source says now. */
  readonly names: readonly string[];
}

interface PeriodRow {
  readonly user_id: number;
  /** The other periods say when this one began. */
  readonly seen: boolean;
  readonly since: Date;
  readonly ended: Date | null;
  readonly name: string | null;
  readonly name_now: string | null;
  readonly disputed_since: Date | null;
}

/**
 * Who owned an external id, period by period, the oldest first, and then who had it as an ACD id that is another one than the
 * external id; with `at` the periods at that time.
 */
export async function ownersOf(
  knex: Knex,
  { source, externalId, at }: { source: string; externalId: string; at?: Date | undefined },
  sight: Sight | null,
): Promise<readonly OwnerJson[]> {
  const covers = (from: Date, to: Date | null): boolean => at === undefined || (from <= at && (to === null || at < to));
  const rows = await sqlRows<PeriodRow>(knex, periodsSql(sight), { source, externalId });
  const byAcdId = await acdIdPeriods(knex, { source, acdId: externalId }, sight);
  return [
    ...rows.filter((row) => row.seen && covers(row.since, row.ended)).map((row) => toJson(row, source, externalId, at)),
    ...byAcdId
      .filter(({ from, to }) => covers(from, to))
      .map(({ userId, from, to, name }) => ({
        ...{ source, externalId, from: iso(from), to: iso(to), userId, disputed: false, as: 'acdId' as const },
        names: name === null ? [] : [name],
      })),
  ];
}

/** A dispute is about the present owner, since the account was seen under the other name. */
const periodsSql = (sight: Sight | null): string => `
select l.user_id, ${seesUserId(sight, 'l.user_id')} as seen, coalesce(lag(l.next_seen_from) over (order by l.since, l.id), l.since) as since,
       case when l.until is not null then coalesce(l.last_seen_under, l.until) end as ended,
       coalesce(s.names_seen ->> 'displayName', nullif(concat_ws(' ', s.names_seen ->> 'firstName', s.names_seen ->> 'lastName'), ''),
                u.display_name, nullif(concat_ws(' ', u.first_name, u.last_name), '')) as name,
       coalesce(a.content -> 'values' ->> 'displayName',
                nullif(concat_ws(' ', a.content -> 'values' ->> 'firstName', a.content -> 'values' ->> 'lastName'), '')) as name_now,
       case when l.until is null then (
         select least(i.opened_at, a.changed_at) from review_item i
          where i.closed_at is null and i.kind = 'possible-id-reuse' and a.id = any (i.account_ids)) end as disputed_since
  from account a join link l on l.account_id = a.id left join "user" u on u.id = l.user_id
  left join snapshot s on s.user_id = l.user_id and s.source_id = l.source_id and s.account_id = a.id
 where a.source_id = :source and a.external_id = :externalId order by l.since, l.id`;

function toJson(row: PeriodRow, source: string, externalId: string, at: Date | undefined): OwnerJson {
  const disputed = row.disputed_since !== null && (at === undefined || row.disputed_since <= at);
  const names = [row.name, disputed ? row.name_now : null].filter((name) => name !== null);
  return {
    source,
    externalId,
    from: iso(row.since),
    to: iso(row.ended),
    userId: row.user_id,
    disputed,
    as: 'externalId',
    names: [...new Set(names)],
  };
}
