import type { ApiDependencies } from '../dependencies.ts';
import { askerOf } from '../authentication.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import { userParameters } from '../schemas/users.ts';
import { asDate } from './events.ts';
import { ackAnswer, ackRequest, worklistFilter, worklistPage } from '../schemas/worklist.ts';

/** Users that a person should look at, and that they have (spec 9.2). */
export function worklistRoutes(app: ApiInstance, { queries, ackWorklist }: ApiDependencies): void {
  app.get(
    '/worklist',
    {
      config: { access: 'view' },
      schema: { tags: ['review'], querystring: worklistFilter, response: answers(worklistPage) },
    },
    (request) => queries(request).worklist.list({ ...request.query, all: request.query.all === 'true' }),
  );

  app.post(
    '/worklist/:user/ack',
    {
      config: { access: 'edit-users' },
      schema: { tags: ['review'], params: userParameters, body: ackRequest, response: answers(ackAnswer) },
    },
    async (request) => {
      const { params, body } = request;
      const userId = found(await queries(request).users.resolve(params.user), 'user-unknown', `user ${params.user}`);
      const until = asDate(body.until ?? undefined);
      await ackWorklist({ userId, note: body.reason, until, ...askerOf(request) });
      return { userId, acknowledged: true as const };
    },
  );
}
