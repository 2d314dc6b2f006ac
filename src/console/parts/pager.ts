import { html, type Html } from '../html.ts';
import type { Visit } from '../visit.ts';

/** On to the next page of a list, and back to its beginning; pages go by key, so there are no numbers. */
export function pager({ words, address }: Visit, next: string | null): Html {
  const here = new URL(address, 'http://here');
  const first = here.searchParams.has('after');
  if (next === null && !first) return html``;
  return html`<nav class="pager" aria-label="${words.pager.label}">
    ${first ? html`<a href="${withQuery(here, 'after', null)}">${words.pager.first}</a>` : ''}
    ${next === null ? '' : html`<a href="${withQuery(here, 'after', next)}" rel="next">${words.pager.next}</a>`}
  </nav>`;
}

function withQuery(here: URL, name: string, value: string | null): string {
  const query = new URLSearchParams(here.searchParams);
  if (value === null) query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  return text === '' ? here.pathname : `${here.pathname}?${text}`;
}
