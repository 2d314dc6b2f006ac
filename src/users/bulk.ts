import type { Asker } from '../domain/permissions.ts';
import { storageFailureCode } from '../domain/storage-failure.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import { knownField } from './edit-fields.ts';
import { ActionRefusedError } from './errors.ts';
import type { RequestReconcile } from './events.ts';
import { createJobLoop } from './job-loop.ts';
import type { Merges } from './merge.ts';
import type { MergeOutcome, MergePair, MergeRequest } from './merge-ports.ts';

/** The bulk actions of spec 16. */
export const bulkActions = [
  'enable',
  'disable',
  'enable-sync',
  'disable-sync',
  'assign-team',
  'unassign-team',
  'assign-supervisor',
  'unassign-supervisor',
  'assign-role',
  'unassign-role',
  'withdraw-team',
  'withdraw-supervisor',
  'withdraw-role',
  'withdraw-main-team',
  'withdraw-field',
  'set-main-team',
  'unlock',
] as const;
export type BulkAction = (typeof bulkActions)[number];

/** What jobs do: the actions on many users, and merging many pairs (spec 18.2). */
export const jobActions = [...bulkActions, 'merge'] as const;
type JobAction = (typeof jobActions)[number];

/** A job as it was asked for; of a merge `value` is whose value counts where nobody has chosen. */
export type BulkJobRequest = Omit<BulkRequest, 'action'> & { readonly action: JobAction };

/** Merging many pairs. */
type BulkMergeRequest = Omit<MergeRequest, 'reason'> & { readonly reason: string | null };

/** What a bulk action says of each user: the same as the action on one user. */
export interface BulkRequest extends Asker {
  readonly action: BulkAction;
  /** The name of the team, the role or the field; null for actions without one. */
  readonly value: string | null;
  /** Of `disable`: although an ACD still has the agent. */
  readonly insist: boolean;
  /** Of `disable-sync`: when it ends by itself. */
  readonly until: Date | null;
  readonly reason: string | null;
}

/** Whom a bulk action is about, and the names among those given that nobody has. */
export interface BulkSelection {
  readonly userIds: readonly UserId[];
  readonly unknown: readonly string[];
}

export interface BulkResult {
  readonly userId: UserId;
  readonly outcome: 'changed' | 'unchanged' | 'refused';
  /** Why, of a refused one. */
  readonly code: string | null;
  readonly message: string | null;
}

/** What became of a batch of users, and the sources to reconcile after it. */
export interface BulkActs {
  readonly results: readonly BulkResult[];
  readonly woken: readonly SourceId[];
}

/** What bulk jobs need of the database. */
export interface BulkStore {
  /** Keeps the job with a pending result per user; gives its id. */
  add(request: BulkRequest, selected: BulkSelection): Promise<number>;
  /** The same for pairs: the results are those of the users who are merged away. */
  addMerges(request: BulkMergeRequest, pairs: readonly MergePair[]): Promise<number>;
  /** The oldest job that is not finished of the operator whose turn it is after this one, in the order of their names. */
  next(after: string): Promise<BulkJob | null>;
  /** How many jobs of an operator are not finished. */
  openOf(operator: string): Promise<number>;
  /** Ends a job that is not finished as it stands. */
  cancel(job: number, operator: string): Promise<void>;
  /** Users of a job without a result; none of one that is finished. */
  pending(job: number, limit: number): Promise<readonly UserId[]>;
  pendingMerges(job: number, limit: number): Promise<readonly MergePair[]>;
  save(job: number, results: readonly BulkResult[]): Promise<void>;
  finish(job: number): Promise<void>;
}

type BulkJob = BulkJobRequest & { readonly id: number };

export interface BulkOptions {
  readonly store: BulkStore;
  /** Does it to a batch of users, in one transaction. */
  readonly acts: (request: BulkRequest, userIds: readonly UserId[]) => Promise<BulkActs>;
  /** Merging, with another way of asking for reconciles: once per batch instead of once per transaction. */
  readonly mergesWith: (requestReconcile: RequestReconcile) => Pick<Merges, 'mergeAll'>;
  readonly requestReconcile: RequestReconcile;
  /** Runs work in one process at a time; where another one has it, it goes on there. */
  readonly exclusively: (work: (signal: AbortSignal) => Promise<void>) => Promise<void>;
  readonly log: { error(data: object, message: string): void };
}

export interface Bulk {
  /** Keeps the job and begins with it in this process. @throws ActionRefusedError */
  start(request: BulkRequest, selected: BulkSelection): Promise<number>;
  /** The same for pairs of users who are one person (spec 18.2). @throws ActionRefusedError */
  startMerges(request: BulkMergeRequest, pairs: readonly MergePair[]): Promise<number>;
  /** Stops a job; users who have no result yet are left as they are. One that is finished stays so. */
  cancel(job: number, operator: string): Promise<void>;
  /** Goes on with the jobs that are not finished, operator by operator, until none is left. */
  carryOut(): Promise<void>;
}

/** Users of one transaction, between two looks at whether the job was cancelled, and between two operators' turns. */
const batch = 100;
/** Unknown names in one sentence. */
const mostNamed = 20;
/** Jobs of one operator that are not finished. */
const mostOpen = 5;

/**
 * Bulk actions as jobs (spec 16). Users are changed batch by batch, each by the very act on one user, and what became of
 * them is kept; a job that was broken off goes on with the users who have no result. An act does nothing where it was done
 * already, so doing it twice around a crash changes nothing.
 */
export function createBulk(options: BulkOptions): Bulk {
  const carryOut = createJobLoop(options.exclusively, (signal) => carryOutAll(options, signal));
  const begin = async (
    operator: string,
    count: number,
    unknown: readonly string[],
    add: () => Promise<number>,
  ): Promise<number> => {
    if (count === 0)
      throw new ActionRefusedError(
        'no-users',
        unknown.length === 0
          ? 'No user is selected.'
          : `No user is selected: there is no user ${unknown.slice(0, mostNamed).join(', ')}.`,
      );
    if ((await options.store.openOf(operator)) >= mostOpen)
      throw new ActionRefusedError(
        'too-many-jobs',
        `${String(mostOpen)} bulk jobs of yours are not finished: wait for one, or cancel it.`,
      );
    const id = await add();
    carryOut().catch((error: unknown) => {
      options.log.error({ err: error, bulkJob: id }, 'a bulk job was broken off and goes on later');
    });
    return id;
  };
  return {
    start(request, { userIds, unknown }) {
      refuseIncomplete(request);
      return begin(request.operator, userIds.length, unknown, () => options.store.add(request, { userIds, unknown }));
    },
    startMerges(request, pairs) {
      refuseRepeated(pairs);
      return begin(request.operator, pairs.length, [], () => options.store.addMerges(request, pairs));
    },
    cancel: (job, operator) => options.store.cancel(job, operator),
    carryOut,
  };
}

function refuseIncomplete({ action, value, insist, until, reason }: BulkRequest): void {
  const needs = needsValue(action);
  if (needs && value === null)
    throw new ActionRefusedError(
      'value-needed',
      `${action} needs the name of a ${action.endsWith('field') ? 'field' : action.endsWith('role') ? 'role' : 'team'}.`,
    );
  if (action === 'withdraw-field') knownField(value ?? '');
  if (!needs && value !== null)
    throw new ActionRefusedError('value-not-needed', `${action} takes no team, role or field.`);
  if (until !== null && action !== 'disable-sync')
    throw new ActionRefusedError('until-without-off', 'An end date belongs to disable-sync.');
  if (insist && reason === null)
    throw new ActionRefusedError('reason-required', 'Insisting on a deactivation needs a reason.');
}

/** Who is merged away twice would be merged into whom? */
function refuseRepeated(pairs: readonly MergePair[]): void {
  const seen = new Set<UserId>();
  for (const { other } of pairs) {
    if (seen.has(other))
      throw new ActionRefusedError('value-invalid', `User ${String(other)} stands in several pairs: leave one out.`);
    seen.add(other);
  }
}

function needsValue(action: BulkAction): boolean {
  return action !== 'withdraw-main-team' && /-(team|supervisor|role|field)$/.test(action);
}

async function carryOutAll(options: BulkOptions, signal: AbortSignal): Promise<void> {
  const woken = new Set<SourceId>();
  const merges = options.mergesWith((sources) => {
    for (const source of sources) woken.add(source);
    return Promise.resolve();
  });
  // A batch of one operator's, then one of the next one's: nobody waits behind all that somebody else has asked for.
  for (let lastServed = ''; ;) {
    const job = await options.store.next(lastServed);
    if (job === null) return;
    lastServed = job.operator;
    const { action } = job;
    const done =
      action === 'merge'
        ? await doMerges(options, merges, job, signal)
        : await doUsers(options, { ...job, action }, woken, signal);
    const sources = [...woken].sort();
    woken.clear();
    if (sources.length > 0) await options.requestReconcile(sources);
    if (done < batch) await options.store.finish(job.id);
  }
}

type UserJob = BulkRequest & { readonly id: number };

/** A batch of users, written together; notes the sources to reconcile after it. */
async function doUsers(options: BulkOptions, job: UserJob, woken: Set<SourceId>, signal: AbortSignal): Promise<number> {
  const users = await options.store.pending(job.id, batch);
  signal.throwIfAborted();
  if (users.length > 0) {
    const acts = await resultsOf(options, job, users);
    await options.store.save(job.id, acts.results);
    for (const source of acts.woken) woken.add(source);
  }
  return users.length;
}

/** Pairs that are written together; one at a time where they fail together. */
async function doMerges(
  options: BulkOptions,
  merges: Pick<Merges, 'mergeAll'>,
  { id, operator, may, reason, value }: BulkJob,
  signal: AbortSignal,
): Promise<number> {
  const pairs = await options.store.pendingMerges(id, batch);
  const prefer = value === 'primary' || value === 'other' ? value : null;
  const request = { operator, may, prefer, reason: reason ?? undefined, preview: false } as const;
  const merge = async (some: readonly MergePair[]): Promise<void> => {
    signal.throwIfAborted();
    const outcomes = await merges.mergeAll(request, some);
    await options.store.save(id, outcomes.map(mergeResult));
  };
  for (let start = 0; start < pairs.length; start += mergedTogether) {
    const some = pairs.slice(start, start + mergedTogether);
    try {
      await merge(some);
    } catch (error) {
      if (storageFailureCode(error) !== null || signal.aborted) throw error;
      for (const pair of some)
        await merge([pair]).catch(async (cause: unknown) => {
          if (storageFailureCode(cause) !== null || signal.aborted) throw cause;
          options.log.error({ err: cause, bulkJob: id, userId: pair.other }, 'a merge failed on a pair');
          await options.store.save(id, [{ userId: pair.other, ...failedInside }]);
        });
    }
  }
  return pairs.length;
}

const mergedTogether = 25;

function mergeResult({ other, outcome, refusal }: MergeOutcome): BulkResult {
  return { userId: other, outcome, code: refusal?.code ?? null, message: refusal?.message ?? null };
}

const failedInside = {
  outcome: 'refused',
  code: 'internal',
  message: 'It failed inside rosterd; its log has the cause.',
} as const;

/** All at once; where that fails inside rosterd, one by one, so that a user whom rosterd fails on does not stop the others. */
async function resultsOf(options: BulkOptions, job: UserJob, userIds: readonly UserId[]): Promise<BulkActs> {
  const { acts, log } = options;
  try {
    return await acts(job, userIds);
  } catch (error) {
    // Where the database itself fails the job waits.
    if (storageFailureCode(error) !== null) throw error;
    log.error({ err: error, bulkJob: job.id, users: userIds.length }, 'a bulk action failed');
  }
  const woken = new Set<SourceId>();
  const results: BulkResult[] = [];
  for (const userId of userIds) {
    const one = await alone(options, job, userId);
    results.push(...one.results);
    for (const source of one.woken) woken.add(source);
  }
  return { results, woken: [...woken] };
}

async function alone({ acts, log }: BulkOptions, job: UserJob, userId: UserId): Promise<BulkActs> {
  try {
    return await acts(job, [userId]);
  } catch (error) {
    if (storageFailureCode(error) !== null) throw error;
    log.error({ err: error, bulkJob: job.id, userId }, 'a bulk action failed on a user');
    return { results: [{ userId, ...failedInside }], woken: [] };
  }
}
