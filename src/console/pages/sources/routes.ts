import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import { found } from '../../../api/instance.ts';
import type { Source } from '../../../api/schemas/sources.ts';
import { formBase, optionalReason } from '../../fields.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { goTo } from '../../reply.ts';
import { visitOf } from '../../visit.ts';
import { checkPart, sourcePage, type CheckStep } from './show.ts';

const params = z.object({ source: z.string().min(1).max(64) });
const said = z.object({ ...formBase, reason: optionalReason });
/** A check goes step by step, and each step may run into its own time-out. */
const checkTimeoutMs = 170_000;

/** A source: how it stands, its check step by step, sync now, pause, resume, retire, and confirming another system. */
export const sourceRoutes: PageRoutes = (app, kit) => {
  const sourceOf = async (request: FastifyRequest, id: string): Promise<Source> =>
    found(await kit.queries(request).sources.get(id), 'source-unknown', `source ${id}`);

  app.get('/sources/:source', { ...forPage('view'), schema: { params } }, async (request, reply) =>
    page(kit, request, reply, await sourceOf(request, request.params.source), null),
  );

  app.post(
    '/sources/:source/check',
    { ...forPage('run-and-approve'), handlerTimeout: checkTimeoutMs, schema: { params, body: z.object(formBase) } },
    async (request, reply) => {
      const source = await sourceOf(request, request.params.source);
      const signal = AbortSignal.timeout(checkTimeoutMs);
      return page(kit, request, reply, source, await kit.sourceChecks.check(source.id, source.systemId, signal));
    },
  );

  for (const act of ['pause', 'resume', 'retire'] as const)
    app.post(
      `/sources/:source/${act}`,
      { ...forPage('manage-sources'), schema: { params, body: said } },
      async (request, reply) => {
        const { source } = request.params;
        await kit.sourcePause[act]({ source, reason: request.body.reason, ...askerOf(request) });
        return done(kit, request, reply, source, act);
      },
    );

  const confirmed = said.extend({ systemId: z.string().min(1).max(1_000) });
  app.post(
    '/sources/:source/confirm',
    { ...forPage('manage-sources'), schema: { params, body: confirmed } },
    async (request, reply) => {
      const { source } = request.params;
      const { systemId, reason } = request.body;
      await kit.confirmSystem({ source, systemId, reason, ...askerOf(request) });
      return done(kit, request, reply, source, 'confirm');
    },
  );
};

async function page(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  source: Source,
  steps: readonly CheckStep[] | null,
): Promise<FastifyReply> {
  const held = await kit.queries(request).runs.list({ source: source.id, state: 'held', limit: 1 });
  return show(kit, request, reply, (visit) => ({
    title: source.id,
    place: 'overview',
    body: sourcePage(visit, source, held.items, steps === null ? null : checkPart(visit, steps), Date.now()),
  }));
}

function done(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  source: string,
  act: 'pause' | 'resume' | 'retire' | 'confirm',
): FastifyReply {
  const { words } = visitOf(request, kit.zone);
  return goTo(request, reply, `/sources/${encodeURIComponent(source)}`, {
    text: words.source.done[act](source),
    tone: 'good',
  });
}
