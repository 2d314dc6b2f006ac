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

/** What acknowledging needs inside one transaction. */
export interface WorklistAckTransaction {
  /** Locks the user; null where there is none. `evidence` identifies what speaks for the entry; null where nothing does. */
  lockEntry(userId: UserId): Promise<{ readonly evidence: string | null; readonly now: Date } | null>;
  saveAck(request: AckRequest, evidence: string): Promise<void>;
  appendEvent(event: PersonsEvent): Promise<void>;
}

/** Runs work in one transaction. */
export interface WorklistAckStore {
  transaction<T>(work: (transaction: WorklistAckTransaction) => Promise<T>): Promise<T>;
}

export type AckWorklist = (request: AckRequest) => Promise<void>;

/**
 * A person has seen a worklist entry: it stays away until its evidence changes, or until the date.
 *
 * @throws ActionRefusedError
 */
export function createAckWorklist(store: WorklistAckStore): AckWorklist {
  return (request) =>
    store.transaction(async (transaction) => {
      const { userId, until, operator, may, note } = request;
      const entry = await transaction.lockEntry(userId);
      if (entry === null) throw new ActionRefusedError('user-unknown', `There is no user ${userId}.`);
      if (entry.evidence === null)
        throw new ActionRefusedError('not-on-worklist', `User ${userId} is not on the worklist.`);
      if (until !== undefined && until <= entry.now)
        throw new ActionRefusedError('until-not-in-the-future', `The date ${until.toISOString()} has passed.`);
      await transaction.saveAck(request, entry.evidence);
      const after = until?.toISOString() ?? 'its evidence changes';
      await transaction.appendEvent({
        ...{ operator, may, type: 'worklist-acknowledged', source: null, userId, reason: note },
        changes: [{ field: 'acknowledgedUntil', before: null, after }],
      });
    });
}
