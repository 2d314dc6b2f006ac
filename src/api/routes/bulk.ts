import type { FastifyRequest } from 'fastify';
import type { Permission } from '../../access/permissions.ts';
import type { BulkAction } from '../../users/bulk.ts';
import { askerOf, operatorOf, requirePermission } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { accepted, answers, found, type ApiInstance } from '../instance.ts';
import { ApiError } from '../problem.ts';
import { bulkAsked, bulkJob, bulkParameters, bulkRequest, bulkResultFilter, bulkResultPage } from '../schemas/bulk.ts';

/** Ten thousand users by name. */
const bulkBodyLimit = 4 * 1024 * 1024;

/** Without it no job is made; each user's act asks again, by what it changes (spec 19.1). */
const permissionOf: Readonly<Record<BulkAction, Permission>> = {
  enable: 'activate',
  disable: 'activate',
  'enable-sync': 'toggle-sync',
  'disable-sync': 'toggle-sync',
  'assign-team': 'edit-users',
  'unassign-team': 'edit-users',
  'assign-supervisor': 'edit-users',
  'unassign-supervisor': 'edit-users',
  'assign-role': 'assign-user-roles',
  'unassign-role': 'assign-user-roles',
  'set-main-team': 'edit-users',
  unlock: 'edit-users',
};

/** Actions on many users, as jobs (spec 16). */
export function bulkRoutes(app: ApiInstance, { queries, bulk }: ApiDependencies): void {
  const idsOf = async (request: FastifyRequest, references: readonly string[]): Promise<number[]> => {
    const [ids, unknown] = [new Set<number>(), new Set<string>()];
    for (const [position, id] of (await queries(request).users.resolveAll(references)).entries()) {
      if (id === null) unknown.add(references[position] ?? '');
      else ids.add(id);
    }
    if (unknown.size > 0) throw new ApiError(404, 'user-unknown', `There is no user ${[...unknown].join(', ')}.`);
    return [...ids];
  };

  app.post(
    '/bulk',
    {
      config: { access: 'view' },
      bodyLimit: bulkBodyLimit,
      schema: { tags: ['users'], body: bulkRequest, response: { ...answers(bulkAsked), ...accepted(bulkAsked) } },
    },
    async (request, reply) => {
      const { action, value, users, filter, insist, preview, reason } = request.body;
      requirePermission(request, permissionOf[action]);
      if (insist) requirePermission(request, 'override-acd-presence');
      const ids =
        users === undefined
          ? await queries(request).bulk.usersOf(filter ?? { all: false })
          : await idsOf(request, users);
      if (preview) return { preview, users: ids.length, job: null };
      const asked = { action, value: value ?? null, insist, reason: reason ?? null, ...askerOf(request) };
      const id = await bulk.start(asked, ids);
      reply.code(202);
      return {
        preview,
        users: ids.length,
        job: found(await queries(request).bulk.get(id), 'bulk-unknown', `bulk job ${id}`),
      };
    },
  );

  app.get(
    '/bulk/:id',
    { config: { access: 'view' }, schema: { tags: ['users'], params: bulkParameters, response: answers(bulkJob) } },
    async (request) =>
      found(await queries(request).bulk.get(request.params.id), 'bulk-unknown', `bulk job ${request.params.id}`),
  );

  app.post(
    '/bulk/:id/cancel',
    { config: { access: 'view' }, schema: { tags: ['users'], params: bulkParameters, response: answers(bulkJob) } },
    async (request) => {
      const { id } = request.params;
      const job = found(await queries(request).bulk.get(id), 'bulk-unknown', `bulk job ${id}`);
      requirePermission(request, job.action === 'merge' ? 'edit-users' : permissionOf[job.action]);
      await bulk.cancel(id, operatorOf(request));
      return found(await queries(request).bulk.get(id), 'bulk-unknown', `bulk job ${id}`);
    },
  );

  app.get(
    '/bulk/:id/results',
    {
      config: { access: 'view' },
      schema: {
        tags: ['users'],
        params: bulkParameters,
        querystring: bulkResultFilter,
        response: answers(bulkResultPage),
      },
    },
    async (request) => {
      const { params, query } = request;
      found(await queries(request).bulk.get(params.id), 'bulk-unknown', `bulk job ${params.id}`);
      return queries(request).bulk.results(params.id, query);
    },
  );
}
