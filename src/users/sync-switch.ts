import type { SourceId, UserId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent, RequestReconcile } from './events.ts';

/** `user sync on|off` (spec 6). */
interface SyncSwitchRequest {
  readonly userId: UserId;
  readonly enabled: boolean;
  /** Limits it to one source (spec 6.4). */
  readonly source?: SourceId | undefined;
  /** When the switch ends by itself; only when switching off. */
  readonly until?: Date | undefined;
  readonly reason?: string | undefined;
  readonly operator: string;
  /** The version that the person has seen; another one is refused. */
  readonly expectedVersion?: number | undefined;
}

/** The sync switched off for a user: for everything (`source` null) or for one source, until when. */
export interface SyncOff {
  readonly source: SourceId | null;
  readonly until: Date | null;
  readonly reason: string | null;
}

/** The switch of a user, locked until the end of the transaction. */
export interface SwitchedUser {
  readonly version: number;
  /** Whether an account is or was ever linked (spec 6.1). */
  readonly everLinked: boolean;
  readonly off: readonly SyncOff[];
  /** The database's clock. */
  readonly now: Date;
}

/** What the switch needs inside one transaction. */
export interface SyncSwitchTransaction {
  lockUser(userId: UserId): Promise<SwitchedUser | null>;
  sourceExists(source: SourceId): Promise<boolean>;
  /** Replaces the user's whole set of switched-off sources and gives the new version. */
  saveOff(userId: UserId, off: readonly SyncOff[], operator: string): Promise<number>;
  /**
   * Makes reconcile look again at the user's linked accounts, and at the unlinked ones that share a match key with the
   * user; of one source, or of all. Answers the sources of these accounts.
   */
  wakeAccounts(userId: UserId, source: SourceId | null): Promise<readonly SourceId[]>;
  appendEvent(event: PersonsEvent): Promise<void>;
}

/** Runs work in one transaction; it may be run again when the database had to break a deadlock. */
export interface SyncSwitchStore {
  transaction<T>(work: (transaction: SyncSwitchTransaction) => Promise<T>): Promise<T>;
}

/** The user's version afterwards, and whether anything changed. */
interface SyncSwitched {
  readonly version: number;
  readonly changed: boolean;
}

export type SwitchSync = (request: SyncSwitchRequest) => Promise<SyncSwitched>;

/**
 * Switches a user's sync and records who, when and why (spec 6.2-6.4). Off takes effect at once, because every decision
 * is taken again under the lock of the user's row; on wakes what waited and asks for a reconcile.
 *
 * @throws ActionRefusedError
 */
export function createSwitchSync(store: SyncSwitchStore, requestReconcile: RequestReconcile): SwitchSync {
  return async (request) => {
    const { woken, ...switched } = await store.transaction((transaction) => switchWithin(transaction, request));
    if (woken.length > 0) await requestReconcile(woken);
    return switched;
  };
}

async function switchWithin(
  transaction: SyncSwitchTransaction,
  request: SyncSwitchRequest,
): Promise<SyncSwitched & { woken: readonly SourceId[] }> {
  const { userId, operator } = request;
  const user = await transaction.lockUser(userId);
  if (user === null) throw new ActionRefusedError('user-unknown', `There is no user ${userId}.`);
  refuseWhereImpossible(user, request);
  if (request.source !== undefined && !(await transaction.sourceExists(request.source)))
    throw new ActionRefusedError('source-unknown', `There is no source ${request.source}.`);
  const off = request.enabled ? offAfterOn(user, request) : offAfterOff(user, request);
  const changes = changesBetween(user.off, off);
  if (changes.length === 0) return { version: user.version, changed: false, woken: [] };
  const version = await transaction.saveOff(userId, off, operator);
  // Off too: what waits, and which questions arise, is another matter now.
  const woken = await transaction.wakeAccounts(userId, request.source ?? null);
  const [source, reason] = [request.source ?? null, request.reason ?? null];
  await transaction.appendEvent({ operator, type: 'sync-switched', source, userId, changes, reason });
  return { version, changed: true, woken };
}

function refuseWhereImpossible(user: SwitchedUser, request: SyncSwitchRequest): void {
  const { userId, enabled, source, until, expectedVersion } = request;
  if (expectedVersion !== undefined && expectedVersion !== user.version)
    throw new ActionRefusedError(
      'version-changed',
      `User ${userId} is at version ${user.version}, not ${expectedVersion}: look at it again, then repeat the change.`,
    );
  if (!user.everLinked)
    throw new ActionRefusedError(
      'sync-not-available',
      `User ${userId} is local: no account was ever linked to it, so there is no sync to switch.`,
    );
  if (until !== undefined && enabled)
    throw new ActionRefusedError('until-without-off', 'An end date belongs to switching the sync off, not on.');
  if (until !== undefined && until <= user.now)
    throw new ActionRefusedError('until-not-in-the-future', `The end date ${until.toISOString()} has passed.`);
  if (enabled && source !== undefined && user.off.some((each) => each.source === null))
    throw new ActionRefusedError(
      'sync-off-for-the-user',
      `The sync of user ${userId} is off for every source; switch it on as a whole, then off for single sources.`,
    );
}

/** Without a source everything is switched on, single sources included: that is what "on" says. */
function offAfterOn(user: SwitchedUser, request: SyncSwitchRequest): readonly SyncOff[] {
  return request.source === undefined ? [] : user.off.filter((each) => each.source !== request.source);
}

function offAfterOff(user: SwitchedUser, request: SyncSwitchRequest): readonly SyncOff[] {
  const source = request.source ?? null;
  const others = user.off.filter((each) => each.source !== source);
  return [...others, { source, until: request.until ?? null, reason: request.reason ?? null }];
}

function changesBetween(before: readonly SyncOff[], after: readonly SyncOff[]): PersonsEvent['changes'] {
  const sources = new Set([...before, ...after].map((each) => each.source));
  return [...sources].flatMap((source) => {
    const [was, is] = [before, after].map((list) => list.find((each) => each.source === source));
    const scope = source === null ? '' : `.${source}`;
    return [
      { field: `sync${scope}`, before: was ? 'off' : 'on', after: is ? 'off' : 'on' },
      { field: `syncOffUntil${scope}`, before: isoOf(was), after: isoOf(is) },
    ].filter((change) => change.before !== change.after);
  });
}

function isoOf(off: SyncOff | undefined): string | null {
  return off?.until?.toISOString() ?? null;
}
