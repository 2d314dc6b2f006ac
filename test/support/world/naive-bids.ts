/** What one decision would take and give up of unique names; see spec 4.7. Names are `field=value` within their kind. */
export interface NaiveBidder {
  /** Null for a user who does not exist yet: without one of its names such a creation waits as a whole. */
  readonly user: string | null;
  readonly externalId: string;
  readonly wants: readonly NaiveClaim[];
  readonly gives: readonly NaiveClaim[];
}

export interface NaiveClaim {
  readonly field: string;
  /** Field, source and folded value. */
  readonly name: string;
}

/** Per bidder, by their place in the list, the names that are lost. */
export type NaiveLosses = readonly (readonly NaiveClaim[])[];

/**
 * Decides unique names over a whole run. Creations that stand whoever of the others stands are made; those that depend on each
 * other in a circle wait, and what they want stays closed to those after them (never guess). `holders` says who has each name.
 */
export function naiveBids(
  bidders: readonly NaiveBidder[],
  holders: Readonly<Record<string, string>>,
): { readonly lost: NaiveLosses; /** No circle was met. */ readonly decided: boolean } {
  const creations = bidders.filter((bidder) => bidder.user === null);
  const against = (rivals: readonly NaiveBidder[]): NaiveLosses =>
    losses(
      bidders,
      holders,
      creations.filter((bidder) => !rivals.includes(bidder)),
    );
  const standing = (rivals: readonly NaiveBidder[]): NaiveBidder[] => {
    const lost = against(rivals);
    return creations.filter((bidder) => must(lost[bidders.indexOf(bidder)]).length === 0);
  };
  let certain: NaiveBidder[] = [];
  let possible = standing(certain);
  for (let before = -1; before !== certain.length;) {
    before = certain.length;
    certain = standing(possible);
    possible = standing(certain);
  }
  return { lost: against(possible), decided: certain.length === possible.length };
}

/** Every outcome that holds together, those with the fewest failing creations first; none or several where bids form a circle. */
export function stableOutcomes(
  bidders: readonly NaiveBidder[],
  holders: Readonly<Record<string, string>>,
): NaiveLosses[] {
  const creations = bidders
    .filter((bidder) => bidder.user === null)
    .sort((a, b) => (a.externalId > b.externalId ? -1 : 1));
  const sizes = [...creations.keys(), creations.length];
  const failing = sizes.flatMap((size) => [...subsets(creations, size)]);
  return failing.filter((each) => holdsTogether(bidders, holders, each)).map((each) => losses(bidders, holders, each));
}

/** Whether exactly the creations in `failing` fail when they are left out: each of them for a reason, no other one. */
function holdsTogether(
  bidders: readonly NaiveBidder[],
  holders: Readonly<Record<string, string>>,
  failing: readonly NaiveBidder[],
): boolean {
  const lost = losses(bidders, holders, failing);
  return bidders.every(
    (bidder, index) => bidder.user !== null || failing.includes(bidder) === must(lost[index]).length > 0,
  );
}

/** What everybody loses when the creations in `failing` take nothing: the largest set of names that can be won together. */
function losses(
  bidders: readonly NaiveBidder[],
  holders: Readonly<Record<string, string>>,
  failing: readonly NaiveBidder[],
): NaiveLosses {
  const competing = bidders.filter((bidder) => !failing.includes(bidder));
  const lost = new Set<string>();
  const place = (bidder: NaiveBidder, name: string): string => `${String(bidders.indexOf(bidder))} ${name}`;
  const freed = (name: string): boolean => {
    const holder = bidders.find((bidder) => bidder.user !== null && bidder.user === holders[name]);
    const given = holder?.gives.find((claim) => claim.name === name);
    if (holder === undefined || given === undefined) return false;
    return holder.wants.every((claim) => claim.field !== given.field || !lost.has(place(holder, claim.name)));
  };
  const hasBetter = (bidder: NaiveBidder, name: string): boolean =>
    competing.some(
      (other) =>
        other !== bidder && other.externalId < bidder.externalId && other.wants.some((claim) => claim.name === name),
    );
  for (let before = -1; before !== lost.size;) {
    before = lost.size;
    for (const bidder of bidders)
      for (const { name } of bidder.wants) {
        const held = holders[name] !== undefined && holders[name] !== bidder.user;
        if (hasBetter(bidder, name) || (held && !freed(name))) lost.add(place(bidder, name));
      }
  }
  return bidders.map((bidder) => bidder.wants.filter((claim) => lost.has(place(bidder, claim.name))));
}

function* subsets<T>(items: readonly T[], size: number): Generator<T[]> {
  if (size === 0) yield [];
  else
    for (const [index, item] of items.entries())
      for (const rest of subsets(items.slice(index + 1), size - 1)) yield [item, ...rest];
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the naive bids lost their way');
  return value;
}
