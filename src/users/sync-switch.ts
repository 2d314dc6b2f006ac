import type { SourceId, UserId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { ShownChange } from './events.ts';
import type { SyncOff, UserSync } from './ports.ts';
import {
  actOnUser,
  type Act,
  type ActingUser,
  type UserActed,
  type UserActionBasis,
  type UserRequest,
} from './user-action.ts';

/** `user sync on|off` (spec 6). */
interface SyncSwitchRequest extends UserRequest {
  readonly enabled: boolean;
  /** Limits it to one source (spec 6.4). */
  readonly source?: SourceId | undefined;
  /** When the switch ends by itself; only when switching off. */
  readonly until?: Date | undefined;
}

type SwitchAsked = Pick<SyncSwitchRequest, 'enabled' | 'source' | 'until' | 'reason'>;

export type SwitchSync = (request: SyncSwitchRequest) => Promise<UserActed>;

/**
 * Switches a user's sync and records who, when and why (spec 6.2–6.4). Off takes effect at once, because every decision is
 * taken again under the lock of the user's row. On applies in the same transaction what the linked accounts say; what waited
 * for the user links in its next run.
 *
 * @throws ActionRefusedError
 */
export function createSwitchSync(basis: UserActionBasis): SwitchSync {
  return (request) => actOnUser(basis, request, (user) => switchAct(user, request));
}

/** What it comes to for one user; null where the switch says so already. */
export async function switchAct(
  { tx, subject, linkedSources }: ActingUser,
  request: SwitchAsked & { readonly operator: string },
): Promise<Act | null> {
  const userId = subject.user.id;
  const { enabled, operator } = request;
  const source = request.source ?? null;
  const sync = await tx.syncOf(userId);
  refuseWhereImpossible(sync, userId, request);
  if (source !== null && !(await tx.sourceExists(source)))
    throw new ActionRefusedError('source-unknown', `There is no source ${source}.`);
  const off = enabled ? offAfterOn(sync, source) : offAfterOff(sync, request);
  const told = changesBetween(sync.off, off);
  if (told.length === 0) return null;
  const replaced = enabled ? [] : replacedBy(sync, off, source);
  return {
    event: { type: 'sync-switched', source },
    told,
    write: () => tx.saveSyncOff(userId, off, operator),
    apply: linkedSources.filter((each) => enabled && (source === null || each === source)),
    warnings: enabled ? (await tx.waitingFor(userId, source)).map(linksNext) : replaced,
  };
}

function linksNext({ source, externalId }: { readonly source: SourceId; readonly externalId: string }): string {
  return `${source} ${externalId} waited for this user: the next run of ${source} looks whether they belong together.`;
}

function refuseWhereImpossible(sync: UserSync, userId: UserId, { enabled, source, until }: SwitchAsked): void {
  if (!sync.everLinked)
    throw new ActionRefusedError(
      'sync-not-available',
      `User ${userId} is local: no account was ever linked to it, so there is no sync to switch.`,
    );
  if (until !== undefined && enabled)
    throw new ActionRefusedError('until-without-off', 'An end date belongs to switching the sync off, not on.');
  if (until !== undefined && until <= sync.now)
    throw new ActionRefusedError('until-not-in-the-future', `The end date ${until.toISOString()} has passed.`);
  if (enabled && source !== undefined && sync.off.some((each) => each.source === null))
    throw new ActionRefusedError(
      'sync-off-for-the-user',
      `The sync of user ${userId} is off for every source; switch it on as a whole, then off for single sources.`,
    );
}

/** Without a source everything is switched on, single sources included: that is what "on" says. */
function offAfterOn(sync: UserSync, source: SourceId | null): readonly SyncOff[] {
  return source === null ? [] : sync.off.filter((each) => each.source !== source);
}

function offAfterOff(sync: UserSync, request: SwitchAsked): readonly SyncOff[] {
  const source = request.source ?? null;
  const others = sync.off.filter((each) => each.source !== source);
  // What is not said anew stays as it was said.
  const before = sync.off.find((each) => each.source === source);
  const until = request.until ?? before?.until ?? null;
  return [...others, { source, until, reason: request.reason ?? before?.reason ?? null }];
}

/** Switched off already, and now with another date or reason: the person hears what they replace. */
function replacedBy(sync: UserSync, off: readonly SyncOff[], source: SourceId | null): string[] {
  const [was, is] = [sync.off, off].map((list) => list.find((each) => each.source === source));
  if (was === undefined || is === undefined) return [];
  const until = was.until === null ? 'with no end date' : `until ${was.until.toISOString()}`;
  return [`It was off already, ${until}${was.reason === null ? '' : ` (${was.reason})`}: that is replaced.`];
}

function changesBetween(before: readonly SyncOff[], after: readonly SyncOff[]): ShownChange[] {
  const sources = new Set([...before, ...after].map((each) => each.source));
  return [...sources].flatMap((source) => {
    const [was, is] = [before, after].map((list) => list.find((each) => each.source === source));
    const scope = source === null ? '' : `.${source}`;
    return [
      { field: `sync${scope}`, before: was ? 'off' : 'on', after: is ? 'off' : 'on' },
      { field: `syncOffUntil${scope}`, before: isoOf(was), after: isoOf(is) },
      ...(was && is ? [{ field: `syncOffReason${scope}`, before: was.reason, after: is.reason }] : []),
    ].filter((change) => change.before !== change.after);
  });
}

function isoOf(off: SyncOff | undefined): string | null {
  return off?.until?.toISOString() ?? null;
}
