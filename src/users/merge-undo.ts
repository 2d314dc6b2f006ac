import { bidderOf, keysBefore } from '../apply/decisions.ts';
import { changesBetween } from '../domain/change.ts';
import { claimKey } from '../domain/claim.ts';
import type { UniqueField } from '../domain/fields.ts';
import { refuseUnpermitted } from '../domain/permitted.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import type { Subject } from '../reconcile/decide.ts';
import { userKeys } from '../reconcile/match-keys.ts';
import { decideUndoMerge, type UndoMergeDecision } from '../reconcile/undo-merge.ts';
import { ActionRefusedError } from './errors.ts';
import type { RequestReconcile, ShownChange } from './events.ts';
import type { KeptMerge, MergeEvent, MergeUndoStore, MergeUndoTx } from './merge-ports.ts';
import { refuseBeyondScope } from './own-scope.ts';
import type { ActionRules } from './ports.ts';
import type { Undone, UndoneUser, UndoRequest } from './undo-ports.ts';
import { wordChanges } from './words.ts';

/** Takes back the merge of which an event tells (spec 15.3, 18); null where it tells of none. @throws ActionRefusedError */
export type UndoMerge = (request: UndoRequest, event: number) => Promise<Undone | null>;

export function createUndoMerge(
  store: MergeUndoStore,
  rules: ActionRules,
  requestReconcile: RequestReconcile,
): UndoMerge {
  return async (request, event) => {
    if (!(await store.isMerge(event))) return null;
    if ('field' in request.target && request.target.field !== undefined)
      throw new ActionRefusedError('not-undoable', 'A merge is undone as a whole: leave the field out.');
    const { undone, woken } = await store.transaction(request.operator, request.preview ? 'drop' : 'keep', (tx) =>
      undoMerge(tx, rules, request, event),
    );
    if (!request.preview && woken.length > 0) await requestReconcile(woken);
    return undone;
  };
}

interface Worked {
  readonly undone: Undone;
  readonly woken: readonly SourceId[];
}

async function undoMerge(tx: MergeUndoTx, rules: ActionRules, request: UndoRequest, eventId: number): Promise<Worked> {
  const { operator, may } = request;
  const reason = request.reason === undefined ? 'undone' : `undone: ${request.reason}`;
  const merge = await tx.mergeOf(eventId);
  const ids = merge === null ? [] : [merge.primary, merge.other].sort((a, b) => a - b);
  const seen = await tx.seenUsers(operator, ids);
  const rows = await tx.users(ids, true);
  const [primary, other] = [merge?.primary, merge?.other].map((id) =>
    rows.find(({ subject }) => subject.user.id === id),
  );
  if (merge === null || ids.some((id) => !seen.has(id)))
    throw new ActionRefusedError('event-unknown', `There is no event ${String(eventId)}.`);
  const { kept } = merge;
  if (kept === null || primary === undefined || other === undefined)
    throw new ActionRefusedError(
      'not-undoable',
      `Event ${String(eventId)} is the merge of a person who was purged since: nothing of it is known any more.`,
    );
  if (merge.undone) return { undone: alreadyBack([primary.subject, other.subject]), woken: [] };
  if (primary.subject.user.mergedInto !== null)
    throw new ActionRefusedError(
      'user-merged',
      `User ${String(merge.primary)} was merged into user ${String(primary.subject.user.mergedInto)} since: undo that first.`,
    );
  const teamNames = new Map((await tx.teams()).map((team) => [team.id, team.name]));
  const decide = (lost: ReadonlySet<UniqueField>): UndoMergeDecision =>
    decideUndoMerge({
      ...{ primary: primary.subject, primaryLinks: primary.linkedSources, other: other.subject, teamNames, lost },
      ...{ before: kept.before, after: kept.after, links: merge.links },
    });
  const lost = await lostNames(tx, merge, [primary.subject, other.subject], decide(new Set()));
  const decision = decide(lost);
  const bidders = [
    bidderOf({ id: 0, externalId: '' }, merge.primary, primary.subject.user.value, decision.primary.value),
    bidderOf({ id: 0, externalId: '' }, merge.other, other.subject.user.value, decision.other.value),
  ];
  await refuseBeyondScope(tx, operator, primary.subject, decision.primary.words);
  await refuseBeyondScope(tx, operator, other.subject, decision.other.words);
  const activates = kept.before.other.active;
  const told = await changesOf(tx, merge, { primary: primary.subject, other: other.subject }, decision, activates);
  const events = [told.primary, told.other].map((changes, index): MergeEvent => ({
    ...{ operator, may, type: 'merge-undone', reason, undoes: eventId, changes },
    userId: index === 0 ? merge.primary : merge.other,
  }));
  for (const event of events) refuseUnpermitted(event, event);
  const freed = bidders.flatMap(({ gives }) => gives.map(claimKey));
  const wokenBefore = await tx.wakeUsers(ids, freed);
  const now = { primary: primary.subject, other: other.subject };
  await tx.saveMergeUndone({ merge, now, decision, activates }, { operator, reason });
  await tx.saveUsers([
    { userId: merge.primary, value: decision.primary.value },
    { userId: merge.other, value: decision.other.value },
  ]);
  await tx.saveClaims(bidders.map(({ user, wants, gives }) => ({ userId: user, take: wants, release: gives })));
  await tx.saveUserKeys([
    keysOf(merge.primary, decision.primary, keysBefore(primary.subject, primary.linkedSources, rules), rules),
    keysOf(merge.other, decision.other, [], rules),
  ]);
  await tx.appendMergeEvents(events);
  const wokenAfter = await tx.wakeUsers(ids, []);
  return {
    undone: report(merge, now, decision, told),
    woken: [...new Set([...wokenBefore, ...wokenAfter])],
  };
}

/** Names of the other that somebody else has by now stay with them; without a username nobody can be a user of their own. */
async function lostNames(
  tx: MergeUndoTx,
  merge: KeptMerge,
  [primary, other]: readonly [Subject, Subject],
  decision: UndoMergeDecision,
): Promise<Set<UniqueField>> {
  const wants = [
    ...bidderOf({ id: 0, externalId: '' }, merge.primary, primary.user.value, decision.primary.value).wants,
    ...bidderOf({ id: 0, externalId: '' }, merge.other, other.user.value, decision.other.value).wants,
  ];
  const holders = wants.length === 0 ? new Map<string, UserId>() : await tx.claimHolders(wants);
  const lost = new Set<UniqueField>();
  for (const claim of wants) {
    const holder = holders.get(claimKey(claim));
    if (holder === undefined || holder === merge.primary || holder === merge.other) continue;
    if (claim.field === 'username')
      throw new ActionRefusedError(
        'unique-taken',
        `The username "${claim.value}" is by now that of ${await tx.nameOfUser(holder)}: give that user another one first.`,
      );
    lost.add(claim.field);
  }
  return lost;
}

interface Told {
  readonly primary: readonly ShownChange[];
  readonly other: readonly ShownChange[];
}

async function changesOf(
  tx: MergeUndoTx,
  { primary, other, links }: KeptMerge,
  now: { readonly primary: Subject; readonly other: Subject },
  decision: UndoMergeDecision,
  activates: boolean,
): Promise<Told> {
  const teamNames = new Map((await tx.teams()).map((team) => [team.id, team.name]));
  const groupNames = new Map([...(await tx.groupTree()).groups.values()].map(({ id, name }) => [id, name]));
  const said = (subject: Subject, after: UndoMergeDecision['primary']): ShownChange[] => [
    ...changesBetween(subject.user.value, after.value, teamNames),
    ...wordChanges(subject.words, after.words, teamNames, groupNames),
  ];
  const back = links.filter(({ current, asLeft }) => current && asLeft);
  return {
    primary: [
      ...said(now.primary, decision.primary),
      ...back
        .filter(({ ended }) => !ended)
        .map(({ source, externalId }) => ({ field: `link.${source}`, before: externalId, after: null })),
      { field: 'mergedFrom', before: String(other), after: null },
    ],
    other: [
      ...said(now.other, decision.other),
      ...back.map(({ source, externalId }) => ({ field: `link.${source}`, before: null, after: externalId })),
      ...(activates ? [{ field: 'active', before: 'no', after: 'yes' }] : []),
      { field: 'mergedInto', before: String(primary), after: null },
    ],
  };
}

function keysOf(
  userId: UserId,
  { value, snapshots, linkedSources }: UndoMergeDecision['primary'],
  before: string[],
  { allMatchRules }: ActionRules,
): { userId: UserId; keys: string[]; before: string[] } {
  const slots = snapshots.filter(({ source }) => linkedSources.includes(source));
  return { userId, keys: userKeys(value.fields, slots, allMatchRules), before };
}

function alreadyBack(subjects: readonly Subject[]): Undone {
  const counts = { back: 0, partly: 0, untouched: 0, already: subjects.length, linksEnded: 0, deactivated: 0 };
  const named = subjects.map(({ user }): UndoneUser => ({
    ...{ userId: user.id, username: user.value.fields.username ?? null, outcome: 'already', changes: [], kept: [] },
  }));
  return { counts, named, told: [] };
}

function report(
  { primary, other, links }: KeptMerge,
  now: { readonly primary: Subject; readonly other: Subject },
  decision: UndoMergeDecision,
  told: Told,
): Undone {
  const user = (
    userId: UserId,
    username: string | undefined,
    changes: readonly ShownChange[],
    { kept }: UndoMergeDecision['primary'],
  ): UndoneUser => ({
    ...{ userId, username: username ?? null, changes, kept, outcome: kept.length > 0 ? 'partly' : 'back' },
  });
  const named = [
    user(primary, now.primary.user.value.fields.username, told.primary, decision.primary),
    user(other, decision.other.value.fields.username, told.other, decision.other),
  ];
  const partly = named.filter(({ outcome }) => outcome === 'partly').length;
  const linksEnded = links.filter(({ current, ended, asLeft }) => current && !ended && asLeft).length;
  return {
    counts: { back: named.length - partly, partly, untouched: 0, already: 0, linksEnded, deactivated: 0 },
    named,
    told: [],
  };
}
