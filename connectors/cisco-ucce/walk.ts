import { SourceError } from '../../src/connector-kit/errors.ts';
import { idOfReference } from '../../src/connector-kit/cisco/reference.ts';
import { SeenIds } from '../../src/connector-kit/seen-ids.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import type { Api, Kind, ListPage, Query } from './api.ts';
import { count } from './schema.ts';

/** New objects of one page, and how many there are in all. */
export interface Step {
  readonly items: readonly XmlElement[];
  readonly total: number | undefined;
}

/** Why the list may not be everything, or undefined where it is; for people. */
export type Doubt = string | undefined;

/**
 * Walks a list from page to page. Every page begins with the last object of the one before: where another one stands there, the
 * list has shifted, and somebody may have slipped through between two pages although the number is right in the end. The walk ends
 * at the first doubt. Throws a SourceError.
 */
export async function* walk(
  api: Api,
  kind: Kind,
  query: Query,
  signal: AbortSignal,
): AsyncGenerator<Step, Doubt, void> {
  const seen = new SeenIds();
  let { page, asked } = await firstPage(api, kind, query, signal);
  const { total } = page;
  let [read, start] = [0, 0];
  let last: XmlElement | undefined;
  for (;;) {
    const doubt = pageDoubt(page, { start, total, last });
    if (doubt !== undefined) return doubt;
    // Of the overlap only what is new counts.
    const items = last === undefined ? page.items : page.items.slice(1);
    const ids = items.flatMap((item) => idOfReference(item) ?? []);
    if (!ids.map((id) => seen.add(id)).every(Boolean))
      return `the list of ${kind} brought an object twice: it shifted, or repeated a page`;
    read += items.length;
    last = items.at(-1) ?? last;
    if (items.length > 0) yield { items, total };
    if (page.next === undefined) break;
    const next = Math.min(count.safeParse(page.next['startindex']).data ?? read, read) - 1;
    if (next <= start) return `the list of ${kind} leads from page to page without an end`;
    start = next;
    asked = { ...page.next, ...asked, startindex: String(start) };
    page = await api.page(kind, asked, signal);
  }
  if (read === 0) return `the list of ${kind} is empty, which is taken for a failure`;
  if (total === undefined) return `the list of ${kind} has no totalResults, so nothing shows whether it is whole`;
  return read === total ? undefined : `the list of ${kind} brought ${String(read)} and announced ${String(total)}`;
}

/** Sorted; as it comes where the interface does not want to sort so. */
async function firstPage(
  api: Api,
  kind: Kind,
  query: Query,
  signal: AbortSignal,
): Promise<{ readonly page: ListPage; readonly asked: Query }> {
  const asked = { ...query, startindex: '0' };
  try {
    return { page: await api.page(kind, asked, signal), asked };
  } catch (error) {
    if (!(error instanceof SourceError) || error.code !== 'protocol' || error.class !== 'fatal') throw error;
    const unsorted = Object.fromEntries(Object.entries(asked).filter(([name]) => name !== 'sort'));
    return { page: await api.page(kind, unsorted, signal), asked: unsorted };
  }
}

interface Place {
  readonly start: number;
  readonly total: number | undefined;
  /** The last object so far. */
  readonly last: XmlElement | undefined;
}

function pageDoubt(page: ListPage, { start, total, last }: Place): Doubt {
  if (page.total !== total) return 'the number of objects changed while the list was read';
  // Behind its end the interface repeats the last page.
  if (page.startIndex !== undefined && page.startIndex !== start)
    return `a page from ${String(start)} on was asked for, and one from ${String(page.startIndex)} on came`;
  if (last === undefined) return undefined;
  const [first] = page.items;
  if (first === undefined) return 'a page in the middle of the list is empty';
  return idOfReference(first) === idOfReference(last) ? undefined : 'the list shifted between two pages';
}
