import type { Asker } from '../domain/permissions.ts';
import type { SourceId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent } from './events.ts';

/** `source confirm` (spec 2.6). */
interface ConfirmSystemRequest extends Asker {
  readonly source: SourceId;
  /** The new system as the person has seen it; another one is refused. */
  readonly systemId: string;
  readonly reason?: string | undefined;
}

/** The system that a source is known as, and the one that its last run found in its place. */
interface KnownSystem {
  readonly systemId: string | null;
  readonly found: string | null;
}

/** What confirming needs inside one transaction. */
interface SourceIdentityTransaction {
  /** Locks the source's row; null where there is no such source. */
  lockSystem(source: SourceId): Promise<KnownSystem | null>;
  /** From now on the source is this system. The cursor is the old system's, so it goes: the next import is a full one. */
  replaceSystem(source: SourceId, systemId: string): Promise<void>;
  appendEvent(event: PersonsEvent): Promise<void>;
}

/** Runs work in one transaction. */
export interface SourceIdentityStore {
  transaction<T>(work: (transaction: SourceIdentityTransaction) => Promise<T>): Promise<T>;
}

export type ConfirmSystem = (request: ConfirmSystemRequest) => Promise<void>;

/**
 * Says that another system has taken the place of the one that a source was. Accounts of the old system are concluded on
 * like any others: those that the new one's complete import does not show are absent, and the guard judges that (spec 3.3).
 *
 * @throws ActionRefusedError
 */
export function createConfirmSystem(store: SourceIdentityStore): ConfirmSystem {
  return ({ source, systemId, reason, operator, may }) =>
    store.transaction(async (transaction) => {
      const known = await transaction.lockSystem(source);
      if (known === null) throw new ActionRefusedError('source-unknown', `There is no source ${source}.`);
      if (known.found === null || known.found !== systemId) throw nothingToConfirm(source, known);
      await transaction.replaceSystem(source, systemId);
      await transaction.appendEvent({
        operator,
        may,
        type: 'source-confirmed',
        source,
        userId: null,
        changes: [{ field: 'systemId', before: known.systemId, after: systemId }],
        reason: reason ?? null,
      });
    });
}

function nothingToConfirm(source: SourceId, { systemId, found }: KnownSystem): ActionRefusedError {
  const message =
    found === null
      ? `No other system was found behind source ${source}${systemId === null ? '' : `; it is ${systemId}`}.`
      : `The system found behind source ${source} is ${found}: look at it again, then confirm that.`;
  return new ActionRefusedError('nothing-to-confirm', message);
}
