import { z } from 'zod';
import { found } from '../../../api/instance.ts';
import type { ShownDecision, Run } from '../../../api/schemas/runs.ts';
import type { Source } from '../../../api/schemas/sources.ts';
import type { Page } from '../../../api/dependencies.ts';
import { after, idInPath } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, showPart, type PageRoutes } from '../../page-kit.ts';
import { codeLink } from '../../parts/code.ts';
import { badge, notice } from '../../parts/notice.ts';
import { ago, numberText, timeText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';
import { namesOf } from '../users/present.ts';
import { heldPart } from './held-part.ts';
import { countsOf, isUnderWay, toneOf } from './present.ts';

const params = z.object({ id: idInPath });
const shownPerPage = 100;

/** One run: how it goes or ended and why, what it counted, whom it rejected; and a held one with what it would do. */
export const runPageRoutes: PageRoutes = (app, kit) => {
  app.get(
    '/runs/:id',
    { ...forPage('view'), schema: { params, querystring: z.object({ after }) } },
    async (request, reply) => {
      const { id } = request.params;
      const queries = kit.queries(request);
      const run = found(await queries.runs.get(id), 'run-unknown', `run ${String(id)}`);
      const shown =
        run.state === 'held' ? await queries.runs.shown(id, { after: request.query.after, limit: shownPerPage }) : null;
      const named = (shown?.items ?? []).flatMap(({ userId }) => userId ?? []);
      const names = namesOf(await queries.users.named(named));
      const failed = run.state === 'failed' && run.source !== null ? await queries.sources.get(run.source) : null;
      return showPart(
        kit,
        request,
        reply,
        (visit) => runPart(visit, run, shown, names, failed ?? null),
        (visit, part) => ({
          title: visit.words.log.run(id),
          place: 'runs',
          again: isUnderWay(run) ? 3 : undefined,
          body: html`<p class="crumbs">
              <a href="/runs">${visit.words.places.runs}</a> › ${run.source ?? visit.words.runs.everySource}
            </p>
            <h1>${visit.words.log.run(id)}</h1>
            ${part}`,
        }),
      );
    },
  );
};

function runPart(
  visit: Visit,
  run: Run,
  shown: Page<ShownDecision> | null,
  names: ReadonlyMap<number, string>,
  failed: Source | null,
): Html {
  const { words, may } = visit;
  const live = isUnderWay(run) ? html`hx-get="/runs/${run.id}" hx-trigger="every 1s" hx-swap="outerMorph"` : '';
  return html`<div id="run" ${live}>
    <p role="status" id="run-status">
      ${badge(toneOf(run), words.runs.states[run.state])} ${run.source ?? words.runs.everySource},
      ${words.runs.modes[run.mode]}
    </p>
    ${errorNotice(visit, run, failed)}
    ${run.waitingFor.length === 0 ? '' : notice('note', words.runs.waitingFor(run.waitingFor.join(', ')))}
    ${shown === null ? '' : heldPart(visit, run, shown, names)}
    <dl class="facts">
      <dt>${words.runs.asked}</dt>
      <dd>${timeText(visit, run.askedAt)}, ${words.sync.by(run.askedBy)}</dd>
      ${
        run.startedAt === null
          ? ''
          : html`<dt>${words.runs.started}</dt>
              <dd>${timeText(visit, run.startedAt)}</dd>`
      }
      ${
        run.finishedAt === null
          ? ''
          : html`<dt>${words.runs.ended}</dt>
              <dd>${timeText(visit, run.finishedAt)}</dd>`
      }
      ${
        run.cancelAskedBy === null
          ? ''
          : html`<dt>${words.runs.cancelled}</dt>
              <dd>${words.sync.by(run.cancelAskedBy)}</dd>`
      }
      ${
        run.approvedBy === null
          ? ''
          : html`<dt>${words.runs.approved}</dt>
              <dd>${words.sync.by(run.approvedBy)}</dd>`
      }
    </dl>
    <h2>${words.runs.counts}</h2>
    <dl class="numbers">
      ${countsOf(run).map(
        ([name, count]) =>
          html`<div>
            <dt>${words.runs.countNames[name]}</dt>
            <dd>${linked(visit, run, name, numberText(visit, count))}</dd>
          </div>`,
      )}
    </dl>
    ${rejects(visit, run)}
    ${
      run.notes.length === 0
        ? ''
        : html`<h2>${words.runs.notes}</h2>
            <ul>
              ${run.notes.map((note) => html`<li>${textOf(note)}</li>`)}
            </ul>`
    }
    ${may.has('view-log') ? html`<p><a href="/log?run=${run.id}">${words.runs.logOf(run.id)}</a></p>` : ''}
  </div>`;
}

/** Why it ended so. What a held run tells of commands stands on this page as buttons. */
function errorNotice(visit: Visit, { state, error }: Run, source: Source | null): Html {
  const { words } = visit;
  if (error === undefined) return html``;
  if (state !== 'held')
    return notice(
      'bad',
      words.runs.states[state],
      html`<p>${error.message} (${codeLink(visit, error.code)})</p>
        ${source === null ? '' : sinceThen(visit, source)}`,
    );
  return notice('bad', words.runs.states.held, html`<p>${error.message.replace(/\s*See it with: .*$/s, '')}</p>`);
}

/** What still works where a source fails, and what to do: read by somebody who was woken up. */
function sinceThen(visit: Visit, { id, lastSuccessAt, nextRuns }: Source): Html {
  const { sentences } = visit.words.overview;
  const success = lastSuccessAt === null ? null : ago(visit, lastSuccessAt, Date.now());
  return html`<p>
    ${sentences.stillWorks(success, nextRuns.length > 0)} <a href="/sources/${id}">${sentences.failingNext}</a>
  </p>`;
}

/** What a number counts, where there is a list of it. */
function linked({ may }: Visit, run: Run, name: keyof Run['counts'], text: string): Html {
  const types: Partial<Record<keyof Run['counts'], string>> = {
    created: 'user-created',
    linked: 'link-made',
    updated: 'user-changed',
    gone: 'account-gone',
  };
  const type = types[name];
  if (name === 'rejected') return html`<a href="#rejects">${text}</a>`;
  if (name === 'review') return html`<a href="/questions">${text}</a>`;
  return type === undefined || !may.has('view-log')
    ? html`${text}`
    : html`<a href="/log?run=${run.id}&amp;type=${type}">${text}</a>`;
}

/** By name, with the reason (never only a number). */
function rejects({ words }: Visit, run: Run): Html {
  if (run.rejects.length === 0) return html``;
  return html`<h2 id="rejects">${words.runs.rejects}</h2>
    <ul>
      ${run.rejects.map((each) => html`<li>${textOf(each)}</li>`)}
    </ul>`;
}

/** Notes and rejects are texts, or objects of texts: both are shown as they are, and nothing as "[object Object]". */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .filter(([, each]) => each !== null)
    .map(
      ([name, each]) =>
        `${name}: ${typeof each === 'string' || typeof each === 'number' ? String(each) : JSON.stringify(each)}`,
    )
    .join(', ');
}
