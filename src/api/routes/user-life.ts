import { askerOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import { actionQuery } from '../schemas/user-actions.ts';
import {
  freeNumericId,
  newUser,
  numericIdFilter,
  numericIdPage,
  purgeAnswer,
  purgeRequest,
} from '../schemas/user-life.ts';
import { user, userParameters, versionHeader } from '../schemas/users.ts';
import { versionOf } from './users.ts';

/** How people make users and end them for good (spec 9.6, 12.4), and the numeric IDs that they give (spec 12.2). */
export function userLifeRoutes(app: ApiInstance, { queries, createUser, purge }: ApiDependencies): void {
  app.post(
    '/users',
    { config: { access: 'edit-users' }, schema: { tags: ['users'], body: newUser, response: answers(user) } },
    async (request, reply) => {
      const { fields, team, group, reason } = request.body;
      const id = await createUser({
        fields,
        team: team ?? undefined,
        group: group ?? undefined,
        reason: reason ?? undefined,
        ...askerOf(request),
      });
      const created = found(await queries(request).users.get(id), 'user-unknown', `user ${id}`);
      reply.header('etag', `"${created.version}"`);
      return created;
    },
  );

  app.post(
    '/users/:user/purge',
    {
      config: { access: 'manage-operators' },
      schema: {
        tags: ['users'],
        params: userParameters,
        querystring: actionQuery,
        headers: versionHeader,
        body: purgeRequest,
        response: answers(purgeAnswer),
      },
    },
    async (request) => {
      const { params, query, headers, body } = request;
      const userId = found(await queries(request).users.resolve(params.user), 'user-unknown', `user ${params.user}`);
      const preview = query.preview === 'true';
      const purged = await purge({
        userId,
        ...askerOf(request),
        reason: body?.reason ?? undefined,
        expectedVersion: versionOf(headers['if-match']),
        preview,
      });
      return { preview, userId, ...purged };
    },
  );

  app.get(
    '/numeric-ids',
    {
      config: { access: 'view' },
      schema: { tags: ['users'], querystring: numericIdFilter, response: answers(numericIdPage) },
    },
    (request) => queries(request).numericIds.used(request.query),
  );

  app.get(
    '/numeric-ids/free',
    { config: { access: 'view' }, schema: { tags: ['users'], response: answers(freeNumericId) } },
    async (request) => ({ free: await queries(request).numericIds.free() }),
  );
}
