import { PermissionMissingError } from '../domain/permitted.ts';
import type { Asker } from '../domain/permissions.ts';
import { storageFailureCode } from '../domain/storage-failure.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { RequestReconcile } from './events.ts';
import { createJobLoop } from './job-loop.ts';
import type { UserActed, UserRequest } from './user-action.ts';
import type { UserActions } from './user-actions.ts';

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
  'set-main-team',
  'unlock',
] as const;
export type BulkAction = (typeof bulkActions)[number];

/** What a bulk action says of each user: the same as the action on one user. */
export interface BulkRequest extends Asker {
  readonly action: BulkAction;
  /** The name of the team or the role; null for actions without one. */
  readonly value: string | null;
  /** Of `disable`: although an ACD still has the agent. */
  readonly insist: boolean;
  readonly reason: string | null;
}

export interface BulkResult {
  readonly userId: UserId;
  readonly outcome: 'changed' | 'unchanged' | 'refused';
  /** Why, of a refused one. */
  readonly code: string | null;
  readonly message: string | null;
}

/** What bulk jobs need of the database. */
export interface BulkStore {
  /** Keeps the job with a pending result per user; gives its id. */
  add(request: BulkRequest, userIds: readonly UserId[]): Promise<number>;
  /** The oldest job that is not finished of the operator whose turn it is after this one, in the order of their names. */
  next(after: string): Promise<(BulkRequest & { readonly id: number }) | null>;
  /** How many jobs of an operator are not finished. */
  openOf(operator: string): Promise<number>;
  /** Ends a job that is not finished as it stands. */
  cancel(job: number, operator: string): Promise<void>;
  /** Users of a job without a result; none of one that is finished. */
  pending(job: number, limit: number): Promise<readonly UserId[]>;
  save(job: number, result: BulkResult): Promise<void>;
  finish(job: number): Promise<void>;
}

export interface BulkOptions {
  readonly store: BulkStore;
  /** The actions on one user, with another way of asking for reconciles: once per batch instead of once per user. */
  readonly actionsWith: (requestReconcile: RequestReconcile) => UserActions;
  readonly requestReconcile: RequestReconcile;
  /** Runs work in one process at a time; where another one has it, it goes on there. */
  readonly exclusively: (work: (signal: AbortSignal) => Promise<void>) => Promise<void>;
  readonly log: { error(data: object, message: string): void };
}

export interface Bulk {
  /** Keeps the job and begins with it in this process. @throws ActionRefusedError */
  start(request: BulkRequest, userIds: readonly UserId[]): Promise<number>;
  /** Stops a job; users who have no result yet are left as they are. One that is finished stays so. */
  cancel(job: number, operator: string): Promise<void>;
  /** Goes on with the jobs that are not finished, operator by operator, until none is left. */
  carryOut(): Promise<void>;
}

/** Users between two requests for a reconcile, two looks at whether the job was cancelled, and two operators' turns. */
const batch = 100;
/** Jobs of one operator that are not finished. */
const mostOpen = 5;

/**
 * Bulk actions as jobs (spec 16). Each user is changed in a transaction of its own by the action on one user, and what became
 * of them is kept; a job that was broken off goes on with the users who have no result. The action on one user does nothing
 * where it was done already, so doing it twice around a crash changes nothing.
 */
export function createBulk(options: BulkOptions): Bulk {
  const carryOut = createJobLoop(options.exclusively, (signal) => carryOutAll(options, signal));
  return {
    async start(request, userIds) {
      refuseIncomplete(request);
      if (userIds.length === 0) throw new ActionRefusedError('no-users', 'No user is selected.');
      if ((await options.store.openOf(request.operator)) >= mostOpen)
        throw new ActionRefusedError(
          'too-many-jobs',
          `${String(mostOpen)} bulk jobs of yours are not finished: wait for one, or cancel it.`,
        );
      const id = await options.store.add(request, userIds);
      carryOut().catch((error: unknown) => {
        options.log.error({ err: error, bulkJob: id }, 'a bulk job was broken off and goes on later');
      });
      return id;
    },
    cancel: (job, operator) => options.store.cancel(job, operator),
    carryOut,
  };
}

function refuseIncomplete({ action, value, insist, reason }: BulkRequest): void {
  const needs = needsValue(action);
  if (needs && value === null)
    throw new ActionRefusedError(
      'value-needed',
      `${action} needs the name of a ${action.endsWith('role') ? 'role' : 'team'}.`,
    );
  if (!needs && value !== null) throw new ActionRefusedError('value-not-needed', `${action} takes no team or role.`);
  if (insist && reason === null)
    throw new ActionRefusedError('reason-required', 'Insisting on a deactivation needs a reason.');
}

function needsValue(action: BulkAction): boolean {
  return /-(team|supervisor|role)$/.test(action);
}

async function carryOutAll(options: BulkOptions, signal: AbortSignal): Promise<void> {
  const woken = new Set<SourceId>();
  const actions = options.actionsWith((sources) => {
    for (const source of sources) woken.add(source);
    return Promise.resolve();
  });
  // A batch of one operator's, then one of the next one's: nobody waits behind all that somebody else has asked for.
  for (let lastServed = ''; ;) {
    const job = await options.store.next(lastServed);
    if (job === null) return;
    lastServed = job.operator;
    const users = await options.store.pending(job.id, batch);
    for (const userId of users) {
      signal.throwIfAborted();
      await options.store.save(job.id, await resultOf(options, actions, job, userId));
    }
    const sources = [...woken].sort();
    woken.clear();
    if (sources.length > 0) await options.requestReconcile(sources);
    if (users.length < batch) await options.store.finish(job.id);
  }
}

async function resultOf(
  { log }: BulkOptions,
  actions: UserActions,
  job: BulkRequest & { readonly id: number },
  userId: UserId,
): Promise<BulkResult> {
  try {
    const { changed } = await act(actions, job, {
      userId,
      operator: job.operator,
      may: job.may,
      reason: job.reason ?? undefined,
    });
    return { userId, outcome: changed ? 'changed' : 'unchanged', code: null, message: null };
  } catch (error) {
    if (error instanceof ActionRefusedError || error instanceof PermissionMissingError)
      return { userId, outcome: 'refused', code: error.code, message: error.message };
    // Where the database itself fails the job waits; a user whom rosterd fails on must not stop the others.
    if (storageFailureCode(error) !== null) throw error;
    log.error({ err: error, bulkJob: job.id, userId }, 'a bulk action failed on a user');
    return {
      userId,
      outcome: 'refused',
      code: 'internal',
      message: 'It failed inside rosterd; its log has the cause.',
    };
  }
}

function act(actions: UserActions, { action, value, insist }: BulkRequest, user: UserRequest): Promise<UserActed> {
  const { activation, memberships, switchSync, unlock } = actions;
  const name = value ?? '';
  switch (action) {
    case 'enable':
      return activation.activate(user);
    case 'disable':
      return activation.deactivate({ ...user, insist });
    case 'enable-sync':
      return switchSync({ ...user, enabled: true });
    case 'disable-sync':
      return switchSync({ ...user, enabled: false });
    case 'assign-team':
      return memberships.team({ ...user, team: name, word: 'give' });
    case 'unassign-team':
      return memberships.team({ ...user, team: name, word: 'unassign' });
    case 'assign-supervisor':
      return memberships.supervision({ ...user, team: name, word: 'give' });
    case 'unassign-supervisor':
      return memberships.supervision({ ...user, team: name, word: 'unassign' });
    case 'assign-role':
      return memberships.role({ ...user, role: name, word: 'give' });
    case 'unassign-role':
      return memberships.role({ ...user, role: name, word: 'unassign' });
    case 'set-main-team':
      return memberships.mainTeam({ ...user, team: name });
    case 'unlock':
      return unlock(user);
  }
}
