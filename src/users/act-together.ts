import { bidderOf, keysBefore } from '../apply/decisions.ts';
import type { Asker } from '../domain/permissions.ts';
import { noCounts } from '../apply/pass.ts';
import type { MatchKeysWrite, ReconcileTx, VoiceWrite } from '../apply/ports.ts';
import { writeLinkedUsers } from '../apply/values.ts';
import { changesBetween } from '../domain/change.ts';
import { claimKey, type Claim } from '../domain/claim.ts';
import { fold, inRankOrder, type TeamNames } from '../domain/fold.ts';
import { lackingOf } from '../domain/local-user.ts';
import { PermissionMissingError, refuseUnpermitted } from '../domain/permitted.ts';
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
import { lostNames, type LostName, type NameMove } from '../reconcile/name-moves.ts';
import { userKeys } from '../reconcile/match-keys.ts';
import type { Act, ActingUser, UserActed } from './act.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent, ShownChange } from './events.ts';
import { gathered } from './gathered.ts';
import { refuseBeyondScope } from './own-scope.ts';
import type { ActionRules, Said, UserTx } from './ports.ts';
import { wordChanges } from './words.ts';

/** What became of the act on one of many users. */
export type Became = UserActed | { readonly refused: ActionRefusedError | PermissionMissingError };

/** A person's request to do the same to each of these users. */
interface TogetherRequest extends Asker {
  readonly userIds: readonly UserId[];
  readonly reason?: string | undefined;
  /** The version that the person has seen; another one is refused. */
  readonly expectedVersion?: number | undefined;
}

/**
 * Does the same to many users within one transaction, each wholly or not at all, by a fixed number of statements: everything is
 * locked and read at once, decided and checked in memory, and written at once. Whom it refuses is named in `became` and does not
 * stop the others.
 */
export async function actTogether(
  store: UserTx,
  rules: ActionRules,
  request: TogetherRequest,
  decide: (user: ActingUser) => Promise<Act | null> | Act | null,
): Promise<{ readonly became: ReadonlyMap<UserId, Became>; readonly woken: readonly SourceId[] }> {
  const { tx, write } = gathered(store, request.userIds);
  const became = new Map<UserId, Became>();
  const locked = await lock(tx, request);
  const asked = request.userIds.map((userId) => ({ userId }));
  const acting = await eachUnrefused(asked, became, async ({ userId }) => {
    const user = locked(userId);
    const act = await decide(user);
    if (act !== null) return { userId, user, act };
    became.set(userId, { changed: false, changes: [], warnings: [] });
    return null;
  });
  const folded = await eachUnrefused(acting, became, (each) => foldActing(each, request));
  // Who may not do it gives no name up either.
  const permitted = await eachUnrefused(folded, became, async (each) => ({
    ...each,
    ...(await toldOf(each, request)),
  }));
  const standing = await withFreeNames(tx, permitted, became);
  if (standing.length === 0) return { became, woken: [] };
  const ids = standing.map(({ userId }) => userId);
  const freed = standing.flatMap(({ gives }) => gives.map((claim) => claimKey(claim)));
  const wokenBefore = await tx.wakeUsers(ids, freed);
  for (const { act } of standing) await act.write?.();
  await write();
  await writeAll(tx, rules, standing, { operator: request.operator, reason: request.reason ?? null });
  const final = await applySources(rules, tx, standing);
  // After applying: a unique name that was lost to another user may be had in a run that decides on both.
  const wokenAfter = await tx.wakeUsers(ids, []);
  for (const { userId, user, act, value, said } of standing) {
    const changes = changesBetween(user.subject.user.value, final.get(userId) ?? value, user.teamNames);
    became.set(userId, { changed: true, changes: [...changes, ...said], warnings: act.warnings ?? [] });
  }
  return { became, woken: [...new Set([...wokenBefore, ...wokenAfter])] };
}

/** What `work` makes of each; who is refused is noted, null leaves one out. */
export async function eachUnrefused<Item extends { readonly userId: UserId }, Made>(
  items: readonly Item[],
  became: Map<UserId, Became>,
  work: (item: Item) => Promise<Made | null>,
): Promise<Made[]> {
  const made: Made[] = [];
  for (const item of items)
    try {
      const one = await work(item);
      if (one !== null) made.push(one);
    } catch (error) {
      if (!(error instanceof ActionRefusedError || error instanceof PermissionMissingError)) throw error;
      became.set(item.userId, { refused: error });
    }
  return made;
}

/** Locks the users, in the order of their ids, and reads what their values depend on. */
async function lock(
  tx: UserTx,
  { userIds, operator, expectedVersion }: TogetherRequest,
): Promise<(userId: UserId) => ActingUser> {
  const seen = await tx.seenUsers(operator, userIds);
  const versions = await tx.lockUsers(userIds);
  const rows = new Map((await tx.users(userIds, true)).map((row) => [row.subject.user.id, row]));
  const teamNames = new Map((await tx.teams()).map((team) => [team.id, team.name]));
  return (userId) => {
    const [version, row] = [versions.get(userId), rows.get(userId)];
    if (version === undefined || row === undefined || !seen.has(userId))
      throw new ActionRefusedError('user-unknown', `There is no user ${userId}.`);
    if (expectedVersion !== undefined && expectedVersion !== version)
      throw new ActionRefusedError(
        'version-changed',
        `User ${userId} is at version ${version}, not ${expectedVersion}: look at it again, then repeat the change.`,
      );
    const { mergedInto } = row.subject.user;
    if (mergedInto !== null) throw mergedAway(userId, mergedInto);
    return { ...row, tx, teamNames };
  };
}

/** Whatever is asked of who was merged into another is asked of the wrong user (spec 18.3). */
function mergedAway(userId: UserId, mergedInto: UserId): ActionRefusedError {
  return new ActionRefusedError(
    'user-merged',
    `User ${userId} was merged into user ${mergedInto}, who has taken everything over: say it of that one.`,
  );
}

/** An act on a user that does something. */
interface Acting {
  readonly userId: UserId;
  readonly user: ActingUser;
  readonly act: Act;
}

/** The same with the user as it leaves them. */
interface Folded extends Acting {
  readonly words: Words;
  readonly snapshots: readonly Snapshot[];
  readonly value: UserValue;
  readonly wants: readonly Claim[];
  readonly gives: readonly Claim[];
}

/** The same with what the history tells of it. */
interface ToldAct extends Folded {
  /** What people say now and did not before. */
  readonly said: readonly ShownChange[];
  readonly event: PersonsEvent;
}

async function foldActing(acting: Acting, { operator }: TogetherRequest): Promise<Folded> {
  const { userId, user, act } = acting;
  const { tx, subject, teamNames } = user;
  const words = act.words ?? subject.words;
  const snapshots = slotsAfter(user, act);
  await refuseBeyondScope(tx, operator, subject, words);
  const value = valueOf({ ...subject, words, snapshots }, teamNames, act.present);
  refuseIncomplete(subject.user, value);
  const { wants, gives } = bidderOf({ id: 0, externalId: '' }, userId, subject.user.value, value);
  return { ...acting, words, snapshots, value, wants, gives };
}

async function toldOf(
  { userId, user, act, words, value }: Folded,
  request: TogetherRequest,
): Promise<Pick<ToldAct, 'said' | 'event'>> {
  const { tx, subject, teamNames } = user;
  const { operator, may } = request;
  const groupNames = await groupNamesFor(tx, subject.words, words);
  const said = [...wordChanges(subject.words, words, teamNames, groupNames), ...(act.told ?? [])];
  const changes = [...changesBetween(subject.user.value, value, teamNames), ...said];
  const event = { ...act.event, operator, may, userId, changes, reason: request.reason ?? null };
  refuseUnpermitted(event, event);
  return { said, event };
}

async function writeAll(tx: UserTx, rules: ActionRules, acts: readonly ToldAct[], by: Said): Promise<void> {
  await tx.saveVoices(acts.flatMap(movedVoices));
  await tx.saveWordsOf(
    acts.map(({ userId, user, words }) => ({ userId, before: user.subject.words, after: words })),
    by,
  );
  await tx.saveUsers(acts.map(({ userId, value }) => ({ userId, value })));
  await tx.saveClaims(acts.map(({ userId, wants, gives }) => ({ userId, take: wants, release: gives })));
  await tx.saveUserKeys(acts.flatMap((each) => movedKeys(rules, each)));
  await tx.appendActs(acts.map(({ event }) => event));
}

function movedVoices({ userId, user, snapshots }: Folded): VoiceWrite[] {
  return snapshots.flatMap((slot) => {
    const before = user.subject.snapshots.find(({ source }) => source === slot.source);
    const moved = before !== undefined && voiceOf(before) !== voiceOf(slot);
    return moved ? [{ userId, source: slot.source, voice: voiceOf(slot) }] : [];
  });
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

function valueOf(subject: Subject, teamNames: TeamNames, present: Act['present'] = subject.user.value): UserValue {
  return fold({ origin: subject.user.origin, ...subject, teamNames, present });
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

/** Those who get every unique name that they want, decided over all of them; the others are refused (spec 4.7). */
export async function withFreeNames<Item extends NameMove>(
  tx: UserTx,
  items: readonly Item[],
  became: Map<UserId, Became>,
): Promise<readonly Item[]> {
  const wants = items.flatMap((each) => each.wants);
  const holders = wants.length === 0 ? new Map<string, UserId>() : await tx.claimHolders(wants);
  const lost = lostNames(items, holders);
  return eachUnrefused(items, became, async (each) => {
    const loss = lost.get(each);
    if (loss !== undefined) throw await takenError(tx, loss);
    return each;
  });
}

/** Never a silent suffix; the person hears who has it and what to do. */
async function takenError(tx: UserTx, { claim, holder }: LostName): Promise<ActionRefusedError> {
  return new ActionRefusedError(
    'unique-taken',
    `The ${claim.field} "${claim.value}" is that of ${await tx.nameOfUser(holder)}: give another value, or change that user first.`,
  );
}

function movedKeys(rules: ActionRules, { user, act, value }: Folded): MatchKeysWrite[] {
  const { subject, linkedSources } = user;
  const linked = act.linkedSources ?? linkedSources;
  const slots = (act.snapshots ?? subject.snapshots).filter((slot) => linked.includes(slot.source));
  const before = keysBefore(subject, linkedSources, rules);
  const keys = userKeys(value.fields, slots, rules.allMatchRules);
  return before.join('\n') === keys.join('\n') ? [] : [{ userId: subject.user.id, keys, before }];
}

/**
 * The sync's own decision and writing, source by source, the highest rank first; the values then of the users whom one was
 * applied to.
 */
async function applySources(
  rules: ActionRules,
  tx: UserTx,
  acts: readonly Acting[],
): Promise<ReadonlyMap<UserId, UserValue>> {
  const applied = new Set<UserId>();
  for (const [policy, same] of Map.groupBy(acts, ({ user }) => user.subject.policy)) {
    const sources = [...new Set(same.flatMap(({ act }) => act.apply ?? []))].map((source) => ({ source }));
    for (const { source } of inRankOrder(sources, policy)) {
      const users = same.flatMap(({ userId, act }) => (act.apply?.includes(source) === true ? [userId] : []));
      await applySource(tx, rules, source, users);
      for (const userId of users) applied.add(userId);
    }
  }
  if (applied.size === 0) return new Map();
  const rows = await tx.users([...applied], false);
  return new Map(rows.map(({ subject: { user } }) => [user.id, user.value]));
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
