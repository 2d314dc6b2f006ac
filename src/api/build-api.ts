import { randomUUID } from 'node:crypto';
import { fastifyHelmet } from '@fastify/helmet';
import { fastify } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { admit } from './authentication.ts';
import type { ApiDependencies } from './dependencies.ts';
import { createExportPlaces } from './export-places.ts';
import { giveUpInTime } from './give-up.ts';
import type { ApiInstance } from './instance.ts';
import { describeApi } from './openapi.ts';
import type { Pages } from './pages.ts';
import { answerProblems, ApiError } from './problem.ts';
import { accountRoutes } from './routes/accounts.ts';
import { refreshRoutes } from './routes/refresh.ts';
import { bulkRoutes } from './routes/bulk.ts';
import { eventRoutes } from './routes/events.ts';
import { groupRoutes } from './routes/groups.ts';
import { peopleExportRoutes } from './routes/people-csv.ts';
import { peopleImportRoutes } from './routes/people-imports.ts';
import { teamRoutes } from './routes/teams.ts';
import { healthRoutes } from './routes/health.ts';
import { mergeRoutes } from './routes/merges.ts';
import { operatorRoutes } from './routes/operators.ts';
import { reviewItemRoutes } from './routes/review-items.ts';
import { refusalRoutes } from './routes/refusals.ts';
import { runRoutes } from './routes/runs.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { sourceRoutes } from './routes/sources.ts';
import { streamRoutes } from './routes/streams.ts';
import { openStreams } from './streams.ts';
import { systemRoutes } from './routes/system.ts';
import { undoRoutes } from './routes/undo.ts';
import { userLifeRoutes } from './routes/user-life.ts';
import { userActionRoutes } from './routes/user-actions.ts';
import { userRoutes } from './routes/users.ts';
import { worklistRoutes } from './routes/worklist.ts';
import { refuseUnusableText } from './unusable-text.ts';

const limits = {
  /** No request here carries more than a few names and a reason. */
  bodyLimit: 64 * 1024,
  /** Until the whole request has arrived. */
  requestTimeout: 30_000,
  /** Until the answer; checks of sources have a longer one. */
  handlerTimeout: 30_000,
  /** Longer than the time-outs of usual reverse proxies, which must be the ones to close. */
  keepAliveTimeout: 75_000,
};

/**
 * The HTTP API as a server that does not listen yet, with the pages for people beside it where there are any. It stands on
 * what it is given and knows neither the database nor the queue.
 */
export async function buildApi(dependencies: ApiDependencies, pages: Pages | null = null): Promise<ApiInstance> {
  const { trustedProxies = [] } = dependencies.http;
  const app = fastify({
    ...limits,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    ...(trustedProxies.length === 0 ? {} : { trustProxy: [...trustedProxies] }),
    routerOptions: { maxParamLength: 256 },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // JSON or nothing: a form of a foreign web page cannot send JSON.
  app.removeContentTypeParser('text/plain');
  answerProblems(app, dependencies.log, pages);
  // Whoever ends TLS in front says so; over plain HTTP in a LAN both would break a page.
  await app.register(fastifyHelmet, {
    strictTransportSecurity: false,
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  });
  giveUpInTime(app);
  openStreams(app);
  await admit(app, dependencies);
  refuseUnusableText(app);
  changeUnderPresentConfiguration(app, dependencies);
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  await describeApi(app, dependencies.version.version);
  app.setNotFoundHandler(() => {
    throw new ApiError(
      404,
      'path-unknown',
      'There is nothing at this address; /api/v1/openapi.json lists what there is.',
    );
  });
  await app.register(async (scope) => healthRoutes(scope, dependencies));
  await app.register(
    async (scope) => {
      const places = createExportPlaces();
      for (const routes of resources) routes(scope, dependencies, places);
    },
    { prefix: '/api/v1' },
  );
  if (pages !== null) await app.register(async (scope) => pages.routes(scope));
  return app;
}

/** Reading and signing in go on while a configuration is being set up; what changes something waits for it. */
function changeUnderPresentConfiguration(app: ApiInstance, { mayChange }: ApiDependencies): void {
  app.addHook('preHandler', async (request) => {
    const { access } = request.routeOptions.config;
    const changes = request.method !== 'GET' && request.method !== 'HEAD';
    if (changes && access !== 'none' && access !== 'signed-in') await mayChange();
  });
}

const resources = [
  userRoutes,
  userLifeRoutes,
  userActionRoutes,
  bulkRoutes,
  peopleExportRoutes,
  peopleImportRoutes,
  mergeRoutes,
  groupRoutes,
  teamRoutes,
  accountRoutes,
  refreshRoutes,
  sourceRoutes,
  runRoutes,
  eventRoutes,
  streamRoutes,
  undoRoutes,
  refusalRoutes,
  reviewItemRoutes,
  worklistRoutes,
  operatorRoutes,
  signInRoutes,
  systemRoutes,
];
