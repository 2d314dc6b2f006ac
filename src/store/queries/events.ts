import type { Sight } from '../../domain/scope.ts';
import { seesEvent } from '../sight.ts';
import type { Knex } from 'knex';
import { fromKept, type KeptChanges, type ToldChange } from '../event-changes.ts';
import { byCommit, byTime, newestFirst, placeAtHorizon, type EventOrder } from './event-order.ts';
import type { PageRequest } from './paging.ts';
import { allOf, iso, likeLiteral, sqlRows } from './sql.ts';

type ActorKind = 'sync' | 'operator' | 'system';

/** Which entries of the history to show (spec 15.2). */
interface EventFilter extends PageRequest {
  readonly order: 'asc' | 'desc';
  readonly source?: string | undefined;
  readonly userId?: number | undefined;
  readonly run?: number | undefined;
  /** One of them. */
  readonly id?: number | undefined;
  readonly type?: string | undefined;
  readonly kind?: ActorKind | undefined;
  readonly actor?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Occurs in the changes, the reason, the external id or the actor's name, whatever the case. */
  readonly text?: string | undefined;
}

/** An event as the API answers it. */
interface EventJson {
  readonly id: number;
  readonly at: string;
  readonly actor: { readonly kind: ActorKind; readonly name: string };
  readonly type: string;
  readonly source: string | null;
  readonly runId: number | null;
  readonly userId: number | null;
  readonly externalId: string | null;
  readonly changes: readonly ToldChange[];
  readonly reason: string | null;
}

/**
 * `next` is null at the end, except in the ascending order without `until`: there it is the cursor to ask with again, and
 * `atEnd` says that nothing is left for now.
 */
interface EventPage {
  readonly items: readonly EventJson[];
  readonly next: string | null;
  readonly atEnd: boolean;
}

export interface EventQueries {
  list(filter: EventFilter): Promise<EventPage>;
}

/** How many events one page looks at where a filter has no index: a rare text is found over several pages. */
const scanned = 10_000;

interface FoundRow {
  /** How many events the page has looked at, and the place of the last one. */
  readonly looked_at: string;
  readonly last_place: string | null;
  /** The oldest transaction that is still open. */
  readonly horizon: string;
  readonly place: string;
  /** Null in the one row of a page that has found nothing. */
  readonly id: string | null;
  readonly at: Date;
  readonly actor_kind: ActorKind;
  readonly actor_name: string;
  readonly type: string;
  readonly source_id: string | null;
  readonly run_id: number | null;
  readonly user_id: number | null;
  readonly external_id: string | null;
  readonly changes: KeptChanges;
  readonly reason: string | null;
}
type FoundEvent = FoundRow & { readonly id: string };

/** The history, newest first or in the order in which it became visible (spec 15.2). */
export function createEventQueries(knex: Knex, sight: Sight | null): EventQueries {
  return {
    async list(filter) {
      const order = orderOf(filter);
      const rows = await find(knex, filter, order, sight);
      const [edge] = rows;
      if (edge === undefined) throw new Error('the horizon of the history has no row');
      const found = rows.filter(isEvent);
      const page = found.slice(0, filter.limit);
      const more = found.length > filter.limit;
      const atEnd = !more && Number(edge.looked_at) < windowOf(filter, sight);
      const last = more ? page.at(-1)?.place : edge.last_place;
      const end = order === byCommit ? placeAtHorizon(edge.horizon, filter.after) : null;
      return { items: page.map(toJson), next: atEnd ? end : (last ?? end), atEnd };
    },
  };
}

/** A list with an end in time is no longer followed, and is in the order of time. */
function orderOf(filter: EventFilter): EventOrder {
  if (filter.order === 'asc') return filter.until === undefined ? byCommit : byTime('asc');
  return filter.since === undefined && filter.until === undefined ? newestFirst : byTime('desc');
}

function isEvent(row: FoundRow): row is FoundEvent {
  return row.id !== null;
}

/** How many events one page looks at at most. */
function windowOf(filter: EventFilter, sight: Sight | null): number {
  return conditionsWithin(filter, sight).length === 0 ? filter.limit + 1 : Math.max(scanned, filter.limit + 1);
}

/** First a window by what has an index, then the rest of the filter within it. */
function find(knex: Knex, filter: EventFilter, order: EventOrder, sight: Sight | null): Promise<FoundRow[]> {
  const start = order.after(filter.after);
  const sorted = (alias: string): string =>
    order.columns.map((column) => `${alias}.${column} ${order.direction}`).join(', ');
  const opposite = order.direction === 'asc' ? 'desc' : 'asc';
  const reversed = order.columns.map((column) => `${column} ${opposite}`).join(', ');
  return sqlRows<FoundRow>(
    knex,
    `with horizon as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xmin),
     looked as (
       select e.*, ${order.place} as place from event e
        where ${allOf([start.condition, ...conditionsOfWindow(filter)])} order by ${sorted('e')} limit :window
     ), edge as (
       select count(*) as looked_at, (select place from looked order by ${reversed} limit 1) as last_place from looked
     )
     select edge.looked_at, edge.last_place, cast(horizon.xmin as text) as horizon, found.place, found.id, found.at,
            found.actor_kind, found.actor_name, found.type, found.source_id, found.run_id, found.user_id,
            found.external_id, found.changes, found.reason
       from horizon cross join edge
            left join (select * from looked where ${allOf(conditionsWithin(filter, sight))}
                        order by ${sorted('looked')} limit :limit) found on true
      order by ${sorted('found')}`,
    { ...start.bindings, ...valuesOf(filter), window: windowOf(filter, sight), limit: filter.limit + 1 },
  );
}

/** The audit log, the latest first. */
function isAudit(filter: EventFilter): boolean {
  return filter.kind === 'operator' && orderOf(filter) === newestFirst;
}

/** What an index finds in the order of the page. */
function conditionsOfWindow(filter: EventFilter): (string | false)[] {
  return [
    filter.userId !== undefined && 'e.user_id = :userId',
    filter.run !== undefined && 'e.run_id = :run',
    filter.id !== undefined && 'e.id = :id',
    // What people did is a sliver of it all, with an index of its own.
    isAudit(filter) && `e.actor_kind = 'operator'`,
    filter.source !== undefined && 'e.source_id = :source',
    filter.since !== undefined && 'e.at >= cast(:since as timestamptz)',
    filter.until !== undefined && 'e.at < cast(:until as timestamptz)',
    // Only where a follower starts: from then on its place is the better bound.
    ...(orderOf(filter) === byCommit && filter.since !== undefined && filter.after === undefined
      ? ['e.xid >= (select min(xid) from event where at >= cast(:since as timestamptz))']
      : []),
  ];
}

/** What no index has. */
function conditionsWithin(filter: EventFilter, sight: Sight | null): string[] {
  const conditions = [
    sight !== null && seesEvent(sight, 'looked'),
    filter.type !== undefined && 'type = :type',
    filter.kind !== undefined && !isAudit(filter) && 'actor_kind = :kind',
    filter.actor !== undefined && 'actor_name = :actor',
    filter.text !== undefined &&
      `(cast(changes as text) ilike :pattern or reason ilike :pattern or external_id ilike :pattern
        or actor_name ilike :pattern)`,
  ];
  return conditions.filter((condition) => condition !== false);
}

function valuesOf(filter: EventFilter): Record<string, unknown> {
  const { userId, run, id, source, type, kind, actor } = filter;
  return {
    ...{ userId: userId ?? null, run: run ?? null, id: id ?? null, source: source ?? null },
    ...{ type: type ?? null, kind: kind ?? null, actor: actor ?? null },
    since: filter.since?.toISOString() ?? null,
    until: filter.until?.toISOString() ?? null,
    pattern: filter.text === undefined ? null : `%${likeLiteral(filter.text)}%`,
  };
}

function toJson(row: FoundEvent): EventJson {
  return {
    id: Number(row.id),
    at: iso(row.at),
    actor: { kind: row.actor_kind, name: row.actor_name },
    type: row.type,
    source: row.source_id,
    runId: row.run_id,
    userId: row.user_id,
    externalId: row.external_id,
    changes: fromKept(row.changes),
    reason: row.reason,
  };
}
