import { html, type Html } from '../html.ts';

interface Tab {
  readonly href: string;
  readonly text: string;
  readonly current: boolean;
}

/** Several lists of one kind; the one that is shown is named as such to who does not see it. */
export function tabs(label: string, all: readonly Tab[]): Html {
  return html`<nav class="tabs" aria-label="${label}">
    <ul>
      ${all.map(
        ({ href, text, current }) =>
          html`<li><a href="${href}" ${current ? html`aria-current="page"` : ''}>${text}</a></li>`,
      )}
    </ul>
  </nav>`;
}
