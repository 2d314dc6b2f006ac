import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import { ApiError } from '../problem.ts';
import { createRefresh, refreshTimeoutMs } from '../refresh.ts';
import { accountParameters } from '../schemas/accounts.ts';
import { refreshed } from '../schemas/refresh.ts';
import { userParameters } from '../schemas/users.ts';

/** Reading accounts anew on request, by their own id or by their user (spec 2.8). */
export function refreshRoutes(app: ApiInstance, dependencies: ApiDependencies): void {
  const { queries } = dependencies;
  const refresh = createRefresh(dependencies);

  app.post(
    '/accounts/:source/:externalId/refresh',
    {
      config: { access: 'run-and-approve' },
      handlerTimeout: refreshTimeoutMs,
      schema: { tags: ['accounts'], params: accountParameters, response: answers(refreshed) },
    },
    async (request) => {
      const { source, externalId } = request.params;
      // Whoever sees everybody may ask for one that is not known yet.
      if (request.sight !== null)
        found(
          await queries(request).accounts.get(source, externalId),
          'account-unknown',
          `account ${externalId} of ${source}`,
        );
      const answer = await refresh.ofAccounts(request, [{ source, externalId }]);
      const [refusal] = answer.refused;
      if (refusal !== undefined)
        throw new ApiError(refusal.code === 'source-unknown' ? 404 : 409, refusal.code, `${refusal.message}.`);
      return answer;
    },
  );

  app.post(
    '/users/:user/refresh',
    {
      config: { access: 'run-and-approve' },
      handlerTimeout: refreshTimeoutMs,
      schema: { tags: ['users'], params: userParameters, response: answers(refreshed) },
    },
    async (request) => {
      const { user } = request.params;
      return refresh.ofUser(request, user);
    },
  );
}
