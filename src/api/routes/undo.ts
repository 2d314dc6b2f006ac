import type { ManyDecisions, UndoTarget } from '../../users/undo-ports.ts';
import { askerOf, operatorOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { accepted, answers, found, type ApiInstance } from '../instance.ts';
import { undoJob, undoJobParameters, undoReport, undoRequest } from '../schemas/undo.ts';

/** Puts back what the sync did (spec 15.3). */
export function undoRoutes(app: ApiInstance, { queries, undo, undoJobs }: ApiDependencies): void {
  app.post(
    '/undo',
    {
      config: { access: 'run-and-approve' },
      schema: {
        tags: ['history'],
        description:
          'One user or decision is undone at once. A run as a whole, and everything since a moment, is a job: 200 with the ' +
          'report where it has ended within some seconds, else 202 with the job, to be asked for at /undos/{id}.',
        body: undoRequest,
        response: { ...answers(undoReport), ...accepted(undoJob) },
      },
    },
    async (request, reply) => {
      const { run, user, event, field, since, source, preview, reason } = request.body;
      const asked = { preview, reason: reason ?? undefined, ...askerOf(request) };
      const single = async (): Promise<UndoTarget | null> => {
        if (event !== undefined) return { event, field };
        if (user === undefined) return null;
        return {
          userId: found(await queries(request).users.resolve(user), 'user-unknown', `user ${user}`),
          run,
          field,
        };
      };
      const target = await single();
      if (target !== null) return { preview, ...(await undo({ ...asked, target })) };
      const many: ManyDecisions = since === undefined ? { run: run ?? 0 } : { since: new Date(since), source };
      const job = await undoJobs.start({ ...asked, target: many });
      if (job.report !== null) return { preview, ...job.report };
      reply.code(202);
      return { ...job, report: null };
    },
  );

  app.get(
    '/undos/:id',
    {
      config: { access: 'run-and-approve' },
      schema: { tags: ['history'], params: undoJobParameters, response: answers(undoJob) },
    },
    async (request) => jobOf(await undoJobs.get(request.params.id, operatorOf(request)), request.params.id),
  );

  app.post(
    '/undos/:id/cancel',
    {
      config: { access: 'run-and-approve' },
      schema: { tags: ['history'], params: undoJobParameters, response: answers(undoJob) },
    },
    async (request) => {
      const { id } = request.params;
      await undoJobs.cancel(id, operatorOf(request));
      return jobOf(await undoJobs.get(id, operatorOf(request)), id);
    },
  );
}

/** A job as it is answered; nobody sees that of another operator, whose report names users in their scope. */
function jobOf(job: Awaited<ReturnType<ApiDependencies['undoJobs']['get']>>, id: number) {
  const { report, ...rest } = found(job, 'undo-unknown', `undo ${String(id)} of yours`);
  return { ...rest, report: report === null ? null : { preview: rest.preview, ...report } };
}
