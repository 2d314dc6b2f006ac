import type { ApiDependencies } from '../dependencies.ts';
import { answers, type ApiInstance } from '../instance.ts';
import { diagnosticsOf } from '../diagnostics.ts';
import { diagnostics } from '../schemas/diagnostics.ts';
import { settingList, version } from '../schemas/system.ts';

/** What runs here, with which settings, described how. */
export function systemRoutes(app: ApiInstance, dependencies: ApiDependencies): void {
  app.get(
    '/config',
    { config: { access: 'view' }, schema: { tags: ['system'], response: answers(settingList) } },
    () => ({ items: dependencies.settings() }),
  );

  app.get(
    '/version',
    { config: { access: 'view' }, schema: { tags: ['system'], response: answers(version) } },
    () => dependencies.version,
  );

  app.get(
    '/diagnostics',
    { config: { access: 'manage-sources' }, schema: { tags: ['system'], response: answers(diagnostics) } },
    (request) => diagnosticsOf(dependencies, request),
  );

  app.get('/openapi.json', { config: { access: 'view' }, schema: { hide: true } }, () => app.swagger());
}
