import { SourceError } from '../../src/connector-kit/errors.ts';
import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import type { Api, Ask, Query } from './api.ts';
import { count, member, wordIn } from './schema.ts';

/** One page of a list. */
export interface ListPage {
  readonly items: readonly unknown[];
  /** Of the whole list, where the page says it. */
  readonly total: number | undefined;
  /** Parameters of the next page; undefined on the last one. */
  readonly next: Query | undefined;
}

/** Why the list may not be everything, or undefined where its last page came; for people. */
export type Doubt = string | undefined;

/** Walks a list from cursor to cursor until there is none. Throws a SourceError. */
export async function* walk(
  api: Api,
  list: Ask,
  signal: AbortSignal,
  patient = true,
): AsyncGenerator<ListPage, Doubt, void> {
  const asked = new Set<string>();
  let next: Query = [];
  for (;;) {
    const page = pageOf(await askPage(api, list, next, { patient, signal }), list);
    yield page;
    if (page.next === undefined) return undefined;
    next = page.next;
    const cursor = JSON.stringify(next);
    if (asked.has(cursor)) return `${list.doing} leads from page to page without an end`;
    asked.add(cursor);
  }
}

async function askPage(
  api: Api,
  list: Ask,
  next: Query,
  { patient, signal }: { readonly patient: boolean; readonly signal: AbortSignal },
): Promise<JsonObject> {
  try {
    return await api.get({ ...list, query: [...list.query, ...next] }, patient, signal);
  } catch (error) {
    // A cursor can grow too old; from the beginning on it may go well.
    const isOld = error instanceof SourceError && error.code === 'protocol' && error.class === 'fatal';
    if (next.length === 0 || !isOld) throw error;
    throw new SourceError('retryable', 'protocol', `${error.message}; the list is read again from its beginning`);
  }
}

/** One page as it came. Throws a SourceError where it is none. */
function pageOf(body: JsonObject, { doing }: Ask): ListPage {
  const lists = [member(body, 'entities'), member(body, 'results')].filter((each) => Array.isArray(each));
  const items: readonly unknown[] | undefined = lists.find((each) => each.length > 0) ?? lists[0];
  if (items === undefined)
    throw new SourceError(
      'retryable',
      'protocol',
      `the answer to ${doing} holds no list; make sure that connection.url is right`,
    );
  return { items, total: count.safeParse(member(body, 'total')).data, next: nextOf(body) };
}

/** Of links only the cursor counts; their host means nothing. */
function nextOf(body: JsonObject): Query | undefined {
  const link = wordIn(body, 'nextUri') ?? '';
  const parameters = new URLSearchParams(link.includes('?') ? link.slice(link.indexOf('?')) : '');
  const cursor = wordIn(body, 'cursor') ?? parameters.get('cursor') ?? '';
  const after = parameters.get('after') ?? wordIn(body, 'after') ?? '';
  if (cursor !== '') return [['cursor', cursor]];
  return after === '' ? undefined : [['after', after]];
}
