import type { FastifyRequest } from 'fastify';
import type { MergePair } from '../../users/merge-ports.ts';
import { askerOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { accepted, answers, found, type ApiInstance } from '../instance.ts';
import { ApiError } from '../problem.ts';
import {
  mergeCandidateFilter,
  mergeCandidatePage,
  merged,
  mergeRequest,
  mergesAsked,
  mergesRequest,
} from '../schemas/merges.ts';
import { actionQuery } from '../schemas/user-actions.ts';
import { userParameters, versionHeader } from '../schemas/users.ts';
import { versionOf } from './users.ts';

/** A preview of many pairs does everything and keeps nothing. */
const previewTimeoutMs = 120_000;
/** A thousand pairs by name. */
const mergesBodyLimit = 4 * 1024 * 1024;

/** Users who are the same person made one (spec 18): the pairs there may be, one pair, and many as a job. */
export function mergeRoutes(app: ApiInstance, { queries, merges, bulk }: ApiDependencies): void {
  const idsOf = async (request: FastifyRequest, references: readonly string[]): Promise<number[]> => {
    const resolved = await queries(request).users.resolveAll(references);
    const unknown = references.filter((_reference, position) => resolved[position] === null);
    if (unknown.length > 0)
      throw new ApiError(404, 'user-unknown', `There is no user ${[...new Set(unknown)].join(', ')}.`);
    return resolved.flatMap((id) => id ?? []);
  };

  app.get(
    '/merge-candidates',
    {
      config: { access: 'view' },
      schema: { tags: ['users'], querystring: mergeCandidateFilter, response: answers(mergeCandidatePage) },
    },
    (request) => queries(request).merges.candidates(request.query),
  );

  app.post(
    '/users/:user/merge',
    {
      config: { access: 'edit-users' },
      schema: {
        ...{ tags: ['users'], params: userParameters, querystring: actionQuery, headers: versionHeader },
        ...{ body: mergeRequest, response: answers(merged) },
      },
    },
    async (request, reply) => {
      const { params, query, headers, body } = request;
      const [primary = 0, other = 0] = await idsOf(request, [params.user, body.other]);
      const preview = query.preview === 'true';
      const outcome = await merges.merge(
        {
          ...askerOf(request),
          ...{ prefer: body.prefer ?? null, reason: body.reason ?? undefined, preview },
          expectedVersion: versionOf(headers['if-match']),
        },
        { primary, other, choices: body.choices },
      );
      const user = found(await queries(request).users.get(primary), 'user-unknown', `user ${params.user}`);
      reply.header('etag', `"${user.version}"`);
      return { ...outcome, preview, user };
    },
  );

  app.post(
    '/merges',
    {
      config: { access: 'edit-users' },
      bodyLimit: mergesBodyLimit,
      handlerTimeout: previewTimeoutMs,
      schema: { tags: ['users'], body: mergesRequest, response: { ...answers(mergesAsked), ...accepted(mergesAsked) } },
    },
    async (request, reply) => {
      const { pairs: named, prefer = null, preview, reason } = request.body;
      const ids = await idsOf(
        request,
        named.flatMap(({ primary, other }) => [primary, other]),
      );
      const pairs = named.map(({ choices }, index): MergePair => {
        const [primary = 0, other = 0] = ids.slice(index * 2);
        return { primary, other, choices };
      });
      const asker = askerOf(request);
      if (preview)
        return {
          preview,
          pairs: await merges.mergeAll({ ...asker, prefer, reason: reason ?? undefined, preview }, pairs),
          job: null,
        };
      const id = await bulk.startMerges({ ...asker, prefer, reason: reason ?? null }, pairs);
      reply.code(202);
      const job = found(await queries(request).bulk.get(id), 'bulk-unknown', `bulk job ${id}`);
      return { preview, pairs: [], job };
    },
  );
}
