import { operatorOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { accepted, answers, found, type ApiInstance } from '../instance.ts';
import { ApiError } from '../problem.ts';
import {
  cancelResult,
  run,
  runFilter,
  runPage,
  runParameters,
  sync,
  syncParameters,
  syncRequest,
  syncStarted,
} from '../schemas/runs.ts';

/** Runs, and the requests that start them. */
export function runRoutes(app: ApiInstance, { queries, runRequests }: ApiDependencies): void {
  app.get(
    '/runs',
    { config: { access: 'view' }, schema: { tags: ['runs'], querystring: runFilter, response: answers(runPage) } },
    ({ query }) => queries.runs.list(query),
  );

  app.get(
    '/runs/:id',
    { config: { access: 'view' }, schema: { tags: ['runs'], params: runParameters, response: answers(run) } },
    async ({ params }) => found(await queries.runs.get(params.id), 'run-unknown', `run ${params.id}`),
  );

  app.post(
    '/runs/:id/cancel',
    {
      config: { access: 'run-and-approve' },
      schema: { tags: ['runs'], params: runParameters, response: answers(cancelResult) },
    },
    async (request) => {
      const { id } = request.params;
      const result = await runRequests.cancel(id, operatorOf(request));
      if (result === 'unknown') throw new ApiError(404, 'run-unknown', `There is no run ${id}.`);
      return { result };
    },
  );

  app.post(
    '/syncs',
    {
      config: { access: 'run-and-approve' },
      schema: { tags: ['runs'], body: syncRequest, response: accepted(syncStarted) },
    },
    async (request, reply) => {
      const sources = request.body?.sources ?? undefined;
      const mode = request.body?.mode ?? 'full';
      const { syncId, refused } = await runRequests.sync({
        ...(sources === undefined ? {} : { sources }),
        mode,
        askedBy: operatorOf(request),
      });
      reply.code(202);
      return { id: syncId, runs: await queries.runs.ofSync(syncId), refused };
    },
  );

  app.get(
    '/syncs/:id',
    { config: { access: 'view' }, schema: { tags: ['runs'], params: syncParameters, response: answers(sync) } },
    async ({ params }) => {
      // Asked first: what comes to rest afterwards is then among the runs.
      const atRest = await runRequests.atRest(params.id);
      const runs = await queries.runs.ofSync(params.id);
      return {
        id: params.id,
        atRest,
        runs: found(runs.length === 0 ? null : runs, 'sync-unknown', `sync ${params.id}`),
      };
    },
  );
}
