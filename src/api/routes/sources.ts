import type { FastifyRequest } from 'fastify';
import { askerOf, requireFullScope } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import {
  checkReport,
  confirmRequest,
  moveReport,
  moveRequest,
  pauseRequest,
  source,
  sourceList,
  sourceParameters,
} from '../schemas/sources.ts';

/** A check goes step by step, and each step may run into its own time-out. */
const checkTimeoutMs = 170_000;

/** As many pairs as a request has take some seconds, and some ten MB in JSON where ids are long. */
const moveTimeoutMs = 170_000;
const moveBodyLimit = 16 * 1024 * 1024;

/** Sources: state, check, pause, resume, retire, confirm another system, move links. */
export function sourceRoutes(app: ApiInstance, dependencies: ApiDependencies): void {
  const { queries, sourceChecks, sourcePause, confirmSystem, linkMove } = dependencies;
  const get = async (request: FastifyRequest, id: string) =>
    found(await queries(request).sources.get(id), 'source-unknown', `source ${id}`);

  app.get(
    '/sources',
    { config: { access: 'view' }, schema: { tags: ['sources'], response: answers(sourceList) } },
    async (request) => ({ items: await queries(request).sources.list() }),
  );

  app.get(
    '/sources/:id',
    { config: { access: 'view' }, schema: { tags: ['sources'], params: sourceParameters, response: answers(source) } },
    (request) => get(request, request.params.id),
  );

  app.post(
    '/sources/:id/check',
    {
      config: { access: 'run-and-approve' },
      handlerTimeout: checkTimeoutMs,
      schema: { tags: ['sources'], params: sourceParameters, response: answers(checkReport) },
    },
    async (request) => {
      const { params } = request;
      const { systemId } = await get(request, params.id);
      return { steps: await sourceChecks.check(params.id, systemId, AbortSignal.timeout(checkTimeoutMs)) };
    },
  );

  app.post(
    '/sources/:id/confirm',
    {
      config: { access: 'manage-sources' },
      schema: { tags: ['sources'], params: sourceParameters, body: confirmRequest, response: answers(source) },
    },
    async (request) => {
      const { params, body } = request;
      const { systemId, reason } = body;
      await confirmSystem({
        ...{ source: params.id, systemId },
        reason: reason ?? undefined,
        ...askerOf(request),
      });
      return get(request, params.id);
    },
  );

  app.post(
    '/sources/:id/move-links',
    {
      config: { access: 'edit-users' },
      handlerTimeout: moveTimeoutMs,
      bodyLimit: moveBodyLimit,
      schema: { tags: ['sources'], params: sourceParameters, body: moveRequest, response: answers(moveReport) },
    },
    async (request) => {
      requireFullScope(request, 'Links are moved for a whole source');
      const { to, pairs, preview, reason } = request.body;
      const outcomes = await linkMove[preview ? 'preview' : 'move']({
        ...{ from: request.params.id, to, pairs },
        reason: reason ?? undefined,
        ...askerOf(request),
      });
      const refused = outcomes.filter((outcome) => outcome.refusal !== null).length;
      return { preview, movable: outcomes.length - refused, refused, pairs: outcomes };
    },
  );

  for (const action of ['pause', 'resume', 'retire'] as const) {
    app.post(
      `/sources/:id/${action}`,
      {
        config: { access: 'manage-sources' },
        schema: { tags: ['sources'], params: sourceParameters, body: pauseRequest, response: answers(source) },
      },
      async (request) => {
        const { id } = request.params;
        await sourcePause[action]({
          source: id,
          reason: request.body?.reason ?? undefined,
          ...askerOf(request),
        });
        return get(request, id);
      },
    );
  }
}
