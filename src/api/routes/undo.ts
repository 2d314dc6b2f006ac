import type { UndoTarget } from '../../users/undo-ports.ts';
import { askerOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import { undoReport, undoRequest } from '../schemas/undo.ts';

/** A run of many users goes back in batches, some thousand users a second. */
const undoTimeoutMs = 600_000;

/** Puts back what the sync did (spec 15.3). */
export function undoRoutes(app: ApiInstance, { queries, undo }: ApiDependencies): void {
  app.post(
    '/undo',
    {
      config: { access: 'run-and-approve' },
      handlerTimeout: undoTimeoutMs,
      schema: { tags: ['history'], body: undoRequest, response: answers(undoReport) },
    },
    async (request) => {
      const { run, user, event, field, since, source, preview, reason } = request.body;
      const target = async (): Promise<UndoTarget> => {
        if (since !== undefined) return { since: new Date(since), source };
        if (event !== undefined) return { event, field };
        if (user === undefined) return { run: run ?? 0 };
        return {
          userId: found(await queries(request).users.resolve(user), 'user-unknown', `user ${user}`),
          run,
          field,
        };
      };
      return {
        preview,
        ...(await undo({
          ...{ target: await target(), preview, reason: reason ?? undefined },
          ...askerOf(request),
        })),
      };
    },
  );
}
