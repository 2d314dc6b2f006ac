import { z } from 'zod';
import { operatorOf, requirePermission } from '../../../api/authentication.ts';
import type { Page } from '../../../api/dependencies.ts';
import { found } from '../../../api/instance.ts';
import { bulkPermission } from '../../../api/routes/bulk.ts';
import type { BulkJob, BulkResult } from '../../../api/schemas/bulk.ts';
import { after, formBase, idInPath, optionalOf, optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, show, showPart, type PageRoutes } from '../../page-kit.ts';
import { codeLink } from '../../parts/code.ts';
import { button, hidden, postForm } from '../../parts/form.ts';
import { badge, empty } from '../../parts/notice.ts';
import { pager } from '../../parts/pager.ts';
import { numberText, timeText } from '../../parts/time.ts';
import { goTo } from '../../reply.ts';
import { localPath, visitOf, type Visit } from '../../visit.ts';
import { namesOf } from '../users/present.ts';

const params = z.object({ id: idInPath });
const outcomes = ['changed', 'unchanged', 'refused'] as const;
const querystring = z.object({ outcome: optionalOf(outcomes), list: optionalText(2_000), after });

/** A bulk action as a job: how far it is, and what became of each user by name (spec 16). */
export const bulkJobRoutes: PageRoutes = (app, kit) => {
  app.get('/bulk', { ...forPage('view'), schema: { querystring: z.object({ after }) } }, async (request, reply) => {
    const jobs = await kit.queries(request).bulk.list({ after: request.query.after, limit: 20 });
    return show(kit, request, reply, (visit) => ({
      title: visit.words.bulk.jobs,
      place: 'users',
      body: jobList(visit, jobs),
    }));
  });

  app.get('/bulk/:id', { ...forPage('view'), schema: { params, querystring } }, async (request, reply) => {
    const { id } = request.params;
    const { outcome, after: from, list } = request.query;
    const queries = kit.queries(request);
    const job = found(await queries.bulk.get(id), 'bulk-unknown', `bulk job ${String(id)}`);
    const results = await queries.bulk.results(id, { outcome, after: from, limit: 50 });
    const names = namesOf(await queries.users.named(results.items.map(({ userId }) => userId)));
    return showPart(
      kit,
      request,
      reply,
      (visit) => jobPart(visit, job, results, names),
      (visit, part) => ({
        title: titleOf(visit, job),
        place: 'users',
        again: job.finishedAt === null ? 3 : undefined,
        body: html`<p class="crumbs">
            <a href="${localPath(list, '/users')}">${visit.words.bulk.toList}</a> ·
            <a href="/bulk">${visit.words.bulk.jobs}</a>
          </p>
          <h1>${titleOf(visit, job)}</h1>
          ${part}`,
      }),
    );
  });

  app.post(
    '/bulk/:id/cancel',
    { ...forPage('view'), schema: { params, body: z.object(formBase) } },
    async (request, reply) => {
      const { id } = request.params;
      const job = found(await kit.queries(request).bulk.get(id), 'bulk-unknown', `bulk job ${String(id)}`);
      requirePermission(request, job.action === 'merge' ? 'edit-users' : bulkPermission[job.action]);
      await kit.bulk.cancel(id, operatorOf(request));
      const text = visitOf(request, kit.zone).words.bulk.stopped;
      return goTo(request, reply, localPath(request.body.back, `/bulk/${String(id)}`), { text, tone: 'good' });
    },
  );
};

function titleOf({ words }: Visit, { action, value }: BulkJob): string {
  return value === null || action === 'merge' ? words.bulk.actions[action] : `${words.bulk.actions[action]}: ${value}`;
}

function stateOf({ words }: Visit, { finishedAt, cancelledBy }: BulkJob): Html {
  if (cancelledBy !== null) return badge('note', words.bulk.cancelled(cancelledBy));
  return finishedAt === null ? badge('note', words.bulk.going) : badge('good', words.bulk.finished);
}

function jobPart(visit: Visit, job: BulkJob, results: Page<BulkResult>, names: ReadonlyMap<number, string>): Html {
  const { words, address } = visit;
  const { counts, finishedAt } = job;
  const live = finishedAt === null ? html`hx-get="${address}" hx-trigger="every 1s" hx-swap="outerMorph"` : '';
  return html`<div id="job" ${live}>
    <p role="status" id="job-status">${stateOf(visit, job)} ${words.bulk.progress(counts.done, counts.users)}</p>
    ${
      finishedAt === null
        ? html`<progress value="${counts.done}" max="${counts.users}" aria-label="${words.bulk.job(job.id)}"></progress>
            ${postForm(visit, `/bulk/${String(job.id)}/cancel`, [hidden('back', address), button(words.bulk.cancel, 'plain')])}`
        : ''
    }
    <p class="quiet">
      ${words.bulk.asked} ${timeText(visit, job.askedAt)}
      ${words.sync.by(job.askedBy)}${job.reason === null ? '' : `: ${job.reason}`}
    </p>
    ${job.unknown.length === 0 ? '' : html`<p>${words.bulk.unknown(job.unknown.join(', '))}</p>`}
    <dl class="numbers">
      ${outcomes.map(
        (outcome) =>
          html`<div>
            <dt>${words.bulk.outcomes[outcome]}</dt>
            <dd><a href="${filtered(address, outcome)}">${numberText(visit, counts[outcome])}</a></dd>
          </div>`,
      )}
    </dl>
    <p><a href="${filtered(address, null)}">${words.bulk.every}</a></p>
    ${results.items.length === 0 ? empty(words.bulk.noResults, html`<a href="${filtered(address, null)}">${words.bulk.every}</a>`) : resultTable(visit, results.items, names)}
    ${pager(visit, results.next)}
  </div>`;
}

function filtered(address: string, outcome: string | null): string {
  const here = new URL(address, 'http://here');
  here.searchParams.delete('after');
  if (outcome === null) here.searchParams.delete('outcome');
  else here.searchParams.set('outcome', outcome);
  return `${here.pathname}${here.search}`;
}

function resultTable(visit: Visit, items: readonly BulkResult[], names: ReadonlyMap<number, string>): Html {
  const { words } = visit;
  const tones = { changed: 'good', unchanged: 'quiet', refused: 'bad' } as const;
  return html`<table class="list">
    <thead>
      <tr>
        <th scope="col">${words.users.name}</th>
        <th scope="col">${words.bulk.result}</th>
        <th scope="col">${words.bulk.reason}</th>
      </tr>
    </thead>
    <tbody>
      ${items.map(
        ({ userId, username, outcome, code, message }) =>
          html`<tr>
            <th scope="row">
              <a href="/users/${userId}">${names.get(userId) ?? `#${String(userId)}`}</a>
              <span class="quiet">${username}</span>
            </th>
            <td data-label="${words.bulk.result}">${badge(tones[outcome], words.bulk.outcomes[outcome])}</td>
            <td data-label="${words.bulk.reason}">${message} ${code === null ? '' : codeLink(visit, code)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function jobList(visit: Visit, { items, next }: Page<BulkJob>): Html {
  const { words } = visit;
  return html`<p class="crumbs"><a href="/users">${words.users.title}</a></p>
    <h1>${words.bulk.jobs}</h1>
    ${
      items.length === 0
        ? empty(words.bulk.noJobs, html`${words.bulk.noJobsNext} <a href="/users">${words.users.title}</a>`)
        : html`<table class="list">
            <thead>
              <tr>
                <th scope="col">${words.bulk.what}</th>
                <th scope="col">${words.runs.state}</th>
                <th scope="col">${words.bulk.result}</th>
                <th scope="col">${words.bulk.asked}</th>
              </tr>
            </thead>
            <tbody>
              ${items.map(
                (job) =>
                  html`<tr>
                    <th scope="row"><a href="/bulk/${job.id}">${titleOf(visit, job)}</a></th>
                    <td data-label="${words.runs.state}">
                      ${stateOf(visit, job)} ${words.bulk.progress(job.counts.done, job.counts.users)}
                    </td>
                    <td data-label="${words.bulk.result}">
                      ${outcomes.map((each) => html`<a class="act" href="/bulk/${job.id}?outcome=${each}">${numberText(visit, job.counts[each])} ${words.bulk.outcomes[each]}</a>`)}
                    </td>
                    <td data-label="${words.bulk.asked}">
                      ${timeText(visit, job.askedAt)} <span class="quiet">${words.sync.by(job.askedBy)}</span>
                    </td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }
    ${pager(visit, next)}`;
}
