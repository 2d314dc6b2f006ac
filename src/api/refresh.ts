import type { FastifyRequest } from 'fastify';
import { operatorOf } from './authentication.ts';
import type { ApiDependencies } from './dependencies.ts';
import { found } from './instance.ts';
import { ApiError } from './problem.ts';
import { refreshedAccount } from './refreshed.ts';
import type { Event } from './schemas/events.ts';
import type { Refreshed, RefreshedAccount } from './schemas/refresh.ts';
import type { Run } from './schemas/runs.ts';

/** How long an answer waits for the runs; what takes longer goes on by itself. */
const patienceMs = 100_000;
export const refreshTimeoutMs = patienceMs + 30_000;
/** One account makes a handful of entries. */
const mostEvents = 100;

interface AccountAsked {
  readonly source: string;
  readonly externalId: string;
}

/** Reads accounts anew on request and tells what came of it, for the API and for the console (spec 2.8). */
export interface Refresh {
  ofAccounts(request: FastifyRequest, accounts: readonly AccountAsked[]): Promise<Refreshed>;
  /** All linked accounts of a user. */
  ofUser(request: FastifyRequest, user: string): Promise<Refreshed>;
}

export function createRefresh({ queries, runRequests }: Pick<ApiDependencies, 'queries' | 'runRequests'>): Refresh {
  return {
    ofAccounts: refresh,
    async ofUser(request, user) {
      const userId = found(await queries(request).users.resolve(user), 'user-unknown', `user ${user}`);
      const explained = found(await queries(request).explain(userId), 'user-unknown', `user ${user}`);
      const linked = explained.accounts.filter(({ state }) => state !== 'unlinked');
      if (linked.length === 0)
        throw new ApiError(409, 'no-linked-account', `User ${user} is linked to no account: there is nothing to read.`);
      return refresh(request, linked);
    },
  };

  async function refresh(request: FastifyRequest, accounts: readonly AccountAsked[]): Promise<Refreshed> {
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
