import type { Asker } from '../domain/permissions.ts';
import { bidderOf, keysBefore } from '../apply/decisions.ts';
import { noCounts } from '../apply/pass.ts';
import type { ReconcileTx } from '../apply/ports.ts';
import { writeLinkedUsers } from '../apply/values.ts';
import { changesBetween } from '../domain/change.ts';
import { claimKey, type Claim } from '../domain/claim.ts';
import { fold, inRankOrder, type TeamNames } from '../domain/fold.ts';
import { lackingOf } from '../domain/local-user.ts';
import {
  voiceOf,
  withVoice,
  type GroupId,
  type Snapshot,
  type SourceId,
  type UserId,
  type UserValue,
  type Words,
} from '../domain/user.ts';
import type { Subject } from '../reconcile/decide.ts';
import { userKeys } from '../reconcile/match-keys.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent, RequestReconcile, ShownChange } from './events.ts';
import { refuseBeyondScope } from './own-scope.ts';
import type { ActionRules, UserStore, UserTx } from './ports.ts';
import { wordChanges } from './words.ts';

/** What every act on one user is asked with. */
export interface UserRequest extends Asker {
  readonly userId: UserId;
  readonly reason?: string | undefined;
  /** The version that the person has seen; another one is refused. */
  readonly expectedVersion?: number | undefined;
  /** Shows what would change and keeps nothing of it. */
  readonly preview?: boolean | undefined;
}

/** What an act has changed or, as a preview, would change: of the user's value and of what people say, field by field. */
export interface UserActed {
  readonly changed: boolean;
  readonly changes: readonly ShownChange[];
  /** What the person should know of its effect. */
  readonly warnings: readonly string[];
}

/** A user under lock, with everything that their value depends on. */
export interface ActingUser {
  readonly tx: UserTx;
  readonly subject: Subject;
  /** Sources of all current links. */
  readonly linkedSources: readonly SourceId[];
  readonly teamNames: TeamNames;
}

/** What an act comes to. What is not named stays as it is. */
export interface Act {
  readonly event: Pick<PersonsEvent, 'type' | 'source' | 'account'>;
  readonly words?: Words;
  readonly snapshots?: readonly Snapshot[];
  readonly linkedSources?: readonly SourceId[];
  /** What the event says beside the changes of value and words. */
  readonly told?: readonly ShownChange[];
  /** What else is written, before the user is folded anew. */
  readonly write?: () => Promise<void>;
  /** Sources whose accounts are applied in the same transaction, as the sync would do it next (spec 6.3, 13.5). */
  readonly apply?: readonly SourceId[];
  readonly warnings?: readonly string[];
}

/** What acts on users stand on. */
export interface UserActionBasis {
  readonly store: UserStore;
  readonly rules: ActionRules;
  readonly requestReconcile: RequestReconcile;
}

/**
 * Does what a person asks for to one user, wholly or not at all: locks the user, lets `decide` say what it comes to (null:
 * nothing), folds the user anew and writes words, value, unique names, match keys and one event; then has everything
 * reconciled that bears on the user.
 *
 * @throws ActionRefusedError
 */
export async function actOnUser(
  basis: UserActionBasis,
  request: UserRequest,
  decide: (user: ActingUser) => Promise<Act | null> | Act | null,
): Promise<UserActed> {
  const end = request.preview === true ? 'drop' : 'keep';
  const { woken, ...acted } = await basis.store.transaction(request.operator, end, (tx) =>
    actWithin(tx, basis.rules, request, decide),
  );
  if (woken.length > 0 && end === 'keep') await basis.requestReconcile(woken);
  return acted;
}

/** As {@link actOnUser}, within a transaction that does more: `woken` are the sources to reconcile after it. */
export async function actWithin(
  tx: UserTx,
  rules: ActionRules,
  request: UserRequest,
  decide: (user: ActingUser) => Promise<Act | null> | Act | null,
): Promise<UserActed & { readonly woken: readonly SourceId[] }> {
  const user = await lock(tx, request);
  const act = await decide(user);
  return act === null ? { changed: false, changes: [], warnings: [], woken: [] } : carryOut(rules, request, user, act);
}

async function lock(tx: UserTx, { userId, operator, expectedVersion }: UserRequest): Promise<ActingUser> {
  const seen = await tx.seenUsers(operator, [userId]);
  const locked = await tx.lockUser(userId);
  const [row] = locked === null ? [] : await tx.users([userId], true);
  if (locked === null || row === undefined || !seen.has(userId))
    throw new ActionRefusedError('user-unknown', `There is no user ${userId}.`);
  if (expectedVersion !== undefined && expectedVersion !== locked.version)
    throw new ActionRefusedError(
      'version-changed',
      `User ${userId} is at version ${locked.version}, not ${expectedVersion}: look at it again, then repeat the change.`,
    );
  const { mergedInto } = row.subject.user;
  if (mergedInto !== null) throw mergedAway(userId, mergedInto);
  const teamNames = new Map((await tx.teams()).map((team) => [team.id, team.name]));
  return { ...row, tx, teamNames };
}

/** Whatever is asked of who was merged into another is asked of the wrong user (spec 18.3). */
function mergedAway(userId: UserId, mergedInto: UserId): ActionRefusedError {
  return new ActionRefusedError(
    'user-merged',
    `User ${userId} was merged into user ${mergedInto}, who has taken everything over: say it of that one.`,
  );
}

async function carryOut(
  rules: ActionRules,
  request: UserRequest,
  user: ActingUser,
  act: Act,
): Promise<UserActed & { readonly woken: readonly SourceId[] }> {
  const { tx, subject, teamNames } = user;
  const { userId, operator, may } = request;
  const reason = request.reason ?? null;
  const words = act.words ?? subject.words;
  const snapshots = slotsAfter(user, act);
  await refuseBeyondScope(tx, operator, subject, words);
  const value = valueOf({ ...subject, words, snapshots }, teamNames);
  refuseIncomplete(subject.user, value);
  const { wants, gives } = bidderOf({ id: 0, externalId: '' }, userId, subject.user.value, value);
  await refuseWhereTaken(tx, userId, wants);
  const wokenBefore = await tx.wakeUser(
    userId,
    gives.map((claim) => claimKey(claim)),
  );
  await act.write?.();
  await tx.saveVoices(
    snapshots.flatMap((slot) => {
      const before = subject.snapshots.find(({ source }) => source === slot.source);
      const moved = before !== undefined && voiceOf(before) !== voiceOf(slot);
      return moved ? [{ userId, source: slot.source, voice: voiceOf(slot) }] : [];
    }),
  );
  await tx.saveWords(userId, subject.words, words, { operator, reason });
  await tx.saveUsers([{ userId, value }]);
  await tx.saveClaims([{ userId, take: wants, release: gives }]);
  await saveKeys(rules, user, act, value);
  const groupNames = await groupNamesFor(tx, subject.words, words);
  const said = [...wordChanges(subject.words, words, teamNames, groupNames), ...(act.told ?? [])];
  const changes = [...changesBetween(subject.user.value, value, teamNames), ...said];
  await tx.appendEvent({ ...act.event, operator, may, userId, changes, reason });
  const final = await applySources(rules, user, act);
  // After applying: a unique name that was lost to another user may be had in a run that decides on both.
  const wokenAfter = await tx.wakeUser(userId, []);
  return {
    changed: true,
    changes: [...changesBetween(subject.user.value, final ?? value, teamNames), ...said],
    warnings: act.warnings ?? [],
    woken: [...new Set([...wokenBefore, ...wokenAfter])],
  };
}

/** The slots as the act leaves them: one whose link ends gives way to the user's living ACDs (spec 5.8). */
function slotsAfter({ subject, linkedSources }: ActingUser, act: Act): readonly Snapshot[] {
  const still = act.linkedSources ?? linkedSources;
  const ended = linkedSources.filter((source) => !still.includes(source));
  return (act.snapshots ?? subject.snapshots).map((slot) =>
    ended.includes(slot.source) ? withVoice(slot, 'ended') : slot,
  );
}

/** The names of all groups, where what people say of groups changes. */
async function groupNamesFor(tx: UserTx, before: Words, after: Words): Promise<ReadonlyMap<GroupId, string>> {
  const groups = ({ memberGroup, scopeGroups }: Words): string => JSON.stringify([memberGroup, scopeGroups]);
  if (groups(before) === groups(after)) return new Map();
  const tree = await tx.groupTree();
  return new Map([...tree.groups.values()].map(({ id, name }) => [id, name]));
}

function valueOf(subject: Subject, teamNames: TeamNames): UserValue {
  return fold({ origin: subject.user.origin, ...subject, teamNames, present: subject.user.value });
}

/** Everybody has a username; a local user keeps what local users need (spec 12.4). */
function refuseIncomplete({ id, origin, value: before }: Subject['user'], { fields }: UserValue): void {
  if (fields.username === undefined)
    throw new ActionRefusedError(
      'field-required',
      `User ${id} needs a username: \`rosterd user set ${id} username=NAME\` gives another one.`,
    );
  const lackedBefore = lackingOf(before.fields);
  const [lacking] = origin === 'local' ? lackingOf(fields).filter((each) => !lackedBefore.includes(each)) : [];
  if (lacking !== undefined)
    throw new ActionRefusedError('field-required', `User ${id} is local and needs ${lacking}: set another one first.`);
}

/** Spec 4.7: never a silent suffix; the person hears who has it and what to do. */
export async function refuseWhereTaken(tx: UserTx, userId: UserId, wants: readonly Claim[]): Promise<void> {
  const holders = wants.length === 0 ? new Map<string, UserId>() : await tx.claimHolders(wants);
  for (const claim of wants) {
    const holder = holders.get(claimKey(claim));
    if (holder === undefined || holder === userId) continue;
    throw new ActionRefusedError(
      'unique-taken',
      `The ${claim.field} "${claim.value}" is that of ${await tx.nameOfUser(holder)}: give another value, or change that user first.`,
    );
  }
}

async function saveKeys(rules: ActionRules, user: ActingUser, act: Act, value: UserValue): Promise<void> {
  const { tx, subject, linkedSources } = user;
  const linked = act.linkedSources ?? linkedSources;
  const slots = (act.snapshots ?? subject.snapshots).filter((slot) => linked.includes(slot.source));
  const before = keysBefore(subject, linkedSources, rules);
  const keys = userKeys(value.fields, slots, rules.allMatchRules);
  if (before.join('\n') !== keys.join('\n')) await tx.saveUserKeys([{ userId: subject.user.id, keys, before }]);
}

/** The sync's own decision and writing, source by source, the highest rank first; the user's value then, null without any. */
async function applySources(rules: ActionRules, user: ActingUser, act: Act): Promise<UserValue | null> {
  const { tx, subject } = user;
  const ranked = inRankOrder(
    (act.apply ?? []).map((source) => ({ source })),
    subject.policy,
  );
  for (const { source } of ranked) await applySource(tx, rules, source, [subject.user.id]);
  if (ranked.length === 0) return null;
  const [row] = await tx.users([subject.user.id], false);
  return row?.subject.user.value ?? null;
}

/** What a source's accounts say now is applied to these users, as the sync decides and writes it, without the guard (spec 13.5). */
export async function applySource(
  tx: ReconcileTx,
  rules: ActionRules,
  source: SourceId,
  userIds: readonly UserId[],
): Promise<void> {
  const configured = rules.rulesOf(source);
  if (configured === undefined) return;
  const teamNames = new Map((await tx.teams()).map((team) => [team.id, team.name]));
  await writeLinkedUsers(
    tx,
    {
      rules: configured,
      allMatchRules: rules.allMatchRules,
      // Bindings and meanings are read when the accounts are.
      world: { rules: configured, teamNames, bindings: new Map(), now: await tx.now() },
      counts: noCounts(),
      runId: null,
      guard: { letThrough: true },
    },
    userIds,
  );
}
