import type { ApiDependencies } from '../dependencies.ts';
import { answers, type ApiInstance } from '../instance.ts';
import { pageRequest } from '../schemas/common.ts';
import { worklistPage } from '../schemas/worklist.ts';

/** Users that a person should look at (spec 9.2). */
export function worklistRoutes(app: ApiInstance, { queries }: ApiDependencies): void {
  app.get(
    '/worklist',
    {
      config: { access: 'view' },
      schema: { tags: ['review'], querystring: pageRequest, response: answers(worklistPage) },
    },
    ({ query }) => queries.worklist.list(query),
  );
}
