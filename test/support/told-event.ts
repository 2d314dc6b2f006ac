import type { Knex } from 'knex';
import { fromKept, type KeptChanges } from '../../src/store/event-changes.ts';

type EventRow = Readonly<Record<string, unknown>>;

/** A row of the table of events with its changes as people are told of them; undefined where there is none. */
export function told(row: unknown): EventRow | undefined {
  if (row === undefined) return undefined;
  const { changes, ...more } = row as EventRow & { readonly changes: KeptChanges };
  return { ...more, changes: fromKept(changes) };
}

/** The newest events, the newest first. */
export async function lastEvents(knex: Knex, count: number): Promise<(EventRow | undefined)[]> {
  const rows = (await knex('event').orderBy('id', 'desc').limit(count)) as unknown[];
  return rows.map(told);
}
