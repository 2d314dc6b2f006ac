import type { ApiInstance } from '../../../src/api/instance.ts';

/** What a page answered; `text` is its markup. */
interface Visited {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Where it sends the browser on to; null where it does not. */
  readonly location: string | null;
}

/** Visits pages as a browser without script does: keeps cookies, sends forms with what their page has in them. */
export interface Browser {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Visited>;
  /** Sends a form; the proof of the session is put in unless the form names another. */
  post(path: string, form?: Readonly<Record<string, string>>): Promise<Visited>;
  readonly cookies: Map<string, string>;
}

export function browse(app: ApiInstance): Browser {
  const cookies = new Map<string, string>();
  let csrf = '';
  const send = async (method: 'GET' | 'POST', url: string, headers: object, payload?: string): Promise<Visited> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await app.inject({
      ...{ method, url },
      headers: { host: '127.0.0.1:8474', accept: 'text/html', cookie, ...headers },
      ...(payload === undefined ? {} : { payload }),
    });
    for (const set of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (set.includes('Max-Age=0')) cookies.delete(name);
      else cookies.set(name, value);
    }
    csrf = /name="csrf" value="([^"]+)"/.exec(answer.body)?.[1] ?? csrf;
    const { statusCode: status, body: text, headers: given } = answer;
    return { status, text, headers: given, location: given.location ?? null };
  };
  return {
    cookies,
    get: (path, headers = {}) => send('GET', path, headers),
    post: (path, form = {}) =>
      send(
        'POST',
        path,
        { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://127.0.0.1:8474' },
        new URLSearchParams({ csrf, ...form }).toString(),
      ),
  };
}

/** What no page may hold: style and script that are written into it, and values that htmx would evaluate. */
export function evaluatedIn(markup: string): string[] {
  const found = [
    /<style/,
    /<script(?![^>]* src=)/,
    /\sstyle\s*=/,
    /\son[a-z]+\s*=/,
    /hx-on/,
    /hx-live/,
    /["\s]js:/,
    /hx-trigger="[^"]*\[/,
  ];
  return found.filter((pattern) => pattern.test(markup)).map(String);
}
