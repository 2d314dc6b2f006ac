import { askerOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import {
  answerGiven,
  answerParameters,
  reviewAnswered,
  reviewItemDetail,
  reviewItemFilter,
  reviewItemPage,
} from '../schemas/review-items.ts';
import { actionQuery } from '../schemas/user-actions.ts';

/** Sources may have to be asked about the old user's other accounts. */
const answerTimeoutMs = 120_000;

/** Open questions and their answers (spec 4.10). */
export function reviewItemRoutes(app: ApiInstance, { queries, reviews }: ApiDependencies): void {
  app.get(
    '/review-items',
    {
      config: { access: 'view' },
      schema: { tags: ['review'], querystring: reviewItemFilter, response: answers(reviewItemPage) },
    },
    (request) => queries(request).reviewItems.list(request.query),
  );

  app.get(
    '/review-items/:item',
    {
      config: { access: 'view' },
      schema: { tags: ['review'], params: answerParameters, response: answers(reviewItemDetail) },
    },
    async (request) => {
      const { item } = request.params;
      return found(await queries(request).reviewItems.get(item), 'item-unknown', `review item ${String(item)}`);
    },
  );

  app.post(
    '/review-items/:item/answer',
    {
      config: { access: 'edit-users' },
      handlerTimeout: answerTimeoutMs,
      schema: {
        tags: ['review'],
        params: answerParameters,
        querystring: actionQuery,
        body: answerGiven,
        response: answers(reviewAnswered),
      },
    },
    async (request) => {
      const { answer, value, reason } = request.body;
      const preview = request.query.preview === 'true';
      const userId =
        answer === 'this-user' && typeof value === 'string'
          ? found(await queries(request).users.resolve(value), 'user-unknown', `user ${value}`)
          : undefined;
      const answered = await reviews.resolve({
        item: request.params.item,
        ...{ answer, userId, preview },
        value: value ?? undefined,
        ...askerOf(request),
        reason: reason ?? undefined,
      });
      return { preview, ...answered };
    },
  );
}
