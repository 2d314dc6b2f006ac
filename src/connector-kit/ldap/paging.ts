import { SourceError } from '../errors.ts';
import type { LdapConnection, Search, SearchAnswer } from './connection.ts';
import { PagedResults } from './controls.ts';
import type { Entry } from './messages.ts';

/** One page of a search. */
export interface SearchPage {
  readonly entries: readonly Entry[];
  readonly references: number;
  /** The server's estimate of the whole; 0 where it does not say. */
  readonly total: number;
  /** Why the list ends here although it is not at its end; a page that fails still holds what had arrived. */
  readonly failure?: Error;
}

/** So many empty pages in a row are no list but a loop. */
const mostEmptyPages = 10_000;

/**
 * Reads a search page by page until the server's cookie is empty; pages without entries are legal and passed on. The next
 * page is under way while the consumer works on this one. The last page either carries a `failure` or the list is complete.
 */
export async function* searchPages(
  connection: LdapConnection,
  search: Search,
  pageSize: number,
  signal: AbortSignal,
): AsyncGenerator<SearchPage, void, void> {
  let control = new PagedResults(pageSize);
  let answer = ask(connection, search, control, signal);
  let emptyInARow = 0;
  for (;;) {
    const { answered, ...page } = await answer;
    const failure = page.failure ?? (answered.has(control) ? undefined : missingControl());
    emptyInARow = page.entries.length === 0 ? emptyInARow + 1 : 0;
    if (failure !== undefined) {
      yield { ...page, total: control.total, failure };
      return;
    }
    if (control.cookie.length === 0) {
      yield { ...page, total: control.total };
      return;
    }
    if (emptyInARow > mostEmptyPages) {
      yield { ...page, total: control.total, failure: endlessList() };
      return;
    }
    const next = new PagedResults(pageSize, control.cookie);
    answer = ask(connection, search, next, signal);
    yield { ...page, total: control.total };
    control = next;
  }
}

/** The entries of the first page alone, asked for as a whole read would. Throws a SourceError. */
export async function readFirstPage(
  connection: LdapConnection,
  search: Search,
  pageSize: number,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  const control = new PagedResults(pageSize);
  const answer = await ask(connection, search, control, signal);
  if (answer.failure !== undefined) throw answer.failure;
  if (!answer.answered.has(control)) throw missingControl();
  return answer.entries;
}

function ask(
  connection: LdapConnection,
  search: Search,
  control: PagedResults,
  signal: AbortSignal,
): Promise<SearchAnswer> {
  return connection.search({ ...search, controls: [...(search.controls ?? []), control] }, signal);
}

function missingControl(): SourceError {
  return new SourceError(
    'fatal',
    'protocol',
    'the directory answered without a paging control: whether there is more cannot be known',
  );
}

function endlessList(): SourceError {
  return new SourceError(
    'fatal',
    'protocol',
    `the directory sent ${mostEmptyPages} pages without an entry, and a cookie with each`,
  );
}
