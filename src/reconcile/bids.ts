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
 * chains work; among equals the lowest external id wins; one that loses waits. The order of `bidders` does not matter.
 * `holders` says who holds each wanted name now.
 *
 * Whether a creation comes about hangs on other creations: it takes nothing where it fails elsewhere. So two bounds close
 * in on the answer, those that come about for certain and those that may; where they stay apart, creations depend on each
 * other in a circle, and wait.
 */
export function resolveBids(
  bidders: readonly Bidder[],
  holders: ReadonlyMap<string, UserId>,
): ReadonlyMap<Bidder, Outcome> {
  const ordered = [...bidders].sort(compareBidders);
  const contest: Contest = {
    ordered,
    places: new Map(ordered.map((bidder, place) => [bidder, place])),
    wants: new Map(ordered.map((bidder) => [bidder, bidder.wants.map(claimKey)])),
    byUser: new Map(bidders.map((bidder) => [bidder.user, bidder])),
    holders,
  };
  // Without creations nothing hangs on what else comes about.
  if (!bidders.some((bidder) => bidder.allOrNothing)) {
    const [standing, winners] = [standingWants(contest, new Set()), leaders(contest, new Set())];
    return new Map(ordered.map((bidder) => [bidder, outcomeOf(bidder, standing, winners, holders)]));
  }
  let certain = new Set<Bidder>();
  let possible = standingWhole(contest, certain);
  let open: number;
  do {
    open = possible.size - certain.size;
    certain = standingWhole(contest, possible);
    possible = standingWhole(contest, certain);
  } while (possible.size - certain.size < open);
  const standing = standingWants(contest, possible);
  const winners = leaders(contest, certain);
  return new Map(contest.ordered.map((bidder) => [bidder, outcomeOf(bidder, standing, winners, holders)]));
}

/** Lowest external id first. */
function compareBidders(a: Bidder, b: Bidder): number {
  return compareText(a.externalId, b.externalId) || a.accountId - b.accountId;
}

interface Contest {
  readonly ordered: readonly Bidder[];
  readonly places: ReadonlyMap<Bidder, number>;
  /** The names that each wants, as texts. */
  readonly wants: ReadonlyMap<Bidder, readonly string[]>;
  readonly byUser: ReadonlyMap<UserId, Bidder>;
  readonly holders: ReadonlyMap<string, UserId>;
}

/** Who gets all names wanted, were `rivals` the only creations that compete with anybody. */
function standingWhole(contest: Contest, rivals: ReadonlySet<Bidder>): Set<Bidder> {
  const standing = standingWants(contest, rivals);
  return new Set(contest.ordered.filter((bidder) => standing.get(bidder)?.size === bidder.wants.length));
}

/**
 * The names that each bidder would get: all that no lower rival wants and whose holder, where there is one, gives them up
 * for nothing or for a name that stands too. Taken as many as can stand together, so that swaps stand.
 */
function standingWants(contest: Contest, rivals: ReadonlySet<Bidder>): ReadonlyMap<Bidder, Set<string>> {
  const leading = leaders(contest, rivals);
  const isBeaten = (bidder: Bidder, key: string): boolean => {
    const leader = leading.get(key);
    if (leader === undefined || leader === bidder) return false;
    return (contest.places.get(leader) ?? 0) < (contest.places.get(bidder) ?? 0);
  };
  const standing = new Map(
    contest.ordered.map((bidder) => [
      bidder,
      new Set((contest.wants.get(bidder) ?? []).filter((key) => !isBeaten(bidder, key))),
    ]),
  );
  const open = [...standing].flatMap(([bidder, keys]) => [...keys].map((key) => ({ bidder, key })));
  const waiting = Map.groupBy(
    open.filter(({ key }) => contest.holders.has(key)),
    ({ key }) => key,
  );
  // Who loses a name keeps the one that it would have given for it: those who want that lose it too, each once.
  for (let at = 0, next = open[at]; next !== undefined; next = open[++at]) {
    const { bidder, key } = next;
    const keys = standing.get(bidder);
    if (keys?.has(key) !== true || isFree(key, bidder, contest, standing)) continue;
    keys.delete(key);
    for (const kept of keptFor(key, bidder)) open.push(...(waiting.get(kept) ?? []));
  }
  return standing;
}

/** The names that a bidder gives up for this one. */
function keptFor(key: string, { wants, gives }: Bidder): string[] {
  const field = wants.find((claim) => claimKey(claim) === key)?.field;
  return gives.filter((claim) => claim.field === field).map(claimKey);
}

/** The first bidder for each name, of links and of the creations that compete. */
function leaders({ ordered, wants }: Contest, rivals: ReadonlySet<Bidder>): ReadonlyMap<string, Bidder> {
  const leading = new Map<string, Bidder>();
  for (const bidder of ordered) {
    if (bidder.allOrNothing && !rivals.has(bidder)) continue;
    for (const key of wants.get(bidder) ?? []) if (!leading.has(key)) leading.set(key, bidder);
  }
  return leading;
}

function isFree(
  key: string,
  bidder: Bidder,
  contest: Contest,
  standing: ReadonlyMap<Bidder, ReadonlySet<string>>,
): boolean {
  const holder = contest.holders.get(key);
  if (holder === undefined || holder === bidder.user) return true;
  const giver = contest.byUser.get(holder);
  const given = giver?.gives.find((claim) => claimKey(claim) === key);
  if (giver === undefined || given === undefined) return false;
  const successor = giver.wants.find((claim) => claim.field === given.field);
  return successor === undefined || standing.get(giver)?.has(claimKey(successor)) === true;
}

function outcomeOf(
  bidder: Bidder,
  standing: ReadonlyMap<Bidder, ReadonlySet<string>>,
  winners: ReadonlyMap<string, Bidder>,
  holders: ReadonlyMap<string, UserId>,
): Outcome {
  const keys = standing.get(bidder) ?? new Set<string>();
  const missing = bidder.wants.filter((claim) => !keys.has(claimKey(claim)));
  const won = bidder.wants.filter((claim) => keys.has(claimKey(claim)));
  return {
    lost: missing.map((claim) => {
      const winner = winners.get(claimKey(claim));
      return { claim, holder: holders.get(claimKey(claim)) ?? (winner === bidder ? null : (winner?.user ?? null)) };
    }),
    swaps: won.some((claim) => (holders.get(claimKey(claim)) ?? bidder.user) !== bidder.user),
  };
}
