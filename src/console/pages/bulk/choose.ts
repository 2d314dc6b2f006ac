import type { FastifyReply, FastifyRequest } from 'fastify';
import { sourceFields } from '../../../domain/fields.ts';
import { z } from 'zod';
import { askerOf, operatorOf, requirePermission } from '../../../api/authentication.ts';
import { describe } from '../../../api/problem.ts';
import { bulkPermission } from '../../../api/routes/bulk.ts';
import { bulkAction } from '../../../api/schemas/bulk.ts';
import { endOfDay } from '../../days.ts';
import { formBase, idInPath, optionalDay, optionalOf, optionalReason, optionalText } from '../../fields.ts';
import { html } from '../../html.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { empty } from '../../parts/notice.ts';
import { goTo } from '../../reply.ts';
import { localPath, visitOf } from '../../visit.ts';
import { isConfirmed, needsOf, originOf, tickedIds } from './present.ts';
import { selectionPage, type Asked } from './selection-page.ts';

const params = z.object({ id: idInPath });
const chosen = z.object({ ...formBase, which: z.enum(['ticked', 'all']), list: z.string().max(2_000), ids: tickedIds });
const action = optionalOf(bulkAction.options);
const said = z.object({
  ...formBase,
  action: bulkAction,
  value: optionalText(256),
  until: optionalDay,
  insist: optionalOf(['yes']),
  reason: optionalReason,
  word: optionalText(100),
});

/** Users are chosen in a list, and what is done is done to exactly these (spec 16). */
export const selectionRoutes: PageRoutes = (app, kit) => {
  app.post('/selections', { ...forPage('view'), schema: { body: chosen } }, async (request, reply) => {
    const { which, ids } = request.body;
    const list = localPath(request.body.list, '/users');
    const userIds = which === 'ticked' ? ids : await everybodyOf(kit, request, list);
    if (userIds.length === 0) return nobody(kit, request, reply, list);
    const id = await kit.selections.add(operatorOf(request), list, userIds);
    return goTo(request, reply, `/selections/${String(id)}`);
  });

  app.get(
    '/selections/:id',
    { ...forPage('view'), schema: { params, querystring: z.object({ action }) } },
    async (request, reply) => page(kit, request, reply, { action: request.query.action, refusal: null }),
  );

  app.post('/selections/:id', { ...forPage('view'), schema: { params, body: said } }, async (request, reply) => {
    const { id } = request.params;
    const { value, until, insist, reason, word, ...asked } = request.body;
    requirePermission(request, bulkPermission[asked.action]);
    if (insist === 'yes') requirePermission(request, 'override-acd-presence');
    const asker = askerOf(request);
    const [selection, userIds] = await Promise.all([
      kit.selections.get(id, asker.operator),
      kit.selections.userIds(id, asker.operator),
    ]);
    if (selection === null || userIds === null) return expired(kit, request, reply);
    const { bulk } = visitOf(request, kit.zone).words;
    const shown = { ...request.body };
    if (!isConfirmed(userIds.length, word, bulk.word))
      return page(kit, request, reply, { ...shown, refusal: bulk.wordMissing(bulk.word) }, 422);
    try {
      const end = until === undefined ? null : endOfDay(until, kit.zone);
      const job = await kit.bulk.start(
        {
          ...{ action: asked.action, value: needsOf(asked.action) === null ? null : (value ?? null) },
          ...{ insist: insist === 'yes', until: end, reason: reason ?? null, ...asker },
        },
        { userIds, unknown: [] },
      );
      return await goTo(request, reply, `/bulk/${String(job)}?list=${encodeURIComponent(selection.address)}`);
    } catch (error) {
      const { status, detail } = describe(error as Parameters<typeof describe>[0]);
      if (status >= 500) throw error;
      return page(kit, request, reply, { ...shown, refusal: detail }, status);
    }
  });
};

async function everybodyOf(kit: PageKit, request: FastifyRequest, list: string): Promise<readonly number[]> {
  const origin = originOf(list);
  const { bulk, worklist } = kit.queries(request);
  if (origin === null) return [];
  return origin.of === 'worklist' ? worklist.userIds({}) : bulk.usersOf(origin.filter);
}

async function page(
  kit: PageKit,
  request: FastifyRequest<{ Params: { id: number } }>,
  reply: FastifyReply,
  asked: Asked,
  status = 200,
): Promise<FastifyReply> {
  const selection = await kit.selections.get(request.params.id, operatorOf(request));
  if (selection === null) return expired(kit, request, reply);
  const queries = kit.queries(request);
  const users = await queries.users.named(selection.first);
  const needed = asked.action === undefined ? null : needsOf(asked.action);
  const names =
    needed === null
      ? []
      : needed === 'role'
        ? Object.keys(kit.roleCatalogue)
        : needed === 'field'
          ? sourceFields
          : await queries.teams.names();
  return show(kit, request, reply, (visit) => ({
    title: visit.words.bulk.title(selection.users),
    place: 'users',
    status,
    body: selectionPage(visit, { selection, users, names, asked }),
  }));
}

function nobody(kit: PageKit, request: FastifyRequest, reply: FastifyReply, list: string): FastifyReply {
  return show(kit, request, reply, ({ words }) => ({
    title: words.bulk.nobodyTitle,
    place: 'users',
    status: 422,
    body: html`<h1>${words.bulk.nobodyTitle}</h1>
      ${empty(words.bulk.nobodyNext, html`<a href="${list}">${words.bulk.toList}</a>`)}`,
  }));
}

function expired(kit: PageKit, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return show(kit, request, reply, ({ words }) => ({
    title: words.bulk.nobodyTitle,
    place: 'users',
    status: 404,
    body: html`<h1>${words.bulk.nobodyTitle}</h1>
      ${empty(words.bulk.expired, html`<a href="/users">${words.bulk.toList}</a>`)}`,
  }));
}
