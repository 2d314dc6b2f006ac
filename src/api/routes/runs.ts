import { askerOf, operatorOf, requireFullScope } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { accepted, answers, found, type ApiInstance } from '../instance.ts';
import { ApiError } from '../problem.ts';
import { timesOf } from './events.ts';
import { pageRequest } from '../schemas/common.ts';
import {
  approveRequest,
  cancelResult,
  discardRequest,
  discardResult,
  dryRun,
  run,
  runFilter,
  runPage,
  runParameters,
  shownPage,
  sync,
  syncParameters,
  syncRequest,
  syncStarted,
} from '../schemas/runs.ts';

/** Runs, and the requests that start them. */
export function runRoutes(app: ApiInstance, { queries, runRequests, heldRuns, dryRuns }: ApiDependencies): void {
  app.get(
    '/runs',
    { config: { access: 'view' }, schema: { tags: ['runs'], querystring: runFilter, response: answers(runPage) } },
    (request) => {
      const { query } = request;
      return queries(request).runs.list({ ...query, ...timesOf(query), busy: query.busy === 'true' });
    },
  );

  app.get(
    '/runs/:id',
    { config: { access: 'view' }, schema: { tags: ['runs'], params: runParameters, response: answers(run) } },
    async (request) =>
      found(await queries(request).runs.get(request.params.id), 'run-unknown', `run ${request.params.id}`),
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

  app.get(
    '/runs/:id/decisions',
    {
      config: { access: 'view' },
      schema: { tags: ['runs'], params: runParameters, querystring: pageRequest, response: answers(shownPage) },
    },
    async (request) => {
      const { params, query } = request;
      found(await queries(request).runs.get(params.id), 'run-unknown', `run ${params.id}`);
      return queries(request).runs.shown(params.id, query);
    },
  );

  app.post(
    '/runs/:id/approve',
    {
      config: { access: 'run-and-approve' },
      schema: { tags: ['runs'], params: runParameters, body: approveRequest, response: answers(run) },
    },
    async (request) => {
      const { id } = request.params;
      await heldRuns.approve({ run: id, ...request.body, ...askerOf(request) });
      return found(await queries(request).runs.get(id), 'run-unknown', `run ${id}`);
    },
  );

  app.post(
    '/runs/:id/discard',
    {
      config: { access: 'run-and-approve' },
      schema: { tags: ['runs'], params: runParameters, body: discardRequest, response: answers(discardResult) },
    },
    (request) => heldRuns.discard({ run: request.params.id, ...request.body, ...askerOf(request) }),
  );

  app.post(
    '/syncs',
    {
      config: { access: 'run-and-approve' },
      schema: { tags: ['runs'], body: syncRequest, response: accepted(syncStarted) },
    },
    async (request, reply) => {
      const sources = request.body?.sources ?? undefined;
      const mode = request.body?.mode ?? 'delta';
      const configFile = request.body?.configFile ?? undefined;
      const named = sources === undefined ? {} : { sources };
      if (request.body?.dryRun === true) {
        requireFullScope(request, 'A dry run shows everybody');
        if (configFile !== undefined && request.principal?.local !== true)
          throw new ApiError(
            403,
            'local-only',
            'A configuration file is read for the command line of this machine only.',
          );
        const chosen = configFile === undefined ? {} : { configFile };
        reply.code(202);
        const id = dryRuns.start({ ...named, ...chosen, mode, operator: operatorOf(request) });
        return { id, runs: [], refused: [] };
      }
      if (configFile !== undefined)
        throw new ApiError(422, 'value-not-needed', 'Another configuration file can be tried by a dry run only.');
      const { syncId, refused } = await runRequests.sync({
        ...named,
        mode,
        askedBy: operatorOf(request),
      });
      reply.code(202);
      return { id: syncId, runs: await queries(request).runs.ofSync(syncId), refused };
    },
  );

  app.get(
    '/syncs/:id/dry-run',
    { config: { access: 'view' }, schema: { tags: ['runs'], params: syncParameters, response: answers(dryRun) } },
    async (request) => {
      const { params } = request;
      requireFullScope(request, 'A dry run shows everybody');
      const report = await dryRuns.report(params.id);
      if (report === undefined)
        throw new ApiError(
          404,
          'sync-unknown',
          `This process knows no dry run ${params.id}: only the last one is kept.`,
        );
      return { id: params.id, atRest: report !== null, report };
    },
  );

  app.get(
    '/syncs/:id',
    { config: { access: 'view' }, schema: { tags: ['runs'], params: syncParameters, response: answers(sync) } },
    async (request) => {
      const { params } = request;
      // Asked first: what comes to rest afterwards is then among the runs.
      const atRest = await runRequests.atRest(params.id);
      const runs = await queries(request).runs.ofSync(params.id);
      return {
        id: params.id,
        atRest,
        runs: found(runs.length === 0 ? null : runs, 'sync-unknown', `sync ${params.id}`),
      };
    },
  );
}
