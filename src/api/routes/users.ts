import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, movedTo, type ApiInstance } from '../instance.ts';
import { eventPage, timelineFilter } from '../schemas/events.ts';
import { explanation } from '../schemas/explanation.ts';
import { user, userFilter, userPage, userParameters, type User } from '../schemas/users.ts';
import { asDate, timesOf } from './events.ts';

/** Users: list, one, explain, timeline. */
export function userRoutes(app: ApiInstance, { queries }: ApiDependencies): void {
  const idOf = async (request: FastifyRequest, reference: string): Promise<number> =>
    found(await queries(request).users.resolve(reference), 'user-unknown', `user ${reference}`);
  const showUser = async (
    request: FastifyRequest,
    id: number,
    reference: string,
    reply: FastifyReply,
  ): Promise<User> => {
    const shown = found(await queries(request).users.get(id), 'user-unknown', `user ${reference}`);
    reply.header('etag', `"${shown.version}"`);
    return shown;
  };

  app.get(
    '/users',
    { config: { access: 'view' }, schema: { tags: ['users'], querystring: userFilter, response: answers(userPage) } },
    (request) => {
      const { query } = request;
      return queries(request).users.list({
        ...query,
        all: query.all === 'true',
        deactivatedBefore: asDate(query.deactivatedBefore),
      });
    },
  );

  app.get(
    '/users/:user',
    {
      config: { access: 'view' },
      schema: { tags: ['users'], params: userParameters, response: { ...answers(user), ...movedTo(user) } },
    },
    async (request, reply) => {
      const { user: reference } = request.params;
      const shown = await showUser(request, await idOf(request, reference), reference, reply);
      if (shown.mergedInto !== null) pointTo(reply, `/api/v1/users/${String(shown.mergedInto)}`);
      return shown;
    },
  );

  app.get(
    '/users/:user/explain',
    {
      config: { access: 'view' },
      schema: {
        tags: ['users'],
        params: userParameters,
        response: { ...answers(explanation), ...movedTo(explanation) },
      },
    },
    async (request, reply) => {
      const { user: reference } = request.params;
      const asked = await queries(request).explain(await idOf(request, reference));
      const explained = found(asked, 'user-unknown', `user ${reference}`);
      if (explained.mergedInto !== null) pointTo(reply, `/api/v1/users/${String(explained.mergedInto)}/explain`);
      return explained;
    },
  );

  app.get(
    '/users/:user/events',
    {
      config: { access: 'view-log' },
      schema: { tags: ['users'], params: userParameters, querystring: timelineFilter, response: answers(eventPage) },
    },
    async (request) => {
      const { params, query } = request;
      const userId = await idOf(request, params.user);
      return queries(request).events.list({ ...query, ...timesOf(query), order: 'desc', userId });
    },
  );
}

/** Who was merged into another is answered with where that one is (spec 18.3), for who follows and for who reads. */
function pointTo(reply: FastifyReply, address: string): void {
  reply.code(301).header('location', address);
}

/** The version in an If-Match header, which the schema has checked; the quotes of an entity tag are optional. */
export function versionOf(header: string | undefined): number | undefined {
  return header === undefined ? undefined : Number(header.replace(/\D/g, ''));
}
