import { operatorOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import { checkReport, pauseRequest, source, sourceList, sourceParameters } from '../schemas/sources.ts';

/** A check goes step by step, and each step may run into its own time-out. */
const checkTimeoutMs = 170_000;

/** Sources: state, check, pause, resume. */
export function sourceRoutes(app: ApiInstance, { queries, sourceChecks, sourcePause }: ApiDependencies): void {
  const get = async (id: string) => found(await queries.sources.get(id), 'source-unknown', `source ${id}`);

  app.get(
    '/sources',
    { config: { access: 'view' }, schema: { tags: ['sources'], response: answers(sourceList) } },
    async () => ({ items: await queries.sources.list() }),
  );

  app.get(
    '/sources/:id',
    { config: { access: 'view' }, schema: { tags: ['sources'], params: sourceParameters, response: answers(source) } },
    ({ params }) => get(params.id),
  );

  app.post(
    '/sources/:id/check',
    {
      config: { access: 'run-and-approve' },
      handlerTimeout: checkTimeoutMs,
      schema: { tags: ['sources'], params: sourceParameters, response: answers(checkReport) },
    },
    async ({ params }) => {
      await get(params.id);
      return { steps: await sourceChecks.check(params.id, AbortSignal.timeout(checkTimeoutMs)) };
    },
  );

  for (const action of ['pause', 'resume'] as const) {
    app.post(
      `/sources/:id/${action}`,
      {
        config: { access: 'run-and-approve' },
        schema: { tags: ['sources'], params: sourceParameters, body: pauseRequest, response: answers(source) },
      },
      async (request) => {
        const { id } = request.params;
        await sourcePause[action]({
          source: id,
          reason: request.body?.reason ?? undefined,
          operator: operatorOf(request),
        });
        return get(id);
      },
    );
  }
}
