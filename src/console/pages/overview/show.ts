import { html, type Html } from '../../html.ts';
import { forPage, showPart, type PageRoutes } from '../../page-kit.ts';
import { badge, empty } from '../../parts/notice.ts';
import { numberText, timeText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';
import { syncNow } from '../runs/list.ts';
import { sourceLines, toneOf, type SourceLine } from './present.ts';
import { sentence } from './sentence.ts';

/** A number is said up to here; more is "more than". */
const most = 50;

/** The overview: one sentence per source, the worst first; what waits for a person. */
export const overviewRoutes: PageRoutes = (app, kit) => {
  app.get('/', forPage('view'), async (request, reply) => {
    const queries = kit.queries(request);
    const [sources, held, questions, worklist] = await Promise.all([
      queries.sources.list(),
      queries.runs.list({ state: 'held', limit: most }),
      queries.reviewItems.list({ limit: most }),
      queries.worklist.list({ limit: most }),
    ]);
    const off = await queries.users.list({ all: false, sync: 'off', limit: most });
    const now = Date.now();
    const lines = sourceLines(sources, held.items, now);
    const waiting: Waiting = {
      held: held.items.length,
      firstHeld: held.items[0]?.id ?? null,
      questions: questions.items.length,
      worklist: worklist.items.length,
      off: off.items.length,
    };
    return showPart(
      kit,
      request,
      reply,
      (visit) => overview(visit, lines, waiting, now),
      (visit, part) => ({
        title: visit.words.places.overview,
        place: 'overview',
        body: html`<header class="head">
            <h1>${visit.words.places.overview}</h1>
            ${syncNow(visit)}
          </header>
          ${part}`,
      }),
    );
  });
};

interface Waiting {
  readonly held: number;
  readonly firstHeld: number | null;
  readonly questions: number;
  readonly worklist: number;
  readonly off: number;
}

function overview(visit: Visit, lines: readonly SourceLine[], waiting: Waiting, now: number): Html {
  const { words } = visit;
  const heldAt =
    waiting.held === 1 && waiting.firstHeld !== null ? `/runs/${String(waiting.firstHeld)}` : '/runs?state=held';
  return html`<div id="overview" hx-get="/" hx-trigger="every 15s" hx-swap="outerMorph">
    <ul class="waiting" aria-label="${words.overview.waiting}">
      ${tile(visit, waiting.held, words.overview.held, heldAt, 'bad')}
      ${tile(visit, waiting.questions, words.overview.questions, '/questions', 'note')}
      ${tile(visit, waiting.worklist, words.overview.worklist, '/worklist', 'note')}
      ${tile(visit, waiting.off, words.overview.off, '/users?sync=off', 'quiet')}
    </ul>
    <h2>${words.overview.sources}</h2>
    ${
      lines.length === 0
        ? empty(words.overview.noSources, words.overview.noSourcesNext)
        : html`<ul class="sources">
            ${lines.map((line) => sourceLine(visit, line, now))}
          </ul>`
    }
  </div>`;
}

function tile(visit: Visit, count: number, text: (count: number) => string, href: string, tone: string): Html {
  const number = count >= most ? `${numberText(visit, most)}+` : numberText(visit, count);
  return html`<li class="${count === 0 ? 'none' : tone}">
    <a href="${href}"><span class="number">${number}</span> <span>${text(count)}</span></a>
  </li>`;
}

function sourceLine(visit: Visit, line: SourceLine, now: number): Html {
  const { words } = visit;
  const { id, kind, standing, nextRun, lastRun, lastSuccessAt } = line;
  return html`<li class="${toneOf(standing)}">
    <p>
      <a class="name" href="/sources/${id}">${id}</a>
      <span class="quiet">${kind}</span> ${badge(toneOf(standing), words.overview.kinds[standing.kind])}
    </p>
    <p>${sentence(visit, line, now)}</p>
    <p class="quiet">
      ${lastRun === null ? '' : html`<a href="/runs/${lastRun}">${words.overview.lastRun}</a> · `}${lastSuccessAt === null ? '' : html`${words.overview.lastSuccess} ${timeText(visit, lastSuccessAt)} · `}${nextRun === null ? words.overview.noNextRun : html`${words.overview.nextRun} ${timeText(visit, nextRun)}`}
    </p>
  </li>`;
}
