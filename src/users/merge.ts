import { bidderOf, keysBefore } from '../apply/decisions.ts';
import { changesBetween } from '../domain/change.ts';
import { claimKey } from '../domain/claim.ts';
import { inRankOrder, type TeamNames } from '../domain/fold.ts';
import { PermissionMissingError, refuseUnpermitted } from '../domain/permitted.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import type { Bidder } from '../reconcile/bids.ts';
import { userKeys } from '../reconcile/match-keys.ts';
import { decideMerge, type MergeDecision } from '../reconcile/merge.ts';
import type { MergeSide } from '../reconcile/merge-refusal.ts';
import { applySource } from './act-together.ts';
import { ActionRefusedError, type ActionRefusalCode } from './errors.ts';
import type { RequestReconcile, ShownChange } from './events.ts';
import { refuseBeyondScope } from './own-scope.ts';
import type {
  KeptUser,
  MergeEvent,
  MergeOutcome,
  MergePair,
  MergeRequest,
  MergeStore,
  MergeTx,
  MergeWrite,
} from './merge-ports.ts';
import type { ActionRules } from './ports.ts';
import { wordChanges } from './words.ts';

/** Two users who are the same person become one (spec 18). */
export interface Merges {
  /**
   * Pairs of a bulk: one that is refused does not stop the others. `preview`: nothing is kept, and what would have to be
   * chosen first is shown as open.
   */
  mergeAll(
    request: MergeRequest & { readonly preview: boolean },
    pairs: readonly MergePair[],
  ): Promise<readonly MergeOutcome[]>;
  /** @throws ActionRefusedError, PermissionMissingError */
  merge(
    request: MergeRequest & { readonly preview: boolean; readonly expectedVersion: number | undefined },
    pair: MergePair,
  ): Promise<MergeOutcome>;
}

/** Pairs per transaction: on the embedded database nobody else can write meanwhile. */
const batchSize = 25;

export function createMerges(store: MergeStore, rules: ActionRules, requestReconcile: RequestReconcile): Merges {
  const run = async (
    request: MergeRequest & { readonly preview: boolean },
    pairs: readonly MergePair[],
  ): Promise<Merged> => {
    const merged = await store.transaction(request.operator, request.preview ? 'drop' : 'keep', (tx) =>
      mergeBatch({ tx: withOneScope(tx), rules, request }, pairs),
    );
    if (!request.preview && merged.woken.length > 0) await requestReconcile(merged.woken);
    return merged;
  };
  return {
    async mergeAll(request, pairs) {
      const outcomes = new Map<MergePair, MergeOutcome>();
      for (const batch of inBatches(pairs)) {
        const merged = await run(request, batch);
        for (const [index, outcome] of merged.outcomes.entries()) {
          const pair = batch[index];
          if (pair !== undefined) outcomes.set(pair, outcome);
        }
      }
      return pairs.flatMap((pair) => outcomes.get(pair) ?? []);
    },
    async merge(request, pair) {
      const { outcomes, unpermitted } = await run(request, [pair]);
      const [outcome] = outcomes;
      if (outcome === undefined) throw new Error('a merge came to nothing');
      if (unpermitted !== null) throw unpermitted;
      if (outcome.refusal !== null)
        throw new ActionRefusedError(outcome.refusal.code as ActionRefusalCode, outcome.refusal.message);
      return outcome;
    },
  };
}

/** Nobody stands in two pairs of a batch: what becomes of the second depends on what became of the first. */
function inBatches(pairs: readonly MergePair[]): MergePair[][] {
  const batches: MergePair[][] = [];
  const nextFor = new Map<UserId, number>();
  for (const pair of pairs) {
    let at = Math.max(nextFor.get(pair.primary) ?? 0, nextFor.get(pair.other) ?? 0);
    while ((batches[at]?.length ?? 0) >= batchSize) at += 1;
    (batches[at] ??= []).push(pair);
    for (const user of [pair.primary, pair.other]) nextFor.set(user, at + 1);
  }
  return batches.filter((batch) => batch.length > 0);
}

interface Merged {
  readonly outcomes: readonly MergeOutcome[];
  readonly woken: readonly SourceId[];
  /** The refusal of a pair whose merge needs permissions that the asker does not have, as it is thrown. */
  readonly unpermitted: PermissionMissingError | null;
}

/** One transaction of merges. */
interface Merging {
  readonly tx: MergeTx;
  readonly rules: ActionRules;
  readonly request: MergeRequest & { readonly preview: boolean; readonly expectedVersion?: number | undefined };
}

/** A pair that is merged. */
interface Decided {
  readonly pair: MergePair;
  readonly primary: MergeSide;
  readonly other: MergeSide;
  readonly decision: MergeDecision;
  readonly bidders: readonly [Bidder, Bidder];
  readonly events: readonly [MergeEvent, MergeEvent];
}

async function mergeBatch(merging: Merging, pairs: readonly MergePair[]): Promise<Merged> {
  const { tx } = merging;
  const sides = await sidesOf(merging, pairs);
  const teamNames = new Map((await tx.teams()).map((team) => [team.id, team.name]));
  const judged: (Decided | Refused)[] = [];
  for (const pair of pairs) judged.push(await judge(merging, pair, sides, teamNames));
  const free = await withoutTaken(merging, judged);
  const decided = free.filter((each) => 'decision' in each);
  const { woken, events, values } = await carryOut(merging, decided);
  const unpermitted = free.map((each) => ('refusal' in each ? each.unpermitted : undefined)).find((each) => each);
  return {
    outcomes: free.map((each) => outcomeOf(merging, each, events, values, teamNames)),
    woken,
    unpermitted: unpermitted ?? null,
  };
}

type Sides = ReadonlyMap<UserId, MergeSide>;

/** Users whom the asker sees, under lock in the order of their ids as everybody does. */
async function sidesOf({ tx, request }: Merging, pairs: readonly MergePair[]): Promise<Sides> {
  const ids = [...new Set(pairs.flatMap(({ primary, other }) => [primary, other]))].sort((a, b) => a - b);
  const seen = await tx.seenUsers(request.operator, ids);
  const visible = ids.filter((id) => seen.has(id));
  const rows = await tx.users(visible, true);
  const links = await tx.mergeLinks(visible);
  return new Map(
    rows.map(({ subject }) => [subject.user.id, { subject, links: links.get(subject.user.id) ?? [] }] as const),
  );
}

interface Refused {
  readonly pair: MergePair;
  readonly refusal: NonNullable<MergeOutcome['refusal']>;
  readonly differing: MergeDecision['differing'];
  readonly unpermitted?: PermissionMissingError;
  /** They are one already. */
  readonly unchanged?: true;
}

async function judge(
  merging: Merging,
  pair: MergePair,
  sides: Sides,
  teamNames: TeamNames,
): Promise<Decided | Refused> {
  const { request } = merging;
  const refuse = (
    code: NonNullable<MergeOutcome['refusal']>['code'],
    message: string,
    differing: MergeDecision['differing'] = [],
  ): Refused => ({ pair, refusal: { code, message }, differing });
  const [primary, other] = [sides.get(pair.primary), sides.get(pair.other)];
  if (primary === undefined || other === undefined)
    return refuse('user-unknown', `There is no user ${String(primary === undefined ? pair.primary : pair.other)}.`);
  if (other.subject.user.mergedInto === pair.primary)
    return {
      ...refuse('user-merged', `User ${String(pair.other)} was merged into user ${String(pair.primary)} already.`),
      unchanged: true,
    };
  const { expectedVersion } = request;
  const version = expectedVersion === undefined ? undefined : await merging.tx.versionOf(pair.primary);
  if (version !== expectedVersion)
    return refuse(
      'version-changed',
      `User ${String(pair.primary)} is at version ${String(version)}, not ${String(expectedVersion)}: look at it again, then repeat the change.`,
    );
  const choices = { fields: pair.choices, prefer: request.prefer };
  const decision = decideMerge(primary, other, choices, teamNames);
  if ('refused' in decision) return refuse(decision.refused, decision.message);
  const open = decision.differing.filter((each) => each.open).map(({ field }) => field);
  if (open.length > 0 && !request.preview) return refuse('choice-needed', choiceNeeded(pair, open), decision.differing);
  try {
    await refuseBeyondScope(merging.tx, request.operator, primary.subject, decision.primary.words);
    await refuseBeyondScope(merging.tx, request.operator, other.subject, decision.other.words);
    const decided = { pair, primary, other, decision, bidders: biddersOf(primary, other, decision) };
    const events = await eventsOf(merging, decided, teamNames);
    for (const event of events) refuseUnpermitted(event, event);
    return { ...decided, events };
  } catch (error) {
    if (error instanceof PermissionMissingError)
      return { ...refuse(error.code, error.message, decision.differing), unpermitted: error };
    if (error instanceof ActionRefusedError) return refuse(error.code, error.message, decision.differing);
    throw error;
  }
}

function choiceNeeded({ primary, other }: MergePair, fields: readonly string[]): string {
  return `User ${String(primary)} would lose its ${fields.join(', ')} to what comes with user ${String(other)}: choose for each whose value counts, primary or other.`;
}

function biddersOf(primary: MergeSide, other: MergeSide, decision: MergeDecision): [Bidder, Bidder] {
  const bidder = ({ subject: { user } }: MergeSide, after: MergeDecision['primary']): Bidder =>
    bidderOf({ id: 0, externalId: '' }, user.id, user.value, after.value);
  return [bidder(primary, decision.primary), bidder(other, decision.other)];
}

/** What the primary gets are the other's names; somebody else's it never takes (spec 4.7). */
async function withoutTaken({ tx }: Merging, judged: readonly (Decided | Refused)[]): Promise<(Decided | Refused)[]> {
  const wanted = judged.flatMap((each) => ('decision' in each ? each.bidders[0].wants : []));
  const holders = wanted.length === 0 ? new Map<string, UserId>() : await tx.claimHolders(wanted);
  const result: (Decided | Refused)[] = [];
  for (const each of judged) {
    const taken =
      'decision' in each
        ? each.bidders[0].wants.find((claim) => {
            const holder = holders.get(claimKey(claim));
            return holder !== undefined && holder !== each.pair.primary && holder !== each.pair.other;
          })
        : undefined;
    if (taken === undefined || !('decision' in each)) {
      result.push(each);
      continue;
    }
    const holder = await tx.nameOfUser(holders.get(claimKey(taken)) ?? 0);
    const message = `The ${taken.field} "${taken.value}" is that of ${holder}: give another value, or change that user first.`;
    result.push({
      pair: each.pair,
      refusal: { code: 'unique-taken', message },
      differing: each.decision.differing,
    });
  }
  return result;
}

/** One entry of each user's history with everything that changes (spec 15.1). */
async function eventsOf(
  { tx, request: { operator, may, reason } }: Merging,
  { pair, primary, other, decision }: Omit<Decided, 'events'>,
  teamNames: TeamNames,
): Promise<[MergeEvent, MergeEvent]> {
  const groupNames = new Map([...(await tx.groupTree()).groups.values()].map(({ id, name }) => [id, name]));
  const said = ({ subject }: MergeSide, after: MergeDecision['primary']): ShownChange[] => [
    ...changesBetween(subject.user.value, after.value, teamNames),
    ...wordChanges(subject.words, after.words, teamNames, groupNames),
  ];
  const base = { operator, may, type: 'user-merged', reason: reason ?? null, undoes: null } as const;
  const links = [...decision.moved, ...decision.ended];
  return [
    {
      ...{ ...base, userId: pair.primary },
      changes: [
        ...said(primary, decision.primary),
        ...decision.moved.map(({ source, externalId }) => ({
          ...{ field: `link.${source}`, before: null, after: externalId },
        })),
        { field: 'mergedFrom', before: null, after: String(pair.other) },
      ],
    },
    {
      ...{ ...base, userId: pair.other },
      changes: [
        ...said(other, decision.other),
        ...links.map(({ source, externalId }) => ({ field: `link.${source}`, before: externalId, after: null })),
        ...(other.subject.user.active ? [{ field: 'active', before: 'yes', after: 'no' }] : []),
        { field: 'mergedInto', before: null, after: String(pair.primary) },
      ],
    },
  ];
}

interface CarriedOut {
  readonly woken: readonly SourceId[];
  /** Ids of the entries of the history, by primary. */
  readonly events: ReadonlyMap<UserId, number>;
  /** What the primaries have become, their new accounts applied. */
  readonly values: ReadonlyMap<UserId, MergeSide['subject']['user']['value']>;
}

async function carryOut(merging: Merging, decided: readonly Decided[]): Promise<CarriedOut> {
  if (decided.length === 0) return { woken: [], events: new Map(), values: new Map() };
  const { tx, rules, request } = merging;
  const ids = decided.flatMap(({ pair }) => [pair.primary, pair.other]).sort((a, b) => a - b);
  const primaries = decided.map(({ pair }) => pair.primary);
  const bidders = decided.flatMap((each) => each.bidders);
  const freed = bidders.flatMap(({ gives }) => gives.map(claimKey));
  const wokenBefore = await tx.wakeUsers(ids, freed);
  const writes = decided.map(writeOf);
  await tx.saveMerges(writes, { operator: request.operator, reason: request.reason ?? null });
  await tx.saveUsers(
    decided.flatMap(({ pair, decision }) => [
      { userId: pair.primary, value: decision.primary.value },
      { userId: pair.other, value: decision.other.value },
    ]),
  );
  await tx.saveClaims(bidders.map((bidder) => ({ userId: bidder.user, take: bidder.wants, release: bidder.gives })));
  await tx.saveUserKeys(decided.flatMap((each) => keysOf(each, rules)));
  const eventIds = await tx.appendMergeEvents(decided.flatMap((each) => each.events));
  await tx.finishMerges(
    decided.map(({ pair, other }, index) => ({
      other: pair.other,
      events: [eventIds[index * 2] ?? 0, eventIds[index * 2 + 1] ?? 0],
      former: other.subject.user.value.fields,
    })),
  );
  await applyMoved(merging, decided);
  // After applying: a unique name that was lost to the other may be had now.
  const wokenAfter = await tx.wakeUsers(primaries, []);
  const rows = await tx.users(primaries, false);
  return {
    woken: [...new Set([...wokenBefore, ...wokenAfter])],
    events: new Map(primaries.map((primary, index) => [primary, eventIds[index * 2] ?? 0])),
    values: new Map(rows.map(({ subject }) => [subject.user.id, subject.user.value])),
  };
}

/** What the moved accounts say now is applied at once, so that what was shown is what is done (spec 13.5). */
async function applyMoved({ tx, rules }: Merging, decided: readonly Decided[]): Promise<void> {
  const usersOf = new Map<SourceId, UserId[]>();
  for (const { pair, decision } of decided)
    for (const { source } of decision.moved) usersOf.set(source, [...(usersOf.get(source) ?? []), pair.primary]);
  const [first] = decided;
  if (first === undefined) return;
  const ranked = inRankOrder(
    [...usersOf.keys()].map((source) => ({ source })),
    first.primary.subject.policy,
  );
  for (const { source } of ranked) await applySource(tx, rules, source, usersOf.get(source) ?? []);
}

function writeOf({ pair, primary, other, decision }: Decided): MergeWrite {
  const kept = ({ subject: { words, snapshots, user } }: MergeSide): KeptUser => ({
    ...{ words, snapshots, value: user.value, active: user.active },
  });
  return {
    ...{ primary: pair.primary, other: pair.other, decision },
    before: { primary: kept(primary), other: kept(other) },
  };
}

/** Nobody is found by who was merged away. */
function keysOf(
  { pair, primary, other, decision }: Decided,
  rules: ActionRules,
): { userId: UserId; keys: string[]; before: string[] }[] {
  const before = ({ subject, links }: MergeSide): string[] =>
    keysBefore(
      subject,
      links.map(({ source }) => source),
      rules,
    );
  const { value, snapshots, linkedSources } = decision.primary;
  const slots = snapshots.filter(({ source }) => linkedSources.includes(source));
  return [
    { userId: pair.primary, keys: userKeys(value.fields, slots, rules.allMatchRules), before: before(primary) },
    { userId: pair.other, keys: [], before: before(other) },
  ].filter(({ keys, before: had }) => keys.join('\n') !== had.join('\n'));
}

function outcomeOf(
  { request }: Merging,
  each: Decided | Refused,
  events: CarriedOut['events'],
  values: CarriedOut['values'],
  teamNames: TeamNames,
): MergeOutcome {
  const { primary, other } = each.pair;
  if ('refusal' in each) {
    const nothing = { changes: [], otherChanges: [], warnings: [], event: null };
    const { differing, unchanged } = each;
    const refusal = unchanged === true ? null : each.refusal;
    return { primary, other, outcome: unchanged === true ? 'unchanged' : 'refused', refusal, differing, ...nothing };
  }
  const before = each.primary.subject.user.value;
  const after = values.get(primary) ?? each.decision.primary.value;
  const isValue = new Set([before, each.decision.primary.value].flatMap(shownFields));
  const [ours, theirs] = each.events;
  return {
    ...{ primary, other, outcome: 'changed', refusal: null, differing: each.decision.differing },
    changes: [...changesBetween(before, after, teamNames), ...ours.changes.filter(({ field }) => !isValue.has(field))],
    otherChanges: theirs.changes,
    warnings: each.decision.warnings,
    event: request.preview ? null : (events.get(primary) ?? null),
  };
}

function shownFields({ fields }: MergeSide['subject']['user']['value']): string[] {
  return [...Object.keys(fields), 'roles', 'teams', 'supervises', 'mainTeam'];
}

/** The scope of who asks and the groups are asked for once per transaction, and not once per pair. */
function withOneScope(tx: MergeTx): MergeTx {
  let scope: ReturnType<MergeTx['operatorScope']> | null = null;
  let tree: ReturnType<MergeTx['groupTree']> | null = null;
  return {
    ...tx,
    operatorScope: (operator) => (scope ??= tx.operatorScope(operator)),
    groupTree: () => (tree ??= tx.groupTree()),
  };
}
