import { pages } from './api-client.ts';
import type { Query } from './api-client.ts';
import type { Context } from './context.ts';
import { tableRenderer } from './table.ts';
import type { Column } from './table.ts';

export interface Listing<Row> {
  readonly path: string;
  readonly query?: Query;
  readonly columns: readonly Column<Row>[];
  /** What to do next, for people whose list is empty. */
  readonly empty: string;
  /** On a terminal no more than this. */
  readonly onTerminal?: { readonly most: number; readonly hint: string };
  /** Takes in what is printed. */
  readonly seen?: (rows: readonly Row[]) => void;
}

/** Prints a list page by page: a table for people, one object per line for programs. Gives the number of its rows. */
export async function printListing<Row>(context: Context, listing: Listing<Row>): Promise<number> {
  const client = await context.api('read');
  const render = tableFor(context, listing.columns);
  const most = !context.json && context.out.isTerminal ? listing.onTerminal?.most : undefined;
  let count = 0;
  let more = false;
  for await (const page of pages(client, listing.path, listing.query, most)) {
    count += page.items.length;
    listing.seen?.(page.items as readonly Row[]);
    more = page.next !== null && page.next !== undefined;
    if (context.json) await context.out.json(...page.items);
    else await context.out.write(render(page.items as readonly Row[]));
  }
  if (count === 0) await context.hint(listing.empty);
  if (count === most && more) await context.hint(listing.onTerminal?.hint ?? '');
  return count;
}

/** A table in the style of all tables. */
export function tableFor<Row>(context: Context, columns: readonly Column<Row>[]): (rows: readonly Row[]) => string {
  const render = tableRenderer(columns, { width: context.out.columns, paintHead: (head) => context.paint.bold(head) });
  return (rows) => (rows.length === 0 ? '' : render(rows));
}
