import { fastifyFormbody } from '@fastify/formbody';
import type { ApiDependencies } from '../api/dependencies.ts';
import type { Pages } from '../api/pages.ts';
import { openAssets } from './assets.ts';
import { createKeptForms } from './kept-forms.ts';
import { problemPage } from './problem-page.ts';
import type { PageKit, PageRoutes } from './page-kit.ts';
import { logRoutes } from './pages/log/list.ts';
import { operatorRoutes } from './pages/operators/routes.ts';
import { sessionRoutes } from './pages/operators/sessions.ts';
import { overviewRoutes } from './pages/overview/show.ts';
import { preferenceRoutes } from './pages/preferences/act.ts';
import { runRoutes } from './pages/runs/routes.ts';
import { linkRoutes } from './pages/sign-in/link.ts';
import { questionListRoutes } from './pages/questions/list.ts';
import { questionPageRoutes } from './pages/questions/show.ts';
import { openIdRoutes } from './pages/sign-in/open-id.ts';
import { signInRoutes } from './pages/sign-in/sign-in.ts';
import { sourceRoutes } from './pages/sources/routes.ts';
import { accountListRoutes } from './pages/accounts/list.ts';
import { teamRoutes } from './pages/teams/routes.ts';
import { diagnosticsRoutes } from './pages/help/diagnostics.ts';
import { errorCodeRoutes } from './pages/help/errors.ts';
import { againRoutes } from './pages/sign-in/again.ts';
import { bulkJobRoutes } from './pages/bulk/job.ts';
import { selectionRoutes } from './pages/bulk/choose.ts';
import { userRoutes } from './pages/users/routes.ts';
import { worklistRoutes } from './pages/worklist/list.ts';

const nouns: readonly PageRoutes[] = [
  signInRoutes,
  openIdRoutes,
  linkRoutes,
  againRoutes,
  preferenceRoutes,
  overviewRoutes,
  userRoutes,
  accountListRoutes,
  teamRoutes,
  selectionRoutes,
  bulkJobRoutes,
  questionListRoutes,
  questionPageRoutes,
  worklistRoutes,
  sourceRoutes,
  runRoutes,
  logRoutes,
  operatorRoutes,
  sessionRoutes,
  errorCodeRoutes,
  diagnosticsRoutes,
];

/**
 * The console: server-rendered pages over the same ports as the API's routes, behind the same admission. Every page works
 * by plain GET and POST; htmx only fetches the part of a page that changes.
 */
export function createConsole(dependencies: ApiDependencies, configured: Pick<PageKit, 'zone' | 'sourceIds'>): Pages {
  const assets = openAssets();
  const kit: PageKit = { ...dependencies, ...configured, assets, keptForms: createKeptForms() };
  return {
    async routes(app) {
      await app.register(fastifyFormbody, { bodyLimit: 64 * 1024 });
      app.addHook('onRoute', (route) => {
        route.schema = { ...route.schema, hide: true };
      });
      assets.routes(app);
      for (const routes of nouns) routes(app, kit);
    },
    answerProblem: (request, reply, problem) => problemPage(kit, request, reply, problem),
  };
}
