import { html, type Html } from '../html.ts';
import type { Words } from '../words/words.ts';

type Shown = string | readonly string[] | null;

/** One difference, as events, previews and decisions have it. */
export interface Change {
  readonly field: string;
  readonly before: Shown;
  readonly after: Shown;
}

/** Field by field, before and after. */
export function changeTable(words: Words, changes: readonly Change[]): Html {
  if (changes.length === 0) return html`<p class="quiet">${words.changes.none}</p>`;
  return html`<table class="changes">
    <thead>
      <tr>
        <th scope="col">${words.changes.field}</th>
        <th scope="col">${words.changes.before}</th>
        <th scope="col">${words.changes.after}</th>
      </tr>
    </thead>
    <tbody>
      ${changes.map(
        ({ field, before, after }) =>
          html`<tr>
            <th scope="row">${fieldName(words, field)}</th>
            <td class="before">${valueText(words, before)}</td>
            <td class="after">${valueText(words, after)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** The same in one line, for rows of a list. */
export function changeLine(words: Words, changes: readonly Change[]): Html {
  return html`<ul class="change-line">
    ${changes.map(
      ({ field, before, after }) =>
        html`<li>
          <span class="of">${fieldName(words, field)}</span>
          ${isNothing(before) ? '' : html`<del>${valueText(words, before)}</del> <span aria-hidden="true">→</span> `}
          <ins>${valueText(words, after)}</ins>
        </li>`,
    )}
  </ul>`;
}

/** A field by its name for people; others by their own, which is better than nothing. */
export function fieldName(words: Words, field: string): string {
  const names: Readonly<Record<string, string>> = words.fields;
  const [start = field, ...rest] = field.split('.');
  return names[field] ?? (names[start] === undefined ? field : [names[start], ...rest].join(' '));
}

export function valueText(words: Words, value: Shown): string {
  if (value === null || value.length === 0) return words.changes.nothing;
  return typeof value === 'string' ? value : value.join(', ');
}

function isNothing(value: Shown): boolean {
  return value === null || value.length === 0;
}
