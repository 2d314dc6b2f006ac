import { z } from 'zod';
import { runStates } from '../../../domain/run-state.ts';
import { after, optionalOf, optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, showPart, type PageRoutes } from '../../page-kit.ts';
import { filterByName, filterChoice, filterForm } from '../../parts/filters.ts';
import { button, postForm } from '../../parts/form.ts';
import { empty } from '../../parts/notice.ts';
import { pager } from '../../parts/pager.ts';
import type { Visit } from '../../visit.ts';
import { runTable } from './run-table.ts';

const querystring = z.object({ source: optionalText(64), state: optionalOf(runStates), after });
type Query = z.output<typeof querystring>;

/** Runs, the latest first. */
export const runListRoutes: PageRoutes = (app, kit) => {
  app.get('/runs', { ...forPage('view'), schema: { querystring } }, async (request, reply) => {
    const queries = kit.queries(request);
    const runs = await queries.runs.list({ ...request.query, limit: 50 });
    const part = (visit: Visit): Html =>
      html`<div id="runs">
        ${runs.items.length === 0 ? empty(visit.words.runs.none, html`<a href="/runs">${visit.words.log.clear}</a>`) : runTable(visit, runs.items)}
        ${pager(visit, runs.next)}
      </div>`;
    return showPart(kit, request, reply, part, (visit, list) => ({
      title: visit.words.places.runs,
      place: 'runs',
      body: html`<header class="head">
          <h1>${visit.words.places.runs}</h1>
          ${syncNow(visit)}
        </header>
        ${filters(visit, request.query, kit.sourceIds)}${list}`,
    }));
  });
};

/** One press for all sources; a second press joins what is under way. */
export function syncNow(visit: Visit): Html {
  if (!visit.may.has('run-and-approve')) return html``;
  return postForm(visit, '/syncs', button(visit.words.runs.syncNow));
}

function filters(visit: Visit, { source, state }: Query, sources: readonly string[]): Html {
  const { words } = visit;
  const states = runStates.map((each) => [each, words.runs.states[each]] as const);
  return filterForm(visit, { action: '/runs', target: 'runs' }, [
    filterByName(visit, 'source', words.acts.source, source, sources),
    filterChoice(visit, 'state', words.runs.state, state, states),
  ]);
}
