import type { RefusalFilter } from '../../users/refusals.ts';
import type { FastifyRequest } from 'fastify';
import { askerOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import { ApiError } from '../problem.ts';
import { reason } from '../schemas/common.ts';
import { liftReport, liftRequest, refusalFilter, refusalPage, reopened } from '../schemas/refusals.ts';
import { runParameters } from '../schemas/runs.ts';
import { z } from 'zod';

/** What a run refused is of users everywhere (spec 19.1). */
function refuseLimited({ sight }: FastifyRequest): void {
  if (sight === null) return;
  throw new ApiError(
    403,
    'beyond-scope',
    'Refusals of a run or a source are lifted by somebody who sees everybody; name a user.',
  );
}

/** Users of one lift may be thousands. */
const liftTimeoutMs = 600_000;

/** What is refused, and how it is lifted (spec 13.2, 15.3). */
export function refusalRoutes(app: ApiInstance, { queries, refusals }: ApiDependencies): void {
  const filterOf = async (
    request: FastifyRequest,
    asked: {
      readonly run?: number | undefined;
      readonly user?: string | undefined;
      readonly source?: string | undefined;
      readonly field?: string | undefined;
    },
  ): Promise<RefusalFilter> => {
    const { run, user, source, field } = asked;
    if (user === undefined) return { run, source, part: field };
    return {
      run,
      source,
      part: field,
      userId: found(await queries(request).users.resolve(user), 'user-unknown', `user ${user}`),
    };
  };

  app.get(
    '/refusals',
    {
      config: { access: 'view' },
      schema: { tags: ['history'], querystring: refusalFilter, response: answers(refusalPage) },
    },
    async (request) => {
      const { after, limit, ...filter } = request.query;
      return queries(request).refusals.list({ after, limit, ...(await filterOf(request, filter)) });
    },
  );

  app.post(
    '/refusals/lift',
    {
      config: { access: 'run-and-approve' },
      handlerTimeout: liftTimeoutMs,
      schema: { tags: ['history'], body: liftRequest, response: answers(liftReport) },
    },
    async (request) => {
      const { preview, reason: why, ...filter } = request.body;
      if (filter.user === undefined) refuseLimited(request);
      return refusals.lift({
        filter: await filterOf(request, filter),
        preview,
        reason: why ?? undefined,
        ...askerOf(request),
      });
    },
  );

  app.post(
    '/runs/:id/reopen',
    {
      config: { access: 'run-and-approve' },
      handlerTimeout: liftTimeoutMs,
      schema: {
        tags: ['runs'],
        params: runParameters,
        body: z.strictObject({ reason: reason.nullish() }),
        response: answers(reopened),
      },
    },
    (request) => {
      refuseLimited(request);
      return refusals.reopen({
        ...{ run: request.params.id, reason: request.body.reason ?? undefined },
        ...askerOf(request),
      });
    },
  );
}
