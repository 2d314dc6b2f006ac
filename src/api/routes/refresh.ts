import type { FastifyRequest } from 'fastify';
import { operatorOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import { ApiError } from '../problem.ts';
import { refreshedAccount } from '../refreshed.ts';
import { accountParameters } from '../schemas/accounts.ts';
import type { Event } from '../schemas/events.ts';
import { refreshed, type RefreshedAccount } from '../schemas/refresh.ts';
import type { Run } from '../schemas/runs.ts';
import { userParameters } from '../schemas/users.ts';

/** How long an answer waits for the runs; what takes longer goes on by itself. */
const patienceMs = 100_000;
const refreshTimeoutMs = patienceMs + 30_000;
/** One account makes a handful of entries. */
const mostEvents = 100;

interface AccountAsked {
  readonly source: string;
  readonly externalId: string;
}

/** Reading accounts anew on request, by their own id or by their user (spec 2.8). */
export function refreshRoutes(app: ApiInstance, { queries, runRequests }: ApiDependencies): void {
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
      const answer = await refresh(request, [{ source, externalId }]);
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
      const userId = found(await queries(request).users.resolve(user), 'user-unknown', `user ${user}`);
      const explained = found(await queries(request).explain(userId), 'user-unknown', `user ${user}`);
      const linked = explained.accounts.filter(({ state }) => state !== 'unlinked');
      if (linked.length === 0)
        throw new ApiError(409, 'no-linked-account', `User ${user} is linked to no account: there is nothing to read.`);
      return refresh(request, linked);
    },
  );

  async function refresh(request: FastifyRequest, accounts: readonly AccountAsked[]) {
    const { syncId, runIds, refused } = await runRequests.refresh(accounts, operatorOf(request));
    const atRest = runIds.length === 0 || (await runRequests.untilAtRest(syncId, patienceMs));
    const runs = await queries(request).runs.ofSync(syncId);
    const told: RefreshedAccount[] = [];
    for (const asked of accounts) {
      const id = runIds.find((each) => each.source === asked.source && each.externalId === asked.externalId)?.runId;
      const refusal = refused.find(({ source }) => source === asked.source)?.message ?? null;
      told.push(
        await toldOf(request, asked, { refusal, atRest, runs, run: runs.find((run) => run.id === id) ?? null }),
      );
    }
    return { id: syncId, atRest, accounts: told, runs, refused };
  }

  async function toldOf(
    request: FastifyRequest,
    { source, externalId }: AccountAsked,
    so: {
      readonly refusal: string | null;
      readonly atRest: boolean;
      readonly runs: readonly Run[];
      readonly run: Run | null;
    },
  ): Promise<RefreshedAccount> {
    const { runs, ...known } = so;
    const account = await queries(request).accounts.get(source, externalId);
    const userId = account?.match === 'linked' ? account.userId : null;
    const explanation = userId === null ? null : await queries(request).explain(userId);
    const explained =
      explanation?.accounts.find((each) => each.source === source && each.externalId === externalId) ?? null;
    const events: Event[] = [];
    for (const run of runs) {
      const filter = { run: run.id, order: 'desc', limit: mostEvents } as const;
      const { items } = await queries(request).events.list(userId === null ? filter : { ...filter, userId });
      events.push(...items.filter((event) => isAbout(event, { source, externalId, userId })));
    }
    return refreshedAccount({ source, externalId, ...known, account, explained, events });
  }
}

/** Entries that say what was *not* done; why is told by what holds it back. */
const notApplied: ReadonlySet<string> = new Set(['refused', 'run-held']);

/** Of one source, so that each account of a user tells its own part. */
function isAbout(
  event: Event,
  { source, externalId, userId }: AccountAsked & { readonly userId: number | null },
): boolean {
  if (notApplied.has(event.type) || (event.source !== null && event.source !== source)) return false;
  return event.externalId === externalId || (userId !== null && event.userId === userId);
}
