import type { Assets } from './assets.ts';
import { html, type Html, type Part } from './html.ts';
import { button, hidden, postForm } from './parts/form.ts';
import { themes, type Visit } from './visit.ts';
import { languages } from './words/words.ts';

/** The places of the console, in the order in which people need them; each is shown to whoever may look there. */
const places = [
  ['overview', '/', 'view'],
  ['users', '/users', 'view'],
  ['accounts', '/accounts', 'view'],
  ['teams', '/teams', 'view'],
  ['questions', '/questions', 'view'],
  ['worklist', '/worklist', 'view'],
  ['runs', '/runs', 'view'],
  ['log', '/log', 'view-log'],
  ['operators', '/operators', 'manage-operators'],
] as const;
export type Place = (typeof places)[number][0];

interface Page {
  readonly title: string;
  /** Where in the navigation it stands; null outside of it. */
  readonly place: Place | null;
  readonly body: Part;
  /** Looks again after so many seconds where there is no script. */
  readonly again?: number | undefined;
  /** Goes on to this path by itself. */
  readonly goOn?: string | undefined;
  /** Follows a stream. */
  readonly live?: boolean | undefined;
}

/** A whole page. */
export function layout(assets: Assets, visit: Visit, { title, place, body, again, goOn, live }: Page): Html {
  const { words, language, theme } = visit;
  return html`<!doctype html>
    <html lang="${language}" data-theme="${theme}">
      <head>
        <meta charset="utf-8" />
        <title>${title} · rosterd</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="htmx-config" content='{"includeIndicatorCSS":false}' />
        <link rel="stylesheet" href="${assets.style}" />
        <link rel="icon" href="${assets.icon}" type="image/svg+xml" />
        <script src="${assets.htmx}" defer></script>
        ${goOn === undefined ? '' : html`<meta http-equiv="refresh" content="${`0; url=${goOn}`}" />`}
        ${live === true ? html`<script src="${assets.follow}" defer></script>` : ''}
        ${again === undefined ? '' : html`<noscript><meta http-equiv="refresh" content="${again}" /></noscript>`}
      </head>
      <body>
        <a class="skip" href="#main">${words.layout.skip}</a>
        ${visit.operator === null ? html`<header class="top"><a class="brand" href="/">rosterd</a></header>` : navigation(visit, place)}
        <main id="main">${flashOf(visit)} ${body}</main>
        ${footer(visit)}
      </body>
    </html>`;
}

function navigation(visit: Visit, place: Place | null): Html {
  const { words, operator, may } = visit;
  return html`<header class="top">
    <a class="brand" href="/">rosterd</a>
    <nav aria-label="${words.layout.navigation}">
      <ul>
        ${places
          .filter(([, , needed]) => may.has(needed))
          .map(
            ([name, href]) =>
              html`<li>
                <a href="${href}" ${name === place ? html`aria-current="page"` : ''}>${words.places[name]}</a>
              </li>`,
          )}
      </ul>
    </nav>
    <div class="who">
      <a href="/sessions">${operator}</a>${postForm(visit, '/sign-out', button(words.layout.signOut, 'plain'))}
    </div>
  </header>`;
}

function flashOf(visit: Visit): Html {
  const { flash, words } = visit;
  if (flash === null) return html``;
  const { text, tone, undo } = flash;
  return html`<div class="flash ${tone}" role="status" tabindex="-1" autofocus>
    <span class="sign" aria-hidden="true">${tone === 'good' ? '✓' : 'i'}</span>
    <p>${text}</p>
    ${undo === undefined ? '' : postForm(visit, undo.action, [hidden('back', visit.address), button(words.layout.undo, 'plain')])}
  </div>`;
}

/** How the page looks, chosen without script. */
function footer(visit: Visit): Html {
  const { words, theme, language, zone, address, operator, may } = visit;
  return html`<footer>
    <form method="get" action="/preferences">
      ${hidden('back', address)}
      <label
        >${words.layout.theme}
        <select name="theme">
          ${themes.map(
            (each) =>
              html`<option value="${each}" ${each === theme ? html`selected` : ''}>${words.themes[each]}</option>`,
          )}
        </select></label
      >
      <label
        >${words.layout.language}
        <select name="language">
          ${Object.entries(languages).map(
            ([each, { name }]) =>
              html`<option value="${each}" lang="${each}" ${each === language ? html`selected` : ''}>${name}</option>`,
          )}
        </select></label
      >
      ${button(words.layout.choose, 'plain')}
      <span class="quiet">${words.layout.zone(zone)}</span>
    </form>
    ${operator === null ? '' : html`<p class="quiet"><a href="/errors">${words.errors.title}</a>${may.has('manage-sources') ? html` · <a href="/diagnostics">${words.diagnostics.title}</a>` : ''}</p>`}
  </footer>`;
}
