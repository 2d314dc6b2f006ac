import type { ApiDependencies } from '../dependencies.ts';
import { answers, type ApiInstance } from '../instance.ts';
import { reviewItemFilter, reviewItemPage } from '../schemas/review-items.ts';

/** Open questions (spec 4.10). */
export function reviewItemRoutes(app: ApiInstance, { queries }: ApiDependencies): void {
  app.get(
    '/review-items',
    {
      config: { access: 'view' },
      schema: { tags: ['review'], querystring: reviewItemFilter, response: answers(reviewItemPage) },
    },
    ({ query }) => queries.reviewItems.list(query),
  );
}
