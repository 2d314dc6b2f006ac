import type { Matching } from '../reconcile/match-keys.ts';
import type { ReconcileTx } from '../apply/ports.ts';
import type { Asker } from '../domain/permissions.ts';
import { withVoice, type SourceId, type UserId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent, RequestReconcile } from './events.ts';
import { refold } from './refold.ts';

/** External ids: the account that a user is linked to, and the one that takes its place. */
export interface LinkPair {
  readonly old: string;
  readonly new: string;
}

/** `source move-links` (spec 14.1). */
export interface LinkMoveRequest extends Asker {
  readonly from: SourceId;
  readonly to: SourceId;
  readonly pairs: readonly LinkPair[];
  readonly reason?: string | undefined;
}

/** Why a pair is not moved. */
type PairRefusalCode =
  | 'pair-repeated'
  | 'old-account-unknown'
  | 'old-account-not-linked'
  | 'new-account-unknown'
  | 'new-account-gone'
  | 'new-account-ignored'
  | 'new-account-linked'
  | 'new-account-released'
  | 'user-linked';

/** What becomes, or would become, of one pair. */
interface PairOutcome extends LinkPair {
  readonly userId: UserId | null;
  /** Null where the link is moved, or can be. */
  readonly refusal: { readonly code: PairRefusalCode; readonly message: string } | null;
}

/** What stands of a pair in the store. */
export interface PairStanding extends LinkPair {
  readonly oldAccount: number | null;
  /** The user whom the old account is linked to. */
  readonly userId: UserId | null;
  readonly newAccount: number | null;
  /** Not seen in a complete import, or reported as gone. */
  readonly newAbsent: boolean;
  readonly newIgnored: boolean;
  /** The user whom the new account is linked to already. */
  readonly newUserId: UserId | null;
  /** The account of the new source that the user is linked to already. */
  readonly userLinkedTo: string | null;
  /** The new account was taken from this user by a person, for another one (spec 8.2). */
  readonly released: boolean;
}

/** A pair that can be moved. */
export interface LinkToMove extends LinkPair {
  readonly oldAccount: number;
  readonly newAccount: number;
  readonly userId: UserId;
}

/** What moving needs inside one transaction. */
export interface LinkMoveTransaction {
  /** Whether a source is retired; null where there is no such source. */
  isRetired(source: SourceId): Promise<boolean | null>;
  /** What stands of the pairs, in their order; `lock`: users and accounts stay as they are until the end. */
  standings(request: LinkMoveRequest, pairs: readonly LinkPair[], lock: boolean): Promise<readonly PairStanding[]>;
  /**
   * Ends the old links (reason `moved`) and makes the new ones (origin manual). The old account waits for a person, as
   * after an unlink; the new one is due, and its slot is taken by the next reconcile of its source. With the events.
   */
  move(request: LinkMoveRequest, links: readonly LinkToMove[]): Promise<void>;
  appendEvent(event: PersonsEvent): Promise<void>;
}

type MovingTx = LinkMoveTransaction & ReconcileTx;

/** Runs work in one transaction. */
export interface LinkMoveStore {
  transaction<T>(work: (transaction: MovingTx) => Promise<T>): Promise<T>;
}

export interface LinkMove {
  /** What moving would do; changes nothing. @throws ActionRefusedError */
  preview(request: LinkMoveRequest): Promise<readonly PairOutcome[]>;
  /** Each pair is moved wholly or not at all; a refused one does not stop the others. @throws ActionRefusedError */
  move(request: LinkMoveRequest): Promise<readonly PairOutcome[]>;
}

/** Pairs per transaction. */
const batch = 200;

/** Moves the links of a retired source to the accounts of another one (spec 14.1). */
export function createLinkMove(
  store: LinkMoveStore,
  allMatchRules: Matching,
  requestReconcile: RequestReconcile,
): LinkMove {
  return {
    preview: (request) => inBatches(store, request, null),
    async move(request) {
      const outcomes = await inBatches(store, request, allMatchRules);
      if (outcomes.some((outcome) => outcome.refusal === null)) await requestReconcile([request.to]);
      return outcomes;
    },
  };
}

/** `rules`: null for a preview, which writes nothing. */
async function inBatches(
  store: LinkMoveStore,
  request: LinkMoveRequest,
  rules: Matching | null,
): Promise<PairOutcome[]> {
  const repeated = repeatedIds(request.pairs);
  const outcomes: PairOutcome[] = [];
  for (let start = 0; start === 0 || start < request.pairs.length; start += batch) {
    const pairs = request.pairs.slice(start, start + batch);
    outcomes.push(
      ...(await store.transaction(async (transaction) => {
        await refuseWrongSources(transaction, request);
        const standings = await transaction.standings(request, pairs, rules !== null);
        const judged = standings.map((standing) => judge(standing, request, repeated));
        const links = judged.flatMap(({ link }) => link ?? []);
        if (rules !== null && links.length > 0) await moveLinks(transaction, request, links, rules);
        return judged.map(({ outcome }) => outcome);
      })),
    );
  }
  return outcomes;
}

/** The old account's slot gives its voice up: the user is the new source's from its next reconcile on (spec 5.8). */
async function moveLinks(
  transaction: MovingTx,
  request: LinkMoveRequest,
  links: readonly LinkToMove[],
  rules: Matching,
): Promise<void> {
  await transaction.move(request, links);
  const { from, to, operator, may, reason } = request;
  const users = await transaction.users(
    links.map((link) => link.userId),
    true,
  );
  const teamNames = new Map((await transaction.teams()).map((team) => [team.id, team.name]));
  const moved = users.map((row) => ({
    ...row,
    snapshots: row.subject.snapshots.map((slot) => (slot.source === from ? withVoice(slot, 'ended') : slot)),
  }));
  for (const { userId, changes } of await refold(transaction, moved, teamNames, rules))
    if (changes.length > 0)
      await transaction.appendEvent({
        ...{ operator, may, type: 'user-changed', source: from, userId, changes },
        reason: reason ?? `moved from ${from} to ${to}`,
      });
}

async function refuseWrongSources(transaction: LinkMoveTransaction, { from, to }: LinkMoveRequest): Promise<void> {
  if (from === to) throw new ActionRefusedError('same-source', 'Links are moved from one source to another one.');
  const [fromRetired, toRetired] = [await transaction.isRetired(from), await transaction.isRetired(to)];
  for (const [source, retired] of [[from, fromRetired] as const, [to, toRetired] as const])
    if (retired === null) throw new ActionRefusedError('source-unknown', `There is no source ${source}.`);
  if (fromRetired !== true)
    throw new ActionRefusedError(
      'source-not-retired',
      `Source ${from} is still in use: links are moved from a retired one (\`rosterd source retire ${from}\`).`,
    );
  if (toRetired === true)
    throw new ActionRefusedError('source-retired', `Source ${to} is retired itself and would apply nothing.`);
}

/** Ids that stand in several pairs: none of these is moved, because nobody knows which is meant. */
function repeatedIds(pairs: readonly LinkPair[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const id of pairs.flatMap((pair) => [`old ${pair.old}`, `new ${pair.new}`])) {
    if (seen.has(id)) repeated.add(id);
    seen.add(id);
  }
  return repeated;
}

function judge(
  standing: PairStanding,
  request: LinkMoveRequest,
  repeated: ReadonlySet<string>,
): { outcome: PairOutcome; link: LinkToMove | null } {
  const { old, new: next, oldAccount, newAccount, userId } = standing;
  const refusal = refusalOf(standing, request, repeated);
  const outcome = { old, new: next, userId, refusal };
  const movable = refusal === null && oldAccount !== null && newAccount !== null && userId !== null;
  return { outcome, link: movable ? { old, new: next, oldAccount, newAccount, userId } : null };
}

function refusalOf(
  standing: PairStanding,
  { from, to }: LinkMoveRequest,
  repeated: ReadonlySet<string>,
): PairOutcome['refusal'] {
  const { old, new: next, userId } = standing;
  const say = (code: PairRefusalCode, message: string): PairOutcome['refusal'] => ({ code, message });
  if (repeated.has(`old ${old}`)) return say('pair-repeated', `${old} of ${from} stands in several pairs`);
  if (repeated.has(`new ${next}`)) return say('pair-repeated', `${next} of ${to} stands in several pairs`);
  if (standing.oldAccount === null) return say('old-account-unknown', `${from} has no account ${old}`);
  if (userId === null) return say('old-account-not-linked', `account ${old} of ${from} is linked to nobody`);
  if (standing.newAccount === null)
    return say('new-account-unknown', `${to} has no account ${next}; \`rosterd sync ${to}\` reads it`);
  if (standing.newAbsent) return say('new-account-gone', `account ${next} of ${to} is gone`);
  if (standing.newIgnored) return say('new-account-ignored', `account ${next} of ${to} is ignored`);
  if (standing.newUserId !== null)
    return say(
      'new-account-linked',
      `account ${next} of ${to} is linked to user ${String(standing.newUserId)} already`,
    );
  if (standing.userLinkedTo !== null)
    return say('user-linked', `user ${String(userId)} is linked to account ${standing.userLinkedTo} of ${to} already`);
  return standing.released
    ? say('new-account-released', `account ${next} of ${to} was taken from user ${String(userId)} for another person`)
    : null;
}
