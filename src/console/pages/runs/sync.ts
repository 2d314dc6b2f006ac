import { z } from 'zod';
import { operatorOf } from '../../../api/authentication.ts';
import { found } from '../../../api/instance.ts';
import type { Run } from '../../../api/schemas/runs.ts';
import { formBase, optionalOf, optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, showPart, type PageRoutes } from '../../page-kit.ts';
import { goTo } from '../../reply.ts';
import { visitOf, type Visit } from '../../visit.ts';
import { isUnderWay } from './present.ts';
import { runTable } from './run-table.ts';

const params = z.object({
  sync: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[\w-]+$/),
});
const asked = z.object({ ...formBase, source: optionalText(64), mode: optionalOf(['full', 'delta']) });

/** Asking for a sync, and the page that shows what became of it: at once, and live while it goes on. */
export const syncRoutes: PageRoutes = (app, kit) => {
  app.post('/syncs', { ...forPage('run-and-approve'), schema: { body: asked } }, async (request, reply) => {
    const { source, mode = 'delta' } = request.body;
    const named = source === undefined ? {} : { sources: [source] };
    const { syncId, runIds, refused } = await kit.runRequests.sync({ ...named, mode, askedBy: operatorOf(request) });
    const { words } = visitOf(request, kit.zone);
    const told = refused.map((each) => `${each.source}: ${each.message}`).join('; ');
    const said = refused.length === 0 ? undefined : { text: words.runs.refused(told), tone: 'note' as const };
    return goTo(request, reply, runIds.length === 0 ? '/runs' : `/syncs/${syncId}`, said);
  });

  app.get('/syncs/:sync', { ...forPage('view'), schema: { params } }, async (request, reply) => {
    const { sync } = request.params;
    const atRest = await kit.runRequests.atRest(sync);
    const runs = await kit.queries(request).runs.ofSync(sync);
    found(runs[0] ?? null, 'sync-unknown', `sync ${sync}`);
    return showPart(
      kit,
      request,
      reply,
      (visit) => syncPart(visit, sync, runs, atRest),
      (visit, part) => ({
        title: visit.words.runs.sync,
        place: 'runs',
        again: atRest ? undefined : 3,
        body: html`<p class="crumbs"><a href="/runs">${visit.words.places.runs}</a></p>
          <h1>${visit.words.runs.sync}</h1>
          ${part}`,
      }),
    );
  });
};

function syncPart(visit: Visit, sync: string, runs: readonly Run[], atRest: boolean): Html {
  const { words, may } = visit;
  const going = !atRest || runs.some(isUnderWay);
  const live = going ? html`hx-get="/syncs/${sync}" hx-trigger="every 1s" hx-swap="outerMorph"` : '';
  return html`<div id="sync" ${live}>
    <p role="status" id="sync-status">${going ? words.runs.going : words.runs.atRest}</p>
    ${runTable(visit, runs)}
    ${going || !may.has('view-log') ? '' : html`<p>${runs.map((run) => html`<a class="act" href="/log?run=${run.id}">${words.runs.logOf(run.id)}</a> `)}</p>`}
  </div>`;
}
