import { claimKey, type Claim } from '../domain/claim.ts';
import { compareText } from '../domain/text.ts';
import type { UserId } from '../domain/user.ts';

/** What one decision would take and give up of unique names. For a creation `user` is the id that the user would get. */
export interface Bidder {
  readonly user: UserId;
  readonly accountId: number;
  /** Decides among equals: the lowest wins (spec 4.7). */
  readonly externalId: string;
  readonly wants: readonly Claim[];
  readonly gives: readonly Claim[];
  /** True for creations: without one of its names it waits as a whole. False: only the field waits. */
  readonly allOrNothing: boolean;
}

export interface Outcome {
  readonly lost: readonly { readonly claim: Claim; readonly holder: UserId | null }[];
  /** True where a name that was won is still held by another user of the run: both must be written together. */
  readonly swaps: boolean;
}

/**
 * Decides unique names over a whole run (spec 4.7): nobody gives a name up before the new one is certain, so swaps and
 * chains work; among equals the lowest external id wins; one that loses waits.
 * `holders` says who holds each wanted name now. The order of `bidders` does not matter.
 */
export function resolveBids(
  bidders: readonly Bidder[],
  holders: ReadonlyMap<string, UserId>,
): ReadonlyMap<Bidder, Outcome> {
  const ordered = [...bidders].sort((a, b) => compareText(a.externalId, b.externalId) || a.accountId - b.accountId);
  // A creation that fails takes nothing, so whoever lost to it must have another chance: all is decided anew without it.
  const failed = new Map<Bidder, Map<string, Claim>>();
  for (;;) {
    const running = ordered.filter((bidder) => !failed.has(bidder));
    const lost = resolveOnce(running, holders);
    const failing = running.filter((bidder) => bidder.allOrNothing && (lost.get(bidder)?.size ?? 0) > 0);
    if (failing.length === 0) {
      for (const [bidder, losses] of failed) lost.set(bidder, losses);
      return new Map(ordered.map((bidder) => [bidder, outcomeOf(bidder, lost, holders, ordered)]));
    }
    const given = new Set(running.flatMap((bidder) => bidder.gives.map(claimKey)));
    const beyond = failing.filter((bidder) =>
      bidder.wants.some((claim) => isBeyondReach(claim, bidder, holders, given)),
    );
    for (const bidder of beyond.length > 0 ? beyond : failing.slice(0, 1))
      failed.set(bidder, lost.get(bidder) ?? new Map());
  }
}

/** Whether somebody holds a name whom nothing in this run makes give it up. */
function isBeyondReach(
  claim: Claim,
  bidder: Bidder,
  holders: ReadonlyMap<string, UserId>,
  given: ReadonlySet<string>,
): boolean {
  const holder = holders.get(claimKey(claim));
  return holder !== undefined && holder !== bidder.user && !given.has(claimKey(claim));
}

/** What each bidder loses, were none of the creations withdrawn. */
function resolveOnce(
  ordered: readonly Bidder[],
  holders: ReadonlyMap<string, UserId>,
): Map<Bidder, Map<string, Claim>> {
  const byUser = new Map(ordered.map((bidder) => [bidder.user, bidder]));
  const lost = new Map<Bidder, Map<string, Claim>>(ordered.map((bidder) => [bidder, new Map()]));
  for (let settled = false; !settled;) {
    const winners = leaders(ordered, lost);
    settled = true;
    for (const bidder of ordered) {
      for (const claim of standingWants(bidder, lost)) {
        const key = claimKey(claim);
        const holder = holders.get(key);
        const free = holder === undefined || holder === bidder.user || givesUp(byUser.get(holder), key, lost);
        if (free && winners.get(key) === bidder) continue;
        if (!free) {
          lost.get(bidder)?.set(key, claim);
          settled = false;
        }
      }
    }
    // Only when no name is out of reach any more do the leaders' rivals lose: a leader that fails must not drag them along.
    if (settled) settled = !dropRivals(ordered, winners, certainWins(ordered, winners, holders, byUser, lost), lost);
  }
  return lost;
}

type Losses = ReadonlyMap<Bidder, Map<string, Claim>>;

/** What a bidder still bids for: nothing once a creation has lost anything. */
function standingWants(bidder: Bidder, lost: Losses): readonly Claim[] {
  const losses = lost.get(bidder);
  if (losses === undefined || losses.size === 0) return bidder.wants;
  return bidder.allOrNothing ? [] : bidder.wants.filter((claim) => !losses.has(claimKey(claim)));
}

/** The first standing bidder for each name. */
function leaders(ordered: readonly Bidder[], lost: Losses): Map<string, Bidder> {
  const leading = new Map<string, Bidder>();
  for (const bidder of ordered)
    for (const claim of standingWants(bidder, lost))
      if (!leading.has(claimKey(claim))) leading.set(claimKey(claim), bidder);
  return leading;
}

/** Whether a holder's name becomes free: given up for nothing, or for a new one of the same field that still stands. */
function givesUp(holder: Bidder | undefined, key: string, lost: Losses): boolean {
  const given = holder?.gives.find((claim) => claimKey(claim) === key);
  if (holder === undefined || given === undefined) return false;
  const successor = holder.wants.find((claim) => claim.field === given.field);
  return successor === undefined || lost.get(holder)?.has(claimKey(successor)) === false;
}

/** Marks the rivals of those whose win is certain as lost; says whether there were any. */
function dropRivals(
  ordered: readonly Bidder[],
  winners: ReadonlyMap<string, Bidder>,
  certain: ReadonlySet<string>,
  lost: Losses,
): boolean {
  const rivals = ordered.flatMap((bidder) =>
    standingWants(bidder, lost)
      .filter((claim) => winners.get(claimKey(claim)) !== bidder)
      .map((claim) => ({ bidder, claim })),
  );
  const sure = rivals.filter(({ claim }) => certain.has(claimKey(claim)));
  // Where wins only hang on each other, the rival with the lowest id gives way first; the others may win by it.
  for (const { bidder, claim } of sure.length > 0 ? sure : rivals.slice(0, 1))
    lost.get(bidder)?.set(claimKey(claim), claim);
  return rivals.length > 0;
}

/** The names whose leader gets them for certain: the holder, where there is one, has a new name for certain too. */
function certainWins(
  ordered: readonly Bidder[],
  winners: ReadonlyMap<string, Bidder>,
  holders: ReadonlyMap<string, UserId>,
  byUser: ReadonlyMap<UserId, Bidder>,
  lost: Losses,
): ReadonlySet<string> {
  const certain = new Set(winners.keys());
  const isCertain = (bidder: Bidder, claim: Claim): boolean => {
    const key = claimKey(claim);
    if (winners.get(key) !== bidder || !certain.has(key)) return false;
    const holder = holders.get(key);
    if (holder === undefined || holder === bidder.user) return true;
    const giver = byUser.get(holder);
    const successor = giver?.wants.find((want) => want.field === claim.field);
    return successor === undefined || (certain.has(claimKey(successor)) && winners.get(claimKey(successor)) === giver);
  };
  for (let settled = false; !settled;) {
    settled = true;
    for (const bidder of ordered) {
      const wants = standingWants(bidder, lost);
      const failing = wants.filter((claim) => !isCertain(bidder, claim));
      for (const claim of bidder.allOrNothing && failing.length > 0 ? wants : failing)
        if (winners.get(claimKey(claim)) === bidder && certain.delete(claimKey(claim))) settled = false;
    }
  }
  return certain;
}

function outcomeOf(
  bidder: Bidder,
  lost: Losses,
  holders: ReadonlyMap<string, UserId>,
  ordered: readonly Bidder[],
): Outcome {
  const losses = [...(lost.get(bidder)?.values() ?? [])];
  const rival = (key: string): UserId | null =>
    ordered.find((other) => other !== bidder && standingWants(other, lost).some((claim) => claimKey(claim) === key))
      ?.user ?? null;
  return {
    lost: losses.map((claim) => ({ claim, holder: holders.get(claimKey(claim)) ?? rival(claimKey(claim)) })),
    swaps: standingWants(bidder, lost).some((claim) => (holders.get(claimKey(claim)) ?? bidder.user) !== bidder.user),
  };
}
