import { html, type Html } from '../html.ts';
import type { Visit } from '../visit.ts';

/** A code with the way to what it means; one that the catalogue does not have stands for itself. */
export function codeLink({ words }: Visit, code: string): Html {
  if (!Object.hasOwn(words.errors.codes, code)) return html`<code>${code}</code>`;
  return html`<a href="/errors#${code}" title="${words.errors.about(code)}"><code>${code}</code></a>`;
}
