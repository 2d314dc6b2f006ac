import { CursorError } from './paging.ts';
import type { Bindings } from './sql.ts';

/** An order of the history in which pages follow each other, and what a place in it looks like. */
export interface EventOrder {
  /** What to sort by. */
  readonly columns: readonly ('id' | 'at' | 'xid')[];
  readonly direction: 'asc' | 'desc';
  /** The place of a row of `e`, as text. */
  readonly place: string;
  /** The condition that a row of `e` comes after a place. @throws CursorError */
  after(cursor: string | undefined): { readonly condition: string | false; readonly bindings: Bindings };
}

/** Newest first: by id, for which every filter has an index. */
export const newestFirst: EventOrder = {
  columns: ['id'],
  direction: 'desc',
  place: 'cast(e.id as text)',
  after: (cursor) => {
    if (cursor === undefined) return { condition: false, bindings: {} };
    const [id] = numbersOf(cursor, /^(\d{1,15})$/);
    return { condition: 'e.id < cast(:placeId as bigint)', bindings: { placeId: id } };
  },
};

/**
 * By time, where times are asked for: ids are given at the insert and times are those of the transaction's start, and a
 * clock may have been set back, so that ids say nothing exact about times. In microseconds, as the database keeps them.
 */
export function byTime(direction: 'asc' | 'desc'): EventOrder {
  return {
    columns: ['at', 'id'],
    direction,
    place: `'t' || cast(cast(extract(epoch from e.at) * 1000000 as bigint) as text) || '.' || cast(e.id as text)`,
    after: (cursor) => {
      if (cursor === undefined) return { condition: false, bindings: {} };
      const [micros, id] = numbersOf(cursor, /^t(\d{1,17})\.(\d{1,15})$/);
      const place = `(cast('epoch' as timestamptz) + cast(:placeMicros as bigint) * interval '1 microsecond', cast(:placeId as bigint))`;
      return {
        condition: `(e.at, e.id) ${direction === 'asc' ? '>' : '<'} ${place}`,
        bindings: { placeMicros: micros, placeId: id },
      };
    },
  };
}

/**
 * The order that a follower reads in: by transaction id, and only below the oldest transaction that is still open. Whatever
 * commits later sorts after every place that was given out (architecture 4).
 */
export const byCommit: EventOrder = {
  columns: ['xid', 'id'],
  direction: 'asc',
  place: `cast(e.xid as text) || '.' || cast(e.id as text)`,
  after: (cursor) => {
    const [xid, id] = cursor === undefined ? ['0', '0'] : numbersOf(cursor, /^(\d{1,19})\.(\d{1,15})$/);
    return {
      condition:
        '(e.xid, e.id) > (cast(:placeXid as xid8), cast(:placeId as bigint)) and e.xid < (select xmin from horizon)',
      bindings: { placeXid: xid, placeId: id },
    };
  },
};

/**
 * Where a follower goes on who has read everything below the horizon. A restored database may be younger than the
 * follower's place; the place is then kept.
 */
export function placeAtHorizon(horizon: string, cursor: string | undefined): string {
  const given = cursor?.split('.')[0] ?? '0';
  return cursor !== undefined && BigInt(given) > BigInt(horizon) ? cursor : `${horizon}.0`;
}

function numbersOf(cursor: string, shape: RegExp): string[] {
  const [, ...numbers] = shape.exec(cursor) ?? [];
  if (numbers.length === 0) throw new CursorError(cursor);
  return numbers;
}
