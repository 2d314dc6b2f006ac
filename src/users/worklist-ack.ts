import type { Asker } from '../domain/permissions.ts';
import type { UserId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent } from './events.ts';

/** `worklist ack` (spec 9.2). */
interface AckRequest extends Asker {
  readonly userId: UserId;
  readonly note: string;
  /** When the entry comes back by itself. */
  readonly until?: Date | undefined;
}

/** The same of many entries. */
interface AckManyRequest extends Omit<AckRequest, 'userId'> {
  readonly userIds: readonly UserId[];
}

/** An entry under lock: `evidence` identifies what speaks for it; null where nothing does. */
interface LockedEntry {
  readonly userId: UserId;
  readonly evidence: string | null;
}

/** What acknowledging needs inside one transaction. */
export interface WorklistAckTransaction {
  /** Locks the users; who is not there is not among them. */
  lockEntries(userIds: readonly UserId[]): Promise<readonly LockedEntry[]>;
  now(): Promise<Date>;
  saveAcks(
    request: Pick<AckRequest, 'operator' | 'until' | 'note'>,
    entries: readonly { readonly userId: UserId; readonly evidence: string }[],
  ): Promise<void>;
  appendEvents(events: readonly PersonsEvent[]): Promise<void>;
}

/** Runs work in one transaction. */
export interface WorklistAckStore {
  transaction<T>(work: (transaction: WorklistAckTransaction) => Promise<T>): Promise<T>;
}

export type AckWorklist = (request: AckRequest) => Promise<void>;
/** Gives how many entries are seen now; who is not on the worklist any more is none of them. */
export type AckEntries = (request: AckManyRequest) => Promise<number>;

/**
 * A person has seen a worklist entry: it stays away until its evidence changes, or until the date.
 *
 * @throws ActionRefusedError
 */
export function createAckWorklist(store: WorklistAckStore): AckWorklist {
  return ({ userId, ...request }) =>
    store.transaction(async (transaction) => {
      const [entry] = await transaction.lockEntries([userId]);
      if (entry === undefined) throw new ActionRefusedError('user-unknown', `There is no user ${userId}.`);
      if ((await acknowledge(transaction, request, [entry])) === 0)
        throw new ActionRefusedError('not-on-worklist', `User ${userId} is not on the worklist.`);
    });
}

/** The same of many, each with an event of its own, by a fixed number of statements. @throws ActionRefusedError */
export function createAckEntries(store: WorklistAckStore): AckEntries {
  return ({ userIds, ...request }) =>
    store.transaction(async (transaction) => acknowledge(transaction, request, await transaction.lockEntries(userIds)));
}

async function acknowledge(
  transaction: WorklistAckTransaction,
  { until, operator, may, note }: Omit<AckRequest, 'userId'>,
  locked: readonly LockedEntry[],
): Promise<number> {
  const entries = locked.flatMap(({ userId, evidence }) => (evidence === null ? [] : [{ userId, evidence }]));
  if (entries.length === 0) return 0;
  if (until !== undefined && until <= (await transaction.now()))
    throw new ActionRefusedError('until-not-in-the-future', `The date ${until.toISOString()} has passed.`);
  await transaction.saveAcks({ operator, until, note }, entries);
  const after = until?.toISOString() ?? 'its evidence changes';
  await transaction.appendEvents(
    entries.map(({ userId }) => ({
      ...{ operator, may, type: 'worklist-acknowledged', source: null, userId, reason: note },
      changes: [{ field: 'acknowledgedUntil', before: null, after }],
    })),
  );
  return entries.length;
}
