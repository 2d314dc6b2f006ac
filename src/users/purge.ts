import type { SourceId, UserId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent, RequestReconcile } from './events.ts';
import type { UserRequest } from './user-action.ts';

/** What was blanked with a person or, as a preview, would be; in numbers, since nothing else is left to be told. */
interface Purged {
  /** Entries of the history that keep only kind, time and ids. */
  readonly events: number;
  /** Accounts whose copy was blanked. */
  readonly accounts: number;
}

export type Purge = (request: UserRequest) => Promise<Purged>;

/** A user under lock, as far as purging depends on it. */
export interface PurgeSubject {
  readonly version: number;
  readonly active: boolean;
  /** When the retention ends, ISO; and whether it has. By the database's clock. */
  readonly retainedUntil: string;
  readonly retentionOver: boolean;
  /** Users who were merged into this one: without it nothing would keep them from being activated again. */
  readonly mergedUsers: readonly UserId[];
}

/** An account that is, or was last, linked to the user; locked. */
export interface PersonsAccount {
  readonly id: number;
  readonly source: SourceId;
  readonly externalId: string;
  /** Its source still has it, and would say everything again. */
  readonly present: boolean;
}

/** What purging needs inside one transaction. */
export interface PurgeTransaction {
  /** Locks the user; null where there is none. */
  lockUser(userId: UserId, retentionDays: number): Promise<PurgeSubject | null>;
  accountsOf(userId: UserId): Promise<readonly PersonsAccount[]>;
  /** Makes everything due that bears on the user; answers its sources. */
  wakeUser(userId: UserId): Promise<readonly SourceId[]>;
  /** Blanks what runs say of the person; found by the person's values, so before anything else is blanked. */
  blankRunTexts(userId: UserId, accountIds: readonly number[]): Promise<void>;
  /** Ends the links, and blanks what was copied from these accounts. Periods of ownership stay (spec 8.1). */
  blankAccounts(userId: UserId, accountIds: readonly number[]): Promise<void>;
  /** Takes every value and every reason out of the events of the user and of these accounts; answers how many they are. */
  blankEvents(userId: UserId, accountIds: readonly number[]): Promise<number>;
  /** Closes the open questions about them, and blanks what questions, held runs and bulk results say of them. */
  blankTold(userId: UserId, accountIds: readonly number[]): Promise<void>;
  /** Deletes the user and everything that is only the user's. */
  deleteUser(userId: UserId): Promise<void>;
  appendEvent(event: PersonsEvent): Promise<void>;
}

export interface PurgeStore {
  /** Runs work in one transaction in which the operator may purge; `drop`: nothing of it is kept. */
  transaction<T>(operator: string, end: 'keep' | 'drop', work: (tx: PurgeTransaction) => Promise<T>): Promise<T>;
}

/**
 * Purges one user for good (spec 9.6): only one who has been inactive for as long as the retention says, and whom no source
 * would bring back. What stays are ids, kinds and times: the events, the periods of ownership and the entry of the purge.
 *
 * @throws ActionRefusedError
 */
export function createPurge(store: PurgeStore, retentionDays: number, requestReconcile: RequestReconcile): Purge {
  return async (request) => {
    const end = request.preview === true ? 'drop' : 'keep';
    const { woken, ...purged } = await store.transaction(request.operator, end, async (tx) => {
      const accounts = await lockPurgeable(tx, request, retentionDays);
      return purgeUser(
        tx,
        request,
        accounts.map((account) => account.id),
      );
    });
    if (end === 'keep' && woken.length > 0) await requestReconcile(woken);
    return purged;
  };
}

async function lockPurgeable(
  tx: PurgeTransaction,
  { userId, expectedVersion }: UserRequest,
  retentionDays: number,
): Promise<readonly PersonsAccount[]> {
  const user = await tx.lockUser(userId, retentionDays);
  if (user === null) throw new ActionRefusedError('user-unknown', `There is no user ${userId}.`);
  if (expectedVersion !== undefined && expectedVersion !== user.version)
    throw new ActionRefusedError(
      'version-changed',
      `User ${userId} is at version ${user.version}, not ${expectedVersion}: look at it again, then repeat the purge.`,
    );
  refuseRetained(userId, user, retentionDays);
  const accounts = await tx.accountsOf(userId);
  const present = accounts.find((account) => account.present);
  if (present !== undefined)
    throw new ActionRefusedError(
      'account-still-there',
      `${present.source} still has the account ${present.externalId} of user ${userId}, and the next import would bring back what is purged: delete it there and let it be read, or link it to whom it belongs to.`,
    );
  return accounts;
}

function refuseRetained(userId: UserId, user: PurgeSubject, retentionDays: number): void {
  if (user.active)
    throw new ActionRefusedError(
      'user-active',
      `User ${userId} is active; only who has been inactive for ${retentionDays} days is purged. Deactivate the user first.`,
    );
  if (!user.retentionOver)
    throw new ActionRefusedError(
      'retention-not-over',
      `User ${userId} is kept until ${user.retainedUntil}: retention.users of the configuration says ${retentionDays} days.`,
    );
  const [merged] = user.mergedUsers;
  if (merged !== undefined)
    throw new ActionRefusedError(
      'merged-users-remain',
      `User ${merged} was merged into user ${userId}: purge user ${merged} first.`,
    );
}

async function purgeUser(
  tx: PurgeTransaction,
  { userId, operator, may, reason }: UserRequest,
  accountIds: readonly number[],
): Promise<Purged & { readonly woken: readonly SourceId[] }> {
  const woken = await tx.wakeUser(userId);
  await tx.blankRunTexts(userId, accountIds);
  await tx.blankAccounts(userId, accountIds);
  const purged = { events: await tx.blankEvents(userId, accountIds), accounts: accountIds.length };
  await tx.blankTold(userId, accountIds);
  await tx.deleteUser(userId);
  const changes = Object.entries(purged).map(([field, count]) => ({
    field: `purged.${field}`,
    before: null,
    after: String(count),
  }));
  await tx.appendEvent({
    ...{ operator, may, type: 'user-purged', source: null, userId, changes },
    reason: reason ?? null,
  });
  return { ...purged, woken };
}
