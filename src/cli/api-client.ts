import { errorOfAnswer } from './errors.ts';
import type { Page } from './shapes.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ApiRequest {
  /** Names without a value are left out. */
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiAnswer {
  readonly status: number;
  /** What the JSON says; null where there is no body, text where it is no JSON. */
  readonly body: unknown;
}

/**
 * How commands reach the API: over HTTP, or in process where no daemon runs. `path` is the whole path, such as
 * `/api/v1/users`. Answers with an error status are returned; only a lost connection is thrown.
 */
export interface ApiClient {
  request(method: 'GET' | 'POST' | 'PUT', path: string, request?: ApiRequest): Promise<ApiAnswer>;
}

/** The path of a resource: its parts, encoded, below the API's root. */
export function apiPath(...parts: readonly (string | number)[]): string {
  return `/api/v1/${parts.map((part) => encodeURIComponent(part)).join('/')}`;
}

/** The path with its query, the names without a value left out; for clients. */
export function withQuery(path: string, query: Query = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? path : `${path}?${given.toString()}`;
}

/** Asks, and throws what an error status stands for. */
export async function ask(
  client: ApiClient,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  request: ApiRequest = {},
): Promise<unknown> {
  const { status, body } = await client.request(method, path, request);
  if (status >= 400) throw errorOfAnswer(status, body);
  return body;
}

/** As many items as the API gives at a time. */
export const pageSize = 1000;

/** A list page by page. `most`: no more items than this in all. */
export async function* pages(
  client: ApiClient,
  path: string,
  query: Query = {},
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<Page<unknown>, void, void> {
  let after: string | undefined;
  for (let left = most; left > 0;) {
    const limit = Math.min(left, pageSize);
    const page = (await ask(client, 'GET', path, { query: { ...query, after, limit } })) as Page<unknown>;
    yield page;
    left -= page.items.length;
    // A page without items would come again and again.
    if (page.next === undefined || page.next === null || page.items.length === 0) return;
    after = page.next;
  }
}
