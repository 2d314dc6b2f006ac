import type { FastifyRequest } from 'fastify';
import type { Permission } from '../../access/permissions.ts';
import type { BulkAction, BulkSelection } from '../../users/bulk.ts';
import { askerOf, operatorOf, requirePermission } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { accepted, answers, found, type ApiInstance } from '../instance.ts';
import { pageRequest } from '../schemas/common.ts';
import { asDate } from './events.ts';
import {
  type BulkAsk,
  bulkAsked,
  bulkJob,
  bulkJobPage,
  bulkParameters,
  bulkRequest,
  bulkResultFilter,
  bulkResultPage,
} from '../schemas/bulk.ts';

/** Ten thousand users by name. */
const bulkBodyLimit = 4 * 1024 * 1024;

/** Without it no job is made; each user's act asks again, by what it changes (spec 19.1). */
export const bulkPermission: Readonly<Record<BulkAction, Permission>> = {
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
  'withdraw-team': 'edit-users',
  'withdraw-supervisor': 'edit-users',
  'withdraw-role': 'assign-user-roles',
  'withdraw-main-team': 'edit-users',
  'withdraw-field': 'edit-users',
  'set-main-team': 'edit-users',
  unlock: 'edit-users',
};

/** Actions on many users, as jobs (spec 16). */
export function bulkRoutes(app: ApiInstance, { queries, bulk }: ApiDependencies): void {
  const named = async (request: FastifyRequest, references: readonly string[]): Promise<BulkSelection> => {
    const [ids, unknown] = [new Set<number>(), new Set<string>()];
    for (const [position, id] of (await queries(request).users.resolveAll(references)).entries()) {
      if (id === null) unknown.add(references[position] ?? '');
      else ids.add(id);
    }
    return { userIds: [...ids], unknown: [...unknown] };
  };
  const selected = async (request: FastifyRequest, body: BulkAsk): Promise<BulkSelection> => {
    const { users, filter, worklist } = body;
    if (users !== undefined) return named(request, users);
    const userIds =
      worklist === undefined
        ? await queries(request).bulk.usersOf(filter ?? {})
        : await queries(request).worklist.userIds(worklist);
    return { userIds, unknown: [] };
  };

  app.post(
    '/bulk',
    {
      config: { access: 'view' },
      bodyLimit: bulkBodyLimit,
      schema: { tags: ['users'], body: bulkRequest, response: { ...answers(bulkAsked), ...accepted(bulkAsked) } },
    },
    async (request, reply) => {
      const { action, value, insist, until, preview, reason } = request.body;
      requirePermission(request, bulkPermission[action]);
      if (insist) requirePermission(request, 'override-acd-presence');
      const whom = await selected(request, request.body);
      const shown = { preview, users: whom.userIds.length, unknown: whom.unknown };
      if (preview) return { ...shown, job: null };
      const end = asDate(until ?? undefined) ?? null;
      const asked = { action, value: value ?? null, insist, until: end, reason: reason ?? null, ...askerOf(request) };
      const id = await bulk.start(asked, whom);
      reply.code(202);
      return {
        ...shown,
        job: found(await queries(request).bulk.get(id), 'bulk-unknown', `bulk job ${id}`),
      };
    },
  );

  app.get(
    '/bulk',
    {
      config: { access: 'view' },
      schema: { tags: ['users'], querystring: pageRequest, response: answers(bulkJobPage) },
    },
    (request) => queries(request).bulk.list(request.query),
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
      requirePermission(request, job.action === 'merge' ? 'edit-users' : bulkPermission[job.action]);
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
