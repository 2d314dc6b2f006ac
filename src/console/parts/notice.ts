import { html, type Html, type Part } from '../html.ts';

/** A box that says something; the sign beside the colour says of what kind it is. */
export function notice(tone: 'good' | 'note' | 'bad', title: string, body: Part = ''): Html {
  const sign = { good: '✓', note: 'i', bad: '!' }[tone];
  return html`<section class="notice ${tone}" aria-label="${title}">
    <span class="sign" aria-hidden="true">${sign}</span>
    <div>
      <p class="notice-title">${title}</p>
      ${body}
    </div>
  </section>`;
}

/** What a list says that has nothing in it: why, and what to do next. */
export function empty(title: string, next: Part): Html {
  return html`<div class="empty">
    <p class="empty-title">${title}</p>
    <p>${next}</p>
  </div>`;
}

/** A state in a word, with a sign in front so that its colour is not needed. */
export function badge(tone: 'good' | 'note' | 'bad' | 'quiet', text: string): Html {
  const sign = { good: '●', note: '◐', bad: '▲', quiet: '○' }[tone];
  return html`<span class="badge ${tone}"><span aria-hidden="true">${sign}</span> ${text}</span>`;
}
