import type { FastifyRequest } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import { askerOf } from '../authentication.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import { userParameters } from '../schemas/users.ts';
import { asDate } from './events.ts';
import {
  ackAnswer,
  ackManyAnswer,
  ackManyRequest,
  ackRequest,
  worklistFilter,
  worklistPage,
  type WorklistSelection,
} from '../schemas/worklist.ts';

/** Users whom an answer names; all are counted. */
const mostNamed = 20;

/** Users that a person should look at, and that they have (spec 9.2). */
export function worklistRoutes(app: ApiInstance, { queries, ackWorklist, ackEntries }: ApiDependencies): void {
  const selected = async (
    request: FastifyRequest,
    { why, source, run, user, team }: Omit<WorklistSelection, 'user'> & { readonly user?: string | undefined },
  ): Promise<WorklistSelection> => ({
    ...{ why, source, run, team },
    user:
      user === undefined
        ? undefined
        : found(await queries(request).users.resolve(user), 'user-unknown', `user ${user}`),
  });

  app.get(
    '/worklist',
    {
      config: { access: 'view' },
      schema: { tags: ['review'], querystring: worklistFilter, response: answers(worklistPage) },
    },
    async (request) => {
      const { after, limit, all, ...selection } = request.query;
      const asked = { after, limit, all: all === 'true' };
      return queries(request).worklist.list({ ...asked, ...(await selected(request, selection)) });
    },
  );

  app.post(
    '/worklist/ack',
    {
      config: { access: 'edit-users' },
      schema: { tags: ['review'], body: ackManyRequest, response: answers(ackManyAnswer) },
    },
    async (request) => {
      const { reason: note, until, preview, ...selection } = request.body;
      const userIds = await queries(request).worklist.userIds(await selected(request, selection));
      const named = await queries(request).users.named(userIds.slice(0, mostNamed));
      const asked = { userIds, note, until: asDate(until ?? undefined), ...askerOf(request) };
      const count = preview ? userIds.length : await ackEntries(asked);
      return { preview, count, first: named.map(({ id, username }) => username ?? String(id)) };
    },
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
