import type { Knex } from 'knex';
import { CursorError, idAfter, type PageRequest } from './paging.ts';
import { allOf, iso, likeLiteral, sqlRows } from './sql.ts';

export type ActorKind = 'sync' | 'operator' | 'system';

/** Which entries of the history to show (spec 15.2). */
export interface EventFilter extends PageRequest {
  readonly order: 'asc' | 'desc';
  readonly source?: string | undefined;
  readonly userId?: number | undefined;
  readonly run?: number | undefined;
  readonly type?: string | undefined;
  readonly kind?: ActorKind | undefined;
  readonly actor?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Occurs in the changes, the reason, the external id or the actor's name, whatever the case. */
  readonly text?: string | undefined;
}

/** An event as the API answers it. */
export interface EventJson {
  readonly id: number;
  readonly at: string;
  readonly actor: { readonly kind: ActorKind; readonly name: string };
  readonly type: string;
  readonly source: string | null;
  readonly runId: number | null;
  readonly userId: number | null;
  readonly externalId: string | null;
  readonly changes: readonly EventChangeJson[];
  readonly reason: string | null;
}

export interface EventChangeJson {
  readonly field: string;
  readonly before: string | readonly string[] | null;
  readonly after: string | readonly string[] | null;
}

/**
 * `next` is null at the end of the newest-first order. In the ascending order it is never null: it is the cursor to ask
 * with again when `atEnd` says that nothing is left for now.
 */
export interface EventPage {
  readonly items: readonly EventJson[];
  readonly next: string | null;
  readonly atEnd: boolean;
}

export interface EventQueries {
  list(filter: EventFilter): Promise<EventPage>;
}

/** How many events one page looks at where a filter has no index: a rare text is found over several pages. */
const scanned = 10_000;
/**
 * `at` is a transaction's start, ids and transaction ids are given within it: events that are this much apart in time
 * have their ids in the same order. No transaction of ours comes near an hour.
 */
const longestTransaction = `interval '1 hour'`;

interface EventRow {
  readonly id: string | null;
  readonly at: Date;
  readonly actor_kind: ActorKind;
  readonly actor_name: string;
  readonly type: string;
  readonly source_id: string | null;
  readonly run_id: number | null;
  readonly user_id: number | null;
  readonly external_id: string | null;
  readonly changes: readonly EventChangeJson[];
  readonly reason: string | null;
  readonly xid: string | null;
}

type FoundRow = EventRow & {
  readonly looked_at: string;
  readonly last_id: string | null;
  readonly last_xid: string | null;
  readonly horizon: string;
};

/** The history, newest first or in the order in which it became visible (spec 15.2). */
export function createEventQueries(knex: Knex): EventQueries {
  return { list: (filter) => (filter.order === 'asc' ? listAscending(knex, filter) : listDescending(knex, filter)) };
}

async function listDescending(knex: Knex, filter: EventFilter): Promise<EventPage> {
  const before = idAfter(filter.after, Number.MAX_SAFE_INTEGER);
  const looked = Math.max(scanned, filter.limit + 1);
  const limits = { before, looked };
  const rows = await find(knex, filter, ['e.id < cast(:before as bigint)', ...timeBounds(filter)], 'id desc', limits);
  const items = rows.filter(isEvent);
  const page = items.slice(0, filter.limit);
  const exhausted = items.length <= filter.limit && Number(rows[0]?.looked_at ?? 0) < lookedAt(filter, looked);
  const last = items.length > filter.limit ? page.at(-1)?.id : rows[0]?.last_id;
  return { items: page.map(toJson), next: exhausted ? null : (last ?? null), atEnd: exhausted };
}

/**
 * In the order of (transaction id, id), and only below the oldest transaction that is still open: whatever commits later
 * sorts after every cursor that was given out (architecture 4).
 */
async function listAscending(knex: Knex, filter: EventFilter): Promise<EventPage> {
  const after = positionAfter(filter.after);
  const looked = Math.max(scanned, filter.limit + 1);
  const rows = await find(
    knex,
    filter,
    [
      '(e.xid, e.id) > (cast(:afterXid as xid8), cast(:afterId as bigint))',
      'e.xid < (select xmin from horizon)',
      ...timeBounds(filter),
    ],
    'xid, id',
    { afterXid: after.xid, afterId: after.id, looked },
  );
  const items = rows.filter(isEvent);
  const page = items.slice(0, filter.limit);
  const [edge] = rows;
  const last = page.at(-1);
  if (edge === undefined) throw new Error('the horizon of the history has no row');
  if (items.length > filter.limit && last !== undefined) return ascendingPage(page, position(last.xid, last.id), false);
  if (Number(edge.looked_at) >= lookedAt(filter, looked)) return ascendingPage(page, position(edge.last_xid, edge.last_id), false);
  return ascendingPage(page, laterOf(position(edge.horizon, '0'), filter.after), true);
}

function ascendingPage(rows: readonly FoundEvent[], next: string, atEnd: boolean): EventPage {
  return { items: rows.map(toJson), next, atEnd };
}

function position(xid: string | null, id: string | null): string {
  return `${xid ?? '0'}.${id ?? '0'}`;
}

/** The horizon never goes back, except when a database is restored; a reader's cursor does not even then. */
function laterOf(horizon: string, after: string | undefined): string {
  if (after === undefined) return horizon;
  const [given, open] = [positionAfter(after), positionAfter(horizon)];
  return BigInt(given.xid) > BigInt(open.xid) ? after : horizon;
}

type FoundEvent = FoundRow & { readonly id: string };

function isEvent(row: FoundRow): row is FoundEvent {
  return row.id !== null;
}

/** How many events the window holds where it is full. */
function lookedAt(filter: EventFilter, looked: number): number {
  return restOf(filter) === undefined ? filter.limit + 1 : looked;
}

/** First a window by what has an index, then the rest of the filter within it. */
function find(
  knex: Knex,
  filter: EventFilter,
  window: readonly (string | false)[],
  order: 'id desc' | 'xid, id',
  bindings: Readonly<Record<string, unknown>>,
): Promise<FoundRow[]> {
  const rest = restOf(filter);
  const size = rest === undefined ? ':limit' : ':looked';
  const [first, second] = order === 'id desc' ? ['id', 'id'] : ['xid', 'id'];
  const direction = order === 'id desc' ? '' : ' desc';
  return sqlRows<FoundRow>(
    knex,
    `with horizon as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xmin),
     looked as (
       select e.* from event e where ${allOf([...window, ...indexedOf(filter)])}
        order by ${order === 'id desc' ? 'e.id desc' : 'e.xid, e.id'} limit ${size}
     ), edge as (
       select count(*) as looked_at,
              (select id from looked order by ${first}${direction}, ${second}${direction} limit 1) as last_id,
              (select xid from looked order by ${first}${direction}, ${second}${direction} limit 1) as last_xid
         from looked
     )
     select edge.looked_at, edge.last_id, cast(edge.last_xid as text) as last_xid, cast(horizon.xmin as text) as horizon, found.id,
            cast(found.xid as text) as xid, found.at, found.actor_kind, found.actor_name, found.type, found.source_id,
            found.run_id, found.user_id, found.external_id, found.changes, found.reason
       from horizon cross join edge
            left join (select * from looked where ${rest ?? 'true'} order by ${order} limit :limit) found on true
      order by ${order === 'id desc' ? 'found.id desc' : 'found.xid, found.id'}`,
    { ...bindings, ...valuesOf(filter), limit: filter.limit + 1 },
  );
}

/** Conditions with an index that has the ids in order. One is enough: the others are met within the window. */
function indexedOf(filter: EventFilter): string[] {
  if (filter.userId !== undefined) return ['e.user_id = :userId'];
  if (filter.run !== undefined) return ['e.run_id = :run'];
  return filter.source === undefined ? [] : ['e.source_id = :source'];
}

function restOf(filter: EventFilter): string | undefined {
  const conditions = [
    filter.userId !== undefined && filter.run !== undefined && 'run_id = :run',
    (filter.userId ?? filter.run) !== undefined && filter.source !== undefined && 'source_id = :source',
    filter.type !== undefined && 'type = :type',
    filter.kind !== undefined && 'actor_kind = :kind',
    filter.actor !== undefined && 'actor_name = :actor',
    filter.since !== undefined && 'at >= cast(:since as timestamptz)',
    filter.until !== undefined && 'at < cast(:until as timestamptz)',
    filter.text !== undefined &&
      `(cast(changes as text) ilike :pattern or reason ilike :pattern or external_id ilike :pattern or actor_name ilike :pattern)`,
  ];
  return conditions.some((condition) => condition !== false) ? allOf(conditions) : undefined;
}

/** The range of ids that the times can only be in, so that a page starts near them. */
function timeBounds(filter: EventFilter): (string | false)[] {
  return [
    filter.since !== undefined &&
      `e.id > coalesce((select id from event where at <= cast(:since as timestamptz) - ${longestTransaction} order by at desc limit 1), 0)`,
    filter.since !== undefined &&
      filter.order === 'asc' &&
      `e.xid >= coalesce((select xid from event where at <= cast(:since as timestamptz) - ${longestTransaction} order by at desc limit 1), '0')`,
    filter.until !== undefined &&
      `e.id < coalesce((select id from event where at >= cast(:until as timestamptz) + ${longestTransaction} order by at limit 1),
                       ${Number.MAX_SAFE_INTEGER})`,
  ];
}

function valuesOf(filter: EventFilter): Record<string, unknown> {
  const { userId, run, source, type, kind, actor } = filter;
  return {
    ...{ userId: userId ?? null, run: run ?? null, source: source ?? null },
    ...{ type: type ?? null, kind: kind ?? null, actor: actor ?? null },
    since: filter.since?.toISOString() ?? null,
    until: filter.until?.toISOString() ?? null,
    pattern: filter.text === undefined ? null : `%${likeLiteral(filter.text)}%`,
  };
}

function positionAfter(cursor: string | undefined): { xid: string; id: string } {
  if (cursor === undefined) return { xid: '0', id: '0' };
  const [, xid, id] = /^(\d{1,19})\.(\d{1,15})$/.exec(cursor) ?? [];
  if (xid === undefined || id === undefined) throw new CursorError(cursor);
  return { xid, id };
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
    changes: row.changes,
    reason: row.reason,
  };
}
